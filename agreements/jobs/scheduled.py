"""The scheduled jobs (`JOBS`), run by Celery beat and by ``manage.py run_jobs``.

Each queries what is due and leaves it there if it fails, so a job may be late, repeated or killed. `clock` is a
function that returns the current time, because a long job needs more than one `now`.
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
from agreements.jobs import bounce_reports, bulk, digest, package_builder
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
BATCH_SIZE = 500
MAX_RUN_TIME = 12
"""Seconds after which a worker starts no other email.

Less than the 15 seconds between two runs, so that runs do not pile up. A worker that gets SIGTERM ends well within 30
seconds and finishes its current email.
"""


def fixed_clock(at: datetime) -> Clock:
    """Return a clock that always returns `at`, for a dry run."""
    return lambda: at


def send_emails(clock: Clock, seconds: float | None = None) -> Counter[str]:
    """Send the due emails, for at most `seconds`. Counts them by the state they reached."""
    return sender.send_due(clock, transports.from_settings(), lifecycle.record_mail_result, seconds)


def queue_due(clock: Clock) -> Counter[str]:
    """End what is no longer needed, then queue due reminders, digests and requested links."""
    tally: Counter[str] = Counter()
    tally["voided"] = void_withdrawn(clock())
    tally["lapsed"] = lapse_unpublished(clock())
    tally["reminders"] = remind_due(clock())
    tally["daily digests"] = digest.queue_due(clock())
    tally["new links"] = link_requests.answer_requests(clock())
    tally["password links"] = password_reset.send_due(clock())
    rate_limits.delete_old_attempts(clock())
    record_run("chase", clock())
    return tally


def record_run(name: str, now: datetime) -> None:
    """Record that a job has finished, for monitoring."""
    JobRun.objects.bulk_create(
        [JobRun(name=name, at=now)], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


def void_withdrawn(now: datetime) -> int:
    """Void agreements of withdrawn papers, at most once an hour. Returns how many.

    The admin does this in the transaction that withdraws a paper. This job covers papers withdrawn in other ways.
    """
    if JobRun.objects.filter(name="withdrawn", at__gt=now - HOUR).exists():
        return 0
    gone = Agreement.objects.filter(status__in=LIVE, paper__status=Paper.Status.WITHDRAWN)
    papers = list(gone.values_list("paper", flat=True))
    ended = sum(lifecycle.withdraw_paper(paper, by="clock", now=now) for paper in papers)
    record_run("withdrawn", now)
    return ended


def lapse_unpublished(now: datetime) -> int:
    """Lapse agreements whose papers were not published within one year of the signature (clause 7).
    Returns how many.
    """
    # By volume: otherwise every run would read all signed agreements of published volumes.
    unpublished = Volume.objects.exclude(published__lte=now.date()).values_list("number", flat=True)
    signed = Agreement.objects.filter(
        volume_number__in=list(unpublished), closed_at__isnull=True, status__in=[Status.SIGNED, Status.SEALED]
    )
    # For a signed form the year begins before it was accepted. Each query has its own index.
    old = [*signed.filter(signed_at__lte=now - YEAR)]
    old += signed.filter(dated__lte=(now - YEAR).date(), signed_at__gt=now - YEAR)
    lapsed = [agreement for agreement in old if one_year_after(agreement.signed_from) <= now]
    return sum(apply_transition(lifecycle.lapse, agreement, now=now) for agreement in lapsed)


def apply_transition(function: Callable[..., object], agreement: Agreement, **arguments: Any) -> bool:
    """Apply a transition. Returns False if the agreement has changed in the meantime."""
    try:
        function(agreement, **arguments)
    except lifecycle.TransitionError:
        return False
    return True


def one_year_after(moment: datetime | None) -> datetime:
    """Return the same day one year later; 1 March for 29 February, so that nobody loses a day."""
    if moment is None:
        raise ValueError("An unsigned agreement cannot lapse.")
    try:
        return moment.replace(year=moment.year + 1)
    except ValueError:
        return moment.replace(year=moment.year + 1, month=3, day=1)


def remind_due(now: datetime) -> int:
    """Let the planner check every agreement that is due for it. Returns how many reminders were queued."""
    queued = 0
    waiting = Agreement.objects.filter(status__in=WAITING, next_check_at__lte=now).order_by("next_check_at")
    while batch := list(waiting.values_list("pk", flat=True)[:BATCH_SIZE]):
        queued += lifecycle.remind(planner.include_related(batch), now=now)
    return queued


def seal_due(clock: Clock) -> Counter[str]:
    """Seal every signed agreement that is due. A failure is recorded and retried later.

    If the time-stamp authority does not answer, the job ends: every other signature would wait for it too.
    """
    tally: Counter[str] = Counter()
    now = clock()
    waiting = Agreement.objects.filter(status=Status.SIGNED).filter(Q(seal_after__isnull=True) | Q(seal_after__lte=now))
    for agreement in (
        waiting.select_related("text", "shown", "signed_form").order_by("signed_at").iterator(chunk_size=BATCH_SIZE)
    ):
        outcome = seal_one(agreement, clock())
        tally[outcome] += 1
        if outcome == "held up":
            break
    return tally


def seal_one(agreement: Agreement, now: datetime) -> str:
    """Seal, validate and store one agreement, then record it.

    Returns ``sealed``, ``failed``, ``held up`` (by the time-stamp authority) or ``lost`` (another worker was faster).
    """
    try:
        key = seal.SealKey.load(settings.SEAL_KEY, settings.SEAL_CERT)
        trust = seal.TrustMaterial.load(settings.TSA_URL, settings.SEAL_ROOTS, settings.SEAL_CRLS)
        body = rendering.seal_form(agreement, key, trust)
        name = rendering.store_sealed(agreement, body)
    except Exception as error:
        logger.exception("Cannot seal %s", agreement)
        lifecycle.record_seal_failure(agreement, error=f"{type(error).__name__}: {error}", now=now)
        return "held up" if isinstance(error, seal.TimestampError) else "failed"
    sealed = apply_transition(lifecycle.seal, agreement, name=name, body=body, key=key, level=trust.level, now=now)
    return "sealed" if sealed else "lost"


def recheck_files(clock: Clock) -> Counter[str]:
    """Once a day, read a part of the sealed files again, each file once a year (110G §12: retained records stay
    accurate).

    A damaged file is recorded as an event, which the admin shows. `manage.py verify_audit --files` reads all files at
    once.
    """
    now, tally = clock(), Counter[str]()
    if JobRun.objects.filter(name="recheck", at__gt=now - DAY).exists():
        return tally
    sealed = Agreement.objects.exclude(sealed_file="").annotate(turn=F("pk") % 365)
    for agreement in sealed.filter(turn=now.timetuple().tm_yday % 365).select_related("shown").iterator(BATCH_SIZE):
        problem = audit.check_sealed_file(agreement)
        if problem:
            logger.error("The sealed file of %s is damaged: %s", agreement, problem)
            lifecycle.record_damage(agreement, problem, now=now)
        tally["damaged" if problem else "whole"] += 1
    record_run("recheck", now)
    return tally


JOBS: dict[str, Callable[[Clock], Counter[str]]] = {
    "work": bulk.run_jobs,
    "chase": queue_due,
    "seal": seal_due,
    "send": send_emails,
    "pack": package_builder.make_due,
    "check": precheck.check_due,
    "recheck": recheck_files,
    "bounces": bounce_reports.read_due,
}
"""In this order one sweep sends the reminders that it has queued, and the receipts of what it has sealed."""
