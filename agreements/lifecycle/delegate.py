"""The signer passes signing to a co-author."""

import unicodedata
from datetime import datetime

from django.db import transaction

from agreements import lifecycle
from agreements.domain import reasons
from agreements.mail import notify, outbox
from agreements.models import Agreement, Message, NonAuthorSigner
from proceedings.models import Author, Paper


def name_shown(author: Author) -> str:
    """The name as agreements have it."""
    return unicodedata.normalize("NFC", author.display)


def delegate(agreement: Agreement, to: Author, *, now: datetime) -> Agreement:
    """The signer passes on to a co-author with an address on file. The old links die; both get mail, and the editors.

    Raises TransitionError when the agreement has moved on, NotReadyError when the paper is in no state for a new one.
    """
    name = name_shown(to)
    with transaction.atomic():
        reason = reasons.handed_over(name)
        lifecycle.end(agreement, "hand-over", by="signer", now=now, reason=reason, data={"to": name})
        set_corresponding_author(to, to.email)
        successor = lifecycle.draft(paper_of(agreement), by="signer", now=now, predecessor=agreement)
        lifecycle.issue(successor, by="signer", now=now)
        confirm_delegation(agreement, now)
        notify.notify_editors(agreement, Message.Kind.EDITOR_HANDED_OVER, now)
    return successor


def confirm_delegation(agreement: Agreement, now: datetime) -> None:
    """Tells who was to sign before that somebody else does now."""
    kind = Message.Kind.HANDED_OVER
    outbox.queue(agreement, idempotency_key="handed-over", kind=kind, recipient=agreement.signer_email, now=now)


def paper_of(agreement: Agreement) -> Paper:
    """The paper as it is now."""
    return Paper.objects.select_related("volume").get(pk=agreement.paper_id)


def set_corresponding_author(author: Author, email: str) -> None:
    """Makes `author` the paper's corresponding author, at `email`, who signs in person."""
    NonAuthorSigner.objects.filter(author=author).delete()
    Author.objects.filter(paper=author.paper_id, is_corresponding=True).exclude(pk=author.pk).update(
        is_corresponding=False
    )
    Author.objects.filter(pk=author.pk).update(is_corresponding=True, email=email)
