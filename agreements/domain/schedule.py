"""When to email an author again. Pure: dates and `now` in, a decision out; it can run any number of times."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MIN_EMAIL_GAP = timedelta(hours=20)
"""Shortest time between two unrequested emails to one address. Less than a day, so that daily times
may vary a little.
"""
PLANNING_HORIZON = timedelta(hours=1)
"""How long until the planner checks an agreement again whose email is still queued."""
PAUSE_AFTER_REQUEST = timedelta(days=7)
"""No reminders for this long while a change request or a signed form waits for an editor.

Limited, because a forgotten request would otherwise stop the reminders for good.
"""
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""A pause until this time lasts until an editor ends it."""
FINAL_REMINDER = -1
"""Offset in days of the final reminder, the last before the deadline."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When a person may be reminded: the working hours of the working days in their time zone."""

    zone: str = "UTC"
    """IANA name."""
    begin: int = 9
    end: int = 17
    """Local hours; `end` itself is outside."""
    weekend: frozenset[int] = frozenset({6, 7})
    """ISO weekday numbers without reminders: 7 is Sunday."""

    def includes(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.zone))
        return self.begin <= local.hour < self.end and local.isoweekday() not in self.weekend

    def at_or_after(self, at: datetime) -> datetime:
        """Return `at` if it is in working hours, else the next opening. Raises ValueError if no day
        is a working day.
        """
        return at if self.includes(at) else self.next_opening(at)

    def at_or_before(self, at: datetime) -> datetime:
        """Return `at` if it is in working hours, else the last opening before it. Raises ValueError if no day is a
        working day.
        """
        return at if self.includes(at) else self.find_opening(at, -1)

    def next_opening(self, after: datetime) -> datetime:
        """Return the first opening after `after`. Raises ValueError if no day is a working day."""
        return self.find_opening(after, 1)

    def find_opening(self, at: datetime, step: int) -> datetime:
        today = at.astimezone(ZoneInfo(self.zone)).date()
        # Fifteen days, because a day can lack its opening hour where the zone changes its clock or calendar.
        for days in range(15):
            opening = self.opening_on(today + step * timedelta(days=days))
            if (opening - at) * step > timedelta(0) and self.includes(opening):
                return opening
        raise ValueError("There is no working day.")

    def opening_on(self, day: date) -> datetime:
        return datetime.combine(day, time(self.begin), ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Preset:
    """Reminder numbers that go together, for a volume that sets none itself."""

    label: str
    offsets: tuple[int, ...]
    max_reminders: int
    coauthors_after: int
    editors_after: int


CUSTOM = "own"
"""The preset's stored name when an editor set the numbers by hand."""

PRESETS = {
    "gentle": Preset("few reminders", (-7, -1, 3, 10), max_reminders=4, coauthors_after=3, editors_after=4),
    "standard": Preset("standard", (-14, -7, -3, -1, 1, 3, 7), max_reminders=8, coauthors_after=4, editors_after=5),
    "urgent": Preset(
        "many reminders", (-10, -7, -5, -3, -2, -1, 1, 2, 3, 5, 7), max_reminders=12, coauthors_after=3, editors_after=4
    ),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A volume's signing settings, as the decision needs them."""

    closes_at: datetime
    """First instant after the last day to sign, UTC."""
    offsets: tuple[int, ...]
    """Days before (-) and after (+) `closes_at`."""
    max_reminders: int
    """Per agreement."""
    revision: int
    """Number of the deadline: it increases when the deadline moves."""
    coauthors_after: int = PRESETS["standard"].coauthors_after
    """Number of unanswered reminders after which the co-authors are asked too."""
    hours: WorkingHours = field(default_factory=WorkingHours)
    """Of the person who is reminded."""


@dataclass(frozen=True, slots=True)
class CoAuthor:
    """A co-author who can be asked when the signer does not answer."""

    idempotency_key: str
    hours: WorkingHours
    quiet_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The emails of one agreement that awaits a signature."""

    issued_at: datetime
    used_keys: frozenset[str]
    """Idempotency keys that have a row, whatever its state."""
    reminder_count: int
    """Number of reminders that are sent, delivery unknown, queued or sending."""
    last_email_at: datetime | None
    """When the last email to the signer was sent."""
    email_pending: bool
    """Whether an email to the signer is queued or sending. A second one would cause a burst after an outage."""
    quiet_until: datetime | None = None
    """No email to the signer's address before this, because of emails about other papers."""
    reminders_stopped: bool = False
    """The author opted out, or the address is undeliverable."""
    paused_until: datetime | None = None
    """An editor paused the paper, the person or the volume, or something the author sent waits for an editor."""
    coauthors: tuple[CoAuthor, ...] = ()
    """Those with a known, deliverable address."""


@dataclass(frozen=True, slots=True)
class Remind:
    """Email the signer now under `idempotency_key`. The older `skipped` keys were missed and are not sent later."""

    idempotency_key: str
    skipped_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Escalate:
    """Email the co-authors with these idempotency keys now."""

    idempotency_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is due before `until` (UTC)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class NothingDue:
    """Nothing will be due unless the signing settings change."""


Decision = Remind | Escalate | Wait | NothingDue


def idempotency_key(revision: int, offset: int) -> str:
    """Return a key such as ``r1:T-7``. It holds no date, because a date changes with the zone and with the deadline."""
    return f"r{revision}:T{offset:+d}"


def is_final_reminder(key: str) -> bool:
    return key.endswith(f":T{FINAL_REMINDER:+d}")


def decide(timeline: Timeline, policy: Policy, now: datetime) -> Decision:
    """Decide what is due for one agreement that awaits a signature."""
    if timeline.reminders_stopped or timeline.paused_until == FOREVER:
        return NothingDue()
    if timeline.paused_until and now < timeline.paused_until:
        return Wait(timeline.paused_until)
    if timeline.email_pending:
        # Also when nothing else is planned: the email may still fail, and a failed reminder does not count.
        return Wait(now + PLANNING_HORIZON)
    reminders = remaining_reminders(timeline, policy)
    remind_at = None
    if reminders:
        remind_at = policy.hours.at_or_after(max(reminders[0][0], next_allowed_at(timeline, now)))
    if remind_at and remind_at <= now:
        due = [key for at, key in reminders if at <= now]
        return Remind(idempotency_key=due[-1], skipped_keys=tuple(due[:-1]))
    asked_at = escalation_times(timeline, policy, now, exhausted=not reminders)
    due_keys = tuple(key for key, at in asked_at.items() if at <= now)
    if due_keys:
        return Escalate(due_keys)
    upcoming = [*asked_at.values(), *([remind_at] if remind_at else [])]
    return Wait(min(upcoming)) if upcoming else NothingDue()


def remaining_reminders(timeline: Timeline, policy: Policy) -> list[tuple[datetime, str]]:
    """List the reminders that may still be sent with their earliest times, in order."""
    if timeline.reminder_count >= policy.max_reminders:
        return []
    # Reminders scheduled before the invitation were not missed.
    return [
        (at, key) for at, key in reminder_times(policy) if at > timeline.issued_at and key not in timeline.used_keys
    ]


@lru_cache(maxsize=256)
def reminder_times(policy: Policy) -> tuple[tuple[datetime, str], ...]:
    """Return every reminder of a policy in order. Cached: most agreements share a policy, and time zones are slow."""
    return tuple(
        (reminder_time(policy, offset), idempotency_key(policy.revision, offset)) for offset in sorted(policy.offsets)
    )


def reminder_time(policy: Policy, offset: int) -> datetime:
    """Return when a reminder is due, `offset` days from the deadline.

    Outside working hours it moves to an earlier time before the deadline and to a later time after it.
    """
    at = policy.closes_at + timedelta(days=offset)
    return policy.hours.at_or_before(at) if offset < 0 else policy.hours.at_or_after(at)


def next_allowed_at(timeline: Timeline, now: datetime) -> datetime:
    """Return when the signer may be emailed at the earliest, given their other emails."""
    times = [now]
    if timeline.last_email_at:
        times.append(timeline.last_email_at + MIN_EMAIL_GAP)
    if timeline.quiet_until:
        times.append(timeline.quiet_until)
    return max(times)


def escalation_times(timeline: Timeline, policy: Policy, now: datetime, *, exhausted: bool) -> dict[str, datetime]:
    """Return the co-authors not asked yet with their earliest times; empty while the signer may still answer.

    If the schedule has fewer reminders than `coauthors_after`, co-authors are asked after the deadline.
    """
    earliest = next_allowed_at(timeline, now)
    if timeline.reminder_count < policy.coauthors_after:
        if not exhausted:
            return {}
        earliest = max(earliest, policy.closes_at)
    return {
        coauthor.idempotency_key: coauthor.hours.at_or_after(max(earliest, coauthor.quiet_until or earliest))
        for coauthor in timeline.coauthors
        if coauthor.idempotency_key not in timeline.used_keys
    }
