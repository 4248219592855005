"""Rows -> documents: the form as the signer is shown it, and the sealed file that begins with those bytes."""

from urllib.parse import urlencode

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse

from agreements.documents import history, pdf, seal
from agreements.documents.checklist import FOUND
from agreements.domain import agreement_text
from agreements.domain.facts import HandSignature, Signature, SignedFormFile, SignedStatement, sha256
from agreements.models import Agreement, SignedForm


def verify_url(reference: str) -> str:
    """Where anyone can check a file of this agreement; in the foot of every page and in the evidence's QR code."""
    return f"{settings.PUBLIC_BASE_URL}{reverse('verify')}?{urlencode({'agreement': reference})}"


def shown_form(agreement: Agreement) -> bytes:
    """The unsigned form (v0). Same facts, same bytes, so it can be shown, shown again and compared."""
    return pdf.form(agreement.facts, agreement_text.load(agreement.text.version), verify_url(agreement.reference))


def signature_of(agreement: Agreement) -> Signature:
    """The recorded signature. Raises ValueError if there is none."""
    if agreement.signed_at is None:
        raise ValueError(f"{agreement} is not signed.")
    return Signature(
        typed_name=agreement.typed_name,
        signed_at=agreement.signed_at,
        consent=SignedStatement(agreement.consent),
        authority=SignedStatement(agreement.authority),
        shown_sha256=agreement.shown_sha256,
        network_address="",  # stays with the evidence at the desk: the page goes to co-authors and the publisher
        drawn=history.drawn(agreement),
    )


def hand_signature_of(agreement: Agreement, scan: SignedForm) -> HandSignature:
    """The record of a form signed by hand. Raises ValueError if it was not accepted."""
    if agreement.signed_at is None or agreement.dated is None:
        raise ValueError(f"{agreement} is not signed.")
    accepted = agreement.events.get(kind="accept")
    return HandSignature(
        name=agreement.typed_name,
        date_written=agreement.date_written,
        dated=agreement.dated,
        received_at=scan.received_at,
        accepted_at=agreement.signed_at,
        accepted_by=accepted.by,
        checked=tuple(FOUND[each] for each in accepted.data["checked"]),
        files=tuple(SignedFormFile(**one) for one in accepted.data["files"]),
        shown_sha256=agreement.shown_sha256,
    )


def completed_form(agreement: Agreement, shown: bytes) -> bytes:
    """The bytes shown, then as increments the signature, the date and the evidence page; of a form signed by hand also
    its pages.
    """
    if agreement.signed_form:
        return completed_signed_form(agreement, agreement.signed_form, shown)
    facts, text, signature = agreement.facts, agreement_text.load(agreement.text.version), signature_of(agreement)
    events = agreement.events.filter(at__lte=agreement.signed_at)
    evidence = pdf.evidence(facts, text, signature, history.history_lines(events), verify_url(facts.reference))
    return seal.complete(shown, pdf.signature(facts, text, signature), evidence)


def completed_signed_form(agreement: Agreement, scan: SignedForm, shown: bytes) -> bytes:
    """Raises SealError when the pages are not those that were accepted."""
    facts, text, signature = (
        agreement.facts,
        agreement_text.load(agreement.text.version),
        hand_signature_of(agreement, scan),
    )
    with storages["private"].open(scan.pages_file) as file:
        pages = file.read()
    if sha256(pages) != scan.pages_sha256:
        raise seal.SealError("The pages in storage are not those that came in: their digest differs.")
    events = history.history_lines(agreement.events.filter(at__lte=agreement.signed_at))
    evidence = pdf.paper_evidence(facts, text, signature, events, verify_url(facts.reference))
    return seal.complete(shown, pdf.signed_on_paper(facts, text, signature), evidence, pages)


def sealed_form(agreement: Agreement, key: seal.SealKey, proof: seal.TrustMaterial) -> bytes:
    """The completed form under the publisher's seal, of the level of `proof`, checked again after sealing.

    Raises SealError when the kept bytes are not those that were shown, or the seal does not hold.
    """
    shown = bytes(agreement.shown.body)
    if sha256(shown) != agreement.shown_sha256:
        raise seal.SealError("The kept form is not the one that was shown: its digest differs. Look into the database.")
    stamp = pdf.stamp(agreement.facts, agreement_text.load(agreement.text.version), key.owner, settings.SEAL_OFFICER)
    reason = "Publication agreement, as signed by its author"
    return seal.seal(completed_form(agreement, shown), key, reason=reason, stamp=stamp, proof=proof)


def store(agreement: Agreement, body: bytes) -> str:
    """Puts sealed bytes into private storage and returns their name there.

    The name holds the digest, so writing again after a crash finds the same bytes and makes no second file.
    """
    return store_as(f"sealed/v{agreement.volume_number}/{agreement.paper_key}-{sha256(body)[:32]}.pdf", body)


def store_as(name: str, body: bytes) -> str:
    """Puts bytes into private storage under a name that holds their digest. Returns the name there."""
    storage = storages["private"]
    if storage.exists(name):
        with storage.open(name) as file:
            if file.read() == body:
                return name
    return storage.save(name, ContentFile(body))
