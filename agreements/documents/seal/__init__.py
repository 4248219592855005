"""The seal: bytes shown + what the signing adds + one PAdES signature over all of it. pyHanko lives here only.

`complete` appends the signature and the evidence to the form, `seal` certifies the whole and forbids any change, and
`inspect` says of any bytes at all whether they are such a file, and if not, why not. A file is never rewritten, only
added to: the sealed file begins with exactly the bytes the signer was shown.

pyHanko is asynchronous inside; everything here is called from plain synchronous code, in a worker or a view, also
where an event loop already runs.
"""

from cryptography.x509 import Certificate

from agreements.documents.seal.document import complete, seal
from agreements.documents.seal.key import SealError, SealKey, certificates, findings, fingerprint, new_key
from agreements.documents.seal.timestamp import TimestampError
from agreements.documents.seal.trust import LEVELS, TrustMaterial
from agreements.documents.seal.validate import Verdict, carries, difference, inspect

__all__ = [
    "LEVELS",
    "Certificate",
    "SealError",
    "SealKey",
    "TimestampError",
    "TrustMaterial",
    "Verdict",
    "carries",
    "certificates",
    "complete",
    "difference",
    "findings",
    "fingerprint",
    "inspect",
    "new_key",
    "seal",
]
