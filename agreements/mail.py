"""THE ONLY WRITER of Message: plan -> claim -> hand over -> settle.

A mail that is due is a row; `drain` looks for rows. Killed at any point it loses none and doubles none: the intent to
hand over is committed before the server can accept, so a row whose fate is in doubt is found `unknown`, shown to the
editor and never sent again by the machine. Every change is one UPDATE that names only the row's own columns and whose
row count decides (on PostgreSQL a joined filter would let two racers win).
"""

import logging
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from agreements.letters import compose
from agreements.models import Agreement, Message
from agreements.transports import Outcome, Transport

State = Message.State
Clock = Callable[[], datetime]
Record = Callable[[Message, str, datetime], object]

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)
"""Longer than the 10 minutes a server may take to answer the final dot (RFC 5321, 4.5.3.2.6)."""

BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720, 1440)]
"""Waits after the first, second, … try that provably was not accepted; after the last the message has failed."""

OPEN = (State.PENDING, State.CLAIMED, State.HANDING)


def queue(
    agreement: Agreement, *, slot: str, kind: Message.Kind, recipient: str, now: datetime, skipped: bool = False
) -> bool:
    """Puts a mail in the outbox, once per (agreement, slot) for ever. False if the slot was taken already."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
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


def cancel_open(agreement_id: int) -> None:
    """Ends the need for every mail of the agreement that is not sent; call it in the transaction that closes it.

    A mail that is being handed over right now keeps its state: its worker settles it, and `closed` makes sure that a
    refusal is not followed by another try.
    """
    mine = Message.objects.filter(agreement_id=agreement_id, closed=False)
    mine.filter(state__in=OPEN).update(closed=True)
    Message.objects.filter(agreement_id=agreement_id, closed=True, state__in=[State.PENDING, State.CLAIMED]).update(
        state=State.CANCELLED, claim=None, lease_until=None
    )


def drain(clock: Clock, transport: Transport, record: Record) -> Counter[str]:
    """Sends everything that is due; returns how many ended in which state.

    `record(message, what, now)` notes a mail that was sent, or may have been, in the same transaction as its state.
    """
    tally: Counter[str] = Counter()
    tally.update(release_leases(clock(), record))
    with transport:
        # Each row leaves "pending and due" when it is touched, so one bad row cannot hold up the good ones behind it.
        while message := claim_next(clock()):
            tally[deliver(message, transport, clock, record)] += 1
    return tally


def claim_next(now: datetime) -> Message | None:
    """The mail that has been due for longest, held by this worker until its lease ends; None when none is due."""
    due = Message.objects.filter(state=State.PENDING, closed=False, due_at__lte=now).order_by("due_at", "id")
    while True:
        # A few candidates at a time: other workers may take the first ones.
        candidates = list(due.values_list("pk", "attempts")[:20])
        if not candidates:
            return None
        for pk, attempts in candidates:
            token = uuid.uuid4()
            won = Message.objects.filter(pk=pk, state=State.PENDING, closed=False, attempts=attempts).update(
                state=State.CLAIMED, claim=token, lease_until=now + LEASE, attempts=attempts + 1
            )
            # Read back by its token: whoever took it from a worker that slept meanwhile has another one.
            mine = Message.objects.filter(pk=pk, claim=token) if won else Message.objects.none()
            if message := mine.select_related("agreement__text", "agreement__paper__volume__terms").first():
                return message


def deliver(message: Message, transport: Transport, clock: Clock, record: Record) -> str:
    """One claimed mail, handed over and settled. Returns the state it ended in."""
    try:
        letter = compose(message, clock())
    except Exception as error:
        logger.exception("message %s cannot be written", message.pk)
        return settle(message, Outcome.retry(f"The mail could not be written: {error}"), clock(), record)
    outcome = transport.hand_over(letter, lambda: intend(message))
    return settle(message, outcome, clock(), record)


def intend(message: Message) -> bool:
    """Commits that the server is about to be given the mail. False when it may no longer be sent."""
    with transaction.atomic(durable=True):
        return bool(
            Message.objects.filter(pk=message.pk, state=State.CLAIMED, claim=message.claim, closed=False).update(
                state=State.HANDING
            )
        )


def settle(message: Message, outcome: Outcome, now: datetime, record: Record) -> str:
    """Writes down what became of a hand-over, if this worker still holds the mail."""
    free = {"claim": None, "lease_until": None}
    with transaction.atomic():
        hold(message.agreement_id)
        mine = Message.objects.filter(pk=message.pk, claim=message.claim, state__in=[State.CLAIMED, State.HANDING])
        if outcome.state == State.SENT:
            # A late 250 also tells what became of a mail whose lease ended meanwhile.
            mine = Message.objects.filter(pk=message.pk, claim=message.claim, state__in=[State.HANDING, State.UNKNOWN])
            won = mine.update(state=State.SENT, sent_at=now, error="", **free)
        elif outcome.state == State.UNKNOWN:
            won = mine.update(state=State.UNKNOWN, error=outcome.detail, lease_until=None)
        elif outcome.state == State.FAILED or message.attempts > len(BACKOFF):
            won = mine.update(state=State.FAILED, error=outcome.detail, **free)
        else:
            due_at = now + BACKOFF[message.attempts - 1]
            again = mine.filter(closed=False).update(state=State.PENDING, due_at=due_at, error=outcome.detail, **free)
            won = again or mine.update(state=State.CANCELLED, error=outcome.detail, **free)
        if not won:
            return "lost"
        message.refresh_from_db(fields=["state", "sent_at", "error"])
        if message.state in (State.SENT, State.UNKNOWN):
            record(message, message.state, now)
    return message.state


def hold(agreement_id: int) -> None:
    """Takes the agreement's row before its message's, in the order of every verb in `lifecycle`: no deadlock.

    SQLite ignores this, and does not need it: it has one writer at a time.
    """
    Agreement.objects.select_for_update(no_key=True).values_list("pk").get(pk=agreement_id)


def release_leases(now: datetime, record: Record) -> Counter[str]:
    """Takes up what dead workers held: not handed over -> again; being handed over -> `unknown`, for a person."""
    tally: Counter[str] = Counter()
    expired = Message.objects.filter(state__in=[State.CLAIMED, State.HANDING], lease_until__lte=now)
    for message in expired:
        held = Message.objects.filter(pk=message.pk, claim=message.claim, lease_until=message.lease_until)
        if message.state == State.CLAIMED:
            back = held.filter(state=State.CLAIMED)
            back.filter(closed=True).update(state=State.CANCELLED, claim=None, lease_until=None)
            if message.attempts > len(BACKOFF):
                error = "The worker stopped each time it wrote this mail."
                back.filter(closed=False).update(state=State.FAILED, claim=None, lease_until=None, error=error)
            else:
                back.filter(closed=False).update(state=State.PENDING, claim=None, lease_until=None)
            continue
        with transaction.atomic():
            hold(message.agreement_id)
            # The claim stays on the row: if its worker lives and hears 250 after all, that settles it.
            if held.filter(state=State.HANDING).update(
                state=State.UNKNOWN,
                lease_until=None,
                error="The worker stopped while the server was being given the mail.",
            ):
                record(message, State.UNKNOWN, now)
                tally[State.UNKNOWN] += 1
    return tally
