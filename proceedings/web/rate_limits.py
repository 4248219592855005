"""Rate limits. They are in the database, so that a restart or an emptied Redis resets nothing (S11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from proceedings.models import Attempt

RETENTION = timedelta(days=1)
"""Longer than the window of every limit; older attempts are deleted."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `max_count` uses within `window`."""

    name: str
    max_count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Slowdown:
    """Allows `free_attempts` at once, then each after a wait that doubles up to `max_wait`. Locks nobody out."""

    name: str
    free_attempts: int
    first_wait: timedelta
    max_wait: timedelta

    def wait(self, times: Iterable[datetime], now: datetime) -> timedelta:
        """Returns how long to wait for the next attempt after those at `times`; 0 while free attempts are left."""
        past = [at for at in times if now - RETENTION < at <= now]
        over = len(past) - self.free_attempts
        if over < 0:
            return timedelta(0)
        pause = min(self.first_wait * (1 << min(over, 32)), self.max_wait)
        return max(max(past) + pause - now, timedelta(0))


def fits_limit(times: Iterable[datetime], limit: Limit, now: datetime) -> bool:
    """Whether one more use fits into the window that ends `now`."""
    return sum(now - limit.window < at <= now for at in times) < limit.max_count


def limit_reached(limit: Limit, subject: str | None, now: datetime) -> bool:
    """Whether `subject` has used up `limit`. False if the subject is unknown (None)."""
    return subject is not None and not fits_limit(attempt_times(limit, subject, now), limit, now)


def use_limit(limit: Limit, subject: str | None, now: datetime) -> bool:
    """Uses `limit` once for `subject`. Returns False if it is used up.

    It writes before it counts, so simultaneous requests never exceed `limit.max_count`.
    """
    if subject is None:
        return True
    if limit_reached(limit, subject, now):
        return False
    create_attempt(limit, subject, now)
    return len(attempt_times(limit, subject, now)) <= limit.max_count


def record_attempt(slowdown: Slowdown, subject: str | None, now: datetime) -> timedelta:
    """Records an attempt of `subject` and returns 0. If it comes too early, returns the wait and records nothing.

    It writes before it counts, so simultaneous requests gain nothing.
    """
    if subject is None:
        return timedelta(0)
    mine = create_attempt(slowdown, subject, now)
    others = Attempt.objects.filter(limit=slowdown.name, subject=mine.subject, at__gt=now - RETENTION).exclude(
        pk=mine.pk
    )
    wait = slowdown.wait(others.values_list("at", flat=True), now)
    if wait:
        mine.delete()
    return wait


def clear_attempts(slowdown: Slowdown, subject: str | None, *, last_only: bool = False) -> None:
    """Deletes the recorded attempts of `subject`, or only the last one."""
    if subject is None:
        return
    rows = Attempt.objects.filter(limit=slowdown.name, subject=subject_digest(slowdown, subject))
    if last_only:
        rows = rows.filter(pk__in=list(rows.order_by("-at", "-pk").values_list("pk", flat=True)[:1]))
    rows.delete()


def create_attempt(limit: Limit | Slowdown, subject: str, now: datetime) -> Attempt:
    return Attempt.objects.create(limit=limit.name, subject=subject_digest(limit, subject), at=now)


def attempt_times(limit: Limit, subject: str, now: datetime) -> list[datetime]:
    used = Attempt.objects.filter(
        limit=limit.name, subject=subject_digest(limit, subject), at__gt=now - limit.window, at__lte=now
    )
    return list(used.values_list("at", flat=True))


def subject_digest(limit: Limit | Slowdown, subject: str) -> str:
    """Returns a keyed digest, so that the table reveals no names and addresses."""
    return salted_hmac(f"limit:{limit.name}", subject, algorithm="sha256").hexdigest()


def delete_old_attempts(now: datetime) -> None:
    """Deletes attempts that are outside every window."""
    Attempt.objects.filter(at__lte=now - RETENTION).delete()
