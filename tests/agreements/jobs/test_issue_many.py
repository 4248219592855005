"""Issuing for many papers: each on its own, every refusal named, the work per paper always the same."""

import itertools
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agreements import lifecycle
from agreements.documents import audit, rendering
from agreements.domain.schedule import MIN_EMAIL_GAP
from agreements.jobs import issue_many
from agreements.lifecycle import snapshot
from agreements.mail import outbox
from agreements.mail.transports import Outcome
from agreements.models import Agreement, EmailAddress, Event, Message, NonAuthorSigner
from proceedings.models import Author, Paper, Volume
from tests import make
from tests.make import DAY, HOUR, NOW

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
    assert report.already_issued == [prepared.paper, last]
    assert report.skipped == []


def test_a_draft_of_another_editor_that_comes_meanwhile_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """To wait for its row now could wait for a transaction that waits for the paper."""
    paper = make.paper()

    def meanwhile(_: object) -> None:
        lifecycle.draft(paper, by="editor:mo", now=NOW)

    monkeypatch.setattr(outbox, "lock_agreements", meanwhile)
    ((skipped, why),) = issue(paper.volume).skipped
    assert (skipped, why) == (paper, "The paper already has an agreement. Replace or void that one first.")
    assert paper.agreements.get().status == "draft"


def test_only_the_drafts_of_these_papers_are_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    locked: set[int] = set()
    lock = outbox.lock_agreements

    def spy(keys: Iterable[int]) -> Any:
        locked.update(keys)
        return lock(keys)

    monkeypatch.setattr(outbox, "lock_agreements", spy)
    volume = make.volume()
    mine, other = (make.agreement("draft", of=make.paper(volume)) for _ in range(2))

    issue_many.issue([mine.paper], by="editor:ed", now=NOW)

    assert mine.pk in locked
    assert other.pk not in locked


def test_what_changed_since_the_papers_were_read_is_in_the_agreement() -> None:
    volume = make.volume()
    make.paper(volume)
    papers = fetched(volume)
    volume.papers.update(title="A better title")
    (agreement,) = issue_many.issue(papers, by="editor:ed", now=NOW).issued
    assert agreement.title == "A better title"


def test_an_agreement_in_the_report_is_as_stored() -> None:
    volume = make.volume()
    make.agreement("draft", of=make.paper(volume))
    make.paper(volume)
    for agreement in issue(volume).issued:
        stored = Agreement.objects.get(pk=agreement.pk)
        assert {name: value for name, value in vars(agreement).items() if name != "_state"}.items() >= {
            name: value for name, value in vars(stored).items() if name != "_state"
        }.items()


# --- in batches


def people(volume: Volume, *names: str) -> list[Paper]:
    return [make.paper(volume, contact=f"{name}@example.org") for name in names]


@pytest.mark.parametrize(
    ("names", "batches"),
    [
        ("abc", ["ab", "c"]),
        ("aab", ["aa", "b"]),
        ("abab", ["aa", "bb"]),
        ("aaaaab", ["aaaaa", "b"]),
        ("abbbc", ["abbb", "c"]),
        ("", []),
    ],
)
def test_a_batch_ends_with_all_papers_of_a_person(
    names: str, batches: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue_many, "BATCH_SIZE", 2)
    name_of = {paper.pk: name for paper, name in zip(people(make.volume(), *names), names, strict=True)}
    papers = Paper.objects.filter(pk__in=name_of)
    made = issue_many.make_batches(issue_many.group_by_signer(papers))
    assert ["".join(name_of[paper.pk] for group in batch for paper in group) for batch in made] == batches


def test_two_volumes_are_never_in_one_batch_and_keep_the_gap_between_emails() -> None:
    first, second = make.volume(1), make.volume(2)
    papers = [*people(first, "anna", "ben"), *people(second, "anna")]
    report = issue_many.issue(papers, by="editor:ed", now=NOW)
    due = [make.invitation(agreement).due_at for agreement in report.issued]
    assert due == [NOW, NOW, NOW + MIN_EMAIL_GAP]


def test_a_killed_run_leaves_whole_batches_and_the_next_run_does_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issue_many, "BATCH_SIZE", 2)
    volume = make.volume()
    papers = people(volume, *"abcde")
    queue, calls = outbox.queue_or_join, itertools.count()

    def killed(*arguments: Any) -> int:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return queue(*arguments)

    monkeypatch.setattr(outbox, "queue_or_join", killed)
    with pytest.raises(KeyboardInterrupt):
        issue(volume)
    assert [paper.agreements.count() for paper in papers] == [1, 1, 0, 0, 0]
    assert Message.objects.filter(agreement__paper__in=papers).count() == 2
    report = issue(volume)
    assert (len(report.issued), len(report.already_issued)) == (3, 2)
    assert list(audit.check_all()) == []


def test_a_faulty_paper_does_not_undo_the_others_of_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = make.volume()
    papers = people(volume, *"abcbd")
    render = rendering.render_form

    def broken(agreement: Agreement) -> bytes:
        if agreement.paper_id == papers[2].pk:
            raise RuntimeError("a fault")
        return render(agreement)

    monkeypatch.setattr(rendering, "render_form", broken)
    with pytest.raises(RuntimeError, match="a fault"):
        issue(volume)
    assert [paper.agreements.count() for paper in papers] == [1, 1, 0, 1, 0]
    assert list(audit.check_all()) == []


KINDS = ("ready", "ready", "draft", "old draft", "issued", "declined", "withdrawn", "silent", "odd", "long", "stand-in")
PAPERS = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(["anna", "ANNA", "ben", "mo"])), max_size=8)


def make_papers(volume: Volume, kinds: list[tuple[str, str]]) -> list[Paper]:
    """Creates papers of those kinds. Earlier agreements of some are two hours old, and one email has been sent."""
    before = NOW - 2 * HOUR
    papers = []
    for kind, name in kinds:
        title = {"title": "A \ue000 sign"} if kind == "odd" else {"title": "Long " * 99} if kind == "long" else {}
        paper = make.paper(volume, contact=None if kind == "silent" else f"{name}@example.org", **title)
        if kind in ("draft", "issued", "declined"):
            make.agreement(kind, of=paper, now=before)
        elif kind == "old draft":
            make.agreement("draft", of=paper, now=before)
            Author.objects.filter(paper=paper, position=2).update(family="Changed")
        elif kind == "withdrawn":
            Paper.objects.filter(pk=paper.pk).update(status="withdrawn")
        elif kind == "stand-in":
            contact = paper.authors.get(is_corresponding=True)
            NonAuthorSigner.objects.create(
                author=contact, name="Cy", email="ben@example.org", named_at=NOW, named_by="ed"
            )
        papers.append(paper)
    for held in outbox.claim(before)[:1]:
        assert outbox.mark_sending(held, before)
        outbox.record_result(held, Outcome.sent(), before, lifecycle.record_mail_result)
    return papers


def stored() -> dict[str, Any]:
    """Returns all rows that issuing writes, without keys, and with carriers as the list of what they carry."""
    messages = list(Message.objects.select_related("agreement").order_by("pk"))

    def carried_by(pk: int | None) -> list[str]:
        return sorted(one.agreement.reference for one in messages if pk and one.carrier_id == pk)

    return {
        "agreements": rows_of(Agreement, "reference", without=("id", "text")),
        "events": rows_of(Event, "agreement__reference", "number", without=("id", "agreement")),
        "addresses": rows_of(EmailAddress, "address", without=("id",)),
        "messages": sorted(
            (
                str(one.agreement_id and one.agreement.reference), one.kind, one.recipient.lower(), one.state,
                one.closed, one.due_at, one.created_at, one.attempts, carried_by(one.carrier_id), carried_by(one.pk),
            )
            for one in messages
        ),
    }  # fmt: skip


def rows_of(model: type[Model], *order: str, without: tuple[str, ...]) -> list[dict[str, Any]]:
    columns = [field.name for field in model._meta.concrete_fields if field.name not in without]
    return list(model._default_manager.order_by(*order).values(*columns))


def one_by_one(papers: list[Paper], delay: timedelta) -> None:
    """Issues the papers singly, as an editor would in the admin."""
    for paper in papers:
        prepared = paper.agreements.filter(status="draft").first()
        with suppress(lifecycle.TransitionError, snapshot.NotReadyError), transaction.atomic():
            agreement = prepared or lifecycle.draft(paper, by="editor:ed", now=NOW)
            lifecycle.issue(agreement, by="editor:ed", now=NOW, delay=delay)


@pytest.mark.alone
def test_a_batch_stores_the_same_rows_as_one_paper_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = make.volume()
    monkeypatch.setattr(snapshot, "new_reference", lambda paper: f"{paper.key}-{paper.agreements.count()}")

    @settings(max_examples=8)
    @given(PAPERS, st.sampled_from([1, 3, 100]), st.sampled_from([timedelta(0), lifecycle.BULK_DELAY]))
    @example([("ready", "anna")] * 3 + [("issued", "anna"), ("stand-in", "mo"), ("ready", "ben")], 100, timedelta(0))
    def compare(kinds: list[tuple[str, str]], size: int, delay: timedelta) -> None:
        monkeypatch.setattr(issue_many, "BATCH_SIZE", size)
        start = transaction.savepoint()
        papers = make_papers(volume, kinds)
        prepared = transaction.savepoint()
        one_by_one(papers, delay)
        expected = stored()
        transaction.savepoint_rollback(prepared)
        report = issue_many.issue(papers, by="editor:ed", now=NOW, delay=delay)
        found = stored()
        transaction.savepoint_rollback(start)
        assert found == expected
        assert len(report.issued) + len(report.already_issued) + len(report.skipped) == len(papers)

    compare()


def test_a_batch_takes_one_statement_per_paper() -> None:
    def queries(number: int, count: int) -> int:
        volume = make.volume(number)
        papers = [make.paper(volume, contact=f"{number}.{each}@example.org") for each in range(count)]
        with CaptureQueriesContext(connection) as captured:
            assert len(issue_many.issue(papers, by="editor:ed", now=NOW).issued) == count
        return len(captured)

    make.agreement("draft", of=make.paper(make.volume(1)))  # the text's row is made once
    few, many = queries(2, 2), queries(3, 10)
    assert many - few == 8
    assert few - 2 <= 25
