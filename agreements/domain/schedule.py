"""When to write to an author again. Pure: dates and `now` in, a verdict out; run as often as you like."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

GAP = timedelta(hours=20)
"""Least time between two mails that an address did not ask for: a day's may come a little earlier than the last."""
PLANNING_HORIZON = timedelta(hours=1)
"""Until the clock looks again at an agreement whose mail is on its way."""
PAUSE_AFTER_REQUEST = timedelta(days=7)
"""While a proposal, or the form signed by hand, waits for an editor its author is not reminded. No longer than this:
what everybody forgets must not silence an agreement for ever.
"""
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""A pause until then lasts until somebody lifts it."""
FINAL_REMINDER = -1
"""The offset whose reminder is the last before the deadline, and says so."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When somebody may be reminded: the working hours of the working days where they are."""

    zone: str = "UTC"
    """IANA name."""
    begin: int = 9
    end: int = 17
    """Local hours; at `end` it is over."""
    rest: frozenset[int] = frozenset({6, 7})
    """ISO numbers of the days of rest: 7 is Sunday."""

    def open(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.zone))
        return self.begin <= local.hour < self.end and local.isoweekday() not in self.rest

    def following(self, at: datetime) -> datetime:
        """`at` itself in working hours, else the next opening. Raises ValueError if every day is one of rest."""
        return at if self.open(at) else self.next_opening(at)

    def before(self, at: datetime) -> datetime:
        """`at` itself in working hours, else the last opening before it. Raises ValueError as `following` does."""
        return at if self.open(at) else self.near(at, -1)

    def next_opening(self, after: datetime) -> datetime:
        """The first opening later than `after`. Raises ValueError if every day is one of rest."""
        return self.near(after, 1)

    def near(self, at: datetime, step: int) -> datetime:
        today = at.astimezone(ZoneInfo(self.zone)).date()
        # Two weeks, for a day may lack its hours where a zone's clocks or calendar jump.
        for days in range(15):
            opening = self.opening(today + step * timedelta(days=days))
            if (opening - at) * step > timedelta(0) and self.open(opening):
                return opening
        raise ValueError("There is no working day.")

    def opening(self, day: date) -> datetime:
        return datetime.combine(day, time(self.begin), ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Preset:
    """Numbers that go together, for a volume that has none of its own."""

    label: str
    offsets: tuple[int, ...]
    most: int
    coauthors_after: int
    editors_after: int


CUSTOM = "own"
"""The name of no preset: numbers that somebody set by hand."""

PRESETS = {
    "gentle": Preset("few reminders", (-7, -1, 3, 10), most=4, coauthors_after=3, editors_after=4),
    "standard": Preset("standard", (-14, -7, -3, -1, 1, 3, 7), most=8, coauthors_after=4, editors_after=5),
    "urgent": Preset(
        "many reminders", (-10, -7, -5, -3, -2, -1, 1, 2, 3, 5, 7), most=12, coauthors_after=3, editors_after=4
    ),
}


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
    coauthors_after: int = PRESETS["standard"].coauthors_after
    """Reminders without an answer after which the co-authors are asked too."""
    hours: WorkingHours = field(default_factory=WorkingHours)
    """Of the one who is reminded."""


@dataclass(frozen=True, slots=True)
class CoAuthor:
    """Somebody who can be asked when the signer does not answer."""

    slot: str
    hours: WorkingHours
    quiet_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One waiting agreement's mails so far."""

    issued_at: datetime
    taken: frozenset[str]
    """Slots that have a row, whatever became of it."""
    reminders: int
    """Reminders that were sent, may have arrived, or are on their way."""
    last_mail_at: datetime | None
    """To the signer."""
    mail_under_way: bool
    """A mail to the signer is pending or being handed over: adding another would make a burst after an outage."""
    quiet_until: datetime | None = None
    """Until then the signer's address is left alone, because of mails about other papers."""
    stopped: bool = False
    """The author wants no reminders, or the address takes no mail."""
    paused_until: datetime | None = None
    """An editor has paused the paper, the person or the volume, or something of the author's is being looked at."""
    coauthors: tuple[CoAuthor, ...] = ()
    """Those whose addresses are known and take mail."""


@dataclass(frozen=True, slots=True)
class Remind:
    """Write to the signer now, for `slot`; the older `skipped` ones were missed and shall not be made up for."""

    slot: str
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Escalate:
    """Write to the co-authors of these slots now."""

    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is due before `until` (UTC)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class NothingDue:
    """Nothing will ever be due, unless the terms change."""


Verdict = Remind | Escalate | Wait | NothingDue


def idempotency_key(revision: int, offset: int) -> str:
    """Such as ``r1:T-7``: never a date, for a date changes with the zone and with an edit."""
    return f"r{revision}:T{offset:+d}"


def is_final_reminder(slot: str) -> bool:
    return slot.endswith(f":T{FINAL_REMINDER:+d}")


def decide(timeline: Timeline, policy: Policy, now: datetime) -> Verdict:
    """What the clock does for one agreement that waits for its signature."""
    if timeline.stopped or timeline.paused_until == FOREVER:
        return NothingDue()
    if timeline.paused_until and now < timeline.paused_until:
        return Wait(timeline.paused_until)
    if timeline.mail_under_way:
        # Even where nothing more is planned: what is under way may yet fail, and then it did not count.
        return Wait(now + PLANNING_HORIZON)
    slots = slots_left(timeline, policy)
    remind_at = None
    if slots:
        remind_at = policy.hours.following(max(slots[0][0], free_at(timeline, now)))
    if remind_at and remind_at <= now:
        due = [slot for at, slot in slots if at <= now]
        return Remind(slot=due[-1], skipped=tuple(due[:-1]))
    asked_at = escalation(timeline, policy, now, exhausted=not slots)
    free = tuple(slot for slot, at in asked_at.items() if at <= now)
    if free:
        return Escalate(free)
    later = [*asked_at.values(), *([remind_at] if remind_at else [])]
    return Wait(min(later)) if later else NothingDue()


def slots_left(timeline: Timeline, policy: Policy) -> list[tuple[datetime, str]]:
    """The reminders that may still be sent, and from when on, in order."""
    if timeline.reminders >= policy.most:
        return []
    # Slots from before the invitation are not missed reminders.
    return [(at, slot) for at, slot in calendar(policy) if at > timeline.issued_at and slot not in timeline.taken]


@lru_cache(maxsize=256)
def calendar(policy: Policy) -> tuple[tuple[datetime, str], ...]:
    """Every slot of a policy in order. Most agreements share one, and looking into zones takes its time."""
    return tuple((slot_time(policy, one), idempotency_key(policy.revision, one)) for one in sorted(policy.offsets))


def slot_time(policy: Policy, offset: int) -> datetime:
    """So many days from the deadline; out of hours, a reminder comes earlier before the deadline and later after it."""
    at = policy.closes_at + timedelta(days=offset)
    return policy.hours.before(at) if offset < 0 else policy.hours.following(at)


def free_at(timeline: Timeline, now: datetime) -> datetime:
    """From when on the signer may be written to, as far as other mails go."""
    moments = [now]
    if timeline.last_mail_at:
        moments.append(timeline.last_mail_at + GAP)
    if timeline.quiet_until:
        moments.append(timeline.quiet_until)
    return max(moments)


def escalation(timeline: Timeline, policy: Policy, now: datetime, *, exhausted: bool) -> dict[str, datetime]:
    """Co-authors who were not asked yet, and from when on they may be; empty while the signer may still answer.

    An agreement whose reminders are all used up before there were enough of them is escalated after the deadline.
    """
    since = free_at(timeline, now)
    if timeline.reminders < policy.coauthors_after:
        if not exhausted:
            return {}
        since = max(since, policy.closes_at)
    return {
        one.slot: one.hours.following(max(since, one.quiet_until or since))
        for one in timeline.coauthors
        if one.slot not in timeline.taken
    }
