"""The two ways to write history: a transition with its event, and an event without a transition."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Model

from agreements.domain.states import STATUS_LABELS, TRANSITIONS, Status
from agreements.models import Agreement, Event, compare_and_set


class TransitionError(Exception):
    """The agreement's status does not allow this transition, for example because somebody else was faster."""

    def __init__(self, status: str) -> None:
        super().__init__(f"The agreement changed ({STATUS_LABELS[Status(status)]}). Reload the page.")
        self.status = status


class Move(NamedTuple):
    """What one agreement brings to a transition: the data of its event, and columns that change beside the status."""

    agreement: Agreement
    data: dict[str, Any]
    columns: dict[str, Any]


def transition(
    agreement: Agreement, name: str, *, by: str, now: datetime, data: dict[str, Any], **columns: Any
) -> None:
    """Change the status and append the event, in the caller's transaction. Raises TransitionError if not allowed."""
    transition_all([Move(agreement, data, columns)], name, by=by, now=now)
    agreement.refresh_from_db()


def transition_all(moves: Sequence[Move], name: str, *, by: str, now: datetime) -> None:
    """Make one transition for many agreements, in the caller's transaction.

    Raises TransitionError for the first agreement that does not allow it. The caller then rolls all of them back.
    """
    allowed = TRANSITIONS[name]
    expected = {"status": tuple(allowed.sources)}
    # The lock keeps other events from coming in between. Many rows are locked in the order of their keys: two
    # transactions that change some of the same agreements cannot deadlock.
    keys = (move.agreement.pk for move in moves)
    heads = {pk: rest for pk, *rest in compare_and_set.lock_rows(Agreement, keys, "id", "event_count", "event_head")}
    events = []
    for agreement, data, columns in moves:
        count, head = heads[agreement.pk]
        event = make_event(agreement, name, number=count + 1, head=head, by=by, now=now, data=data)
        becomes = {"status": allowed.target} | chain_end(event) | columns
        values = {key: value.pk if isinstance(value, Model) else value for key, value in becomes.items()}
        if not compare_and_set.update_row(Agreement, agreement.pk, expected=expected, values=values):
            raise TransitionError(Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk))
        events.append(event)
        for key, value in becomes.items():
            setattr(agreement, key, value)
    Event.objects.bulk_create(events)


def record_event(agreement_id: int, kind: str, *, by: str, now: datetime, data: dict[str, Any]) -> None:
    """Append an event that does not change the status, such as a sent email."""
    with transaction.atomic(savepoint=False):
        ((reference, count, head),) = compare_and_set.lock_rows(
            Agreement, [agreement_id], "reference", "event_count", "event_head"
        )
        event = Event(agreement_id=agreement_id, number=count + 1, kind=kind, at=now, by=by, data=data, previous=head)
        event.digest = event.compute_digest(reference)
        columns = {"agreement": agreement_id, "number": event.number, "kind": kind, "at": now, "by": by, "data": data}
        compare_and_set.insert_row(Event, columns | {"previous": head, "digest": event.digest})
        compare_and_set.update_row(Agreement, agreement_id, expected={}, values=chain_end(event))


def make_event(
    agreement: Agreement, kind: str, *, number: int, head: str, by: str, now: datetime, data: dict[str, Any]
) -> Event:
    """Return an event that follows the one with the digest `head`, not in the database yet.

    The agreement may be new. Its row must have the values of `chain_end` as soon as the event is inserted.
    """
    event = Event(agreement=agreement, number=number, kind=kind, at=now, by=by, data=data, previous=head)
    event.digest = event.compute_digest(agreement.reference)
    return event


def chain_end(event: Event) -> dict[str, Any]:
    """Return the columns of the agreement whose last event this is."""
    return {"event_count": event.number, "event_head": event.digest}
