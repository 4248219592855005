"""THE ONLY WRITER of Message: queue -> claim -> send -> record. `mail/sender.py` sends what is claimed here.

Every email is a row before it is sent. If a process is killed at any point, no email is lost or sent twice: the state
`HANDING` (sending) is committed before the server can accept, so an interrupted email becomes `UNKNOWN`, is shown to
the editors and is never resent automatically. Every change is one UPDATE of the row's own columns, and its row count
tells whether it succeeded (on PostgreSQL a filter through a join would let two concurrent updates both succeed).
"""

import uuid
from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, QuerySet

from agreements.mail import addresses, headers, joining
from agreements.mail.kinds import REPEATED_REQUESTS, kind_of
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Message, compare_and_set
from agreements.models.plain_address import rows_with_address
from proceedings.email_address import address_key

State = Message.State
RecordResult = Callable[[Message, str, datetime], object]
"""Records the result of an email in the transaction that sets its state: sent, possibly sent (`unknown`), or the server
rejected its address for good (`failed`).
"""

LEASE = timedelta(minutes=15)
"""Longer than the 10 minutes a server may take to answer the final dot (RFC 5321, 4.5.3.2.6)."""

BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720, 1440)]
"""Waits after the first, second, … attempt that the server certainly did not accept; after the last it has failed."""

SERVER_DELAY = timedelta(minutes=1)
"""Wait after an attempt where the server accepted no email from anyone. It does not count as an attempt."""

MAX_CLAIMED = 100
"""Limit of messages that a worker claims at a time."""

MAX_ROWS = 500
"""Limit of rows in one INSERT."""

OPEN_STATES = (State.PENDING, State.CLAIMED, State.HANDING)
NO_CLAIM: dict[str, Any] = {"claim": None, "lease_until": None}


class EmailRequest(NamedTuple):
    """An email to be queued about one agreement, or a reminder that was missed."""

    agreement: Agreement
    idempotency_key: str
    kind: Message.Kind
    recipient: str
    skipped: bool = False


def queue(
    agreement: Agreement,
    *,
    idempotency_key: str,
    kind: Message.Kind,
    recipient: str,
    now: datetime,
    delay: timedelta = timedelta(0),
) -> bool:
    """Queue an email, once per (agreement, idempotency key) ever, due after `delay`. Returns False if it exists."""
    request = EmailRequest(agreement, idempotency_key, kind, recipient)
    return bool(insert_messages([new_message(now, **columns_of(request), due_at=now + delay)]))


def queue_for_volume(
    volume_id: int, *, idempotency_key: str, kind: Message.Kind, recipient: str, details: dict[str, Any], now: datetime
) -> bool:
    """Queue an email about a volume with its `details`, once per (volume, idempotency key) ever."""
    columns = {"volume_id": volume_id, "details": details}
    return bool(
        insert_messages([new_message(now, idempotency_key=idempotency_key, kind=kind, recipient=recipient, **columns)])
    )


def queue_combined(requests: Iterable[EmailRequest], now: datetime, delay: timedelta = timedelta(0)) -> int:
    """Queue emails, one per person and volume, due after `delay`. Returns how many messages are new.

    A combined email about several papers is a row of its own that carries their messages. Each message has its own key,
    state and link, and can be cancelled until the email is sent.
    """
    requests_by_recipient: dict[tuple[int, str], list[EmailRequest]] = {}
    missed = []
    for request in requests:
        if request.skipped:
            missed.append(new_message(now, **columns_of(request), state=State.SKIPPED))
        else:
            group = (request.agreement.paper.volume_id, address_key(request.recipient))
            requests_by_recipient.setdefault(group, []).append(request)
    carriers = {
        recipient: new_message(now, **combined_columns(recipient[0], group[0].recipient), due_at=now + delay)
        for recipient, group in requests_by_recipient.items()
        if len(group) > 1
    }
    Message.objects.bulk_create(carriers.values())
    messages = [
        new_message(now, **columns_of(request), carrier=carriers.get(recipient), due_at=now + delay)
        for recipient, group in requests_by_recipient.items()
        for request in group
    ]
    insert_messages(missed)
    return insert_messages(messages)


def queue_or_join(requests: Iterable[tuple[EmailRequest, datetime]], now: datetime) -> int:
    """Queue requests for signatures with the times they are due, once per (agreement, idempotency key) ever.

    If an unclaimed email to the same person about another paper of the volume is due by then, both become one combined
    email. Call it in a transaction that has locked the addresses, so that concurrent calls see each other's emails.
    Returns how many are new.
    """
    placed = [(joining.group_of(one.agreement, one.recipient), one, due_at) for one, due_at in requests]
    unsent = joining.lock_unsent(group for group, _, _ in placed)
    messages, joined = [], []
    for group, request, due_at in placed:
        waiting = unsent[group]
        carrier = waiting[0] if waiting and waiting[0].due_at <= due_at else None
        if carrier and not kind_of(carrier).is_combined:
            first = carrier
            carrier = new_message(now, **combined_columns(group[0], first.recipient), due_at=first.due_at)
            first.carrier = waiting[0] = carrier
            joined.append((first, carrier))
        message = new_message(now, **columns_of(request), carrier=carrier, due_at=carrier.due_at if carrier else due_at)
        if carrier is None:
            insort(waiting, message, key=attrgetter("due_at"))
        messages.append(message)
    Message.objects.bulk_create(carrier for _, carrier in joined)
    expected = {"state": State.PENDING, "closed": False, "attempts": 0}
    for first, carrier in joined:
        if first.pk:  # the new ones are inserted below
            compare_and_set.update_row(Message, first.pk, expected=expected, values={"carrier": carrier.pk})
    return insert_messages(messages)


def combined_columns(volume_id: int, recipient: str) -> dict[str, Any]:
    """Return the columns of a combined email about several papers of a volume."""
    kind = Message.Kind.TOGETHER
    return {"volume_id": volume_id, "idempotency_key": f"{kind}:{uuid.uuid4()}", "kind": kind, "recipient": recipient}


def columns_of(request: EmailRequest) -> dict[str, Any]:
    agreement, idempotency_key, kind, recipient, _ = request
    return {"agreement": agreement, "idempotency_key": idempotency_key, "kind": kind, "recipient": recipient}


def new_message(now: datetime, **fields: Any) -> Message:
    # The Message-ID belongs to the row, not to the attempt: a recipient of two copies can recognize them as one.
    message_id = f"<{uuid.uuid4()}@{headers.our_domain()}>"
    return Message(**{"due_at": now, "created_at": now, "message_id": message_id, **fields})


def insert_messages(messages: list[Message]) -> int:
    """Insert those messages whose idempotency keys are new. Returns how many."""
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    return Message.objects.filter(message_id__in=[message.message_id for message in messages]).count()


def queue_all(recipients: Iterable[tuple[int, str, str]], *, kind: Message.Kind, now: datetime) -> int:
    """Queue many emails of one kind: (agreement's key, idempotency key, recipient). Returns how many are new."""
    messages = [
        new_message(now, agreement_id=pk, idempotency_key=idempotency_key, kind=kind, recipient=address)
        for pk, idempotency_key, address in recipients
    ]
    return sum(insert_messages(messages[at : at + MAX_ROWS]) for at in range(0, len(messages), MAX_ROWS))


# --- cancel emails


def cancel_open(agreement_id: int) -> None:
    """Cancel all unsent emails of the agreement. Call it in the transaction that closes it."""
    cancel(Message.objects.filter(agreement_id=agreement_id))


def cancel_reminders(agreement_ids: Iterable[int], *, to: str | None = None) -> None:
    """Cancel the agreements' unsent reminders, or those to one address. Call it in the transaction that ends them."""
    reminders = Message.objects.filter(agreement_id__in=list(agreement_ids), kind__in=REPEATED_REQUESTS)
    cancel(reminders if to is None else rows_with_address(reminders, "recipient", to))


def cancel_emails_to(address: str, agreement_ids: Iterable[int]) -> None:
    """Cancel the agreements' unsent emails to an address. Call it in the transaction that marks it undeliverable."""
    cancel(rows_with_address(Message.objects.filter(agreement_id__in=list(agreement_ids)), "recipient", address))


def cancel(messages: QuerySet[Message]) -> None:
    """Cancel the messages. One that is being sent keeps its state; `closed` prevents a retry after a failure."""
    messages.filter(state__in=OPEN_STATES, closed=False).update(closed=True)
    messages.filter(closed=True, state__in=[State.PENDING, State.CLAIMED]).update(state=State.CANCELLED, **NO_CLAIM)


# --- claim emails


def claim(now: datetime, limit: int = MAX_CLAIMED) -> list[Message]:
    """Claim the messages that have been due longest, until their lease ends; empty if none is due.

    A message that was tried before is claimed alone: if it crashes its workers, no other message loses an attempt.
    """
    due = Message.objects.filter(state=State.PENDING, closed=False, due_at__lte=now, carrier__isnull=True)
    due = due.order_by("due_at", "id")
    if not due.exists():  # before SQLite's only write lock is taken for nothing, every few seconds
        return []
    with transaction.atomic():
        # SQLite ignores the locks and does not need them: it has one writer at a time.
        first = list(due.select_for_update(skip_locked=True, no_key=True).values_list("pk", "attempts")[:limit])
        if not first:
            return []
        tried = first[0][1]
        chosen = [first[0][0]] if tried else [pk for pk, attempts in first if not attempts]
        token = uuid.uuid4()
        unclaimed = Message.objects.filter(pk__in=chosen, state=State.PENDING, closed=False, attempts=tried)
        columns = {"state": State.CLAIMED, "claim": token, "lease_until": now + LEASE, "attempts": F("attempts") + 1}
        unclaimed.update(**columns)
        # Selected by the token: a row that another worker has claimed in the meantime has another token.
        claimed = Message.objects.filter(pk__in=chosen, claim=token).order_by("due_at", "id")
        # Prefetched: most messages of a batch have these rows in common.
        shared = ("agreement__paper__volume__signing_settings", "volume__signing_settings", "agreement__text")
        messages = list(claimed.select_related("agreement__paper").prefetch_related(*shared))
        has_combined = any(kind_of(message).is_combined for message in messages)
        empty = claim_parts(messages, columns) if has_combined else []
    remaining = [message for message in messages if message.pk not in empty]
    return claim(now, limit) if empty and not remaining else remaining


def claim_parts(messages: list[Message], columns: dict[str, Any]) -> list[int]:
    """Claim the messages that the combined emails carry. Cancels emails without any, and returns their keys."""
    carriers = [message.pk for message in messages if kind_of(message).is_combined]
    Message.objects.filter(carrier__in=carriers, state=State.PENDING, closed=False).update(**columns)
    load_parts(messages)
    empty = [message.pk for message in messages if message.pk in carriers and not message.parts]
    Message.objects.filter(pk__in=empty, claim=columns["claim"]).update(state=State.CANCELLED, **NO_CLAIM)
    return empty


def load_parts(messages: Iterable[Message]) -> None:
    """Load the claimed messages that each combined email carries."""
    combined = [message for message in messages if kind_of(message).is_combined]
    if combined:
        carried = Message.objects.filter(carrier__in=combined).order_by("pk")
        parts = list(carried.select_related("agreement__paper__volume__signing_settings"))
        for message in combined:
            message.parts = [part for part in parts if (part.carrier_id, part.claim) == (message.pk, message.claim)]


def update_messages(message: Message, *, expected: compare_and_set.Columns, values: compare_and_set.Columns) -> int:
    """Update the rows of an email and of the messages it carries, which have the same claim. Returns how many."""
    return sum(
        compare_and_set.update_row(Message, one.pk, expected=expected, values=values)
        for one in (message, *message.parts)
    )


def rows_of(message: Message) -> QuerySet[Message]:
    return Message.objects.filter(pk__in=[message.pk, *(part.pk for part in message.parts)])


def release(message: Message, until: datetime | None = None) -> None:
    """Release the claim of an email that was not started, without counting an attempt; due at `until` if given."""
    claimed = rows_of(message).filter(claim=message.claim, state=State.CLAIMED, closed=False)
    due = {"due_at": until} if until else {}
    claimed.update(state=State.PENDING, attempts=message.attempts - 1, **NO_CLAIM, **due)


def do_nothing() -> None:
    pass


def mark_sending(message: Message, now: datetime, before: Callable[[], object] = do_nothing) -> bool:
    """Commit the state `HANDING` before the server gets the email. Returns False if it may no longer be sent.

    `before` records the result of the previous email in the same transaction: one commit per email. The lease starts
    again at `now`, because a batch is claimed together and sent one by one.
    """
    with transaction.atomic(durable=True):
        before()
        expected = {"state": State.CLAIMED, "claim": message.claim, "closed": False}
        updated = update_messages(
            message, expected=expected, values={"state": State.HANDING, "lease_until": now + LEASE}
        )
        if 0 < updated <= len(message.parts):
            # A carried message was cancelled, but the composed email still mentions it: release it to compose it again.
            sending = {"state": State.HANDING, "claim": message.claim}
            update_messages(message, expected=sending, values={"state": State.CLAIMED})
            return False
        return updated > 0


# --- record results


def record_result(message: Message, outcome: Outcome, now: datetime, record: RecordResult) -> str:
    """Record the result of sending. Returns the state reached, ``withdrawn`` or ``lost``."""
    with transaction.atomic():
        return write_result(message, outcome, now, record)


def write_result(message: Message, outcome: Outcome, now: datetime, record: RecordResult) -> str:
    """Record the result in the caller's transaction."""
    affected = {one.agreement.pk for one in (message, *message.parts) if not one.volume_id}
    if outcome.scope == "address":
        affected |= addresses.agreements_with_mail_to(message.recipient)
    lock_agreements(affected)
    state = apply_outcome(message, outcome, now)
    if state is None:
        current = Message.objects.values_list("state", flat=True).get(pk=message.pk)
        return "withdrawn" if current == State.CANCELLED else "lost"
    if state in (State.SENT, State.UNKNOWN) or (state == State.FAILED and outcome.scope == "address"):
        for one in message.parts or [message]:
            one.error = outcome.detail
            record(one, state, now)
    return state


def apply_outcome(message: Message, outcome: Outcome, now: datetime) -> State | None:
    """Set the state that follows from the outcome, if this worker still has the claim. Returns it, or None."""
    expected = {"claim": message.claim, "state": (State.CLAIMED, State.HANDING)}
    error = outcome.detail

    def set_state(state: State, expected_values: compare_and_set.Columns = expected, **columns: Any) -> int:
        return update_messages(message, expected=expected_values, values={"state": state, "error": error, **columns})

    if outcome.state == State.SENT:
        # A late 250 also resolves an email whose lease has ended in the meantime.
        sending = expected | {"state": (State.HANDING, State.UNKNOWN)}
        return State.SENT if set_state(State.SENT, sending, sent_at=now, **NO_CLAIM) else None
    if outcome.state == State.UNKNOWN:
        return State.UNKNOWN if set_state(State.UNKNOWN, lease_until=None) else None
    server_unavailable = outcome.scope == "server"
    if outcome.state == State.FAILED or (message.attempts > len(BACKOFF) and not server_unavailable):
        bounce = outcome.scope if outcome.scope in Message.Bounce.values else ""
        return State.FAILED if set_state(State.FAILED, bounce=bounce, **NO_CLAIM) else None
    wait = SERVER_DELAY if server_unavailable else BACKOFF[message.attempts - 1]
    attempts = message.attempts - server_unavailable
    requeued = set_state(State.PENDING, expected | {"closed": False}, due_at=now + wait, attempts=attempts, **NO_CLAIM)
    if requeued and not message.parts:
        return State.PENDING
    cancelled = set_state(State.CANCELLED, **NO_CLAIM)
    return State.PENDING if requeued else State.CANCELLED if cancelled else None


def record_bounce(messages: Iterable[int], bounce: Message.Bounce, detail: str) -> None:
    """Record why sent messages did not arrive after all. Their state stays: a mail server has accepted them."""
    Message.objects.filter(pk__in=list(messages)).update(bounce=bounce, error=detail)


def lock_agreements(agreement_ids: Iterable[int]) -> None:
    """Lock the agreements' rows before their messages' rows, in the same order as `lifecycle`, to prevent deadlocks.

    SQLite does not need it: it has one writer at a time.
    """
    ids = set(agreement_ids)
    if ids and connection.features.has_select_for_update:  # an email about a volume has no agreement
        compare_and_set.lock_rows(Agreement, ids, "id")


def release_leases(now: datetime, record: RecordResult) -> Counter[str]:
    """End expired leases: claimed messages are queued again, messages that were being sent become `UNKNOWN`.

    Returns how many became `UNKNOWN`.
    """
    tally: Counter[str] = Counter()
    expired = Message.objects.filter(
        state__in=[State.CLAIMED, State.HANDING], lease_until__lte=now, carrier__isnull=True
    )
    messages = list(expired)
    load_parts(messages)
    for message in messages:
        rows = rows_of(message).filter(claim=message.claim, lease_until=message.lease_until)
        if message.state == State.CLAIMED:
            claimed = rows.filter(state=State.CLAIMED)
            claimed.filter(closed=True).update(state=State.CANCELLED, **NO_CLAIM)
            if message.attempts > len(BACKOFF):
                error = "The worker stopped each time it wrote this mail."
                claimed.filter(closed=False).update(state=State.FAILED, error=error, **NO_CLAIM)
            else:
                claimed.filter(closed=False).update(state=State.PENDING, **NO_CLAIM)
            continue
        with transaction.atomic():
            lock_agreements([one.agreement.pk for one in (message, *message.parts) if not one.volume_id])
            # The row keeps its claim, so that a worker that still gets a 250 can record it.
            if rows.filter(state=State.HANDING).update(
                state=State.UNKNOWN,
                lease_until=None,
                error="The worker stopped while the server was being given the mail.",
            ):
                for one in message.parts or [message]:
                    record(one, State.UNKNOWN, now)
                tally[State.UNKNOWN] += 1
    return tally
