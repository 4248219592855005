"""Render documents from rows: the form as shown to the signer, and the sealed PDF that begins with these bytes."""

from urllib.parse import urlencode

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse

from agreements.documents import history, pdf, seal
from agreements.documents.checklist import CONFIRMED_LABELS
from agreements.domain import agreement_text
from agreements.domain.facts import HandSignature, Signature, SignedFormFile, SignedStatement, sha256
from agreements.models import Agreement, SignedForm


def verify_url(reference: str) -> str:
    """Return the page where anyone can verify a file of this agreement; printed on every page and in the QR code."""
    return f"{settings.PUBLIC_BASE_URL}{reverse('verify')}?{urlencode({'agreement': reference})}"


def render_form(agreement: Agreement) -> bytes:
    """Return the unsigned form. The same snapshot gives the same bytes, so it can be shown again and compared."""
    return pdf.render_form(
        agreement.facts, agreement_text.load(agreement.text.version), verify_url(agreement.reference)
    )


def signature_of(agreement: Agreement) -> Signature:
    """Return the recorded electronic signature. Raises ValueError if there is none."""
    if agreement.signed_at is None:
        raise ValueError(f"{agreement} is not signed.")
    return Signature(
        typed_name=agreement.typed_name,
        signed_at=agreement.signed_at,
        consent=SignedStatement(agreement.consent),
        authority=SignedStatement(agreement.authority),
        shown_sha256=agreement.shown_sha256,
        network_address="",  # not printed: the page goes to co-authors and the publisher
        drawn=history.drawn_signature_of(agreement),
    )


def hand_signature_of(agreement: Agreement, form: SignedForm) -> HandSignature:
    """Return the record of a signed form. Raises ValueError if it was not accepted."""
    if agreement.signed_at is None or agreement.dated is None:
        raise ValueError(f"{agreement} is not signed.")
    accepted = agreement.events.get(kind="accept")
    return HandSignature(
        name=agreement.typed_name,
        date_written=agreement.date_written,
        dated=agreement.dated,
        received_at=form.received_at,
        accepted_at=agreement.signed_at,
        accepted_by=accepted.by,
        checked=tuple(CONFIRMED_LABELS[each] for each in accepted.data["checked"]),
        files=tuple(SignedFormFile(**one) for one in accepted.data["files"]),
        shown_sha256=agreement.shown_sha256,
    )


def complete_form(agreement: Agreement, shown: bytes) -> bytes:
    """Return the form as shown, with the signature, the date, the evidence page and a signed form's pages as
    increments.
    """
    if agreement.signed_form:
        return complete_signed_form(agreement, agreement.signed_form, shown)
    facts, text, signature = agreement.facts, agreement_text.load(agreement.text.version), signature_of(agreement)
    events = agreement.events.filter(at__lte=agreement.signed_at)
    evidence = pdf.render_evidence(facts, text, signature, history.history_lines(events), verify_url(facts.reference))
    return seal.complete(shown, pdf.signature_overlay(facts, text, signature), evidence)


def complete_signed_form(agreement: Agreement, form: SignedForm, shown: bytes) -> bytes:
    """The same for a signed form. Raises SealError if the stored pages are not those that were accepted."""
    facts, text, signature = (
        agreement.facts,
        agreement_text.load(agreement.text.version),
        hand_signature_of(agreement, form),
    )
    with storages["private"].open(form.pages_file) as file:
        pages = file.read()
    if sha256(pages) != form.pages_sha256:
        raise seal.SealError("The pages in storage are not those that came in: their digest differs.")
    events = history.history_lines(agreement.events.filter(at__lte=agreement.signed_at))
    evidence = pdf.render_signed_form_evidence(facts, text, signature, events, verify_url(facts.reference))
    return seal.complete(shown, pdf.signed_form_overlay(facts, text, signature), evidence, pages)


def seal_form(agreement: Agreement, key: seal.SealKey, trust: seal.TrustMaterial) -> bytes:
    """Return the completed form under the publisher's seal, at the level of `trust`, validated after sealing.

    Raises SealError if the stored form is not the one that was shown, or if the seal does not validate.
    """
    shown = bytes(agreement.shown.body)
    if sha256(shown) != agreement.shown_sha256:
        raise seal.SealError("The kept form is not the one that was shown: its digest differs. Check the database.")
    stamp = pdf.make_stamp(
        agreement.facts, agreement_text.load(agreement.text.version), key.owner, settings.SEAL_OFFICER
    )
    reason = "Publication agreement, as signed by its author"
    return seal.seal(complete_form(agreement, shown), key, reason=reason, stamp=stamp, trust=trust)


def store_sealed(agreement: Agreement, body: bytes) -> str:
    """Store the sealed bytes in private storage and return their name.

    The name contains the digest, so that a repetition after a crash finds the same file and creates no second one.
    """
    return store_as(f"sealed/v{agreement.volume_number}/{agreement.paper_key}-{sha256(body)[:32]}.pdf", body)


def store_as(name: str, body: bytes) -> str:
    """Store bytes in private storage under a name that contains their digest. Returns the final name."""
    storage = storages["private"]
    if storage.exists(name):
        with storage.open(name) as file:
            if file.read() == body:
                return name
    return storage.save(name, ContentFile(body))
