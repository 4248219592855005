"""When to write to an author again. Pure: dates and `now` in, a verdict out; run as often as you like."""

from dataclasses import dataclass
from datetime import datetime, timedelta

GAP = timedelta(hours=20)
"""Least time between two mails that an address did not ask for: a day's may come a little earlier than the last."""
LOOK = timedelta(hours=1)
"""Until the clock looks again at an agreement whose mail is on its way."""
REST = timedelta(days=7)
"""While a proposal waits for an editor its author is not reminded, who was asked not to sign before the answer. No
longer than this: a proposal that everybody forgets must not silence an agreement for ever.
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """A volume's terms as the decision needs them."""

    closes_at: datetime
    """First instant after the last day to sign, UTC."""
    offsets: tuple[int, ...]
    """Days before (-) and after (+) `closes_at`."""
    most: int
    """Most reminders per agreement."""
    revision: int
    """Counts moved deadlines."""
    paused: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """One waiting agreement's mails so far."""

    issued_at: datetime
    taken: frozenset[str]
    """Slots that have a row, whatever became of it."""
    reminders: int
    """Reminders that were sent, may have arrived, or are on their way."""
    last_mail_at: datetime | None
    mail_under_way: bool
    """A mail is pending or being handed over: adding another would make a burst after an outage."""
    quiet_until: datetime | None = None
    """Until then the address is left alone, because of mails about other papers."""
    stopped: bool = False
    """The author wants no reminders, or the address takes no mail."""
    proposed_at: datetime | None = None
    """Since when a proposal of the author waits for an editor."""


@dataclass(frozen=True, slots=True)
class Remind:
    """Write now, for `slot`; the older `skipped` ones were missed and shall not be made up for."""

    slot: str
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is due before `until` (UTC)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing will ever be due, unless the terms change."""


def slot_name(revision: int, offset: int) -> str:
    """Such as ``r1:T-7``: never a date, for a date changes with the zone and with an edit."""
    return f"r{revision}:T{offset:+d}"


def decide(timeline: Timeline, policy: Policy, now: datetime) -> Remind | Wait | Leave:
    """What the clock does for one agreement that waits for its signature."""
    if policy.paused or timeline.stopped:
        return Leave()
    if timeline.proposed_at and now < timeline.proposed_at + REST:
        return Wait(timeline.proposed_at + REST)
    if timeline.reminders >= policy.most:
        # The last one may yet fail, and then it did not count.
        return Wait(now + LOOK) if timeline.mail_under_way else Leave()
    slots = [
        (policy.closes_at + timedelta(days=offset), slot_name(policy.revision, offset))
        for offset in sorted(policy.offsets)
    ]
    # Slots from before the invitation are not missed reminders.
    open_slots = [(at, slot) for at, slot in slots if at > timeline.issued_at and slot not in timeline.taken]
    if not open_slots:
        return Leave()
    due = [slot for at, slot in open_slots if at <= now]
    if not due:
        return Wait(open_slots[0][0])
    if timeline.mail_under_way:
        return Wait(now + LOOK)
    if timeline.last_mail_at and now < timeline.last_mail_at + GAP:
        return Wait(timeline.last_mail_at + GAP)
    if timeline.quiet_until and now < timeline.quiet_until:
        return Wait(timeline.quiet_until)
    return Remind(slot=due[-1], skipped=tuple(due[:-1]))
