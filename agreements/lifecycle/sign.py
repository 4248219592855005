"""What the signer does: review, sign, decline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from agreements.domain.facts import SignedStatement, sha256
from agreements.domain.states import WAITING
from agreements.lifecycle.end import end
from agreements.lifecycle.record import TransitionError, record_event, transition
from agreements.mail import notify, outbox
from agreements.models import Agreement, Message, ShownForm

Kind = Message.Kind


class NotReviewedError(Exception):
    """The signer has not reviewed this form with these statements."""


@dataclass(frozen=True, slots=True)
class SignatureInput:
    """The data of the POST that signs."""

    typed_name: str
    consent: SignedStatement
    authority: SignedStatement
    shown: bytes
    address: str | None
    agent: str
    language: str = "en"
    """Language of the page that was used."""
    drawn: str = ""
    """A hand-drawn signature in the text form of `domain.drawn_signature`; usually empty."""

    @property
    def looked_over(self) -> dict[str, Any]:
        """Digests of the document and statements that the signer must have reviewed."""
        return {
            "shown_sha256": sha256(self.shown),
            "consent_sha256": self.consent.digest,
            "authority_sha256": self.authority.digest,
        }


def review(agreement: Agreement, act: SignatureInput, *, now: datetime) -> None:
    """Record once per document that the signer filled in the form and reviews it: the first evidence of a person.

    Raises TransitionError if the agreement awaits no signature.
    """
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])  # so that no event is recorded after a concurrent transition
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status not in WAITING:
            raise TransitionError("review", status)
        if act.looked_over not in reviews(agreement):
            record_event(agreement.pk, "reviewed", by="signer", now=now, data=act.looked_over)


def reviews(agreement: Agreement) -> list[dict[str, Any]]:
    return list(agreement.events.filter(kind="reviewed").values_list("data", flat=True))


def sign(agreement: Agreement, act: SignatureInput, *, now: datetime) -> None:
    """Record the signature with all its evidence in one transaction. Sealing is a later step that may be repeated.

    Raises TransitionError if the status does not allow it, NotReviewedError if the signer did not review this document
    with these statements.
    """
    shown = sha256(act.shown)
    with transaction.atomic():
        transition(
            agreement,
            "sign",
            by="signer",
            now=now,
            data={
                "typed_name": act.typed_name,
                "consent": act.consent.text,
                "authority": act.authority.text,
                "shown_sha256": shown,
                "text_sha256": agreement.text.digest,
                "language": act.language,
                "capacity": agreement.facts.capacity,
            }
            # Stored in the event, which is append-only and chained: it is evidence, and no query needs it.
            | ({"drawn": act.drawn} if act.drawn else {}),
            signed_at=now,
            typed_name=act.typed_name,
            consent=act.consent.text,
            authority=act.authority.text,
            shown_sha256=shown,
            signer_address=act.address,
            signer_agent=act.agent[:500],
            next_check_at=None,
        )
        if act.looked_over not in reviews(agreement):
            raise NotReviewedError
        keep_shown(agreement, act.shown)
        outbox.cancel_open(agreement.pk)
        notify.notify_coauthors(agreement, now)


def keep_shown(agreement: Agreement, shown: bytes) -> None:
    """Store the form as it was signed, by link or by hand. Call it in the transaction of the signature."""
    ShownForm.objects.create(agreement=agreement, body=shown)


def decline(agreement: Agreement, *, reason: str, now: datetime) -> None:
    """Decline the agreement for the signer. Cancels the reminders; the signer and the editors get an email."""
    with transaction.atomic():
        end(agreement, "decline", by="signer", now=now, reason=reason)
        outbox.queue(
            agreement, idempotency_key="declined", kind=Kind.DECLINED, recipient=agreement.signer_email, now=now
        )
        notify.notify_editors(agreement, Kind.EDITOR_DECLINED, now)
