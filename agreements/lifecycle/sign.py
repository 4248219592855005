"""The author's moves: looked over, signed, declined."""

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
    """This form, with these statements, was never looked over before it was to be signed."""


@dataclass(frozen=True, slots=True)
class SignatureInput:
    """What the signing POST brought with it."""

    typed_name: str
    consent: SignedStatement
    authority: SignedStatement
    shown: bytes
    address: str | None
    agent: str
    language: str = "en"
    """Of the page on which it was done."""
    drawn: str = ""
    """A signature drawn by hand, as `drawing` reads it; most people only type."""

    @property
    def looked_over(self) -> dict[str, Any]:
        """What of it the signer has seen before it is signed, by digests."""
        return {
            "shown_sha256": sha256(self.shown),
            "consent_sha256": self.consent.digest,
            "authority_sha256": self.authority.digest,
        }


def review(agreement: Agreement, act: SignatureInput, *, now: datetime) -> None:
    """The author has filled in the form and looks it over: the first trace of a person, noted once per document."""
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])  # so that nothing is noted on an agreement that has just moved on
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status not in WAITING:
            raise TransitionError("review", status)
        if act.looked_over not in reviews(agreement):
            record_event(agreement.pk, "reviewed", by="signer", now=now, data=act.looked_over)


def reviews(agreement: Agreement) -> list[dict[str, Any]]:
    return list(agreement.events.filter(kind="reviewed").values_list("data", flat=True))


def sign(agreement: Agreement, act: SignatureInput, *, now: datetime) -> None:
    """The signature, complete with its evidence, in one transaction; the seal is a later step that may be repeated.

    Raises NotReviewed unless the author has looked over this very document with these very statements.
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
            # In the event, which is append-only and chained: it is evidence, and nobody asks for rows by it.
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
    """The form as it was signed, whether by link or by hand; call it in the transaction of the signature."""
    ShownForm.objects.create(agreement=agreement, body=shown)


def decline(agreement: Agreement, *, reason: str, now: datetime) -> None:
    """The author will not sign. Reminders end in the same transaction; both sides get a mail."""
    with transaction.atomic():
        end(agreement, "decline", by="signer", now=now, reason=reason)
        outbox.queue(
            agreement, idempotency_key="declined", kind=Kind.DECLINED, recipient=agreement.signer_email, now=now
        )
        notify.notify_editors(agreement, Kind.EDITOR_DECLINED, now)
