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
    Paper.objects.filter(pk=paper.pk).update(abstract="a } b")


def run_precheck() -> int:
    return precheck.check_due(scheduled.fixed_clock(NOW))["papers with new results"]


def test_the_overview_counts_a_paper_with_findings_until_it_is_fixed(paper: Paper) -> None:
    assert (run_precheck(), counts(paper.volume).get(Blocker.PUBLISHER)) == (0, None)
    spoil(paper)
    assert (run_precheck(), counts(paper.volume)[Blocker.PUBLISHER]) == (1, 1)
    assert run_precheck() == 0
    Paper.objects.filter(pk=paper.pk).update(abstract="")
    assert (run_precheck(), counts(paper.volume).get(Blocker.PUBLISHER)) == (1, None)
    assert not CheckResult.objects.exists()


def test_what_is_filled_in_at_the_end_is_no_finding(paper: Paper) -> None:
    assert (paper.files.exists(), paper.pages) == (False, "")
    run_precheck()
    assert not CheckResult.objects.exists()
    assert counts(paper.volume)[Blocker.NO_PDF] == 1


def test_a_withdrawn_paper_has_none(paper: Paper) -> None:
    spoil(paper)
    run_precheck()
    Paper.objects.filter(pk=paper.pk).update(status=Paper.Status.WITHDRAWN)
    assert run_precheck() == 1
    assert not CheckResult.objects.exists()


def test_a_volume_that_was_delivered_whole_is_left_alone(paper: Paper) -> None:
    lifecycle.stop_volume_reminders(paper.volume_id, now=NOW)
    spoil(paper)
    assert run_precheck() == 0


@pytest.mark.alone
def test_the_queries_of_a_run_do_not_grow_with_the_papers(
    paper: Paper, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    run_precheck()
    with django_assert_max_num_queries(12) as few:
        run_precheck()
    for _ in range(5):
        spoil(make.paper(paper.volume))
    run_precheck()
    with django_assert_num_queries(len(few)):
        run_precheck()


def test_the_scheduled_job_checks_papers(paper: Paper) -> None:
    spoil(paper)
    assert scheduled.JOBS["check"](scheduled.fixed_clock(NOW + timedelta(minutes=2)))["papers with new results"] == 1
