"""The planner's queries on large tables: each uses an index."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from agreements import lifecycle
from agreements.dashboard import health
from agreements.jobs import scheduled
from agreements.mail import outbox
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Message
from tests import bulk, make
from tests.make import DAY, MINUTE, NOW

pytestmark = pytest.mark.django_db

MANY = 5000
Asked = list[tuple[str, Any]]


@pytest.fixture
def large() -> None:
    """Thousands of agreements whose invitations were sent long ago, and whose next reminder is not due."""
    long_ago = NOW - 40 * DAY
    waiting = make.agreement("issued", now=long_ago)
    (message,) = outbox.claim(long_ago)
    assert outbox.mark_sending(message, long_ago)
    assert outbox.record_result(message, Outcome.sent(), long_ago, lifecycle.record_mail_result) == Message.State.SENT
    bulk.agreements(waiting, 0, MANY)
    Agreement.objects.update(next_check_at=NOW + 30 * DAY)


def queries_of(call: Callable[[], object]) -> Asked:
    """Returns the statements of a call, each with its parameters, as the database gets them."""
    asked: Asked = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        call()
    return asked


QUESTIONS: dict[str, Callable[[], object]] = {
    "chase": lambda: scheduled.queue_due(scheduled.fixed_clock(NOW)),
    "seal": lambda: scheduled.seal_due(scheduled.fixed_clock(NOW)),
    "claim": lambda: outbox.claim(NOW),
    "leases": lambda: outbox.release_leases(NOW, lambda *_: None),
    "health": lambda: health.measure(NOW),
}


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("name", QUESTIONS)
def test_no_query_of_the_planner_reads_a_whole_table(name: str) -> None:
    asked = queries_of(QUESTIONS[name])
    questions = [(sql, params) for sql, params in asked if sql.startswith(("SELECT", "UPDATE", "DELETE"))]
    assert questions
    for sql, params in questions:
        steps = bulk.plan(sql, params)
        assert bulk.whole_tables(steps) == [], (sql, steps)


@pytest.mark.usefixtures("large")
def test_this_would_see_a_whole_table_being_read() -> None:
    ((sql, params),) = queries_of(lambda: Message.objects.filter(error="nothing", attempts=7).exists())
    assert bulk.whole_tables(bulk.plan(sql, params))


@pytest.mark.usefixtures("large")
def test_what_was_published_in_time_is_not_checked_again() -> None:
    """For any number: the plan starts from the volumes that are not published."""
    asked = queries_of(lambda: scheduled.lapse_unpublished(NOW + 4000 * DAY))
    plan = " ".join(bulk.plan(*asked[-1]))
    assert "agreement_to_lapse" in plan or "agreement_on_paper" in plan, "both indexes leave out what is closed"


@pytest.mark.usefixtures("large")
def test_a_beat_with_nothing_due_asks_the_same_few_questions(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    scheduled.queue_due(scheduled.fixed_clock(NOW))
    with django_assert_num_queries(len(queries_of(lambda: scheduled.queue_due(scheduled.fixed_clock(NOW))))):
        scheduled.queue_due(scheduled.fixed_clock(NOW + MINUTE))
