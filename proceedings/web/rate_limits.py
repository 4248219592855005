"""How often a thing may be done. Kept in the database: a restart or an emptied Redis forgets nothing (S11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from proceedings.models import Attempt

KEEP = timedelta(days=1)
"""Longer than the window of every limit; what is older is forgotten."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in a window of time, and no more."""

    name: str
    most: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Slowdown:
    """A few at once, then each only after a wait that doubles up to `longest`: it never shuts anybody out for good."""

    name: str
    free: int
    first: timedelta
    longest: timedelta

    def wait(self, times: Iterable[datetime], now: datetime) -> timedelta:
        """How long to wait for one more after those at `times`; not at all where `free` are not used up."""
        past = [at for at in times if now - KEEP < at <= now]
        over = len(past) - self.free
        if over < 0:
            return timedelta(0)
        pause = min(self.first * (1 << min(over, 32)), self.longest)
        return max(max(past) + pause - now, timedelta(0))


def room(times: Iterable[datetime], limit: Limit, now: datetime) -> bool:
    """Whether one more fits into the window that ends `now`."""
    return sum(now - limit.within < at <= now for at in times) < limit.most


def reached(limit: Limit, subject: str | None, now: datetime) -> bool:
    """Whether `subject` has used up `limit`. Nobody in particular (None) never has."""
    return subject is not None and not room(times(limit, subject, now), limit, now)


def take(limit: Limit, subject: str | None, now: datetime) -> bool:
    """Uses `limit` once for `subject`; False where it is used up.

    Each writes before it looks again, so of many at once never more than `limit.most` go through.
    """
    if subject is None:
        return True
    if reached(limit, subject, now):
        return False
    note(limit, subject, now)
    return len(times(limit, subject, now)) <= limit.most


def record_attempt(slowdown: Slowdown, subject: str | None, now: datetime) -> timedelta:
    """Counts one more try of `subject` and returns no time at all; or how long it must wait, and counts nothing.

    Each writes before it looks, so many at once get no further than one after the other.
    """
    if subject is None:
        return timedelta(0)
    mine = note(slowdown, subject, now)
    others = Attempt.objects.filter(limit=slowdown.name, subject=mine.subject, at__gt=now - KEEP).exclude(pk=mine.pk)
    wait = slowdown.wait(others.values_list("at", flat=True), now)
    if wait:
        mine.delete()
    return wait


def clear_attempts(slowdown: Slowdown, subject: str | None, *, last_only: bool = False) -> None:
    """Forgets the tries of `subject` that were counted, or only the last of them: it was a good one."""
    if subject is None:
        return
    rows = Attempt.objects.filter(limit=slowdown.name, subject=key(slowdown, subject))
    if last_only:
        rows = rows.filter(pk__in=list(rows.order_by("-at", "-pk").values_list("pk", flat=True)[:1]))
    rows.delete()


def note(limit: Limit | Slowdown, subject: str, now: datetime) -> Attempt:
    return Attempt.objects.create(limit=limit.name, subject=key(limit, subject), at=now)


def times(limit: Limit, subject: str, now: datetime) -> list[datetime]:
    used = Attempt.objects.filter(limit=limit.name, subject=key(limit, subject), at__gt=now - limit.within, at__lte=now)
    return list(used.values_list("at", flat=True))


def key(limit: Limit | Slowdown, subject: str) -> str:
    """A digest that only this desk can make: the table tells nobody who came from where."""
    return salted_hmac(f"limit:{limit.name}", subject, algorithm="sha256").hexdigest()


def forget(now: datetime) -> None:
    """Drops what no window reaches any more."""
    Attempt.objects.filter(at__lte=now - KEEP).delete()
