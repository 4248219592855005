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
    return health.find_problems(health.measure(now))


@pytest.fixture
def run_scheduled_jobs() -> None:
    scheduled.queue_due(scheduled.fixed_clock(NOW))


def test_a_server_whose_scheduled_jobs_never_ran_is_not_ready() -> None:
    assert said(NOW) == ["Scheduled jobs have never run. Check that Celery beat is running."]


@pytest.mark.usefixtures("run_scheduled_jobs")
def test_a_running_server_is_ready_and_stopped_jobs_are_reported() -> None:
    assert said(NOW + 10 * MINUTE) == []
    assert said(NOW + 11 * MINUTE) == ["Scheduled jobs have not run for 11 minutes. Check that Celery beat is running."]
    scheduled.queue_due(scheduled.fixed_clock(NOW + 11 * MINUTE))
    assert said(NOW + 11 * MINUTE) == []


@pytest.mark.usefixtures("run_scheduled_jobs")
def test_email_that_is_not_sent_is_reported() -> None:
    make.agreement("issued")
    assert said(NOW + 10 * MINUTE) == []
    assert "An email has been due for 16 minutes. Check that a Celery worker is running." in said(NOW + 16 * MINUTE)


@pytest.mark.usefixtures("run_scheduled_jobs")
def test_email_with_unknown_delivery_is_reported_for_a_day(mailbox: Mailbox) -> None:
    make.agreement("issued")
    mailbox.at_dot = "drop-after"
    send(NOW)
    assert said(NOW) == ["1 emails of the last day have an unknown delivery. See the volumes' overviews."]
    scheduled.queue_due(scheduled.fixed_clock(NOW + DAY))
    assert said(NOW + DAY) == []


@pytest.mark.alone
@pytest.mark.usefixtures("run_scheduled_jobs")
def test_many_rejections_are_reported_and_one_is_a_task_for_the_editors(mailbox: Mailbox) -> None:
    volume = make.volume()
    for number in range(4):
        make.agreement("issued", of=make.paper(volume, contact=f"author{number}@example.org"))
    mailbox.at_address = {"author0@example.org": "550 no"}
    send(NOW)
    assert said(NOW) == []
    Message.objects.filter(recipient="author1@example.org").update(state="failed", sent_at=None)
    assert said(NOW) == ["2 emails of the last day failed, 40% of all."]


@pytest.mark.usefixtures("run_scheduled_jobs")
def test_signatures_without_a_seal_are_reported() -> None:
    make.agreement("signed")
    scheduled.queue_due(scheduled.fixed_clock(NOW + HOUR))
    assert said(NOW + HOUR) == ["1 signatures are not sealed yet. See the agreements' pages for the error."]


def test_monitors_get_an_http_status_and_no_names() -> None:
    make.agreement("issued")
    not_ready = Client().get("/health/ready", headers={"accept": "application/json"})
    assert not_ready.status_code == 503
    assert not_ready.json()["ready"] is False
    assert "example.org" not in not_ready.content.decode()
    assert Client().post("/health/ready").status_code == 405


def test_a_ready_server_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    scheduled.queue_due(scheduled.fixed_clock(NOW))
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["ready"], answer.json()["problems"]) == (200, True, [])


def test_it_costs_seven_small_questions(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make.agreement("issued")
    with django_assert_num_queries(7):
        health.measure(NOW)
