"""The signer passes signing to a co-author."""

import unicodedata
from datetime import datetime

from django.db import transaction

from agreements import lifecycle
from agreements.domain import reasons
from agreements.mail import notify, outbox
from agreements.models import Agreement, Message, StandIn
from proceedings.models import Author, Paper


def shown(author: Author) -> str:
    """The name as agreements have it."""
    return unicodedata.normalize("NFC", author.display)


def hand_over(agreement: Agreement, to: Author, *, now: datetime) -> Agreement:
    """The signer passes on to a co-author with an address on file. The old links die; both get mail, and the editors.

    Raises WrongMove when the agreement has moved on, NotReady when the paper is in no state for a new one.
    """
    name = shown(to)
    with transaction.atomic():
        lifecycle.move(
            agreement,
            "hand-over",
            by="signer",
            now=now,
            data={"to": name},
            closed_at=now,
            reason=reasons.handed_over(name),
            look_at=None,
        )
        lifecycle.close(agreement, now)
        name_contact(to, to.email)
        successor = lifecycle.draft(paper_of(agreement), by="signer", now=now, predecessor=agreement)
        lifecycle.issue(successor, by="signer", now=now)
        confirm(agreement, now)
        notify.tell_editors(agreement, Message.Kind.EDITOR_HANDED_OVER, now)
    return successor


def confirm(agreement: Agreement, now: datetime) -> None:
    """Tells who was to sign before that somebody else does now."""
    kind = Message.Kind.HANDED_OVER
    outbox.queue(agreement, slot="handed-over", kind=kind, recipient=agreement.signer_email, now=now)


def paper_of(agreement: Agreement) -> Paper:
    """The paper as it is now."""
    return Paper.objects.select_related("volume").get(pk=agreement.paper_id)


def name_contact(author: Author, email: str) -> None:
    """Makes `author` the paper's corresponding author, at `email`, who signs in person."""
    StandIn.objects.filter(author=author).delete()
    Author.objects.filter(paper=author.paper_id, is_contact=True).exclude(pk=author.pk).update(is_contact=False)
    Author.objects.filter(pk=author.pk).update(is_contact=True, email=email)
