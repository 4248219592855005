"""/health/ready: does the desk do its work?"""

from datetime import datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agreements.dashboard import health
from agreements.jobs import scheduled
from agreements.models import Message
from tests import make
from tests.agreements.sending import send
from tests.make import DAY, HOUR, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db


def said(now: datetime) -> list[str]:
    return health.problems(health.figures(now))


@pytest.fixture
def clock_runs() -> None:
    scheduled.queue_due(scheduled.stopped(NOW))


def test_a_site_whose_jobs_never_ran_is_not_ready() -> None:
    assert said(NOW) == ["Scheduled jobs have never run. Check that `celery beat` is running."]


@pytest.mark.usefixtures("clock_runs")
def test_a_running_site_is_ready_and_a_stopped_job_is_reported() -> None:
    assert said(NOW + 10 * MINUTE) == []
    assert said(NOW + 11 * MINUTE) == [
        "Scheduled jobs have not run for 11 minutes. Check that `celery beat` is running."
    ]
    scheduled.queue_due(scheduled.stopped(NOW + 11 * MINUTE))
    assert said(NOW + 11 * MINUTE) == []


@pytest.mark.usefixtures("clock_runs")
def test_mail_that_does_not_leave_is_told() -> None:
    make.agreement("issued")
    assert said(NOW + 10 * MINUTE) == []
    assert "An email has been due for 16 minutes. Check that a Celery worker is running." in said(NOW + 16 * MINUTE)


@pytest.mark.usefixtures("clock_runs")
def test_mail_in_doubt_is_told_for_a_day(mailbox: Mailbox) -> None:
    make.agreement("issued")
    mailbox.at_dot = "drop-after"
    send(NOW)
    assert said(NOW) == ["1 emails of the last day have an unknown delivery. See the volumes' overviews."]
    scheduled.queue_due(scheduled.stopped(NOW + DAY))
    assert said(NOW + DAY) == []


@pytest.mark.usefixtures("clock_runs")
def test_many_refusals_are_told_and_one_is_an_editors_affair(mailbox: Mailbox) -> None:
    volume = make.volume()
    for number in range(4):
        make.agreement("issued", of=make.paper(volume, contact=f"author{number}@example.org"))
    mailbox.at_address = {"author0@example.org": "550 no"}
    send(NOW)
    assert said(NOW) == []
    Message.objects.filter(recipient="author1@example.org").update(state="failed", sent_at=None)
    assert said(NOW) == ["2 emails of the last day failed, 40% of all."]


@pytest.mark.usefixtures("clock_runs")
def test_signatures_without_a_seal_are_told() -> None:
    make.agreement("signed")
    scheduled.queue_due(scheduled.stopped(NOW + HOUR))
    assert said(NOW + HOUR) == ["1 signatures are not sealed yet. See the agreements' pages for the error."]


def test_machines_are_told_by_status_and_nobody_is_named() -> None:
    make.agreement("issued")
    not_ready = Client().get("/health/ready", headers={"accept": "application/json"})
    assert not_ready.status_code == 503
    assert not_ready.json()["ready"] is False
    assert "example.org" not in not_ready.content.decode()
    assert Client().post("/health/ready").status_code == 405


def test_a_ready_site_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    scheduled.queue_due(scheduled.stopped(NOW))
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["ready"], answer.json()["problems"]) == (200, True, [])


def test_it_costs_six_small_questions(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make.agreement("issued")
    with django_assert_num_queries(6):
        health.figures(NOW)
