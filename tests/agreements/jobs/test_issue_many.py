"""Issuing for many papers: each on its own, every refusal named, the work per paper always the same."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements import lifecycle
from agreements.jobs import issue_many
from agreements.models import Agreement, Message
from proceedings.models import Paper, Volume
from tests import make
from tests.make import DAY, NOW

pytestmark = pytest.mark.django_db


def fetched(volume: Volume) -> list[Paper]:
    return list(volume.papers.select_related("volume").prefetch_related("authors__non_author_signer", "agreements"))


def issue(volume: Volume, *, dry_run: bool = False) -> issue_many.Report:
    return issue_many.issue(fetched(volume), by="editor:ed", now=NOW, dry_run=dry_run)


@pytest.mark.alone
def test_every_paper_is_issued_awaiting_signature_or_skipped_with_a_reason() -> None:
    volume = make.volume()
    ready, silent, gone, busy, prepared = (
        make.paper(volume),
        make.paper(volume, contact=None),
        make.paper(volume, status="withdrawn"),
        make.agreement("issued", of=make.paper(volume)).paper,
        make.agreement("draft", of=make.paper(volume)).paper,
    )
    report = issue(volume)
    assert [agreement.paper for agreement in report.issued] == [ready, prepared]
    assert report.already_issued == [busy]
    assert [(paper, why.split(".")[0]) for paper, why in report.skipped] == [
        (silent, "The paper has no corresponding author"),
        (gone, "The paper is withdrawn"),
    ]
    assert {agreement.status for agreement in report.issued} == {"issued"}
    assert Message.objects.filter(idempotency_key="invitation").count() == 3


@pytest.mark.alone
def test_issuing_again_does_nothing() -> None:
    volume = make.volume()
    make.paper(volume)
    issue(volume)
    report = issue(volume)
    assert (report.issued, len(report.already_issued)) == ([], 1)
    assert Message.objects.count() == 1


@pytest.mark.parametrize("status", ["signed", "sealed"])
def test_a_signed_paper_is_under_way(status: str) -> None:
    agreement = make.agreement(status)
    assert issue(agreement.paper.volume).already_issued == [agreement.paper]


@pytest.mark.parametrize("status", ["declined", "voided", "lapsed"])
def test_a_paper_whose_agreement_ended_is_issued_again(status: str) -> None:
    agreement = make.agreement(status)
    (new,) = issue(agreement.paper.volume).issued
    assert new.pk != agreement.pk


@pytest.mark.alone
def test_a_dry_run_names_the_same_skipped_papers_and_changes_nothing() -> None:
    volume = make.volume()
    make.paper(volume)
    make.paper(volume, contact=None)
    dry = issue(volume, dry_run=True)
    assert Agreement.objects.count() == Message.objects.count() == 0
    wet = issue(volume)
    assert dry.issued == []
    assert dry.skipped == wet.skipped


@pytest.mark.alone
def test_a_paper_that_cannot_be_issued_leaves_no_half_draft() -> None:
    volume = make.volume(deadline=None)
    make.paper(volume)
    report = issue(volume)
    assert "no signing settings" in report.skipped[0][1]
    assert Agreement.objects.count() == 0


def test_an_editor_who_was_faster_does_not_stop_the_rest() -> None:
    volume = make.volume()
    first, prepared, last = make.paper(volume), make.agreement("draft", of=make.paper(volume)), make.paper(volume)
    papers = fetched(volume)
    lifecycle.issue(prepared, by="editor:mo", now=NOW)
    make.agreement("issued", of=last, now=NOW + DAY)
    report = issue_many.issue(papers, by="editor:ed", now=NOW)
    assert [agreement.paper for agreement in report.issued] == [first]
    assert report.already_issued == [prepared.paper]
    assert [paper for paper, _ in report.skipped] == [last]


def test_the_work_per_paper_does_not_grow_with_the_volume() -> None:
    def queries(number: int, count: int) -> int:
        volume = make.volume(number)
        for _ in range(count):
            make.paper(volume)
        papers = fetched(volume)
        with CaptureQueriesContext(connection) as captured:
            assert len(issue_many.issue(papers, by="editor:ed", now=NOW).issued) == count
        return len(captured)

    make.agreement("draft", of=make.paper(make.volume(1)))  # the text's row is made once
    few, many = queries(2, 2), queries(3, 10)
    assert many - few <= 8 * (few / 2)
    assert few / 2 <= 35
