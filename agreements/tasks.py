"""Celery lives here only: the clock's rounds as tasks. They carry no data and decide nothing."""

from celery import shared_task
from django.utils import timezone

from agreements.dashboard import precheck
from agreements.jobs import bulk, package_builder, scheduled


@shared_task(name="agreements.send")
def send() -> None:
    scheduled.send(timezone.now, seconds=scheduled.ROUND)


@shared_task(name="agreements.chase")
def chase() -> None:
    scheduled.chase(timezone.now)


@shared_task(name="agreements.work")
def work() -> None:
    bulk.work(timezone.now)


@shared_task(name="agreements.documents.seal")
def seal() -> None:
    scheduled.seal_due(timezone.now)


@shared_task(name="agreements.check")
def check() -> None:
    precheck.look(timezone.now)


@shared_task(name="agreements.recheck")
def recheck() -> None:
    scheduled.recheck(timezone.now)


@shared_task(name="agreements.pack")
def pack() -> None:
    package_builder.make_due(timezone.now)
