"""Read bounce reports and record them, one by one: no report stops those after it."""

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError

from agreements import lifecycle
from agreements.dashboard.health import MAILBOX_JOB
from agreements.mail import bounces, headers, mailboxes
from agreements.models import JobRun

Clock = Callable[[], datetime]
logger = logging.getLogger(__name__)

GAP = timedelta(minutes=5)
"""Time between two readings of the mailbox. Not much less: each is a new login."""
MAX_RUN_TIME = 30
"""Seconds after which no other email is read; the next run goes on."""


def read_due(clock: Clock) -> Counter[str]:
    """Read the mailbox `BOUNCE_MAILBOX`, if it is set and was not read within `GAP`. Counts the emails by result."""
    tally: Counter[str] = Counter()
    now = clock()
    if not settings.BOUNCE_MAILBOX.scheme or JobRun.objects.filter(name=MAILBOX_JOB, at__gt=now - GAP).exists():
        return tally
    try:
        record_all(mailboxes.read_imap(settings.BOUNCE_MAILBOX), clock, tally, seconds=MAX_RUN_TIME)
    except mailboxes.MailboxError as error:
        logger.error("The bounce mailbox cannot be read: %s", error)
        tally["mailbox unreadable"] += 1
        return tally
    JobRun.objects.bulk_create(
        [JobRun(name=MAILBOX_JOB, at=now)], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )
    return tally


def record_all(mails: Iterable[bytes], clock: Clock, tally: Counter[str], seconds: float | None = None) -> None:
    """Record the reports among `mails` and add their results to `tally`. After `seconds` no other email is taken."""
    end = time.monotonic() + seconds if seconds is not None else None
    for body in mails:
        tally[record_one(body, clock())] += 1
        if end is not None and time.monotonic() >= end:
            return


def record_one(body: bytes, now: datetime) -> str:
    """Record one email. Returns the result of `lifecycle.record_bounce`, ``ignored`` or ``set aside``.

    A bad email is set aside: it stays in the mailbox, read. A database that does not answer is no fault of the email.
    """
    try:
        bounce = bounces.parse_report(body, headers.return_paths())
        return lifecycle.record_bounce(bounce, now=now) if bounce else "ignored"
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # Not its text: it may hold a link.
        digest = hashlib.sha256(body).hexdigest()
        logger.exception("Set aside an email of %d bytes in the bounce mailbox, SHA-256 %s", len(body), digest)
        return "set aside"
