"""Health figures and messages for monitoring. Reads only, and by index only."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet, Subquery

from agreements.domain.states import Status
from agreements.models import Agreement, JobRun, Message

State = Message.State

STALE_AFTER = timedelta(minutes=10)
LATE = timedelta(minutes=15)
LOOKBACK = timedelta(days=1)
FAILED_SHARE = 0.02
EXPECTED_JOBS = JobRun.objects.filter(name="chase")


@dataclass(frozen=True, slots=True)
class Figures:
    planner_silent_seconds: int | None
    """Since the scheduled job last queued reminders; None if it never ran."""
    oldest_due_seconds: int
    """How long the oldest due email has been due; 0 if none is."""
    unknown: int
    """Emails of the last day whose delivery is unknown."""
    failed: int
    sent: int
    """Of the last day."""
    seals_waiting: int
    oldest_signature_seconds: int
    """How long the oldest unsealed signature has been waiting; 0 if there is none."""

    @property
    def failed_share(self) -> float:
        return self.failed / (self.failed + self.sent) if self.failed else 0.0


def figures(now: datetime) -> Figures:
    ran_at = EXPECTED_JOBS.values_list("at", flat=True).first()
    of_the_day = Message.objects.filter(due_at__gt=now - LOOKBACK)
    unsealed = Agreement.objects.filter(status=Status.SIGNED, signed_at__lte=now)
    signed = unsealed.aggregate(count=Count("pk"), oldest=Min("signed_at"))
    return Figures(
        planner_silent_seconds=seconds(now, ran_at) if ran_at else None,
        oldest_due_seconds=seconds(now, overdue(now).values_list("due_at", flat=True).first()),
        unknown=of_the_day.filter(state=State.UNKNOWN).count(),
        failed=of_the_day.filter(state=State.FAILED).count(),
        sent=Message.objects.filter(state=State.SENT, sent_at__gt=now - LOOKBACK).count(),
        seals_waiting=signed["count"],
        oldest_signature_seconds=seconds(now, signed["oldest"]),
    )


def heartbeat(now: datetime) -> dict[str, Subquery]:
    """Annotations: when scheduled jobs last ran, and since when the oldest due email is due."""
    return {
        "jobs_ran_at": Subquery(EXPECTED_JOBS.values("at")[:1]),
        "oldest_due_at": Subquery(overdue(now).values("due_at")[:1]),
    }


def overdue(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(state=State.PENDING, closed=False, due_at__lte=now).order_by("due_at")


def seconds(now: datetime, since: datetime | None) -> int:
    return max(0, int((now - since).total_seconds())) if since else 0


def stopped_jobs(idle: int | None, due: int) -> list[str]:
    """Messages about stopped jobs, for the administrator. `idle` and `due` are in seconds, as in `Figures`."""
    found = []
    if idle is None:
        found.append("Scheduled jobs have never run. Check that `celery beat` is running.")
    elif idle > STALE_AFTER.total_seconds():
        found.append(f"Scheduled jobs have not run for {idle // 60} minutes. Check that `celery beat` is running.")
    if due > LATE.total_seconds():
        found.append(f"An email has been due for {due // 60} minutes. Check that a Celery worker is running.")
    return found


def problems(seen: Figures) -> list[str]:
    """Messages about problems; empty if there are none."""
    found = stopped_jobs(seen.planner_silent_seconds, seen.oldest_due_seconds)
    if seen.unknown:
        found.append(f"{seen.unknown} emails of the last day have an unknown delivery. See the volumes' overviews.")
    if seen.failed > 1 and seen.failed_share > FAILED_SHARE:
        found.append(f"{seen.failed} emails of the last day failed, {seen.failed_share:.0%} of all.")
    if seen.oldest_signature_seconds > LATE.total_seconds():
        found.append(f"{seen.seals_waiting} signatures are not sealed yet. See the agreements' pages for the error.")
    return found


def report(now: datetime) -> dict[str, object]:
    seen = figures(now)
    found = problems(seen)
    return {"ready": not found, "problems": found, **asdict(seen)}
