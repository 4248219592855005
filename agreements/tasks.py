"""The Celery tasks, one per scheduled job. They take no arguments; `jobs/` does the work."""

from celery import shared_task
from django.utils import timezone

from agreements.dashboard import precheck
from agreements.jobs import bounce_reports, bulk, package_builder, scheduled


@shared_task(name="agreements.send")
def send() -> None:
    scheduled.send_emails(timezone.now, seconds=scheduled.MAX_RUN_TIME)


@shared_task(name="agreements.chase")
def chase() -> None:
    scheduled.queue_due(timezone.now)


@shared_task(name="agreements.work")
def work() -> None:
    bulk.run_jobs(timezone.now)


@shared_task(name="agreements.seal")
def seal() -> None:
    scheduled.seal_due(timezone.now)


@shared_task(name="agreements.check")
def check() -> None:
    precheck.check_due(timezone.now)


@shared_task(name="agreements.recheck")
def recheck() -> None:
    scheduled.recheck_files(timezone.now)


@shared_task(name="agreements.pack")
def pack() -> None:
    package_builder.make_due(timezone.now)


@shared_task(name="agreements.bounces")
def bounces() -> None:
    bounce_reports.read_due(timezone.now)
