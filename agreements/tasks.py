"""Celery lives here only: the clock's rounds as tasks. They carry no data and decide nothing."""

from celery import shared_task
from django.utils import timezone

from agreements import bulk, clock, flaws, packing


@shared_task(name="agreements.send")
def send() -> None:
    clock.send(timezone.now, seconds=clock.ROUND)


@shared_task(name="agreements.chase")
def chase() -> None:
    clock.chase(timezone.now)


@shared_task(name="agreements.work")
def work() -> None:
    bulk.work(timezone.now)


@shared_task(name="agreements.seal")
def seal() -> None:
    clock.seal_due(timezone.now)


@shared_task(name="agreements.check")
def check() -> None:
    flaws.look(timezone.now)


@shared_task(name="agreements.recheck")
def recheck() -> None:
    clock.recheck(timezone.now)


@shared_task(name="agreements.pack")
def pack() -> None:
    packing.make_due(timezone.now)
