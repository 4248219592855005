"""Validate any bytes: sealed by us and unchanged, or why not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

from cryptography import x509
from pyhanko.pdf_utils.decode_limits import (
    DEFAULT_PURPOSE_LIMITS,
    DecodeLimits,
    DecodePurpose,
    DocumentDecodeBudget,
    StreamDecodeLimits,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from agreements.documents.seal.key import der, fingerprint, owner_of, self_signed
from agreements.documents.seal.pyhanko_adapter import asn1_certificate, finish
from agreements.domain.facts import sha256
from agreements.domain.translatable import Sentence

_LIMITS = DecodeLimits(
    per_purpose={
        **DEFAULT_PURPOSE_LIMITS,
        DecodePurpose.XREF_STREAM: StreamDecodeLimits(max_output_size=65_536),
        DecodePurpose.OBJECT_STREAM: StreamDecodeLimits(max_output_size=1_000_000),
    },
    document_budget=DocumentDecodeBudget(base_allowance=8_000_000, max_ratio=0),
)
"""Far above what a sealed file needs: it has no compressed tables or objects, and perhaps a large revocation list.

With pyHanko's own limits, an uploaded file of 200 kB can keep a process busy for minutes.
"""

_SEAL_STARTS = b"/Contents <"
"""Precedes the digits of the signature, the last one in the file."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file's own bytes and the known certificates prove."""

    valid: bool
    """Sealed with a trusted certificate, over the whole file, and unchanged since."""
    ours: bool
    """The file contains one of the trusted certificates, whether or not its seal is valid."""
    sha256: str
    size: int
    problems: tuple[str, ...] = ()
    """Why it is not valid, as sentences for people."""
    sealed_at: datetime | None = None
    """The time that the seal states."""
    certificate: str = ""
    """Fingerprint of the sealing certificate."""
    owner: str = ""
    level: str = ""
    """One of `trust.LEVELS`, by what the file contains, whoever issued it."""


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
    roots: Sequence[x509.Certificate] = (),
) -> Verdict:
    """Validate any bytes; never raises for their content.

    `trusted` are all certificates ever used for sealing: a replaced or expired one is still valid for files of its
    time. `shown_sha256` with `shown_length` also checks that the file begins with the bytes shown, and `sealed_sha256`
    that it is exactly the stored file.

    `roots` are given only for a newly sealed file: its time-stamp must lead to one of them, and at B-LT everything
    must, by what the file itself contains. Later the stored digest proves that it is the same file, so that an
    authority that has changed or no longer exists does not make old files invalid.
    """
    found = _Findings()
    try:
        _judge(pdf, trusted, roots, found)
    except Exception as error:  # noqa: BLE001  (hostile bytes may break the reader in any way; that is a verdict)
        why = type(error).__name__
        found.problems.append(Sentence("The file cannot be read as a sealed PDF (%(why)s).", why=why))
    digest = sha256(pdf)
    if sealed_sha256 is not None and digest != sealed_sha256:
        found.problems.append(Sentence("The file is not, byte for byte, the one that was sealed."))
    if shown_sha256 is not None and sha256(pdf[:shown_length]) != shown_sha256:
        found.problems.append(Sentence("The file does not begin with the bytes that the signer was shown."))
    return Verdict(
        valid=not found.problems,
        ours=carries(pdf, trusted),
        sha256=digest,
        size=len(pdf),
        problems=tuple(found.problems),
        sealed_at=found.sealed_at,
        certificate=found.certificate,
        owner=found.owner,
        level=found.level,
    )


def carries(pdf: bytes, trusted: Sequence[x509.Certificate]) -> bool:
    """Whether a file contains one of the certificates as a seal encodes it. Parses nothing."""
    digits = pdf.lower()
    return any(der(certificate).hex().encode() in digits for certificate in trusted)


def difference(pdf: bytes, stored: bytes, shown_length: int) -> str:
    """Describe where a file differs from the stored one; empty if it does not.

    `shown_length` is the length of the form that the signer was shown, in the stored file.
    """
    if pdf == stored:
        return ""
    at = next((at for at, (a, b) in enumerate(zip(pdf, stored, strict=False)) if a != b), min(len(pdf), len(stored)))
    if at == len(stored):
        return Sentence("%(count)d bytes were added after the sealed file’s end.", count=len(pdf) - at)
    if at == len(pdf):
        return Sentence("The last %(count)d of %(all)d bytes are missing.", count=len(stored) - at, all=len(stored))
    one, other = len(pdf), len(stored)
    size = (
        Sentence("both have %(count)d bytes", count=one)
        if one == other
        else Sentence("it has %(count)d bytes, the sealed file %(other)d", count=one, other=other)
    )
    return Sentence(
        "It departs from the sealed file at byte %(at)d, %(where)s; %(size)s.",
        at=at,
        where=_part(stored, at, shown_length),
        size=size,
    )


def _part(stored: bytes, at: int, shown_length: int) -> str:
    """Describe which part of a sealed file contains a byte."""
    if at < shown_length:
        return Sentence("in the form that the signer was shown")
    start = stored.rfind(_SEAL_STARTS) + len(_SEAL_STARTS)
    if start <= at <= stored.find(b">", start):
        return Sentence("in the seal")
    return Sentence("in what signing and sealing added")


def _judge(
    pdf: bytes, trusted: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], found: _Findings
) -> None:
    reader = PdfFileReader(BytesIO(pdf), decode_limits=_LIMITS)
    signatures = reader.embedded_signatures
    if len(signatures) != 1:
        count = len(signatures)
        found.problems.append(Sentence("The file has %(count)d signatures; a sealed agreement has one.", count=count))
        return
    (embedded,) = signatures
    _describe(embedded, found)
    if found.certificate not in {fingerprint(certificate) for certificate in trusted}:
        found.problems.append(Sentence("It was not sealed with one of our certificates."))
        return
    if not _in_its_time(embedded):
        found.problems.append(Sentence("Its certificate was not valid at the time the seal states."))
    proofs = DocumentSecurityStore.read_dss(reader) if "/DSS" in reader.root else None
    context = _context(trusted, roots, found.sealed_at, proofs)
    status = finish(async_validate_pdf_signature(embedded, context))
    stamp = status.timestamp_validity
    found.level = "B-B" if stamp is None else "B-LT" if proofs and proofs.crls else "B-T"
    if not status.intact:
        found.problems.append(Sentence("Its content was changed after it was sealed."))
    elif status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        found.problems.append(Sentence("Something was added after it was sealed."))
    if not found.problems and not (status.bottom_line or (_holds(status) and not roots)):
        found.problems.append(Sentence("Its seal does not hold (%(why)s).", why=status.summary()))
    if embedded.docmdp_level is not MDPPerm.NO_CHANGES:
        found.problems.append(Sentence("Its seal does not forbid later changes."))
    if not _written_as_sealed(pdf, embedded):
        found.problems.append(Sentence("The room around the seal was changed."))


def _context(
    trusted: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime | None,
    proofs: DocumentSecurityStore | None,
) -> Any:
    """Return what pyHanko may trust: the known certificates and, with `roots`, the revocation lists in the file."""
    strict = bool(roots and proofs)
    anchors = [*roots, *(certificate for certificate in trusted if not strict or self_signed(certificate))]
    arguments: dict[str, Any] = {
        "trust_roots": [asn1_certificate(certificate) for certificate in anchors],
        "moment": at,
        "best_signature_time": at,
        "allow_fetching": False,
        "revocation_mode": "require" if strict else "soft-fail",
    }
    return proofs.as_validation_context(arguments) if proofs and strict else ValidationContext(**arguments)


def _holds(status: PdfSignatureStatus) -> bool:
    """pyHanko's bottom line, without the question whether the time-stamp authority is trusted today."""
    stamp = status.timestamp_validity
    in_time = stamp is None or (stamp.valid and stamp.intact)
    unmodified = status.docmdp_ok or status.modification_level is None
    return status.intact and status.valid and status.trusted and status.seed_value_ok and in_time and unmodified


def _describe(embedded: EmbeddedPdfSignature, found: _Findings) -> None:
    certificate = x509.load_der_x509_certificate(embedded.signer_cert.dump())
    found.certificate = fingerprint(certificate)
    found.owner = owner_of(certificate)
    found.sealed_at = embedded.self_reported_timestamp


def _in_its_time(embedded: EmbeddedPdfSignature) -> bool:
    """Whether the seal was made while its certificate was valid. The validator does not check the dates of a
    certificate that is itself a trust anchor.
    """
    certificate = x509.load_der_x509_certificate(embedded.signer_cert.dump())
    at = embedded.self_reported_timestamp
    return at is not None and certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _written_as_sealed(pdf: bytes, embedded: EmbeddedPdfSignature) -> bool:
    """Whether the gap that no digest covers contains the signature, padded with zeros, and nothing else."""
    _, before, after, _ = (int(number) for number in embedded.byte_range)
    contents = bytes(embedded.pkcs7_content)
    spare = contents[_der_length(contents) :]
    return pdf[before:after] == b"<" + contents.hex().upper().encode() + b">" and not spare.strip(b"\0")


def _der_length(data: bytes) -> int:
    """Return the length of the DER value at the start of `data`, including its header."""
    first = data[1]
    if first < 0x80:
        return 2 + first
    count = first & 0x7F
    return 2 + count + int.from_bytes(data[2 : 2 + count], "big")
