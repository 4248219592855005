"""Verify whether a file is the sealed one, for the public page, its JSON and the command line.

Valid means all of: this site stored exactly these bytes; the seal covers the whole file, is valid, and is from one of
our certificates; the file begins with the bytes that the signer was shown; and the chain of events is complete and
records this signature and this seal. Anything else gives a negative result with the differences, never an error.
"""

import logging
import re
from dataclasses import dataclass
from datetime import datetime

from django.core.files.storage import storages

from agreements.documents import audit, seal
from agreements.domain.facts import sha256
from agreements.domain.states import STATUS_LABELS, Status
from agreements.domain.translatable import Sentence
from agreements.models import Agreement, SealCertificate

logger = logging.getLogger(__name__)

UNCHANGED = Sentence("This is the sealed file, unchanged.")
CHANGED = Sentence("This is not the sealed file: it was changed.")
UNSEALED = Sentence("This is not the sealed file: it has no seal.")
FOREIGN = Sentence("We did not seal this file.")
RECORD_CHANGED = Sentence("The file is unchanged, but our record of it was changed.")
UNKNOWN = Sentence("We have no record of this file.")

_REFERENCE = re.compile(r"[\w.:-]{1,140}", re.ASCII)
_NAMES_AGREEMENT = re.compile(rb"Agreement ([\w.:-]{1,140}), paper ")
"""As in the form's metadata (see `pdf.form`); still readable after most kinds of tampering."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The result. `ours` distinguishes a damaged file of this site from a foreign one."""

    valid: bool
    ours: bool
    headline: str
    sha256: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """The public part of the record of a sealed agreement, without names of people."""

    reference: str
    paper: str
    status: str
    sealed_at: datetime
    sha256: str
    level: str


def verify(body: bytes) -> Verification:
    """Verify any bytes."""
    digest = sha256(body)
    stored = Agreement.objects.select_related("shown", "signed_form").filter(sealed_sha256=digest).first()
    if stored:
        return _verify_stored(body, stored)
    named = _named_agreement(body)
    if seal.contains_certificate(body, _certificates()) or (named and named.sealed_file):
        return Verification(valid=False, ours=True, headline=CHANGED, sha256=digest, lines=_changes(body, named))
    if named:
        reason = Sentence(
            "This is one of our forms. We seal a form after it is signed. Then we email the sealed PDF to the signer."
        )
        return Verification(valid=False, ours=True, headline=UNSEALED, sha256=digest, lines=(reason,))
    # A foreign file is not even parsed.
    reason = Sentence("It does not have our seal. Printing, scanning or saving a file again removes the seal.")
    return Verification(valid=False, ours=False, headline=FOREIGN, sha256=digest, lines=(reason,))


def _changes(body: bytes, named: Agreement | None) -> tuple[str, ...]:
    """Return what is wrong with a file of ours that is not on record."""
    lines = [_difference(body, named)] if named else []
    lines += seal.inspect(body, trusted=_certificates()).problems
    return tuple(line for line in lines if line) or (
        Sentence("Its seal is valid, but we have no record of this file."),
    )


def verify_digest(digest: str) -> Verification | None:
    """Verify the stored file with this SHA-256; None if there is none."""
    stored = Agreement.objects.filter(sealed_sha256=digest).first()
    if stored is None:
        return None
    body = _stored_body(stored)
    if body is None or sha256(body) != digest:
        why = Sentence("We cannot read our copy of it at the moment. Upload the file to check its seal.")
        return Verification(
            valid=False, ours=True, headline=Sentence("We have a record of this file."), sha256=digest, lines=(why,)
        )
    return verify(body)


def find_record(reference: str) -> Record | None:
    """Return the public record of a reference; None unless it has been sealed."""
    if not _REFERENCE.fullmatch(reference):
        return None
    agreement = Agreement.objects.filter(reference=reference, sealed_at__isnull=False).first()
    if agreement is None or agreement.sealed_at is None:
        return None
    return Record(
        reference=agreement.reference,
        paper=agreement.paper_key,
        status=STATUS_LABELS[Status(agreement.status)],
        sealed_at=agreement.sealed_at,
        sha256=agreement.sealed_sha256,
        level=agreement.seal_level,
    )


def describe_agreement(agreement: Agreement) -> tuple[str, ...]:
    """Return the content of the sealed file as sentences, for anyone who has it."""
    return (
        Sentence(
            "Agreement %(reference)s, paper %(paper)s: “%(title)s”.",
            reference=agreement.reference,
            paper=agreement.paper_key,
            title=agreement.plain_title,
        ),
        describe_signature(agreement),
        Sentence(
            "Sealed on %(time)s UTC (PAdES %(level)s).",
            time=f"{agreement.sealed_at:%Y-%m-%d %H:%M}",
            level=agreement.seal_level,
        ),
        Sentence("Status: %(status)s.", status=STATUS_LABELS[Status(agreement.status)]),
    )


def describe_signature(agreement: Agreement) -> Sentence:
    """Describe who signed, how and when."""
    name, time = agreement.typed_name, f"{agreement.signed_at:%Y-%m-%d %H:%M}"
    if agreement.dated is None:
        return Sentence("Signed by %(name)s on %(time)s UTC.", name=name, time=time)
    return Sentence(
        "Signed by hand by %(name)s, dated %(day)s (written “%(written)s”). Accepted by an editor on %(time)s UTC.",
        name=name,
        day=f"{agreement.dated:%Y-%m-%d}",
        written=agreement.date_written,
        time=time,
    )


def _verify_stored(body: bytes, agreement: Agreement) -> Verification:
    """Return the result for bytes that are on record."""
    verdict = seal.inspect(
        body,
        trusted=_certificates(),
        shown_sha256=agreement.shown_sha256,
        shown_length=len(_shown(agreement)),
        sealed_sha256=agreement.sealed_sha256,
    )
    if not verdict.valid:
        return Verification(
            valid=False, ours=True, headline=CHANGED, sha256=verdict.sha256, lines=tuple(verdict.problems)
        )
    if problem := _record_problem(agreement):
        return Verification(
            valid=False,
            ours=True,
            headline=RECORD_CHANGED,
            sha256=verdict.sha256,
            lines=(Sentence("Its history: %(problem)s", problem=problem),),
        )
    return Verification(
        valid=True, ours=True, headline=UNCHANGED, sha256=verdict.sha256, lines=describe_agreement(agreement)
    )


def _record_problem(agreement: Agreement) -> str | None:
    """Return what is wrong with the agreement's events, or between them and its row."""
    chain = list(agreement.events.order_by("number"))
    # An event may have been added between the two queries, so a chain that looks broken is read again.
    if audit.check_chain(agreement, chain) and (problem := audit.check_chain_locked(agreement.pk)):
        return problem
    if sha256(_shown(agreement)) != agreement.shown_sha256:
        return Sentence("the signing event names a form that we no longer have.")
    data_by_kind = {event.kind: event.data for event in chain}
    if data_by_kind.get("seal", {}).get("sha256") != agreement.sealed_sha256:
        return Sentence("the sealing event names another file.")
    signing_data = data_by_kind.get("accept" if agreement.signed_form_id else "sign", {})
    if signing_data.get("shown_sha256", agreement.shown_sha256) != agreement.shown_sha256:
        return Sentence("the signing event names another form.")
    return audit.check_signed_form(agreement)


def _certificates() -> tuple[seal.Certificate, ...]:
    """Every certificate that has ever sealed here."""
    pems = "".join(SealCertificate.objects.values_list("pem", flat=True))
    return seal.certificates(pems.encode()) if pems else ()


def _named_agreement(body: bytes) -> Agreement | None:
    """Return the agreement that a file names in its metadata, whatever else was changed."""
    named = {match.decode("ascii", "ignore") for match in _NAMES_AGREEMENT.findall(body)}
    return Agreement.objects.select_related("shown").filter(reference__in=named).first() if named else None


def _difference(body: bytes, agreement: Agreement) -> str:
    """Describe where a file differs from the sealed one; empty if that one cannot be read."""
    stored = _stored_body(agreement)
    return seal.describe_difference(body, stored, len(_shown(agreement))) if stored else ""


def _shown(agreement: Agreement) -> bytes:
    """Return the form as shown to the signer; empty if it is missing in the database."""
    shown = getattr(agreement, "shown", None)
    return bytes(shown.body) if shown else b""


def _stored_body(agreement: Agreement) -> bytes | None:
    if not agreement.sealed_file:
        return None
    try:
        with storages["private"].open(agreement.sealed_file) as file:
            body: bytes = file.read()
    except Exception:  # each storage fails in its own way; the result does not depend on it
        logger.exception("The sealed file of %s cannot be read", agreement)
        return None
    return body
