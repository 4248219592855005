"""The seal key, its certificate, and their system checks."""

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

EXPIRY_WARNING = timedelta(days=90)


class SealError(RuntimeError):
    """A key cannot be used, or a file could not be sealed. Nothing was sealed."""


@dataclass(frozen=True, slots=True)
class SealKey:
    """A private key with its certificate chain, parsed once."""

    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @classmethod
    def load(cls, key: Path, certificate: Path) -> "SealKey":
        """Read PEM files, cached until they change; raises SealError if they are not a usable key."""
        try:
            return _load(key, certificate, (key.stat().st_mtime_ns, certificate.stat().st_mtime_ns))
        except OSError as error:
            raise SealError(
                f"The seal key or certificate cannot be read: {error.strerror} ({error.filename})."
            ) from error

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate."""
        return fingerprint(self.certificate)

    @property
    def pem(self) -> str:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    @property
    def owner(self) -> str:
        """The organisation or name in the certificate's subject."""
        return owner_of(self.certificate)

    @property
    def expires(self) -> datetime:
        """The end of the certificate's validity."""
        return self.certificate.not_valid_after_utc


@lru_cache(maxsize=8)
def _load(key: Path, certificate: Path, _written: tuple[int, int]) -> SealKey:
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        own, *chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (ValueError, TypeError) as error:
        raise SealError(f"The seal key {key.name} or certificate {certificate.name} is not usable PEM.") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise SealError(f"The seal key {key.name} is neither an elliptic-curve nor an RSA key.")
    if _public(private.public_key()) != _public(own.public_key()):
        raise SealError(f"The certificate {certificate.name} belongs to another key than {key.name}.")
    return SealKey(private, own, tuple(chain))


def _public(key: Any) -> bytes:
    data: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return data


def new_key(key: Path, certificate: Path, *, organisation: str, now: datetime, years: int = 3) -> SealKey:
    """Create a P-256 key (mode 0600) and its self-signed certificate. Raises FileExistsError if one of the files
    exists.

    For demonstration and development, and for publishers who pin their own certificate.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} agreement seal"),
        ]
    )
    start = now.astimezone(UTC).replace(microsecond=0) - timedelta(minutes=5)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    own = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with certificate.open("xb") as file:
        file.write(own.public_bytes(serialization.Encoding.PEM))
    try:
        key.touch(mode=stat.S_IRUSR | stat.S_IWUSR, exist_ok=False)
    except OSError:
        certificate.unlink()
        raise
    key.write_bytes(pem)
    return SealKey(private, own)


def certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return all certificates of a PEM file, such as every seal certificate ever used; raises SealError."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise SealError("The file of seal certificates is not PEM.") from error


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate in lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def findings(key: Path, certificate: Path, now: datetime, roots: Sequence[x509.Certificate] = ()) -> list[str]:
    """Return what is wrong with the seal key at `now`; empty if it can be used."""
    try:
        loaded = SealKey.load(key, certificate)
    except SealError as error:
        return [str(error)]
    found = []
    if key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        found.append(f"The seal key {key.name} can be read by others; its mode must be 0600.")
    if loaded.expires <= now:
        found.append(f"The seal certificate expired on {loaded.expires:%Y-%m-%d}.")
    elif loaded.expires - now < EXPIRY_WARNING:
        found.append(f"The seal certificate expires on {loaded.expires:%Y-%m-%d}; make a new one now.")
    return found + _gaps(loaded, roots)


def _gaps(key: SealKey, roots: Sequence[x509.Certificate]) -> list[str]:
    """Return where the chain from the seal's certificate to a self-signed one, or to one of `roots`, is broken."""
    chain = [key.certificate, *key.chain]
    for lower, upper in pairwise(chain):
        if not issued(lower, upper):
            return [f"The certificate chain is broken below {upper.subject.rfc4514_string()}."]
    top = chain[-1]
    if self_signed(top) or any(issued(top, root) for root in roots):
        return []
    return [f"The certificate chain ends early: {top.issuer.rfc4514_string()} is missing."]


def self_signed(certificate: x509.Certificate) -> bool:
    """Whether a certificate is signed with its own key."""
    return issued(certificate, certificate)


def issued(lower: x509.Certificate, upper: x509.Certificate) -> bool:
    """Whether `upper` signed `lower`."""
    try:
        lower.verify_directly_issued_by(upper)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def der(certificate: x509.Certificate) -> bytes:
    """Return a certificate as DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def owner_of(certificate: x509.Certificate) -> str:
    """Return the organisation, else the name, in a certificate's subject."""
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for attribute in certificate.subject.get_attributes_for_oid(oid):
            return str(attribute.value)
    return certificate.subject.rfc4514_string()
