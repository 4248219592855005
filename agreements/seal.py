"""The seal: bytes shown + what the signing adds + one PAdES signature over all of it. pyHanko lives here only.

`complete` appends the signature and the evidence to the form, `seal` certifies the whole and forbids any change, and
`inspect` says of any bytes at all whether they are such a file, and if not, why not. A file is never rewritten, only
added to: the sealed file begins with exactly the bytes the signer was shown.

pyHanko is asynchronous inside; everything here is called from plain synchronous code, in a worker or a view, also
where an event loop already runs.
"""

import asyncio
import stat
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from agreements.facts import sha256

FIELD = "PublisherSeal"
EXPIRY_WARNING = timedelta(days=90)

_T = TypeVar("_T")


class SealError(RuntimeError):
    """A key cannot be used, or a file could not be sealed so that it validates. Nothing was sealed."""


@dataclass(frozen=True, slots=True)
class SealKey:
    """A private key with its certificate and the certificates above it, parsed once."""

    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @classmethod
    def load(cls, key: Path, certificate: Path) -> "SealKey":
        """Read PEM files, once per process; raises SealError with the reason if they make no key to seal with."""
        return _load(Path(key), Path(certificate))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate."""
        return fingerprint(self.certificate)

    @property
    def owner(self) -> str:
        """The organisation or name in the certificate's subject."""
        return _owner(self.certificate)

    @property
    def expires(self) -> datetime:
        """The certificate's last moment."""
        return self.certificate.not_valid_after_utc


@lru_cache(maxsize=8)
def _load(key: Path, certificate: Path) -> SealKey:
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        own, *chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except OSError as error:
        raise SealError(f"The seal key or certificate cannot be read: {error.strerror} ({error.filename}).") from error
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
    """Create a P-256 key (mode 0600) and its self-signed certificate; refuses to overwrite either file.

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
    key.touch(mode=stat.S_IRUSR | stat.S_IWUSR, exist_ok=False)
    key.write_bytes(pem)
    with certificate.open("xb") as file:
        file.write(own.public_bytes(serialization.Encoding.PEM))
    return SealKey(private, own)


def certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """All certificates of a PEM file, such as every seal certificate ever used; raises SealError."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise SealError("The file of seal certificates is not PEM.") from error


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def findings(key: Path, certificate: Path, now: datetime) -> list[str]:
    """What a system check has to say about the seal key at `now`; an empty list means it can be used."""
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
    for lower, upper in pairwise([loaded.certificate, *loaded.chain]):
        if lower.issuer != upper.subject:
            found.append(f"The certificate chain is broken below {upper.subject.rfc4514_string()}.")
    return found


class _Appender(IncrementalPdfFileWriter):
    """Adds to a file without touching its metadata, which belongs to the bytes that were shown."""

    def _update_meta(self) -> None:
        """Leave /Info and XMP as they are (the hook pyHanko's maintainer names in its issue 223)."""


def complete(v0: bytes, signature_page: bytes, evidence_pages: bytes) -> bytes:
    """The signed document: `v0` byte for byte, then one increment that lays `signature_page` over its last page and
    adds all `evidence_pages` after it.

    Raises SealError if one of the three is not a PDF that can be read.
    """
    try:
        writer = _Appender(BytesIO(v0))
        overlay = writer.import_page_as_xobject(PdfFileReader(BytesIO(signature_page)))
        last = int(writer.root["/Pages"]["/Count"]) - 1
        drawing = writer.add_object(generic.StreamObject(stream_data=b"q /TypedSignature Do Q"))
        writer.add_stream_to_page(
            last,
            drawing,
            resources=generic.DictionaryObject(
                {pdf_name("/XObject"): generic.DictionaryObject({pdf_name("/TypedSignature"): overlay})}
            ),
        )
        for page in _imported_pages(writer, PdfFileReader(BytesIO(evidence_pages))):
            writer.insert_page(page)
        output = BytesIO()
        writer.write(output)
    except Exception as error:
        raise SealError(f"The signed document cannot be put together: {error}") from error
    result = output.getvalue()
    if not result.startswith(v0):
        raise SealError("The signed document does not begin with the bytes that were shown.")
    return result


def _imported_pages(writer: _Appender, source: PdfFileReader) -> list[PageObject]:
    """All pages of `source` copied in one go, so that fonts they share are copied once."""
    originals = []
    for number in range(int(source.root["/Pages"]["/Count"])):
        reference, resources = source.find_page_for_modification(number)
        page = reference.get_object()
        originals.append(generic.ArrayObject([page.raw_get("/Contents"), page["/MediaBox"], resources]))
    together = generic.ArrayObject(originals)
    together.container_ref = source.root.container_ref
    copies = writer.import_object(together)
    return [PageObject(contents=copy.raw_get(0), media_box=copy[1], resources=copy[2]) for copy in copies]


class _Signer(signers.Signer):
    """Signs with a key that is already parsed; pyHanko's own signer parses it twice for every file."""

    def __init__(self, key: SealKey) -> None:
        self._private = key.private
        store = SimpleCertificateStore()
        store.register_multiple(_asn1(certificate) for certificate in key.chain)
        super().__init__(signing_cert=_asn1(key.certificate), cert_registry=store)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature over `data`; with `dry_run`, only as many bytes as it would have."""
        if digest_algorithm != "sha256":
            raise SealError(f"The seal uses SHA-256, not {digest_algorithm}.")
        if isinstance(self._private, rsa.RSAPrivateKey):
            size = self._private.key_size // 8
            return b"\0" * size if dry_run else self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return b"\0" * 72 if dry_run else self._private.sign(data, ec.ECDSA(hashes.SHA256()))


def seal(pdf: bytes, key: SealKey, *, reason: str, name: str | None = None) -> bytes:
    """`pdf` with a certifying PAdES B-B signature that allows no later change, validated before it is returned.

    Raises SealError, and returns nothing, when the certificate is not valid now or the result does not validate.
    """
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        reason=reason,
        name=name or key.owner,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
    )
    signer = signers.PdfSigner(metadata, signer=_Signer(key), new_field_spec=SigFieldSpec(FIELD))
    try:
        output = _run(signer.async_sign_pdf(_Appender(BytesIO(pdf)), bytes_reserved=_room(key)))
    except Exception as error:
        raise SealError(f"The document cannot be sealed: {error}") from error
    sealed: bytes = output.getvalue()
    verdict = inspect(sealed, trusted=[key.certificate])
    if not verdict.valid or not sealed.startswith(pdf):
        raise SealError("The sealed document does not validate: " + " ".join(verdict.problems))
    return sealed


def _room(key: SealKey) -> int:
    """Hexadecimal digits kept free for the signature: certificates, attributes and the signature value.

    Given beforehand, pyHanko need not make the signature twice to learn its length.
    """
    certificates_size = sum(len(_der(certificate)) for certificate in (key.certificate, *key.chain))
    return 2 * (certificates_size + 2048)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of a file by its own bytes and the certificates we know."""

    valid: bool
    """Sealed by a trusted certificate, over the whole file, and unchanged since."""
    ours: bool
    """One of the trusted certificates is in the file, whether or not its seal holds."""
    sha256: str
    size: int
    problems: tuple[str, ...] = ()
    """Why it is not valid, in words for people."""
    sealed_at: datetime | None = None
    """The time the seal itself states."""
    certificate: str = ""
    """Fingerprint of the certificate that sealed."""
    owner: str = ""
    level: str = ""
    """`B-B`, or `B-T` when a time-stamp authority vouches for the time."""


@dataclass(slots=True)
class _Findings:
    problems: list[str] = field(default_factory=list)
    sealed_at: datetime | None = None
    certificate: str = ""
    owner: str = ""
    level: str = ""


def inspect(
    pdf: bytes,
    *,
    trusted: Sequence[x509.Certificate],
    shown_sha256: str | None = None,
    shown_length: int | None = None,
    sealed_sha256: str | None = None,
) -> Verdict:
    """Judge any bytes; never raises for their content.

    `trusted` are all certificates ever used for sealing: a rotated or expired one still vouches for what it sealed
    in its time. `shown_sha256` with `shown_length` also checks that the file begins with the bytes shown, and
    `sealed_sha256` that it is the very file that was stored.
    """
    found = _Findings()
    try:
        _judge(pdf, trusted, found)
    except Exception as error:  # noqa: BLE001  (hostile bytes may break the reader in any way; that is a verdict)
        found.problems.append(f"The file cannot be read as a sealed PDF ({type(error).__name__}).")
    digest = sha256(pdf)
    if sealed_sha256 is not None and digest != sealed_sha256:
        found.problems.append("The file is not, byte for byte, the one that was sealed.")
    if shown_sha256 is not None and sha256(pdf[:shown_length]) != shown_sha256:
        found.problems.append("The file does not begin with the bytes that the signer was shown.")
    head = pdf.lower()
    return Verdict(
        valid=not found.problems,
        ours=any(_der(certificate).hex().encode() in head for certificate in trusted),
        sha256=digest,
        size=len(pdf),
        problems=tuple(found.problems),
        sealed_at=found.sealed_at,
        certificate=found.certificate,
        owner=found.owner,
        level=found.level,
    )


def difference(pdf: bytes, stored: bytes) -> str:
    """Where a file departs from the stored one, in words; empty when they are the same."""
    if pdf == stored:
        return ""
    at = next((at for at, (a, b) in enumerate(zip(pdf, stored, strict=False)) if a != b), min(len(pdf), len(stored)))
    if at == len(stored):
        return f"{len(pdf) - at} bytes were added after the sealed file's end."
    if at == len(pdf):
        return f"The last {len(stored) - at} of {len(stored)} bytes are missing."
    return f"It departs from the sealed file at byte {at} and has {len(pdf)} bytes instead of {len(stored)}."


def _judge(pdf: bytes, trusted: Sequence[x509.Certificate], found: _Findings) -> None:
    signatures = PdfFileReader(BytesIO(pdf)).embedded_signatures
    if len(signatures) != 1:
        found.problems.append(f"The file has {len(signatures)} signatures; a sealed agreement has one.")
        return
    (embedded,) = signatures
    _describe(embedded, found)
    if found.certificate not in {fingerprint(certificate) for certificate in trusted}:
        found.problems.append("It was not sealed with one of our certificates.")
        return
    context = ValidationContext(
        trust_roots=[_asn1(certificate) for certificate in trusted],
        moment=found.sealed_at,
        best_signature_time=found.sealed_at,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    status = _run(async_validate_pdf_signature(embedded, context))
    found.level = "B-B" if status.timestamp_validity is None else "B-T"
    if not status.intact:
        found.problems.append("Its content was changed after it was sealed.")
    elif status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        found.problems.append("Something was added after it was sealed.")
    if not status.bottom_line and not found.problems:
        found.problems.append(f"Its seal does not hold ({status.summary()}).")
    if embedded.docmdp_level is not MDPPerm.NO_CHANGES:
        found.problems.append("Its seal does not forbid later changes.")
    if not _written_as_sealed(pdf, embedded):
        found.problems.append("The room around the seal was changed.")


def _describe(embedded: EmbeddedPdfSignature, found: _Findings) -> None:
    certificate = x509.load_der_x509_certificate(embedded.signer_cert.dump())
    found.certificate = fingerprint(certificate)
    found.owner = _owner(certificate)
    found.sealed_at = embedded.self_reported_timestamp


def _written_as_sealed(pdf: bytes, embedded: EmbeddedPdfSignature) -> bool:
    """Whether the gap that no digest covers holds the signature, zeros to its end, and nothing else."""
    _, before, after, _ = (int(number) for number in embedded.byte_range)
    contents = bytes(embedded.pkcs7_content)
    spare = contents[_der_length(contents) :]
    return pdf[before:after] == b"<" + contents.hex().upper().encode() + b">" and not spare.strip(b"\0")


def _der_length(data: bytes) -> int:
    """The length of the DER value at the start of `data`, with its header."""
    first = data[1]
    if first < 0x80:
        return 2 + first
    count = first & 0x7F
    return 2 + count + int.from_bytes(data[2 : 2 + count], "big")


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    """Finish `work` from synchronous code, in a thread of its own where an event loop already runs in this one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    loaded: asn1.Certificate = asn1.Certificate.load(_der(certificate))
    return loaded


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _owner(certificate: x509.Certificate) -> str:
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for attribute in certificate.subject.get_attributes_for_oid(oid):
            return str(attribute.value)
    return certificate.subject.rfc4514_string()
