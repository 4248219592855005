"""The seal: the bytes shown, the additions of the signing, and one PAdES signature over all of it.

`complete` appends the signature and the evidence to the form, `seal` certifies the result and forbids any change, and
`inspect` checks whether any bytes are such a file, and why not. A file is never rewritten, only appended to: the sealed
PDF begins with exactly the bytes that the signer was shown.

Only this package uses pyHanko. pyHanko is asynchronous; these functions are synchronous, and also work where an event
loop is already running.
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
