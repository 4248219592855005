"""Whether the application works, in numbers and sentences, for monitoring. Reads only, and only through indexes."""

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
    """Since the last run that looked for reminders; None if it never ran."""
    oldest_due_seconds: int
    """How long the oldest due email has been waiting; 0 if none is due."""
    unknown: int
    """Emails of the last day whose delivery is unknown."""
    failed: int
    sent: int
    """In the last day."""
    seals_waiting: int
    oldest_signature_seconds: int
    """How long the oldest unsealed signature has been waiting; 0 if none is."""

    @property
    def failed_share(self) -> float:
        return self.failed / (self.failed + self.sent) if self.failed else 0.0


def figures(now: datetime) -> Figures:
    ran = EXPECTED_JOBS.values_list("at", flat=True).first()
    of_the_day = Message.objects.filter(due_at__gt=now - LOOKBACK)
    unsealed = Agreement.objects.filter(status=Status.SIGNED, signed_at__lte=now)
    signed = unsealed.aggregate(count=Count("pk"), oldest=Min("signed_at"))
    return Figures(
        planner_silent_seconds=seconds(now, ran) if ran else None,
        oldest_due_seconds=seconds(now, overdue(now).values_list("due_at", flat=True).first()),
        unknown=of_the_day.filter(state=State.UNKNOWN).count(),
        failed=of_the_day.filter(state=State.FAILED).count(),
        sent=Message.objects.filter(state=State.SENT, sent_at__gt=now - LOOKBACK).count(),
        seals_waiting=signed["count"],
        oldest_signature_seconds=seconds(now, signed["oldest"]),
    )


def heartbeat(now: datetime) -> dict[str, Subquery]:
    """Subqueries to add to another query: when the scheduled job last ran, and since when the oldest email is due."""
    return {
        "clock_ran_at": Subquery(EXPECTED_JOBS.values("at")[:1]),
        "oldest_due_at": Subquery(overdue(now).values("due_at")[:1]),
    }


def overdue(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(state=State.PENDING, closed=False, due_at__lte=now).order_by("due_at")


def seconds(now: datetime, since: datetime | None) -> int:
    return max(0, int((now - since).total_seconds())) if since else 0


def stopped_jobs(silent: int | None, due: int) -> list[str]:
    """Return what has stopped for all volumes; only an administrator can fix it. The seconds are those of `Figures`."""
    found = []
    if silent is None:
        found.append("The clock has never run. Is `celery beat` running?")
    elif silent > STALE_AFTER.total_seconds():
        found.append(f"The clock has not run for {silent // 60} minutes. Is `celery beat` running?")
    if due > LATE.total_seconds():
        found.append(f"A mail has been due for {due // 60} minutes. Is a worker running?")
    return found


def problems(seen: Figures) -> list[str]:
    """Return the problems that need a person, as sentences; empty if there are none."""
    found = stopped_jobs(seen.planner_silent_seconds, seen.oldest_due_seconds)
    if seen.unknown:
        found.append(f"{seen.unknown} mails of the last day may or may not have arrived. The board shows them.")
    if seen.failed > 1 and seen.failed_share > FAILED_SHARE:
        found.append(f"{seen.failed} mails of the last day were refused, {seen.failed_share:.0%} of all.")
    if seen.oldest_signature_seconds > LATE.total_seconds():
        found.append(f"{seen.seals_waiting} signatures wait for their seal. The agreements' pages say why.")
    return found


def report(now: datetime) -> dict[str, object]:
    seen = figures(now)
    found = problems(seen)
    return {"ready": not found, "problems": found, **asdict(seen)}
