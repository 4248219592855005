"""Which papers are ready to deliver, and the blockers of the others."""

import pytest
from pytest_django import DjangoAssertNumQueries

from agreements import lifecycle
from agreements.delivery import readiness
from agreements.domain.states import STATUS_LABELS, Status
from proceedings.models import Author, Paper, Volume
from tests import make
from tests.make import DAY, NOW

pytestmark = pytest.mark.django_db


def reasons(number: int = 247) -> dict[str, str]:
    volume = Volume.objects.get(number=number)
    return {paper.key: why for paper, why in readiness.check_readiness(volume).blocked}


def test_a_sealed_agreement_makes_its_paper_ready() -> None:
    agreement = make.agreement("sealed")
    clearance = readiness.check_readiness(agreement.paper.volume)
    assert (clearance.ready_agreements, clearance.blocked, clearance.papers) == ([agreement], [], [agreement.paper])


@pytest.mark.parametrize("status", sorted(set(make.ALL_STATUSES) - {Status.SEALED, Status.SUPERSEDED, Status.WAIVED}))
def test_every_other_one_holds_it_back_and_says_why(status: Status) -> None:
    agreement = make.agreement(status)
    (why,) = reasons().values()
    assert why.startswith(STATUS_LABELS[status])
    assert (agreement.reason in why) == (status in (Status.DECLINED, Status.VOIDED) or not agreement.reason)


def test_a_paper_without_an_agreement_is_held_back_and_a_withdrawn_one_is_not_missed() -> None:
    make.paper(key="none26")
    make.paper(key="gone26", status="withdrawn")
    assert reasons() == {"none26": "no agreement issued"}


def test_the_live_agreement_counts_and_not_the_one_that_ended() -> None:
    old = make.agreement("sealed")
    new = lifecycle.replace(old, reason="New title.", by="editor:ed", now=NOW)
    assert reasons() == {old.paper.key: STATUS_LABELS[Status.ISSUED]}
    make.seal(make.sign(new))
    assert readiness.check_readiness(old.paper.volume).ready_agreements == [new]


def test_of_agreements_that_ended_the_last_one_counts() -> None:
    agreement = make.agreement("declined")
    again = make.agreement("issued", of=agreement.paper, now=NOW + DAY)
    lifecycle.void(again, reason="The authors asked for it.", by="editor:ed", now=NOW + DAY)
    assert reasons() == {agreement.paper.key: f"{STATUS_LABELS[Status.VOIDED]}: The authors asked for it."}


def test_a_paper_that_changed_since_is_held_back() -> None:
    agreement = make.agreement("sealed")
    Paper.objects.filter(pk=agreement.paper_id).update(title="Another Title")
    Author.objects.filter(paper=agreement.paper_id, position=3).delete()
    why = "the title and the list of authors changed after the agreement was issued: replace the agreement"
    assert reasons() == {agreement.paper.key: why}


@pytest.mark.parametrize("title", ["simplifying  training 1", "{S}implifying Training 1", "Simplifying Training $1$"])
def test_case_tex_and_spaces_are_no_change(title: str) -> None:
    agreement = make.agreement("sealed")
    Paper.objects.filter(pk=agreement.paper_id).update(title=title)
    assert reasons() == {}


def test_another_order_of_authors_is_a_change() -> None:
    agreement = make.agreement("sealed")
    authors = {author.position: author for author in Author.objects.filter(paper=agreement.paper_id)}
    for position, goes_to in ((2, 99), (3, 2), (2, 3)):
        Author.objects.filter(pk=authors[position].pk).update(position=goes_to)
    assert "list of authors" in reasons()[agreement.paper.key]


def test_the_file_is_named_as_the_bibliography_calls_the_paper() -> None:
    agreement = make.agreement("sealed")
    Paper.objects.filter(pk=agreement.paper_id).update(key="lewis26z")
    (cleared,) = readiness.check_readiness(agreement.paper.volume).ready_agreements
    file = readiness.sealed_item(cleared)
    assert (file.name, file.size, file.sha256) == (
        "lewis26zPermission.pdf",
        agreement.sealed_size,
        agreement.sealed_sha256,
    )


def test_an_agreement_that_is_not_sealed_has_no_file() -> None:
    with pytest.raises(ValueError, match="not sealed"):
        readiness.sealed_item(make.agreement("signed"))


def test_a_delivery_is_noted_once_per_sealed_file() -> None:
    agreement = make.agreement("sealed")
    for day in range(3):
        readiness.record_delivery(agreement, by="command line", now=NOW + day * DAY)
    assert make.history(agreement).count("deliver") == 1
    assert agreement.events.get(kind="deliver").data == {"sha256": agreement.sealed_sha256}


def test_the_work_of_readiness_does_not_grow_with_the_volume(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for count in (1, 4):
        for _ in range(count):
            make.agreement("sealed")
            make.paper()
        volume = make.the_volume()
        with django_assert_num_queries(7):  # papers, authors, agreements, texts, certificates, edits, files
            assert len(readiness.check_readiness(volume).ready_agreements) >= count
