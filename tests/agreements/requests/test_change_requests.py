"""Change requests: what an author may change alone, what an editor resolves, and what is recorded."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from agreements import lifecycle
from agreements.documents import audit, history, rendering
from agreements.domain.differences import Difference, compare_names, compare_snapshot
from agreements.domain.states import WAITING, Status
from agreements.lifecycle import delegate, snapshot
from agreements.mail import compose, links, outbox
from agreements.models import Agreement, ChangeRequest, Link, Message, NonAuthorSigner
from agreements.requests import change_requests
from proceedings.models import Author, Paper
from tests import make
from tests.agreements.lifecycle.test_lifecycle import both, rows
from tests.make import DAY, NOW

pytestmark = pytest.mark.django_db

LATER = NOW + DAY
Kind, State = Message.Kind, ChangeRequest.State


def fresh(agreement: Agreement) -> Agreement:
    return Agreement.objects.select_related("text").get(pk=agreement.pk)


# --- delegation


def delegated(agreement: Agreement, position: int = 2, **when: Any) -> Agreement:
    to = make.coauthor(agreement, position, email=f"author{position}@example.org")
    return delegate.delegate(agreement, to, now=when.get("now", LATER))


def test_delegating_issues_to_the_co_author_and_kills_the_old_links() -> None:
    agreement = make.agreement()
    token = make.token(agreement)
    new = delegated(agreement)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.reason) == (Status.SUPERSEDED, "Signing was delegated to Shruti Bhosale.")
    assert (new.status, new.signer, new.signer_email) == (Status.ISSUED, "Shruti Bhosale", "author2@example.org")
    assert (new.title, new.authors, new.predecessor) == (agreement.title, agreement.authors, agreement)
    assert links.find_link(token, Link.Purpose.SIGN, LATER) is None
    assert [author.display for author in new.paper.authors.filter(is_corresponding=True)] == ["Shruti Bhosale"]
    assert list(audit.check_all()) == []


def test_both_sides_and_the_editors_are_emailed_once() -> None:
    agreement = make.agreement()
    volume = agreement.paper.volume
    make.editor("ed", volume)
    make.editor("mo", volume)
    new = delegated(agreement)
    told = agreement.messages.filter(state="pending").order_by("recipient").values_list("kind", "recipient")
    assert list(told) == [
        ("editor-handed-over", "ed@desk.example"),
        ("handed-over", "mike@example.org"),
        ("editor-handed-over", "mo@desk.example"),
    ]
    assert [(m.kind, m.recipient) for m in new.messages.all()] == [("invitation", "author2@example.org")]


def test_the_delegations_are_on_the_evidence_page() -> None:
    first = make.agreement()
    second = delegated(first)
    third = delegated(second, 3, now=LATER + DAY)
    again = lifecycle.replace(third, reason="New title.", by="editor:ed", now=LATER + 2 * DAY)
    assert again.events.get(kind="draft").data["hands"] == ["Mike Lewis", "Shruti Bhosale"]
    make.sign(again, now=LATER + 3 * DAY)
    said = [happening.what for happening in history.history_lines(again.events.all())]
    assert f"prepared, replacing {third.reference}; earlier signers: Mike Lewis, then Shruti Bhosale" in said
    body = rendering.complete_form(fresh(again), rendering.render_form(again))
    text = " ".join(PdfReader(io.BytesIO(body)).pages[-1].extract_text().split())
    assert "earlier signers: Mike Lewis, then Shruti Bhosale" in text


def test_an_agreement_without_a_delegation_shows_no_delegations() -> None:
    agreement = make.agreement()
    new = lifecycle.replace(agreement, reason="New title.", by="editor:ed", now=LATER)
    assert "hands" not in new.events.get(kind="draft").data


def test_a_paper_in_no_state_to_be_issued_keeps_its_agreement() -> None:
    agreement = make.agreement()
    to = make.coauthor(agreement, email="shruti@example.org")
    Paper.objects.filter(pk=agreement.paper_id).update(status="withdrawn")
    before = rows(agreement), list(Author.objects.order_by("pk").values())
    with pytest.raises(snapshot.NotReadyError):
        delegate.delegate(agreement, to, now=LATER)
    assert (rows(agreement), list(Author.objects.order_by("pk").values())) == before


def test_the_others_are_all_authors_but_the_signer_even_with_the_same_name() -> None:
    agreement = make.agreement()
    assert [author.display for author in change_requests.possible_delegates(agreement)] == [
        "Shruti Bhosale",
        "Tim Dettmers",
    ]
    Author.objects.filter(paper=agreement.paper_id, position=3).update(given="Mike", family="Lewis")
    assert [author.position for author in change_requests.possible_delegates(agreement)] == [2, 3]


# --- change requests


def test_a_change_request_is_recorded_and_emailed_to_the_editors() -> None:
    agreement = make.agreement()
    made = make.change_request(agreement, note="We renamed it.")
    assert (made.state, made.made_at) == (State.OPEN, NOW)
    said = agreement.events.get(kind="propose").data
    assert said == {
        "what": [f"title: “{agreement.title}” becomes “A Better Title”"],
        "note": "We renamed it.",
    }
    (notice,) = agreement.messages.filter(kind=Kind.EDITOR_PROPOSAL)
    assert notice.recipient == "chair@desk.example"
    agreement.refresh_from_db()
    assert agreement.status == Status.ISSUED


def test_a_second_change_request_of_the_kind_waits_for_the_first() -> None:
    agreement = make.agreement()
    made = make.change_request(agreement)
    with pytest.raises(change_requests.AlreadyRequestedError):
        make.change_request(agreement, title="Yet Another")
    change_requests.reject(made, reason="No.", by="editor:ed", now=LATER)
    assert make.change_request(agreement, title="Yet Another").state == State.OPEN


@pytest.mark.alone
@pytest.mark.parametrize("status", sorted(set(make.ALL_STATUSES) - WAITING))
def test_nothing_is_requested_unless_it_awaits_signature(status: Status) -> None:
    agreement = make.agreement(status)
    with pytest.raises(lifecycle.TransitionError):
        make.change_request(agreement)
    assert not ChangeRequest.objects.exists()


def test_l17_accepted_facts_are_written_and_a_new_agreement_with_a_new_link_goes_out() -> None:
    agreement = make.agreement()
    token, shown = make.token(agreement), rendering.render_form(agreement)
    names = ["Shruti Bhosale", "Michael Lewis", "Tim Dettmers, Jr", "Ada Lovelace"]
    made = make.change_request(agreement, title="Über-Training & $\\ell_1$", authors=names)
    new = change_requests.accept(made, by="editor:ed", now=LATER)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.title) == (Status.SUPERSEDED, "Simplifying Training 1")
    assert (new.title, new.authors) == ("Über-Training & $\\ell_1$", names)
    assert (new.signer, new.signer_email) == ("Michael Lewis", "mike@example.org")
    paper = Paper.objects.get(pk=agreement.paper_id)
    assert paper.title_latex == '{\\"U}ber-Training \\& $\\ell_1$'
    assert [(a.position, a.family, a.suffix) for a in paper.authors.order_by("position")] == [
        (1, "Bhosale", ""),
        (2, "Lewis", ""),
        (3, "Dettmers", "Jr"),
        (4, "Lovelace", ""),
    ]
    assert links.find_link(token, Link.Purpose.SIGN, LATER) is None
    assert rendering.render_form(new) != shown
    with pytest.raises(lifecycle.TransitionError):
        lifecycle.sign(fresh(agreement), make.signature_input(agreement), now=LATER)
    made.refresh_from_db()
    assert (made.state, made.resolved_by, made.resolved_at) == (State.ACCEPTED, "editor:ed", LATER)


def test_an_accepted_signer_gets_the_new_link_and_the_old_one_hears_of_it() -> None:
    agreement = make.agreement()
    to = make.coauthor(agreement)
    data = {"author": to.pk, "name": to.display, "email": "shruti@new.example"}
    made = change_requests.request_change(agreement, ChangeRequest.Kind.SIGNER, data, note="", now=NOW)
    new = change_requests.accept(made, by="editor:ed", now=LATER)
    assert (new.signer, new.signer_email) == ("Shruti Bhosale", "shruti@new.example")
    assert [m.recipient for m in agreement.messages.filter(kind=Kind.HANDED_OVER, state="pending")] == [
        "mike@example.org"
    ]
    assert new.events.get(kind="draft").data["hands"] == ["Mike Lewis"]


def test_a_rejection_leaves_the_agreement_awaiting_signature_and_tells_the_author_why() -> None:
    agreement = make.agreement()
    token, made = make.token(agreement), make.change_request(agreement)
    change_requests.reject(made, reason="The camera-ready has the old title.", by="editor:ed", now=LATER)
    assert (made.state, made.answer) == (State.REFUSED, "The camera-ready has the old title.")
    assert links.find_link(token, Link.Purpose.SIGN, LATER) is not None
    (answer,) = agreement.messages.filter(kind=Kind.PROPOSAL_REFUSED)
    assert answer.recipient == "mike@example.org"
    assert make.history(agreement)[-2:] == ["propose", "refuse"]
    assert list(audit.check_all()) == []


@pytest.mark.parametrize("settle", [change_requests.accept, partial(change_requests.reject, reason="No.")])
def test_a_change_request_is_resolved_once(settle: Callable[..., object]) -> None:
    agreement = make.agreement()
    made = make.change_request(agreement)
    change_requests.reject(made, reason="No.", by="editor:ed", now=LATER)
    before = rows(agreement)
    with pytest.raises(lifecycle.TransitionError):
        settle(made, by="editor:mo", now=LATER)
    assert rows(agreement) == before


def test_a_change_request_for_what_was_signed_meanwhile_is_no_longer_resolved() -> None:
    agreement = make.agreement()
    made = make.change_request(agreement)
    make.sign(agreement)
    before = rows(agreement)
    with pytest.raises(lifecycle.TransitionError):
        change_requests.accept(made, by="editor:ed", now=LATER)
    assert rows(agreement) == before
    made.refresh_from_db()
    assert made.state == State.OPEN


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"title": "A \ue000 sign"}, "LaTeX"),
        ({"authors": ["Shruti Bhosale", "Tim Dettmers"]}, "removes the corresponding author"),
        ({"authors": ["Mike Lewis", "x" * 201]}, "cannot be an author"),
    ],
)
def test_what_the_paper_cannot_take_changes_nothing(wanted: dict[str, Any], why: str) -> None:
    agreement = make.agreement()
    made = make.change_request(agreement, **({"title": agreement.title} | wanted))
    before = rows(agreement), list(Paper.objects.values()), list(Author.objects.order_by("pk").values())
    with pytest.raises(snapshot.NotReadyError, match=why):
        change_requests.accept(made, by="editor:ed", now=LATER)
    after = rows(agreement), list(Paper.objects.values()), list(Author.objects.order_by("pk").values())
    assert after == before
    made.refresh_from_db()
    assert made.state == State.OPEN


@pytest.mark.alone
def test_who_keeps_the_name_or_one_like_it_keeps_address_and_all() -> None:
    agreement = make.agreement()
    Author.objects.filter(paper=agreement.paper_id, position=3).update(
        email="tim@example.org",
        orcid="0000-0002-1825-0098",  # a wrong one from before
    )
    make.change_request(agreement, authors=["T. Dettmers", "Someone New", "Mike Lewis"])
    change_requests.accept(ChangeRequest.objects.get(), by="editor:ed", now=LATER)
    kept = {a.display: a.email for a in Author.objects.filter(paper=agreement.paper_id)}
    assert kept == {"T. Dettmers": "tim@example.org", "Someone New": "", "Mike Lewis": "mike@example.org"}


# --- differences


FACTS = ("Mike Lewis", "Shruti Bhosale", "Tim Dettmers")


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (list(FACTS), []),
        (["Mike Lewis", "Shruti S. Bhosale", "Tim Dettmers"], ["author 2"]),
        (["Michael Lewis", "Shruti Bhosale", "Tim Dettmers, Jr"], ["author 1", "author 3"]),
        (["Shruti Bhosale", "Mike Lewis", "Tim Dettmers"], ["authors"]),
        (["Mike Lewis", "Shruti Bhosale"], ["authors"]),
        ([], ["authors"]),
    ],
)
def test_other_spellings_are_listed_one_by_one_and_another_order_as_a_list(after: list[str], said: list[str]) -> None:
    assert [each.what for each in compare_names(FACTS, after)] == said


@given(st.lists(st.text(max_size=8), max_size=6), st.lists(st.text(max_size=8), max_size=6))
def test_there_is_a_difference_exactly_where_the_lists_differ(before: list[str], after: list[str]) -> None:
    assert bool(compare_names(before, after)) == (before != after)


def test_a_difference_reads_as_a_sentence() -> None:
    agreement = make.agreement()
    (found,) = compare_snapshot(agreement.facts, {"name": "Tim Dettmers", "email": "tim@example.org"})
    assert found == Difference("signer", "Mike Lewis <mike@example.org>", "Tim Dettmers <tim@example.org>")
    assert str(found) == "signer: “Mike Lewis <mike@example.org>” becomes “Tim Dettmers <tim@example.org>”"


# --- races, with real commits


@pytest.mark.usefixtures("committed")
def test_of_signing_and_accepting_at_once_exactly_one_happens() -> None:
    volume = make.volume()
    for _ in range(8):
        agreement = make.agreement(of=make.paper(volume))
        made, one = make.change_request(agreement), fresh(agreement)
        act = make.reviewed(one)
        ended = both(
            partial(lifecycle.sign, one, act, now=LATER),
            partial(change_requests.accept, made, by="editor:ed", now=LATER),
        )
        assert sorted(ended) == ["done", "wrong move"]
        agreement.refresh_from_db()
        made.refresh_from_db()
        assert (agreement.status == Status.SIGNED) == (made.state == State.OPEN)
        assert not agreement.messages.filter(idempotency_key="invitation", state__in=outbox.OPEN_STATES).exists()
    assert list(audit.check_all()) == []


@pytest.mark.usefixtures("committed")
def test_delegating_to_two_at_once_leaves_one_signer() -> None:
    volume = make.volume()
    for _ in range(8):
        agreement = make.agreement(of=make.paper(volume))
        people = [make.coauthor(agreement, place, email=f"a{place}@example.org") for place in (2, 3)]
        one, other = fresh(agreement), fresh(agreement)
        ended = both(
            partial(delegate.delegate, one, people[0], now=LATER),
            partial(delegate.delegate, other, people[1], now=LATER),
        )
        assert sorted(ended) == ["done", "wrong move"]
        assert Author.objects.filter(paper=agreement.paper_id, is_corresponding=True).count() == 1
        assert agreement.paper.agreements.filter(status=Status.ISSUED).count() == 1


# --- non-author signers


def test_an_accepted_non_author_signer_gets_the_agreement_and_the_old_links_expire() -> None:
    agreement = make.agreement()
    token = make.token(agreement)
    new = change_requests.accept(make.request_other_signer(agreement), by="editor:ed", now=LATER)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.reason) == (
        Status.SUPERSEDED,
        "New signer, as requested: Ada Byron.",
    )
    assert (new.status, new.signer, new.signer_email) == (Status.ISSUED, "Ada Byron", "ada@example.org")
    assert new.authors == agreement.authors, "who stands in becomes no author"
    assert links.find_link(token, Link.Purpose.SIGN, LATER) is None
    assert [(m.kind, m.recipient) for m in new.messages.all()] == [(Kind.INVITATION, "ada@example.org")]
    assert agreement.messages.filter(kind=Kind.HANDED_OVER, recipient="mike@example.org").exists()
    assert new.events.get(kind="draft").data["hands"] == ["Mike Lewis"]
    assert "I sign for all authors: Mike Lewis;" in make.signature_input(new).authority.text
    assert list(audit.check_all()) == []


def test_a_non_author_signers_capacity_and_the_delegations_are_on_the_evidence_page() -> None:
    new = change_requests.accept(make.request_other_signer(make.agreement()), by="editor:ed", now=LATER)
    make.sign(new, now=LATER + DAY)
    body = rendering.complete_form(fresh(new), rendering.render_form(new))
    text = " ".join(PdfReader(io.BytesIO(body)).pages[-1].extract_text().split())
    assert "Agent of all authors of the article (clause 1), not being one of them" in text
    assert "earlier signers: Mike Lewis" in text
    assert "electronically on behalf of the authors" in text


@pytest.mark.alone
def test_a_rejected_non_author_signer_changes_nothing_and_the_author_is_told_why() -> None:
    agreement = make.agreement()
    made = make.request_other_signer(agreement)
    change_requests.reject(made, reason="She must be an author.", by="editor:ed", now=LATER)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.signer) == (Status.ISSUED, "Mike Lewis")
    assert not NonAuthorSigner.objects.exists()
    (answer,) = agreement.messages.filter(kind=Kind.PROPOSAL_REFUSED)
    letter = compose.compose(answer, LATER)
    assert letter.to == ["Mike Lewis <mike@example.org>"]
    assert "She must be an author." in letter.body
    assert "Ada Byron <ada@example.org>" in letter.body


@pytest.mark.alone
def test_a_non_author_signer_stays_when_the_agreement_is_replaced_and_goes_with_the_corresponding_author() -> None:
    new = change_requests.accept(make.request_other_signer(make.agreement()), by="editor:ed", now=LATER)
    again = lifecycle.replace(new, reason="New title.", by="editor:ed", now=LATER)
    assert again.signer == "Ada Byron"
    to = make.coauthor(again, 2, email="shruti@example.org")
    handed = delegate.delegate(again, to, now=LATER)
    assert handed.signer == "Shruti Bhosale"
    mike = handed.paper.authors.get(position=1)
    back = delegate.delegate(handed, mike, now=LATER)
    assert back.signer == "Mike Lewis", "who is asked in person signs in person"
    assert not NonAuthorSigner.objects.exists()


def test_a_non_author_signer_delegates_to_any_author() -> None:
    new = change_requests.accept(make.request_other_signer(make.agreement()), by="editor:ed", now=LATER)
    assert [author.display for author in change_requests.possible_delegates(new)] == [
        "Mike Lewis",
        "Shruti Bhosale",
        "Tim Dettmers",
    ]
    mike = change_requests.possible_delegates(new)[0]
    assert delegate.delegate(new, mike, now=LATER).signer == "Mike Lewis"


def test_without_a_corresponding_author_nobody_stands_in() -> None:
    agreement = make.agreement()
    made = make.request_other_signer(agreement)
    Author.objects.filter(paper=agreement.paper_id).update(is_corresponding=False)
    before = rows(agreement)
    with pytest.raises(snapshot.NotReadyError, match="no corresponding author"):
        change_requests.accept(made, by="editor:ed", now=LATER)
    assert rows(agreement) == before
    made.refresh_from_db()
    assert made.state == State.OPEN
