"""The signer delegates signing to a co-author."""

import unicodedata
from datetime import datetime

from django.db import transaction

from agreements import lifecycle
from agreements.domain import reasons
from agreements.mail import notify, outbox
from agreements.models import Agreement, Message, NonAuthorSigner
from proceedings.models import Author, Paper


def name_shown(author: Author) -> str:
    """The name as it is stated in agreements (NFC)."""
    return unicodedata.normalize("NFC", author.display)


def delegate(agreement: Agreement, to: Author, *, now: datetime) -> Agreement:
    """Replace the agreement by one that a co-author with a known address signs. Old links expire; all get an email.

    Raises TransitionError if the status has changed, NotReadyError if the paper cannot have a new agreement.
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
    """Queue the confirmation to the previous signer."""
    kind = Message.Kind.HANDED_OVER
    outbox.queue(agreement, idempotency_key="handed-over", kind=kind, recipient=agreement.signer_email, now=now)


def paper_of(agreement: Agreement) -> Paper:
    """Return the paper's current row."""
    return Paper.objects.select_related("volume").get(pk=agreement.paper_id)


def set_corresponding_author(author: Author, email: str) -> None:
    """Make `author` the corresponding author, with the address `email`. Removes their non-author signer."""
    NonAuthorSigner.objects.filter(author=author).delete()
    Author.objects.filter(paper=author.paper_id, is_corresponding=True).exclude(pk=author.pk).update(
        is_corresponding=False
    )
    Author.objects.filter(pk=author.pk).update(is_corresponding=True, email=email)
