"""Celery's side of the clock: tasks without data, a schedule that names them, and nothing decided here."""

import inspect
import json

import pytest
from pytest_django import Settings

from agreements import tasks
from agreements.jobs import scheduled
from agreements.models import Message
from proceedings.celery import app
from tests import make
from tests.servers import Mailbox

OURS = [
    "agreements.bounces",
    "agreements.chase",
    "agreements.check",
    "agreements.pack",
    "agreements.recheck",
    "agreements.seal",
    "agreements.send",
    "agreements.work",
]


def test_the_schedule_names_every_task_and_no_other() -> None:
    app.loader.import_default_modules()
    registered = sorted(name for name in app.tasks if name.startswith("agreements."))
    scheduled = sorted(entry["task"] for entry in app.conf.beat_schedule.values())
    assert registered == scheduled == OURS


def test_the_scheduled_jobs_are_the_tasks() -> None:
    assert sorted(scheduled.JOBS) == [name.removeprefix("agreements.") for name in OURS]


@pytest.mark.parametrize("name", OURS)
def test_tasks_carry_no_data(name: str) -> None:
    task = getattr(tasks, name.removeprefix("agreements."))
    assert not inspect.signature(task.run).parameters
    entry = next(entry for entry in app.conf.beat_schedule.values() if entry["task"] == name)
    assert "args" not in entry
    assert "kwargs" not in entry
    json.dumps(entry)


def test_a_task_that_starts_too_late_is_dropped() -> None:
    for entry in app.conf.beat_schedule.values():
        assert entry["options"]["expires"] == entry["schedule"] <= 60


def test_a_worker_that_dies_gives_its_task_back() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.accept_content == ["json"]
    assert str(app.conf.timezone) == "UTC"


def test_without_a_broker_tasks_run_where_they_are_called(settings: Settings) -> None:
    assert settings.REDIS_URL == ""
    assert app.conf.task_always_eager


@pytest.mark.django_db
@pytest.mark.alone
def test_the_tasks_run_the_jobs(mailbox: Mailbox) -> None:
    make.agreement("issued")
    signed = make.agreement("signed", of=make.paper(contact="ada@example.org"))
    for name in ("chase", "seal", "send"):
        assert getattr(tasks, name).apply().get() is None
    signed.refresh_from_db()
    assert signed.status == "sealed"
    assert sorted(Message.objects.values_list("kind", "state")) == [
        ("invitation", "cancelled"),
        ("invitation", "sent"),
        ("receipt", "sent"),
    ]


def test_a_lost_task_is_redelivered_in_minutes_and_no_email_run_lasts_that_long() -> None:
    """As measured: the broker looks every ten restore rounds, and gives out again what is older than the timeout."""
    options = app.conf.broker_transport_options
    assert options["visibility_timeout"] == 900 > scheduled.MAX_RUN_TIME
    assert (options["unacked_restore_interval"], options["unacked_restore_throttle"]) == (30, 1)


def test_a_worker_that_is_asked_to_stop_has_time_for_its_current_email() -> None:
    assert scheduled.MAX_RUN_TIME < app.conf.worker_soft_shutdown_timeout < 30
