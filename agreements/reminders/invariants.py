"""Check the invariants of the email engine (I1 to I10) in the database, for ``manage.py check_reminders``.

The chain of events is the reference, not the rows alone: a worker records the result of an email there in the same
transaction. Reads only.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F, Q

from agreements.domain.schedule import MIN_EMAIL_GAP, Escalate, Remind
from agreements.domain.states import WAITING
from agreements.mail import outbox
from agreements.mail.kinds import ALL_REQUESTS, SIGNATURE_REQUESTS
from agreements.models import Event, Link, Message
from agreements.reminders import planner
from proceedings.email_address import address_key

State = Message.State

MAX_DELAY = timedelta(hours=1)
"""A worker or planner that is later than this has failed."""
SENDING_GRACE = outbox.LEASE
"""An email whose sending began before the signature may be accepted this much later."""
CLOCK_TOLERANCE = timedelta(minutes=1)
"""Tolerated difference between two machines' clocks."""
CHUNK_SIZE = 2000


class Violation(NamedTuple):
    invariant: str
    message: str


def check_all(now: datetime) -> Iterator[Violation]:
    """Yield every violation; none if all invariants hold."""
    yield from check_events()
    yield from check_ended()
    yield from check_finished(now)
    yield from check_planned(now)
    yield from check_links(now)
    yield from check_combined()
    yield from check_spacing()


def check_events() -> Iterator[Violation]:
    """I1, I2, I4, I6: compare each row with the events that name its Message-ID."""
    recorded: dict[str, Counter[str]] = {}
    events = Event.objects.filter(kind__in=["mailed", "mail-unknown"]).values_list("kind", "data")
    for kind, data in events.iterator(chunk_size=CHUNK_SIZE):
        recorded.setdefault(data["message_id"], Counter())[kind] += 1
    # An email about a volume is in no agreement's chain, but the messages it carries are.
    rows = Message.objects.filter(agreement__isnull=False).values_list("pk", "state", "message_id", "sent_at")
    for pk, state, message_id, sent_at in rows.iterator(chunk_size=CHUNK_SIZE):
        counts = recorded.pop(message_id, Counter())
        if counts["mailed"] > 1:
            yield Violation("I1", f"message {pk} was accepted {counts['mailed']} times")
        if state == State.SENT and not (counts["mailed"] and sent_at):
            yield Violation("I2", f"message {pk} is said to be sent, and no event says that a server took it")
        if state not in (State.SENT, State.UNKNOWN) and counts["mailed"]:
            yield Violation("I4", f"message {pk} is {state}, and a server took it")
        if state == State.UNKNOWN and not counts["mail-unknown"]:
            yield Violation("I6", f"message {pk} may have arrived, and no editor was told")
    for message_id in recorded:
        yield Violation("I1", f"the chain tells of {message_id}, and its row is gone: it could be mailed again")


def check_ended() -> Iterator[Violation]:
    """I3: no email asks for a signature after the agreement is signed or closed."""
    requests = Message.objects.filter(kind__in=SIGNATURE_REQUESTS)
    late = requests.filter(
        Q(sent_at__gt=F("agreement__signed_at") + SENDING_GRACE)
        | Q(sent_at__gt=F("agreement__closed_at") + SENDING_GRACE)
    )
    for pk in late.values_list("pk", flat=True):
        yield Violation("I3", f"message {pk} was sent after its agreement was signed or closed")
    waiting = requests.filter(state__in=outbox.OPEN_STATES, closed=False).exclude(agreement__status__in=WAITING)
    for pk in waiting.values_list("pk", flat=True):
        yield Violation("I3", f"message {pk} is on its way, and its agreement does not wait")


def check_finished(now: datetime) -> Iterator[Violation]:
    """I5 and I8: every row reaches a final state, and then has no lease."""
    stuck = Message.objects.filter(state__in=[State.CLAIMED, State.HANDING], lease_until__lte=now - MAX_DELAY)
    for pk, state in stuck.values_list("pk", "state"):
        yield Violation("I5", f"message {pk} has been {state} since its worker died: no other has come")
    overdue = Message.objects.filter(state=State.PENDING, closed=False, due_at__lte=now - MAX_DELAY)
    for pk, due_at in overdue.values_list("pk", "due_at"):
        yield Violation("I5", f"message {pk} has been due since {due_at:%Y-%m-%d %H:%M} UTC: no worker has come")
    held = Message.objects.exclude(state__in=[State.CLAIMED, State.HANDING]).filter(lease_until__isnull=False)
    for pk, state in held.values_list("pk", "state"):
        yield Violation("I8", f"message {pk} is {state} and yet leased to a worker")


def check_planned(now: datetime) -> Iterator[Violation]:
    """I7: the planner will see every reminder that is due."""
    waiting = planner.awaiting_signature().order_by("pk")
    for late in waiting.filter(next_check_at__lte=now - MAX_DELAY):
        yield Violation(
            "I7", f"{late} should have been looked at {late.next_check_at:%Y-%m-%d %H:%M} UTC: no planner has come"
        )
    # The planner decides at the next check; only an agreement without a next check can be forgotten.
    forgotten = waiting.filter(next_check_at__isnull=True)
    for agreement in forgotten.iterator(chunk_size=CHUNK_SIZE):
        (plan,) = planner.PlannerBatch([agreement]).make_plans(now)
        if isinstance(plan.decision, Remind | Escalate):
            yield Violation("I7", f"{agreement} has a reminder due, and nobody will look")


def check_links(now: datetime) -> Iterator[Violation]:
    """I9: the link of an email that may have arrived works while its agreement awaits a signature."""
    revoked = Link.objects.filter(
        purpose=Link.Purpose.SIGN,
        revoked_at__isnull=False,
        expires_at__gt=now,
        agreement__status__in=WAITING,
        message__state__in=[State.SENT, State.UNKNOWN],
        message__sent_at__gt=F("revoked_at"),
    )
    for pk, message in revoked.values_list("pk", "message"):
        yield Violation("I9", f"link {pk} was dead before its mail, message {message}, was sent")


def check_combined() -> Iterator[Violation]:
    """I1 and I2 for combined emails: each carried message has the state of its carrier, or was cancelled."""
    parts = Message.objects.filter(carrier__isnull=False).exclude(state=State.CANCELLED)
    for pk, state, carrier in parts.exclude(state=F("carrier__state")).values_list("pk", "state", "carrier__state"):
        yield Violation("I2", f"message {pk} is {state}, and the mail that carries it is {carrier}")


def check_spacing() -> Iterator[Violation]:
    """I10: no address gets a reminder within the gap after an unrequested email."""
    last: dict[str, datetime] = {}
    sent = Message.objects.filter(kind__in=ALL_REQUESTS, sent_at__isnull=False, carrier__isnull=True)
    sent = sent.order_by("sent_at", "pk")
    for message in sent.only("kind", "idempotency_key", "recipient", "sent_at").iterator(chunk_size=CHUNK_SIZE):
        address, at = address_key(message.recipient), message.sent_at
        if at is None:
            continue
        # Invitations and editors' own reminders are sent when an editor asks for them, so the gap does not apply.
        scheduled = message.kind != Message.Kind.INVITATION and not message.idempotency_key.startswith("manual:")
        if scheduled and address in last and at - last[address] < MIN_EMAIL_GAP - CLOCK_TOLERANCE:
            hours = MIN_EMAIL_GAP // timedelta(hours=1)
            yield Violation("I10", f"message {message.pk} is the second to its address within {hours} hours")
        last[address] = at
