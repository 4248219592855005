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
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower

from agreements.mail import addresses, headers
from agreements.mail.kinds import REPEATED_REQUESTS, SIGNATURE_REQUESTS, kind_of
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Message, compare_and_set

State = Message.State
Record = Callable[[Message, str, datetime], object]
"""Notes what became of a mail, in the same transaction as its state: it was sent, it may have been (`unknown`), or the
server refused its address for good (`failed`)."""

LEASE = timedelta(minutes=15)
"""Longer than the 10 minutes a server may take to answer the final dot (RFC 5321, 4.5.3.2.6)."""

BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720, 1440)]
"""Waits after the first, second, … try that provably was not accepted; after the last the message has failed."""

SERVER_DELAY = timedelta(minutes=1)
"""Until the next try after one that never got as far as the mail, because the server took nobody's. Not counted."""

BATCH = 100
"""Most mails that one worker claims at a time."""

MAX_ROWS = 500
"""Most rows that one statement writes."""

OPEN = (State.PENDING, State.CLAIMED, State.HANDING)
UNCLAIMED: dict[str, Any] = {"claim": None, "lease_until": None}


class EmailRequest(NamedTuple):
    """A mail that is to be written about one agreement, or one that was missed."""

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
    wait: timedelta = timedelta(0),
) -> bool:
    """Puts a mail in the outbox, once per (agreement, slot) for ever; it is due after `wait`. False if it was taken."""
    request = EmailRequest(agreement, idempotency_key, kind, recipient)
    return bool(insert([new_message(now, **columns_of(request), due_at=now + wait)]))


def queue_about(
    volume_id: int, *, idempotency_key: str, kind: Message.Kind, recipient: str, details: dict[str, Any], now: datetime
) -> bool:
    """The same for a mail about a volume, which says its `details`; once per (volume, slot) for ever."""
    about = {"volume_id": volume_id, "details": details}
    return bool(insert([new_message(now, idempotency_key=idempotency_key, kind=kind, recipient=recipient, **about)]))


def queue_combined(requests: Iterable[EmailRequest], now: datetime, wait: timedelta = timedelta(0)) -> int:
    """Puts mails in the outbox, one per person and volume: several papers share one. Returns how many slots are new.

    They are due after `wait`.

    A mail about several papers is a row of its own that carries theirs. Each of them has its own slot, state and link,
    and may drop out until the moment of the hand-over.
    """
    by_person: dict[tuple[int, str], list[EmailRequest]] = {}
    missed = []
    for request in requests:
        if request.skipped:
            missed.append(new_message(now, **columns_of(request), state=State.SKIPPED))
        else:
            by_person.setdefault((request.agreement.paper.volume_id, request.recipient.lower()), []).append(request)
    carriers = {
        person: new_message(now, **combined_columns(person[0], several[0].recipient), due_at=now + wait)
        for person, several in by_person.items()
        if len(several) > 1
    }
    Message.objects.bulk_create(carriers.values())
    wanted = [
        new_message(now, **columns_of(request), carrier=carriers.get(person), due_at=now + wait)
        for person, several in by_person.items()
        for request in several
    ]
    insert(missed)
    return insert(wanted)


def queue_or_join(request: EmailRequest, now: datetime, *, due_at: datetime) -> bool:
    """Puts a mail in the outbox that asks for a signature, once per (agreement, slot) for ever. False if it was taken.

    A mail to the same person about another paper of the volume that is due by then, and which no worker has taken up,
    becomes one about both. Call it in a transaction that holds the address, or two who queue at once do not see each
    other's.
    """
    carrier = carrier_to_join(request, now, due_at)
    return bool(
        insert([new_message(now, **columns_of(request), carrier=carrier, due_at=carrier.due_at if carrier else due_at)])
    )


def carrier_to_join(request: EmailRequest, now: datetime, due_at: datetime) -> Message | None:
    """The mail that is to carry the errand along, held until the transaction ends; None where it goes alone."""
    volume_id = request.agreement.paper.volume_id
    waiting = Message.objects.annotate(small=Lower("recipient")).filter(
        Q(volume=volume_id, kind=Message.Kind.TOGETHER)
        | Q(agreement__paper__volume=volume_id, kind__in=SIGNATURE_REQUESTS, carrier__isnull=True),
        small=request.recipient.lower(),
        state=State.PENDING,
        closed=False,
        attempts=0,  # one that was tried has a wait of its own
        due_at__lte=due_at,
    )
    # One that a worker is just taking up is not waited for: it has left.
    found = waiting.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("due_at", "id").first()
    if found is None or kind_of(found).is_combined:
        return found
    carrier = new_message(now, **combined_columns(volume_id, found.recipient), due_at=found.due_at)
    carrier.save(force_insert=True)
    alone = {"state": State.PENDING, "closed": False, "attempts": 0}
    compare_and_set.change(Message, found.pk, was=alone, becomes={"carrier": carrier.pk})
    return carrier


def combined_columns(volume_id: int, recipient: str) -> dict[str, Any]:
    """The columns of a mail about several papers of a volume."""
    kind = Message.Kind.TOGETHER
    return {"volume_id": volume_id, "idempotency_key": f"{kind}:{uuid.uuid4()}", "kind": kind, "recipient": recipient}


def columns_of(request: EmailRequest) -> dict[str, Any]:
    agreement, idempotency_key, kind, recipient, _ = request
    return {"agreement": agreement, "idempotency_key": idempotency_key, "kind": kind, "recipient": recipient}


def new_message(now: datetime, **fields: Any) -> Message:
    # The Message-ID is fixed with the slot, not with the try: whoever got two could tell them for one.
    message_id = f"<{uuid.uuid4()}@{headers.our_domain()}>"
    return Message(**{"due_at": now, "created_at": now, "message_id": message_id, **fields})


def insert(messages: list[Message]) -> int:
    """Returns how many of the slots were free."""
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    return Message.objects.filter(message_id__in=[message.message_id for message in messages]).count()


def queue_all(wanted: Iterable[tuple[int, str, str]], *, kind: Message.Kind, now: datetime) -> int:
    """Puts many mails of one kind in the outbox: (agreement's key, slot, recipient). Returns how many were new."""
    messages = [
        new_message(now, agreement_id=pk, idempotency_key=idempotency_key, kind=kind, recipient=to)
        for pk, idempotency_key, to in wanted
    ]
    return sum(insert(messages[at : at + MAX_ROWS]) for at in range(0, len(messages), MAX_ROWS))


# --- the need for a mail ends


def cancel_open(agreement_id: int) -> None:
    """Ends the need for every mail of the agreement that is not sent; call it in the transaction that closes it."""
    cancel(Message.objects.filter(agreement_id=agreement_id))


def cancel_reminders(agreement_id: int) -> None:
    """Ends the need for the agreement's reminders; call it in the transaction that says so."""
    cancel(Message.objects.filter(agreement_id=agreement_id, kind__in=REPEATED_REQUESTS))


def cancel_all_reminders(agreement_ids: Iterable[int]) -> None:
    """The same for many agreements."""
    cancel(Message.objects.filter(agreement_id__in=list(agreement_ids), kind__in=REPEATED_REQUESTS))


def cancel_reminders_to(address: str, agreement_ids: Iterable[int]) -> None:
    """The same for those to an address; call it in the transaction that leaves it alone."""
    reminders = Message.objects.filter(agreement_id__in=list(agreement_ids), kind__in=REPEATED_REQUESTS)
    cancel(reminders.filter(recipient__iexact=address))


def cancel_to(address: str, agreement_ids: Iterable[int]) -> None:
    """Ends the need for every mail of those agreements to an address; call it in the transaction that stops it."""
    cancel(Message.objects.filter(agreement_id__in=list(agreement_ids), recipient__iexact=address))


def cancel(messages: QuerySet[Message]) -> None:
    """A mail that is being handed over right now keeps its state: its worker settles it, and `closed` makes sure that
    a refusal is not followed by another try.
    """
    messages.filter(state__in=OPEN, closed=False).update(closed=True)
    messages.filter(closed=True, state__in=[State.PENDING, State.CLAIMED]).update(state=State.CANCELLED, **UNCLAIMED)


# --- a worker takes up mails


def claim(now: datetime, most: int = BATCH) -> list[Message]:
    """The mails that have been due for longest, held by this worker until their lease ends; empty when none is due.

    One that was tried before comes alone. If it is what kills its workers, no other mail loses a try by it.
    """
    due = Message.objects.filter(state=State.PENDING, closed=False, due_at__lte=now, carrier__isnull=True)
    due = due.order_by("due_at", "id")
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
        held = {"state": State.CLAIMED, "claim": token, "lease_until": now + LEASE, "attempts": F("attempts") + 1}
        free.update(**held)
        # Read back by the token: whoever took one of them meanwhile has another.
        mine = Message.objects.filter(pk__in=chosen, claim=token).order_by("due_at", "id")
        # What most of a batch has in common is read once, not once per mail.
        of_many = ("agreement__paper__volume__signing_settings", "volume__signing_settings", "agreement__text")
        messages = list(mine.select_related("agreement__paper").prefetch_related(*of_many))
        several = any(kind_of(message).is_combined for message in messages)
        empty = claim_parts(messages, held) if several else []
    left = [message for message in messages if message.pk not in empty]
    return claim(now, most) if empty and not left else left


def claim_parts(messages: list[Message], held: dict[str, Any]) -> list[int]:
    """Takes what the claimed mails carry along with them. Cancels those of which nothing is left, and returns them."""
    carriers = [message.pk for message in messages if kind_of(message).is_combined]
    Message.objects.filter(carrier__in=carriers, state=State.PENDING, closed=False).update(**held)
    load_parts(messages)
    empty = [message.pk for message in messages if message.pk in carriers and not message.parts]
    Message.objects.filter(pk__in=empty, claim=held["claim"]).update(state=State.CANCELLED, **UNCLAIMED)
    return empty


def load_parts(messages: Iterable[Message]) -> None:
    """Hangs on each mail about several papers the slots that it carries and that are still wanted."""
    several = [message for message in messages if kind_of(message).is_combined]
    if several:
        carried = Message.objects.filter(carrier__in=several).order_by("pk")
        parts = list(carried.select_related("agreement__paper__volume__signing_settings"))
        for message in several:
            message.parts = [part for part in parts if (part.carrier_id, part.claim) == (message.pk, message.claim)]


def change(message: Message, *, was: compare_and_set.Columns, becomes: compare_and_set.Columns) -> int:
    """Changes the row of a mail, and those that it carries, which are held by the same claim. Returns how many."""
    return sum(compare_and_set.change(Message, one.pk, was=was, becomes=becomes) for one in (message, *message.parts))


def rows_of(message: Message) -> QuerySet[Message]:
    return Message.objects.filter(pk__in=[message.pk, *(part.pk for part in message.parts)])


def give_back(message: Message, until: datetime | None = None) -> None:
    """Unclaims what was not begun, and had perhaps better leave at `until`. It was no try."""
    mine = rows_of(message).filter(claim=message.claim, state=State.CLAIMED, closed=False)
    later = {"due_at": until} if until else {}
    mine.update(state=State.PENDING, attempts=message.attempts - 1, **UNCLAIMED, **later)


def no_action() -> None:
    pass


def mark_sending(message: Message, now: datetime, first: Callable[[], object] = no_action) -> bool:
    """Commits that the server is about to be given the mail. False when it may no longer be sent.

    `first` writes down, in the same transaction, what became of the mail before: one commit per mail. `now` renews the
    lease, for mails are claimed together and sent one after the other.
    """
    with transaction.atomic(durable=True):
        first()
        mine = {"state": State.CLAIMED, "claim": message.claim, "closed": False}
        moved = change(message, was=mine, becomes={"state": State.HANDING, "lease_until": now + LEASE})
        if 0 < moved <= len(message.parts):
            # One of its papers needs no mail any more, and the mail in hand speaks of it: it is written anew.
            handed = {"state": State.HANDING, "claim": message.claim}
            change(message, was=handed, becomes={"state": State.CLAIMED})
            return False
        return moved > 0


# --- what became of it


def record_result(message: Message, outcome: Outcome, now: datetime, record: Record) -> str:
    """Writes down what became of a hand-over. Returns the state it ended in, ``withdrawn`` or ``lost``."""
    with transaction.atomic():
        return write_result(message, outcome, now, record)


def write_result(message: Message, outcome: Outcome, now: datetime, record: Record) -> str:
    """The same within the caller's transaction."""
    affected = {one.agreement.pk for one in (message, *message.parts) if not one.volume_id}
    if outcome.whose == "address":
        affected |= addresses.agreements_with_mail_to(message.recipient)
    lock_agreements(affected)
    state = next_state(message, outcome, now)
    if state is None:
        now_is = Message.objects.values_list("state", flat=True).get(pk=message.pk)
        return "withdrawn" if now_is == State.CANCELLED else "lost"
    if state in (State.SENT, State.UNKNOWN) or (state == State.FAILED and outcome.whose == "address"):
        for one in message.parts or [message]:
            one.error = outcome.detail
            record(one, state, now)
    return state


def next_state(message: Message, outcome: Outcome, now: datetime) -> State | None:
    """The legal move for an outcome, if this worker still holds the mail. Returns the state reached, or None."""
    mine = {"claim": message.claim, "state": (State.CLAIMED, State.HANDING)}
    error = outcome.detail

    def becomes(state: State, was: compare_and_set.Columns = mine, **columns: Any) -> int:
        return change(message, was=was, becomes={"state": state, "error": error, **columns})

    if outcome.state == State.SENT:
        # A late 250 also tells what became of a mail whose lease ended meanwhile.
        handed = mine | {"state": (State.HANDING, State.UNKNOWN)}
        return State.SENT if becomes(State.SENT, handed, sent_at=now, **UNCLAIMED) else None
    if outcome.state == State.UNKNOWN:
        return State.UNKNOWN if becomes(State.UNKNOWN, lease_until=None) else None
    held_up = outcome.whose == "server"
    if outcome.state == State.FAILED or (message.attempts > len(BACKOFF) and not held_up):
        return State.FAILED if becomes(State.FAILED, **UNCLAIMED) else None
    wait = SERVER_DELAY if held_up else BACKOFF[message.attempts - 1]
    attempts = message.attempts - held_up
    again = becomes(State.PENDING, mine | {"closed": False}, due_at=now + wait, attempts=attempts, **UNCLAIMED)
    if again and not message.parts:
        return State.PENDING
    ended = becomes(State.CANCELLED, **UNCLAIMED)
    return State.PENDING if again else State.CANCELLED if ended else None


def lock_agreements(agreement_ids: Iterable[int]) -> None:
    """Takes the agreements' rows before their messages', in the order of every verb in `lifecycle`: no deadlock.

    SQLite does not need it: it has one writer at a time.
    """
    ids = set(agreement_ids)
    if ids and connection.features.has_select_for_update:  # a mail about a volume is of no agreement
        compare_and_set.hold(Agreement, ids, "id")


def release_leases(now: datetime, record: Record) -> Counter[str]:
    """Takes up what dead workers held: not handed over -> again; being handed over -> `unknown`, for a person."""
    tally: Counter[str] = Counter()
    expired = Message.objects.filter(
        state__in=[State.CLAIMED, State.HANDING], lease_until__lte=now, carrier__isnull=True
    )
    messages = list(expired)
    load_parts(messages)
    for message in messages:
        held = rows_of(message).filter(claim=message.claim, lease_until=message.lease_until)
        if message.state == State.CLAIMED:
            back = held.filter(state=State.CLAIMED)
            back.filter(closed=True).update(state=State.CANCELLED, **UNCLAIMED)
            if message.attempts > len(BACKOFF):
                error = "The worker stopped each time it wrote this mail."
                back.filter(closed=False).update(state=State.FAILED, error=error, **UNCLAIMED)
            else:
                back.filter(closed=False).update(state=State.PENDING, **UNCLAIMED)
            continue
        with transaction.atomic():
            lock_agreements([one.agreement.pk for one in (message, *message.parts) if not one.volume_id])
            # The claim stays on the row: if its worker lives and hears 250 after all, that settles it.
            if held.filter(state=State.HANDING).update(
                state=State.UNKNOWN,
                lease_until=None,
                error="The worker stopped while the server was being given the mail.",
            ):
                for one in message.parts or [message]:
                    record(one, State.UNKNOWN, now)
                tally[State.UNKNOWN] += 1
    return tally
