"""The clock's rounds, run by Celery and by ``manage.py sweep`` alike: `ROUNDS`.

Each asks the database what is due and leaves it there when it fails, so a round may be late, repeated or killed.
`clock` is a function that tells the time, because a long round outlives one `now`.
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
"""Seconds after which a worker begins no other mail. Less than the 15 between two beats, so rounds do not pile up, and
a worker that is asked to end (SIGTERM) has ended well within 30, with the mail in its hand finished.
"""


def stopped(at: datetime) -> Clock:
    """A clock that stands still, for a sweep that pretends."""
    return lambda: at


def send(clock: Clock, seconds: float | None = None) -> Counter[str]:
    """Hands over the mails that are due, for at most so many seconds. Counts by the state they ended in."""
    return sender.send_due(clock, transports.from_settings(), lifecycle.record_mail_result, seconds)


def queue_due(clock: Clock) -> Counter[str]:
    """Ends what has no use any more, then queues the reminders that are due and the links that were asked for."""
    tally: Counter[str] = Counter()
    tally["voided"] = void_withdrawn(clock())
    tally["lapsed"] = lapse_unpublished(clock())
    tally["reminders"] = remind_due(clock())
    tally["morning mails"] = digest.write_due(clock())
    tally["fresh links"] = link_requests.answer_requests(clock())
    tally["password links"] = password_reset.send_due(clock())
    rate_limits.delete_old_attempts(clock())
    record_run("chase", clock())
    return tally


def record_run(name: str, now: datetime) -> None:
    """Leaves word that a round has come to its end, for those who watch."""
    JobRun.objects.bulk_create(
        [JobRun(name=name, at=now)], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


def void_withdrawn(now: datetime) -> int:
    """A withdrawn paper needs no agreement; its authors get no more mail.

    The desk sees to it in the transaction that withdraws the paper. This net is for what was withdrawn otherwise, and
    is drawn once an hour, for it grows with the papers that were ever withdrawn.
    """
    if JobRun.objects.filter(name="withdrawn", at__gt=now - HOUR).exists():
        return 0
    gone = Agreement.objects.filter(status__in=LIVE, paper__status=Paper.Status.WITHDRAWN)
    papers = list(gone.values_list("paper", flat=True))
    ended = sum(lifecycle.withdraw_paper(paper, by="clock", now=now) for paper in papers)
    record_run("withdrawn", now)
    return ended


def lapse_unpublished(now: datetime) -> int:
    """Clause 7: an agreement ends when its article is not published within one year of the signature."""
    # By volume: of all that was ever signed, what was published in time would be read again every minute.
    unpublished = Volume.objects.exclude(published__lte=now.date()).values_list("number", flat=True)
    signed = Agreement.objects.filter(
        volume_number__in=list(unpublished), closed_at__isnull=True, status__in=[Status.SIGNED, Status.SEALED]
    )
    # On paper the year began before the form was accepted. Each has an index of its own.
    old = [*signed.filter(signed_at__lte=now - YEAR)]
    old += signed.filter(dated__lte=(now - YEAR).date(), signed_at__gt=now - YEAR)
    lapsed = [agreement for agreement in old if one_year_after(agreement.signed_from) <= now]
    return sum(made(lifecycle.lapse, agreement, now=now) for agreement in lapsed)


def made(move: Callable[..., object], agreement: Agreement, **arguments: Any) -> bool:
    """Makes the move; False when the agreement has moved on meanwhile, which is as good."""
    try:
        move(agreement, **arguments)
    except lifecycle.TransitionError:
        return False
    return True


def one_year_after(moment: datetime | None) -> datetime:
    """The same day of next year; for 29 February the first of March, so that nobody loses a day."""
    if moment is None:
        raise ValueError("An unsigned agreement has no term.")
    try:
        return moment.replace(year=moment.year + 1)
    except ValueError:
        return moment.replace(year=moment.year + 1, month=3, day=1)


def remind_due(now: datetime) -> int:
    """Asks about every agreement whose time to look has come. Returns the reminders queued."""
    queued = 0
    waiting = Agreement.objects.filter(status__in=WAITING, next_check_at__lte=now).order_by("next_check_at")
    while batch := list(waiting.values_list("pk", flat=True)[:BATCH]):
        queued += lifecycle.remind(planner.with_siblings(batch), now=now)
    return queued


def seal_due(clock: Clock) -> Counter[str]:
    """Seals every signature that waits for it. One that fails is said on the desk and tried again later.

    A time-stamp authority that does not answer ends the round: each further signature would wait for it in vain.
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
    """Seals, checks, stores, then says so.

    Returns ``sealed``, ``failed``, ``held up`` (by the time-stamp authority) or ``lost`` (somebody else was faster).
    """
    try:
        key = seal.SealKey.load(settings.SEAL_KEY, settings.SEAL_CERT)
        proof = seal.TrustMaterial.load(settings.TSA_URL, settings.SEAL_ROOTS, settings.SEAL_CRLS)
        body = rendering.sealed_form(agreement, key, proof)
        name = rendering.store(agreement, body)
    except Exception as error:
        logger.exception("%s cannot be sealed", agreement)
        lifecycle.seal_failed(agreement, error=f"{type(error).__name__}: {error}", now=now)
        return "held up" if isinstance(error, seal.TimestampError) else "failed"
    made_it = made(lifecycle.seal, agreement, name=name, body=body, key=key, level=proof.level, now=now)
    return "sealed" if made_it else "lost"


def recheck_files(clock: Clock) -> Counter[str]:
    """Once a day reads a part of the sealed files again, each of them once a year (110G §12: accurate ever after).

    A file that is not what was sealed is put on record, where the desk shows it; `manage.py verify_audit --files` reads
    all at once.
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
"""In this order a reminder that is due leaves in the same sweep, and so does the copy of what was just sealed."""
