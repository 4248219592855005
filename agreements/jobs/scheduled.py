"""The scheduled jobs, run by Celery and by ``manage.py run_jobs``: `JOBS`.

Each reads from the database what is due and leaves it there on failure, so a job may be late, repeated or killed.
`clock` is a function that returns the time, because a job may run for a while.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q

from agreements import lifecycle
from agreements.dashboard import precheck
from agreements.documents import audit, rendering, seal
from agreements.domain.states import LIVE, WAITING, Status
from agreements.jobs import bulk, digest, package_builder
from agreements.mail import sender, transports
from agreements.models import Agreement, JobRun
from agreements.reminders import planner
from agreements.requests import link_requests, rate_limits
from proceedings.accounts import password_reset
from proceedings.models import Paper, Volume

Clock = Callable[[], datetime]
logger = logging.getLogger(__name__)

YEAR = timedelta(days=365)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BATCH = 500
MAX_RUN_TIME = 12
"""Seconds after which a worker starts no new email. Less than the interval of 15, so that runs do not pile up, and a
worker stopped by SIGTERM finishes its current email and ends within 30.
"""


def stopped(at: datetime) -> Clock:
    """A clock that always returns `at`, for tests and for `--now`."""
    return lambda: at


def send(clock: Clock, seconds: float | None = None) -> Counter[str]:
    """Sends the emails that are due, for at most `seconds`. Counts by final state."""
    return sender.send_due(clock, transports.from_settings(), lifecycle.record_mail_result, seconds)


def queue_due(clock: Clock) -> Counter[str]:
    """Ends agreements of withdrawn and unpublished papers; queues reminders, digests, new links and password links."""
    tally: Counter[str] = Counter()
    tally["voided"] = void_withdrawn(clock())
    tally["lapsed"] = lapse_unpublished(clock())
    tally["reminders"] = remind_due(clock())
    tally["daily digests"] = digest.write_due(clock())
    tally["new links"] = link_requests.answer_requests(clock())
    tally["password links"] = password_reset.send_links(clock())
    rate_limits.forget(clock())
    record_run("chase", clock())
    return tally


def record_run(name: str, now: datetime) -> None:
    """Records when a job last finished, for monitoring."""
    JobRun.objects.bulk_create(
        [JobRun(name=name, at=now)], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


def void_withdrawn(now: datetime) -> int:
    """Ends the agreements of withdrawn papers.

    The admin does this when a paper is withdrawn. This job catches papers withdrawn by other means. It runs once an
    hour, because its cost grows with the number of withdrawn papers.
    """
    if JobRun.objects.filter(name="withdrawn", at__gt=now - HOUR).exists():
        return 0
    gone = Agreement.objects.filter(status__in=LIVE, paper__status=Paper.Status.WITHDRAWN)
    papers = list(gone.values_list("paper", flat=True))
    ended = sum(lifecycle.withdraw_paper(paper, by="clock", now=now) for paper in papers)
    record_run("withdrawn", now)
    return ended


def lapse_unpublished(now: datetime) -> int:
    """Lapses agreements whose paper was not published within one year of signing (clause 7)."""
    # By volume: otherwise every published agreement would be read again each minute.
    unpublished = Volume.objects.exclude(published__lte=now.date()).values_list("number", flat=True)
    signed = Agreement.objects.filter(
        volume_number__in=list(unpublished), closed_at__isnull=True, status__in=[Status.SIGNED, Status.SEALED]
    )
    # For signed forms the year begins at the written date. Each query has its own index.
    old = [*signed.filter(signed_at__lte=now - YEAR)]
    old += signed.filter(dated__lte=(now - YEAR).date(), signed_at__gt=now - YEAR)
    lapsed = [agreement for agreement in old if one_year_after(agreement.signed_from) <= now]
    return sum(transition_if_allowed(lifecycle.lapse, agreement, now=now) for agreement in lapsed)


def transition_if_allowed(move: Callable[..., object], agreement: Agreement, **arguments: Any) -> bool:
    """Makes the transition; False if the agreement has changed meanwhile."""
    try:
        move(agreement, **arguments)
    except lifecycle.TransitionError:
        return False
    return True


def one_year_after(moment: datetime | None) -> datetime:
    """The same day of the next year; 1 March for 29 February."""
    if moment is None:
        raise ValueError("An unsigned agreement cannot lapse.")
    try:
        return moment.replace(year=moment.year + 1)
    except ValueError:
        return moment.replace(year=moment.year + 1, month=3, day=1)


def remind_due(now: datetime) -> int:
    """Queues the reminders of all agreements that are due for a check. Returns how many."""
    queued = 0
    waiting = Agreement.objects.filter(status__in=WAITING, next_check_at__lte=now).order_by("next_check_at")
    while batch := list(waiting.values_list("pk", flat=True)[:BATCH]):
        queued += lifecycle.remind(planner.with_siblings(batch), now=now)
    return queued


def seal_due(clock: Clock) -> Counter[str]:
    """Seals all signed agreements. A failure shows in the admin and is retried later.

    If the time-stamp authority does not answer, the job stops: the others would fail too.
    """
    tally: Counter[str] = Counter()
    now = clock()
    waiting = Agreement.objects.filter(status=Status.SIGNED).filter(Q(seal_after__isnull=True) | Q(seal_after__lte=now))
    for agreement in (
        waiting.select_related("text", "shown", "signed_form").order_by("signed_at").iterator(chunk_size=BATCH)
    ):
        outcome = seal_one(agreement, clock())
        tally[outcome] += 1
        if outcome == "held up":
            break
    return tally


def seal_one(agreement: Agreement, now: datetime) -> str:
    """Seals one agreement and stores the file.

    Returns ``sealed``, ``failed``, ``held up`` (no time-stamp authority answers) or ``lost`` (to another worker).
    """
    try:
        key = seal.SealKey.load(settings.SEAL_KEY, settings.SEAL_CERT)
        proof = seal.TrustMaterial.load(settings.TSA_URL, settings.SEAL_ROOTS, settings.SEAL_CRLS)
        body = rendering.sealed_form(agreement, key, proof)
        name = rendering.store(agreement, body)
    except Exception as error:
        logger.exception("Cannot seal %s", agreement)
        lifecycle.seal_failed(agreement, error=f"{type(error).__name__}: {error}", now=now)
        return "held up" if isinstance(error, seal.TimestampError) else "failed"
    sealed = transition_if_allowed(lifecycle.seal, agreement, name=name, body=body, key=key, level=proof.level, now=now)
    return "sealed" if sealed else "lost"


def recheck_files(clock: Clock) -> Counter[str]:
    """Once a day reads part of the sealed files again, each file once a year (110G §12).

    A damaged file is recorded in the agreement's history. `manage.py verify_audit --files` reads all files at once.
    """
    now, tally = clock(), Counter[str]()
    if JobRun.objects.filter(name="recheck", at__gt=now - DAY).exists():
        return tally
    sealed = Agreement.objects.exclude(sealed_file="").annotate(turn=F("pk") % 365)
    for agreement in sealed.filter(turn=now.timetuple().tm_yday % 365).select_related("shown").iterator(BATCH):
        problem = audit.damage(agreement)
        if problem:
            logger.error("The sealed file of %s is damaged: %s", agreement, problem)
            lifecycle.damaged(agreement, problem, now=now)
        tally["damaged" if problem else "whole"] += 1
    record_run("recheck", now)
    return tally


JOBS: dict[str, Callable[[Clock], Counter[str]]] = {
    "work": bulk.run_jobs,
    "chase": queue_due,
    "seal": seal_due,
    "send": send,
    "pack": package_builder.make_due,
    "check": precheck.check_due,
    "recheck": recheck_files,
}
"""In this order, one run of all jobs also sends the reminders it queued and the receipts of what it sealed."""
