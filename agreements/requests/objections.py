"""Objections of co-authors to a signature. They are recorded and the editors notified; the
agreement does not change.
"""

from datetime import datetime

from django.db import transaction

from agreements import lifecycle
from agreements.documents import history
from agreements.domain.states import Status
from agreements.mail import notify, outbox
from agreements.models import Agreement, Link, Message

SIGNED = {Status.SIGNED, Status.SEALED}


def coauthor_of(link: Link) -> str:
    """Return the co-author to whom the link was emailed: the name, or the address if the paper does not have it any
    more.
    """
    recipient = link.message.recipient
    author = link.agreement.paper.author_with(recipient)
    return author.display if author else recipient


def record_objection(agreement: Agreement, *, by: str, reason: str, now: datetime) -> bool:
    """Record the objection of the co-author `by`, once. Returns False if it is recorded already.

    Raises TransitionError if the agreement is not in force.
    """
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status not in SIGNED:
            raise lifecycle.TransitionError(status)
        if any(data["who"] == by for data in history.list_objections(agreement)):
            return False
        lifecycle.record_event(agreement.pk, "object", by="author", now=now, data={"who": by, "reason": reason})
        about = str(len(history.list_objections(agreement)))
        notify.notify_editors(agreement, Message.Kind.EDITOR_OBJECTED, now, about=about)
    return True
