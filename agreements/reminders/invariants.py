"""The promises of the mail engine (I1 to I10), looked up on the live database: ``manage.py check_reminders``.

The chain of events is the witness, not the rows alone: what a worker said about a mail is written there in the same
transaction. Reads only.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F, Q

from agreements.domain.schedule import GAP, Escalate, Remind
from agreements.domain.states import WAITING
from agreements.mail import outbox
from agreements.mail.kinds import ALL_REQUESTS, SIGNATURE_REQUESTS
from agreements.models import Event, Link, Message
from agreements.reminders import planner

State = Message.State

PATIENCE = timedelta(hours=1)
"""A worker or planner that has not come for so long does not come."""
FINISHING = outbox.LEASE
"""A hand-over that had begun when its agreement was signed may be accepted so much later."""
SECONDS = timedelta(minutes=1)
"""Two clocks may differ by as much."""
CHUNK = 2000


class Finding(NamedTuple):
    promise: str
    words: str


def findings(now: datetime) -> Iterator[Finding]:
    """Every broken promise; none when all is well."""
    yield from check_events()
    yield from check_ended()
    yield from check_finished(now)
    yield from check_planned(now)
    yield from check_links(now)
    yield from check_combined()
    yield from check_spacing()


def check_events() -> Iterator[Finding]:
    """I1, I2, I4, I6: each row against what the chain says of its Message-ID."""
    said: dict[str, Counter[str]] = {}
    events = Event.objects.filter(kind__in=["mailed", "mail-unknown"]).values_list("kind", "data")
    for kind, data in events.iterator(chunk_size=CHUNK):
        said.setdefault(data["message_id"], Counter())[kind] += 1
    # What is about a volume is in no agreement's chain; what such a mail carries is.
    rows = Message.objects.filter(agreement__isnull=False).values_list("pk", "state", "message_id", "sent_at")
    for pk, state, message_id, sent_at in rows.iterator(chunk_size=CHUNK):
        words = said.pop(message_id, Counter())
        if words["mailed"] > 1:
            yield Finding("I1", f"message {pk} was accepted {words['mailed']} times")
        if state == State.SENT and not (words["mailed"] and sent_at):
            yield Finding("I2", f"message {pk} is said to be sent, and no event says that a server took it")
        if state not in (State.SENT, State.UNKNOWN) and words["mailed"]:
            yield Finding("I4", f"message {pk} is {state}, and a server took it")
        if state == State.UNKNOWN and not words["mail-unknown"]:
            yield Finding("I6", f"message {pk} may have arrived, and no editor was told")
    for message_id in said:
        yield Finding("I1", f"the chain tells of {message_id}, and its row is gone: it could be mailed again")


def check_ended() -> Iterator[Finding]:
    """I3: nothing asks for a signature once there is one, or none is wanted."""
    asking = Message.objects.filter(kind__in=SIGNATURE_REQUESTS)
    late = asking.filter(
        Q(sent_at__gt=F("agreement__signed_at") + FINISHING) | Q(sent_at__gt=F("agreement__closed_at") + FINISHING)
    )
    for pk in late.values_list("pk", flat=True):
        yield Finding("I3", f"message {pk} was sent after its agreement was signed or closed")
    waiting = asking.filter(state__in=outbox.OPEN, closed=False).exclude(agreement__status__in=WAITING)
    for pk in waiting.values_list("pk", flat=True):
        yield Finding("I3", f"message {pk} is on its way, and its agreement does not wait")


def check_finished(now: datetime) -> Iterator[Finding]:
    """I5 and I8: every row comes to an end, and is held by nobody then."""
    stuck = Message.objects.filter(state__in=[State.CLAIMED, State.HANDING], lease_until__lte=now - PATIENCE)
    for pk, state in stuck.values_list("pk", "state"):
        yield Finding("I5", f"message {pk} has been {state} since its worker died: no other has come")
    overdue = Message.objects.filter(state=State.PENDING, closed=False, due_at__lte=now - PATIENCE)
    for pk, due_at in overdue.values_list("pk", "due_at"):
        yield Finding("I5", f"message {pk} has been due since {due_at:%Y-%m-%d %H:%M} UTC: no worker has come")
    held = Message.objects.exclude(state__in=[State.CLAIMED, State.HANDING]).filter(lease_until__isnull=False)
    for pk, state in held.values_list("pk", "state"):
        yield Finding("I8", f"message {pk} is {state} and yet leased to a worker")


def check_planned(now: datetime) -> Iterator[Finding]:
    """I7: no reminder is due that the planner will not see."""
    waiting = planner.waiting().order_by("pk")
    for late in waiting.filter(next_check_at__lte=now - PATIENCE):
        yield Finding(
            "I7", f"{late} should have been looked at {late.next_check_at:%Y-%m-%d %H:%M} UTC: no planner has come"
        )
    # Where a look is still to come, the planner decides then; only what is not to be looked at can be forgotten.
    forgotten = waiting.filter(next_check_at__isnull=True)
    for agreement in forgotten.iterator(chunk_size=CHUNK):
        (plan,) = planner.PlannerBatch([agreement]).plans(now)
        if isinstance(plan.verdict, Remind | Escalate):
            yield Finding("I7", f"{agreement} has a reminder due, and nobody will look")


def check_links(now: datetime) -> Iterator[Finding]:
    """I9: the link of a mail that may have arrived works while its agreement waits."""
    dead = Link.objects.filter(
        purpose=Link.Purpose.SIGN,
        revoked_at__isnull=False,
        expires_at__gt=now,
        agreement__status__in=WAITING,
        message__state__in=[State.SENT, State.UNKNOWN],
        message__sent_at__gt=F("revoked_at"),
    )
    for pk, message in dead.values_list("pk", "message"):
        yield Finding("I9", f"link {pk} was dead before its mail, message {message}, was sent")


def check_combined() -> Iterator[Finding]:
    """I1 and I2 for mails about several papers: each of them is where the mail is, or has dropped out of it."""
    parts = Message.objects.filter(carrier__isnull=False).exclude(state=State.CANCELLED)
    for pk, state, carrier in parts.exclude(state=F("carrier__state")).values_list("pk", "state", "carrier__state"):
        yield Finding("I2", f"message {pk} is {state}, and the mail that carries it is {carrier}")


def check_spacing() -> Iterator[Finding]:
    """I10: no address has a reminder within the gap after a mail that nobody asked for."""
    last: dict[str, datetime] = {}
    left = Message.objects.filter(kind__in=ALL_REQUESTS, sent_at__isnull=False, carrier__isnull=True)
    left = left.order_by("sent_at", "pk")
    for message in left.only("kind", "idempotency_key", "recipient", "sent_at").iterator(chunk_size=CHUNK):
        address, at = message.recipient.lower(), message.sent_at
        if at is None:
            continue
        # An invitation is sent when an editor issues, and an editor's own reminder when they say so.
        scheduled = message.kind != Message.Kind.INVITATION and not message.idempotency_key.startswith("manual:")
        if scheduled and address in last and at - last[address] < GAP - SECONDS:
            hours = GAP // timedelta(hours=1)
            yield Finding("I10", f"message {message.pk} is the second to its address within {hours} hours")
        last[address] = at
