"""Rate limits: the window, and that the database stores it."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from agreements.jobs import scheduled
from agreements.requests import rate_limits
from agreements.requests.rate_limits import Limit, fits_limit
from proceedings.models import Attempt
from tests.make import DAY, NOW

TWICE = Limit("twice", 2, timedelta(minutes=1))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("ages", "fits"),
    [
        ([], True),
        ([0], True),
        ([0, 0], False),
        ([1, 59], False),
        ([1, 60], True),
        ([60, 61], True),
        ([-1, 0], True),  # one from the future, by a clock that was set back, does not count
    ],
)
def test_s11_the_window_ends_now_and_opens_to_the_second(ages: list[int], fits: bool) -> None:
    assert fits_limit([NOW - timedelta(seconds=age) for age in ages], TWICE, NOW) == fits


@given(st.lists(st.integers(0, 600), max_size=40))
def test_s11_no_window_ever_holds_more_than_the_limit(waits: list[int]) -> None:
    taken: list[datetime] = []
    now = NOW
    for wait in waits:
        now += timedelta(seconds=wait)
        if fits_limit(taken, TWICE, now):
            taken.append(now)
    for at in taken:
        assert len([other for other in taken if at - TWICE.window < other <= at]) <= TWICE.max_count


@pytest.mark.django_db
def test_s11_a_limit_is_used_up_by_its_subject_alone_and_opens_again() -> None:
    assert [rate_limits.use_limit(TWICE, "a", NOW) for _ in range(3)] == [True, True, False]
    assert rate_limits.limit_reached(TWICE, "a", NOW)
    assert rate_limits.use_limit(TWICE, "b", NOW)
    assert rate_limits.use_limit(Limit("other", 2, TWICE.window), "a", NOW)
    assert Attempt.objects.count() == 4, "a refusal writes nothing"
    assert rate_limits.use_limit(TWICE, "a", NOW + TWICE.window)


@pytest.mark.django_db
def test_nobody_in_particular_has_no_limit() -> None:
    assert all(rate_limits.use_limit(TWICE, None, NOW) for _ in range(5))
    assert not rate_limits.limit_reached(TWICE, None, NOW)
    assert not Attempt.objects.exists()


@pytest.mark.django_db
def test_s23_the_table_does_not_say_whose_attempts_they_were() -> None:
    rate_limits.use_limit(TWICE, "192.0.2.7", NOW)
    assert "192.0.2.7" not in str(Attempt.objects.values())


@pytest.mark.django_db
def test_the_scheduled_job_deletes_attempts_outside_every_window() -> None:
    rate_limits.use_limit(rate_limits.SIGNING, "a", NOW)
    rate_limits.use_limit(rate_limits.SIGNING, "b", NOW + SECOND)
    scheduled.queue_due(scheduled.fixed_clock(NOW + DAY))
    assert Attempt.objects.count() == 1
    assert all(each.window <= rate_limits.RETENTION for each in (rate_limits.EXPIRED_LINKS, rate_limits.SIGNING))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed")
def test_s11_of_many_at_once_never_more_than_the_limit_go_through() -> None:
    start, through = threading.Barrier(6), []

    def run() -> None:
        start.wait(10)
        through.append(rate_limits.use_limit(TWICE, "a", NOW))
        connection.close()

    for _ in range(5):
        Attempt.objects.all().delete()
        through.clear()
        threads = [threading.Thread(target=run) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(through) == 6
        assert sum(through) <= TWICE.max_count
