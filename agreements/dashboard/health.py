"""Whether the application works, in numbers and sentences, for monitoring. Reads only, and only through indexes."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, QuerySet, Subquery

from agreements.domain.states import Status
from agreements.models import Agreement, JobRun, Message

State = Message.State

STALE_AFTER = timedelta(minutes=10)
LATE_AFTER = timedelta(minutes=15)
LOOKBACK = timedelta(days=1)
FAILED_SHARE = 0.02
MAILBOX_JOB = "bounces"
MAILBOX_STALE_AFTER = timedelta(hours=1)
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
    rejected: int
    """Emails of the last day that mail servers rejected because of their content or their sender."""
    seals_waiting: int
    oldest_signature_seconds: int
    """How long the oldest unsealed signature has been waiting; 0 if none is."""

    mailbox_silent_seconds: int | None
    """Since the bounce mailbox was last read; None if it never was, or if no mailbox is set."""
    mailbox_expected: bool
    """Whether a bounce mailbox is set."""

    @property
    def failed_share(self) -> float:
        return self.failed / (self.failed + self.sent) if self.failed else 0.0

    @property
    def rejected_share(self) -> float:
        return self.rejected / max(self.failed + self.sent, self.rejected, 1)


def measure(now: datetime) -> Figures:
    ran_at = EXPECTED_JOBS.values_list("at", flat=True).first()
    expected = bool(settings.BOUNCE_MAILBOX.scheme)
    read_at = JobRun.objects.filter(name=MAILBOX_JOB).values_list("at", flat=True).first() if expected else None
    of_the_day = Message.objects.filter(due_at__gt=now - LOOKBACK)
    unsealed = Agreement.objects.filter(status=Status.SIGNED, signed_at__lte=now)
    signed = unsealed.aggregate(count=Count("pk"), oldest=Min("signed_at"))
    return Figures(
        planner_silent_seconds=seconds_since(now, ran_at) if ran_at else None,
        oldest_due_seconds=seconds_since(now, overdue_messages(now).values_list("due_at", flat=True).first()),
        unknown=of_the_day.filter(state=State.UNKNOWN).count(),
        failed=of_the_day.filter(state=State.FAILED).count(),
        sent=Message.objects.filter(state=State.SENT, sent_at__gt=now - LOOKBACK).count(),
        rejected=of_the_day.filter(bounce=Message.Bounce.EMAIL).count(),
        seals_waiting=signed["count"],
        oldest_signature_seconds=seconds_since(now, signed["oldest"]),
        mailbox_silent_seconds=seconds_since(now, read_at) if read_at else None,
        mailbox_expected=expected,
    )


def heartbeat(now: datetime) -> dict[str, Subquery]:
    """Subqueries to add to another query: when the scheduled job last ran, and since when the oldest email is due."""
    return {
        "jobs_ran_at": Subquery(EXPECTED_JOBS.values("at")[:1]),
        "oldest_due_at": Subquery(overdue_messages(now).values("due_at")[:1]),
    }


def overdue_messages(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(state=State.PENDING, closed=False, due_at__lte=now).order_by("due_at")


def seconds_since(now: datetime, since: datetime | None) -> int:
    return max(0, int((now - since).total_seconds())) if since else 0


def stopped_jobs(planner_seconds: int | None, due_seconds: int) -> list[str]:
    """Return what has stopped for all volumes; only an administrator can fix it. The seconds are those of `Figures`."""
    found = []
    if planner_seconds is None:
        found.append("Scheduled jobs have never run. Check that Celery beat is running.")
    elif planner_seconds > STALE_AFTER.total_seconds():
        found.append(
            f"Scheduled jobs have not run for {planner_seconds // 60} minutes. Check that Celery beat is running."
        )
    if due_seconds > LATE_AFTER.total_seconds():
        found.append(f"An email has been due for {due_seconds // 60} minutes. Check that a Celery worker is running.")
    return found


def find_problems(figures: Figures) -> list[str]:
    """Return the problems that need a person, as sentences; empty if there are none."""
    found = stopped_jobs(figures.planner_silent_seconds, figures.oldest_due_seconds)
    if figures.unknown:
        found.append(f"{figures.unknown} emails of the last day have an unknown delivery. See the volumes' overviews.")
    if figures.failed > 1 and figures.failed_share > FAILED_SHARE:
        found.append(f"{figures.failed} emails of the last day failed, {figures.failed_share:.0%} of all.")
    if figures.rejected > 1 and figures.rejected_share > FAILED_SHARE:
        found.append(
            f"Mail servers rejected {figures.rejected} emails of the last day, {figures.rejected_share:.0%} of all, "
            "because of their content or their sender. Check the agreements' pages, SPF, DKIM, DMARC and blocklists."
        )
    if figures.mailbox_expected and figures.mailbox_silent_seconds is None:
        found.append("The bounce mailbox was never read. Check BOUNCE_MAILBOX and the log of the Celery worker.")
    elif (figures.mailbox_silent_seconds or 0) > MAILBOX_STALE_AFTER.total_seconds():
        minutes = (figures.mailbox_silent_seconds or 0) // 60
        found.append(f"The bounce mailbox was not read for {minutes} minutes. See the log of the Celery worker.")
    if figures.oldest_signature_seconds > LATE_AFTER.total_seconds():
        found.append(f"{figures.seals_waiting} signatures are not sealed yet. See the agreements' pages for the error.")
    return found


def make_report(now: datetime) -> dict[str, object]:
    figures = measure(now)
    found = find_problems(figures)
    return {"ready": not found, "problems": found, **asdict(figures)}
