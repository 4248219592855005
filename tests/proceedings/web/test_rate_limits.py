"""The growing wait: how it grows, its maximum, and that simultaneous attempts gain nothing."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from proceedings.models import Attempt
from proceedings.web import rate_limits
from proceedings.web.rate_limits import RETENTION, Slowdown
from tests.make import DAY, NOW

SECOND = timedelta(seconds=1)
SLOW = Slowdown("slow", 3, 2 * SECOND, 15 * 60 * SECOND)


def test_the_wait_doubles_up_to_the_longest() -> None:
    waits = [SLOW.wait([NOW] * tries, NOW).total_seconds() for tries in range(15)]
    assert waits == [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert SLOW.wait([NOW] * 100_000, NOW) == SLOW.max_wait


@given(st.lists(st.integers(0, 100_000), max_size=60), st.integers(0, 100_000))
def test_nobody_ever_waits_longer_than_the_longest_and_never_for_nothing(ages: list[int], since: int) -> None:
    times = [NOW - age * SECOND for age in ages]
    wait = SLOW.wait(times, NOW)
    assert timedelta(0) <= wait <= SLOW.max_wait
    assert SLOW.wait(times, NOW + wait) == timedelta(0)
    assert not wait or len([at for at in times if at > NOW - RETENTION]) >= SLOW.free_attempts
    assert SLOW.wait(times, NOW + since * SECOND) <= max(wait - since * SECOND, timedelta(0)), "it only shrinks"


@pytest.mark.django_db
def test_a_try_that_comes_too_soon_counts_nothing_and_the_next_in_time_is_let_through() -> None:
    now = NOW
    for _ in range(3):
        assert not rate_limits.record_attempt(SLOW, "a", now)
    for _ in range(5):
        assert rate_limits.record_attempt(SLOW, "a", now) == 2 * SECOND
    assert Attempt.objects.count() == 3
    assert not rate_limits.record_attempt(SLOW, "b", now)
    assert not rate_limits.record_attempt(SLOW, None, now)
    assert not rate_limits.record_attempt(SLOW, "a", now + 2 * SECOND)
    assert rate_limits.record_attempt(SLOW, "a", now + 2 * SECOND) == 4 * SECOND
    assert not rate_limits.record_attempt(SLOW, "a", now + DAY + 3 * SECOND)


@pytest.mark.django_db
def test_forgiving_is_for_one_subject_and_for_all_or_the_last() -> None:
    for subject in "aab":
        rate_limits.record_attempt(SLOW, subject, NOW)
    rate_limits.clear_attempts(SLOW, "a", last_only=True)
    assert Attempt.objects.count() == 2
    rate_limits.clear_attempts(SLOW, "a")
    rate_limits.clear_attempts(SLOW, None)
    assert Attempt.objects.get().subject == rate_limits.subject_digest(SLOW, "b")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed")
def test_of_many_at_once_no_more_go_through_than_one_after_the_other() -> None:
    start, through = threading.Barrier(6), []

    def run(at: datetime) -> None:
        start.wait(10)
        through.append(not rate_limits.record_attempt(SLOW, "a", at))
        connection.close()

    threads = [threading.Thread(target=run, args=(NOW,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(through) == 6
    assert sum(through) <= SLOW.free_attempts
