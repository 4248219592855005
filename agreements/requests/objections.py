"""An author for whom another one signed says no. It is put on record and told to the editors; it undoes nothing."""

from datetime import datetime

from django.db import transaction

from agreements import lifecycle
from agreements.documents import history
from agreements.domain.states import Status
from agreements.mail import notify, outbox
from agreements.models import Agreement, Link, Message

SIGNED = {Status.SIGNED, Status.SEALED}


def coauthor_of(link: Link) -> str:
    """The author to whom the link was mailed, by name if the paper still knows the address."""
    recipient = link.message.recipient
    author = link.agreement.paper.authors.filter(email__iexact=recipient).order_by("position").first()
    return author.display if author else recipient


def record_objection(agreement: Agreement, *, by: str, reason: str, now: datetime) -> bool:
    """Notes the objection of the author `by`, once. False if it is on record already.

    Raises TransitionError when the agreement is not in force any more: then there is nothing to object to.
    """
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status not in SIGNED:
            raise lifecycle.TransitionError(status)
        if any(data["who"] == by for data in history.objections(agreement)):
            return False
        lifecycle.record_event(agreement.pk, "object", by="author", now=now, data={"who": by, "reason": reason})
        about = str(len(history.objections(agreement)))
        notify.notify_editors(agreement, Message.Kind.EDITOR_OBJECTED, now, about=about)
    return True
