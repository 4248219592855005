"""Evidence besides the certificate: a time-stamp for the time, revocation lists for the certificates.

They determine the PAdES level (EN 319 142-1): B-B has neither, B-T has a time-stamp, B-LT has both and can be verified
with the roots alone when the authorities no longer exist. A seal has exactly the configured level, or sealing fails.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from agreements.documents.seal.key import SealError, certificates

LEVELS = ("B-B", "B-T", "B-LT")


@dataclass(frozen=True, slots=True)
class TrustMaterial:
    """The configured sources. Without any, seals have level B-B."""

    authority: str = ""
    """Address of a time-stamp authority (RFC 3161)."""
    roots: tuple[x509.Certificate, ...] = ()
    """Trust anchors of time-stamps, and at B-LT of the seal's certificate unless it is self-signed."""
    lists: tuple[x509.CertificateRevocationList, ...] | None = None
    """The revocation lists to embed; None for a level below B-LT."""

    @classmethod
    def load(cls, authority: str, roots: Path | None, lists: Path | None) -> "TrustMaterial":
        """Read the file of roots (PEM) and every list in the folder `lists` (PEM or DER); raises SealError."""
        if not authority:
            return cls()
        try:
            trusted = certificates(roots.read_bytes()) if roots else ()
            read = tuple(_list(file) for file in sorted(lists.iterdir()) if file.is_file()) if lists else None
        except OSError as error:
            raise SealError(f"{error.filename} cannot be read: {error.strerror}.") from error
        if read == ():
            raise SealError(f"{lists} holds no revocation list.")
        return cls(authority, trusted, read)

    @property
    def level(self) -> str:
        if not self.authority:
            return "B-B"
        return "B-T" if self.lists is None else "B-LT"

    def findings(self, now: datetime) -> list[str]:
        """Return what is wrong at `now`; empty if nothing is."""
        found = [
            f"The root certificate {root.subject.rfc4514_string()} expired on {root.not_valid_after_utc:%Y-%m-%d}."
            for root in self.roots
            if root.not_valid_after_utc <= now
        ]
        return found + [
            f"The revocation list of {crl.issuer.rfc4514_string()} ended on {crl.next_update_utc:%Y-%m-%d}; "
            "fetch the new one."
            for crl in self.lists or ()
            if crl.next_update_utc and crl.next_update_utc <= now
        ]


def _list(file: Path) -> x509.CertificateRevocationList:
    data = file.read_bytes()
    pem = data.lstrip().startswith(b"-----BEGIN")
    try:
        return x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
    except ValueError as error:
        raise SealError(f"{file} is not a revocation list.") from error
