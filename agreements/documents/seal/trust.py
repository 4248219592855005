"""What vouches for a seal besides its certificate: for the time, a time-stamp; for the certificates, revocation lists.

The three levels of PAdES (EN 319 142-1) that follow from it: B-B has neither, B-T a time-stamp, B-LT both, so that it
can be checked with the roots alone when the authorities are gone. What is configured is what is made, or nothing is.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from agreements.documents.seal.key import SealError, certificates

LEVELS = ("B-B", "B-T", "B-LT")


@dataclass(frozen=True, slots=True)
class TrustMaterial:
    """Where the proofs come from. With nothing given, a seal has level B-B."""

    authority: str = ""
    """Address of a time-stamp authority (RFC 3161)."""
    roots: tuple[x509.Certificate, ...] = ()
    """What time-stamps, and at B-LT the seal's certificate unless self-signed, must lead to."""
    lists: tuple[x509.CertificateRevocationList, ...] | None = None
    """The revocation lists to put into the file; None for a level below B-LT."""

    @classmethod
    def load(cls, authority: str, roots: Path | None, lists: Path | None) -> "TrustMaterial":
        """Reads the file of roots (PEM) and every list in the folder `lists` (PEM or DER); raises SealError."""
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
        """What a system check has to say at `now`; an empty list means that it can be used."""
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
