"""The two ways to write history: a transition with its event, and an event without a transition."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from agreements.domain.states import TRANSITIONS
from agreements.models import Agreement, Event, compare_and_set


class TransitionError(Exception):
    """The agreement's status does not allow this transition, for example because somebody else was faster."""

    def __init__(self, verb: str, status: str) -> None:
        super().__init__(f"Cannot {verb} an agreement that is {status}.")
        self.status = status


def transition(
    agreement: Agreement, verb: str, *, by: str, now: datetime, data: dict[str, Any], **columns: Any
) -> None:
    """Change the status and append the event, in the caller's transaction. Raises TransitionError if not allowed."""
    step = TRANSITIONS[verb]
    won = Agreement.objects.filter(pk=agreement.pk, status__in=step.sources).update(
        status=step.target, event_count=F("event_count") + 1, **columns
    )
    if not won:
        raise TransitionError(verb, Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk))
    append_event(agreement, verb, by=by, now=now, data=data)
    agreement.refresh_from_db()


def record_event(agreement_id: int, kind: str, *, by: str, now: datetime, data: dict[str, Any]) -> None:
    """Append an event that does not change the status, such as a sent email."""
    with transaction.atomic(savepoint=False):
        ((reference, number, head),) = compare_and_set.hold(
            Agreement, [agreement_id], "reference", "event_count", "event_head"
        )
        chain_digest(agreement_id, reference, kind, number=number + 1, head=head, by=by, now=now, data=data)


def append_event(agreement: Agreement, kind: str, *, by: str, now: datetime, data: dict[str, Any]) -> None:
    """Append an event. The caller's UPDATE has locked the agreement's row, so no event can come in between."""
    number, head = Agreement.objects.values_list("event_count", "event_head").get(pk=agreement.pk)
    chain_digest(agreement.pk, agreement.reference, kind, number=number, head=head, by=by, now=now, data=data)


def chain_digest(
    agreement_id: int,
    reference: str,
    kind: str,
    *,
    number: int,
    head: str,
    by: str,
    now: datetime,
    data: dict[str, Any],
) -> None:
    event = Event(agreement_id=agreement_id, number=number, kind=kind, at=now, by=by, data=data, previous=head)
    digest = event.compute_digest(reference)
    columns = {"agreement": agreement_id, "number": number, "kind": kind, "at": now, "by": by, "data": data}
    compare_and_set.add(Event, columns | {"previous": head, "digest": digest})
    compare_and_set.change(Agreement, agreement_id, was={}, becomes={"event_count": number, "event_head": digest})
