"""The Celery app and its schedule. Tasks are named as text, because this app never imports `agreements`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proceedings.settings")

from django.conf import settings

INTERVALS = {
    "chase": 60.0,
    "send": 15.0,
    "seal": 15.0,
    "pack": 5.0,
    "work": 5.0,
    "check": 60.0,
    "recheck": 60.0,
    "bounces": 60.0,
}
"""Seconds between two runs of each scheduled job."""

app = Celery("proceedings")
app.conf.update(
    broker_url=settings.REDIS_URL or "memory://localhost//",
    # Without a broker, beat runs the jobs itself: the default needs one process instead of three.
    task_always_eager=not settings.REDIS_URL,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    timezone="UTC",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=25,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 900,
        "unacked_restore_interval": 30,
        "unacked_restore_throttle": 1,
    },
    # Tasks carry no data: each job finds its own work. A late run is useless, so each task `expires`.
    beat_schedule={
        name: {"task": f"agreements.{name}", "schedule": seconds, "options": {"expires": seconds}}
        for name, seconds in INTERVALS.items()
    },
)
app.autodiscover_tasks(["agreements"])
