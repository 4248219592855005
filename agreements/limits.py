"""How often a thing may be done. Kept in the database: a restart or an emptied Redis forgets nothing (S11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from agreements.models import Attempt


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    most: int
    within: timedelta


MISSES = Limit("misses", 20, timedelta(minutes=1))
"""Of one address of the network: posts to links that are dead, and requests for fresh ones."""
SIGNING = Limit("signing", 5, timedelta(hours=1))
"""Of one link: filled-in forms sent to be signed."""
MAILS = Limit("mails", 3, timedelta(days=1))
"""To one mail address: mails that somebody asked for. Counted by the mails themselves."""

KEEP = timedelta(days=1)
"""Longer than every window above."""


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
    Attempt.objects.create(limit=limit.name, subject=key(limit, subject), at=now)
    return len(times(limit, subject, now)) <= limit.most


def times(limit: Limit, subject: str, now: datetime) -> list[datetime]:
    used = Attempt.objects.filter(limit=limit.name, subject=key(limit, subject), at__gt=now - limit.within, at__lte=now)
    return list(used.values_list("at", flat=True))


def key(limit: Limit, subject: str) -> str:
    """A digest that only this desk can make: the table tells nobody who came from where."""
    return salted_hmac(f"limit:{limit.name}", subject, algorithm="sha256").hexdigest()


def forget(now: datetime) -> None:
    """Drops what no window reaches any more."""
    Attempt.objects.filter(at__lte=now - KEEP).delete()
