"""THE ONLY WRITER of Message: plan -> claim -> hand over -> settle. `postman` carries what is claimed here.

A mail that is due is a row. Killed at any point the desk loses none and doubles none: the intent to hand over is
committed before the server can accept, so a row whose fate is in doubt is found `unknown`, shown to the editor and
never sent again by the machine. Every change is one UPDATE that names only the row's own columns and whose row count
decides (on PostgreSQL a joined filter would let two racers win).
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet

from agreements import addresses, rows
from agreements.models import Agreement, Message
from agreements.transports import Outcome

State = Message.State
Record = Callable[[Message, str, datetime], object]
"""Notes what became of a mail, in the same transaction as its state: it was sent, it may have been (`unknown`), or the
server refused its address for good (`failed`)."""

LEASE = timedelta(minutes=15)
"""Longer than the 10 minutes a server may take to answer the final dot (RFC 5321, 4.5.3.2.6)."""

BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720, 1440)]
"""Waits after the first, second, … try that provably was not accepted; after the last the message has failed."""

HELD_UP = timedelta(minutes=1)
"""Until the next try after one that never got as far as the mail, because the server took nobody's. Not counted."""

BATCH = 50
"""Most mails that one worker claims at a time."""

OPEN = (State.PENDING, State.CLAIMED, State.HANDING)
FREE: dict[str, Any] = {"claim": None, "lease_until": None}


def queue(
    agreement: Agreement, *, slot: str, kind: Message.Kind, recipient: str, now: datetime, skipped: bool = False
) -> bool:
    """Puts a mail in the outbox, once per (agreement, slot) for ever. False if the slot was taken already."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    message = Message(
        agreement=agreement,
        slot=slot,
        kind=kind,
        recipient=recipient,
        state=State.SKIPPED if skipped else State.PENDING,
        due_at=now,
        created_at=now,
        # Fixed with the slot, not with the try: whoever got two could tell them for one.
        message_id=f"<{uuid.uuid4()}@{domain}>",
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)
    return Message.objects.filter(message_id=message.message_id).exists()


# --- the need for a mail ends


def cancel_open(agreement_id: int) -> None:
    """Ends the need for every mail of the agreement that is not sent; call it in the transaction that closes it."""
    cancel(Message.objects.filter(agreement_id=agreement_id))


def cancel_reminders(agreement_id: int) -> None:
    """Ends the need for the agreement's reminders; call it in the transaction that says so."""
    cancel(Message.objects.filter(agreement_id=agreement_id, kind=Message.Kind.REMINDER))


def cancel_to(address: str, agreement_ids: Iterable[int]) -> None:
    """Ends the need for every mail of those agreements to an address; call it in the transaction that stops it."""
    cancel(Message.objects.filter(agreement_id__in=list(agreement_ids), recipient__iexact=address))


def cancel(messages: QuerySet[Message]) -> None:
    """A mail that is being handed over right now keeps its state: its worker settles it, and `closed` makes sure that
    a refusal is not followed by another try.
    """
    messages.filter(state__in=OPEN, closed=False).update(closed=True)
    messages.filter(closed=True, state__in=[State.PENDING, State.CLAIMED]).update(state=State.CANCELLED, **FREE)


# --- a worker takes up mails


def claim(now: datetime, most: int = BATCH) -> list[Message]:
    """The mails that have been due for longest, held by this worker until their lease ends; empty when none is due.

    One that was tried before comes alone. If it is what kills its workers, no other mail loses a try by it.
    """
    due = Message.objects.filter(state=State.PENDING, closed=False, due_at__lte=now).order_by("due_at", "id")
    if not due.exists():  # before SQLite's one place for a writer is taken in vain, every few seconds
        return []
    with transaction.atomic():
        # SQLite ignores the locks, and does not need them: it has one writer at a time.
        first = list(due.select_for_update(skip_locked=True, no_key=True).values_list("pk", "attempts")[:most])
        if not first:
            return []
        tried = first[0][1]
        chosen = [first[0][0]] if tried else [pk for pk, attempts in first if not attempts]
        token = uuid.uuid4()
        free = Message.objects.filter(pk__in=chosen, state=State.PENDING, closed=False, attempts=tried)
        free.update(state=State.CLAIMED, claim=token, lease_until=now + LEASE, attempts=F("attempts") + 1)
        # Read back by the token: whoever took one of them meanwhile has another.
        mine = Message.objects.filter(pk__in=chosen, claim=token).order_by("due_at", "id")
        # A volume and its terms are read once, not once per mail: most of a batch is of one.
        return list(mine.select_related("agreement__paper").prefetch_related("agreement__paper__volume__terms"))


def give_back(messages: list[Message]) -> None:
    """Unclaims what was not begun. It was no try."""
    for message in messages:
        mine = Message.objects.filter(pk=message.pk, claim=message.claim, state=State.CLAIMED, closed=False)
        mine.update(state=State.PENDING, attempts=message.attempts - 1, **FREE)


def nothing() -> None:
    pass


def intend(message: Message, now: datetime, first: Callable[[], object] = nothing) -> bool:
    """Commits that the server is about to be given the mail. False when it may no longer be sent.

    `first` writes down, in the same transaction, what became of the mail before: one commit per mail. `now` renews the
    lease, for mails are claimed together and sent one after the other.
    """
    with transaction.atomic(durable=True):
        first()
        mine = {"state": State.CLAIMED, "claim": message.claim, "closed": False}
        return rows.change(Message, message.pk, was=mine, becomes={"state": State.HANDING, "lease_until": now + LEASE})


# --- what became of it


def settle(message: Message, outcome: Outcome, now: datetime, record: Record) -> str:
    """Writes down what became of a hand-over. Returns the state it ended in, ``withdrawn`` or ``lost``."""
    with transaction.atomic():
        return write(message, outcome, now, record)


def write(message: Message, outcome: Outcome, now: datetime, record: Record) -> str:
    """The same within the caller's transaction."""
    affected = {message.agreement_id}
    if outcome.whose == "address":
        affected |= addresses.agreements_with_mail_to(message.recipient)
    hold(affected)
    state = moved(message, outcome, now)
    if state is None:
        now_is = Message.objects.values_list("state", flat=True).get(pk=message.pk)
        return "withdrawn" if now_is == State.CANCELLED else "lost"
    if state in (State.SENT, State.UNKNOWN) or (state == State.FAILED and outcome.whose == "address"):
        message.error = outcome.detail
        record(message, state, now)
    return state


def moved(message: Message, outcome: Outcome, now: datetime) -> State | None:
    """The legal move for an outcome, if this worker still holds the mail. Returns the state reached, or None."""
    mine = {"claim": message.claim, "state": (State.CLAIMED, State.HANDING)}
    error = outcome.detail

    def becomes(state: State, was: rows.Columns = mine, **columns: Any) -> bool:
        return rows.change(Message, message.pk, was=was, becomes={"state": state, "error": error, **columns})

    if outcome.state == State.SENT:
        # A late 250 also tells what became of a mail whose lease ended meanwhile.
        handed = mine | {"state": (State.HANDING, State.UNKNOWN)}
        return State.SENT if becomes(State.SENT, handed, sent_at=now, **FREE) else None
    if outcome.state == State.UNKNOWN:
        return State.UNKNOWN if becomes(State.UNKNOWN, lease_until=None) else None
    held_up = outcome.whose == "server"
    if outcome.state == State.FAILED or (message.attempts > len(BACKOFF) and not held_up):
        return State.FAILED if becomes(State.FAILED, **FREE) else None
    wait = HELD_UP if held_up else BACKOFF[message.attempts - 1]
    attempts = message.attempts - held_up
    if becomes(State.PENDING, mine | {"closed": False}, due_at=now + wait, attempts=attempts, **FREE):
        return State.PENDING
    return State.CANCELLED if becomes(State.CANCELLED, **FREE) else None


def hold(agreement_ids: Iterable[int]) -> None:
    """Takes the agreements' rows before their messages', in the order of every verb in `lifecycle`: no deadlock.

    SQLite does not need it: it has one writer at a time.
    """
    if connection.features.has_select_for_update:
        rows.hold(Agreement, agreement_ids, "id")


def release_leases(now: datetime, record: Record) -> Counter[str]:
    """Takes up what dead workers held: not handed over -> again; being handed over -> `unknown`, for a person."""
    tally: Counter[str] = Counter()
    expired = Message.objects.filter(state__in=[State.CLAIMED, State.HANDING], lease_until__lte=now)
    for message in expired:
        held = Message.objects.filter(pk=message.pk, claim=message.claim, lease_until=message.lease_until)
        if message.state == State.CLAIMED:
            back = held.filter(state=State.CLAIMED)
            back.filter(closed=True).update(state=State.CANCELLED, **FREE)
            if message.attempts > len(BACKOFF):
                error = "The worker stopped each time it wrote this mail."
                back.filter(closed=False).update(state=State.FAILED, error=error, **FREE)
            else:
                back.filter(closed=False).update(state=State.PENDING, **FREE)
            continue
        with transaction.atomic():
            hold([message.agreement_id])
            # The claim stays on the row: if its worker lives and hears 250 after all, that settles it.
            if held.filter(state=State.HANDING).update(
                state=State.UNKNOWN,
                lease_until=None,
                error="The worker stopped while the server was being given the mail.",
            ):
                record(message, State.UNKNOWN, now)
                tally[State.UNKNOWN] += 1
    return tally
