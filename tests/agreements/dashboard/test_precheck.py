"""What the publisher's check objects to, as the board counts it."""

from datetime import timedelta
from typing import Any

import pytest

from agreements import lifecycle
from agreements.dashboard import overview, precheck
from agreements.dashboard.blockers import Blocker
from agreements.jobs import scheduled
from agreements.models import CheckResult
from proceedings.models import Paper, Volume
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper() -> Paper:
    return make.agreement().paper


def counts(volume: Volume) -> dict[Blocker, int]:
    return {count.blocker: count.count for count in overview.build_overview(volume, NOW).counts}


def spoil(paper: Paper) -> None:
    Paper.objects.filter(pk=paper.pk).update(pages="21--1")


def look() -> int:
    return precheck.check_due(scheduled.stopped(NOW))["papers with new results"]


def test_the_overview_counts_a_paper_with_failed_checks_until_it_is_corrected(paper: Paper) -> None:
    assert (look(), counts(paper.volume).get(Blocker.PUBLISHER)) == (0, None)
    spoil(paper)
    assert (look(), counts(paper.volume)[Blocker.PUBLISHER]) == (1, 1)
    assert look() == 0
    Paper.objects.filter(pk=paper.pk).update(pages="1--21")
    assert (look(), counts(paper.volume).get(Blocker.PUBLISHER)) == (1, None)
    assert not CheckResult.objects.exists()


def test_what_comes_last_is_no_flaw(paper: Paper) -> None:
    assert (paper.files.exists(), paper.pages) == (False, "")
    look()
    assert not CheckResult.objects.exists()
    assert counts(paper.volume)[Blocker.NO_PDF] == 1


def test_a_withdrawn_paper_has_none(paper: Paper) -> None:
    spoil(paper)
    look()
    Paper.objects.filter(pk=paper.pk).update(status=Paper.Status.WITHDRAWN)
    assert look() == 1
    assert not CheckResult.objects.exists()


def test_a_volume_that_was_delivered_whole_is_left_alone(paper: Paper) -> None:
    lifecycle.volume_delivered(paper.volume_id, now=NOW)
    spoil(paper)
    assert look() == 0


def test_the_queries_of_a_round_do_not_grow_with_the_papers(
    paper: Paper, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    look()
    with django_assert_max_num_queries(12) as few:
        look()
    for _ in range(5):
        spoil(make.paper(paper.volume))
    look()
    with django_assert_num_queries(len(few)):
        look()


def test_the_scheduled_job_checks_all_volumes(paper: Paper) -> None:
    spoil(paper)
    assert scheduled.JOBS["check"](scheduled.stopped(NOW + timedelta(minutes=2)))["papers with new results"] == 1
