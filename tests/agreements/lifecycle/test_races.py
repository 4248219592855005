"""Two at once, on real commits, by the pages people use: one outcome, and whoever lost sees how things stand."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from agreements import lifecycle
from agreements.documents import audit
from agreements.domain.states import Status
from agreements.models import Agreement
from agreements.requests import change_requests
from tests import make
from tests.agreements.pages import Author, author_of
from tests.make import NOW
from tests.meanwhile import after_each

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.django_db(transaction=True)]

ROUNDS = 100 if connection.vendor == "postgresql" else 8
"""SQLite has one writer at a time, so there is less to find out."""

Post = Callable[[], Any]


def at_once(*posts: Post) -> list[Any]:
    """What each of them answers or raises, begun at the same moment on connections of their own."""
    start = threading.Barrier(len(posts))
    ended: list[Any] = [None] * len(posts)

    def run(place: int, post: Post) -> None:
        try:
            start.wait(10)
            ended[place] = post()
        except Exception as error:  # noqa: BLE001 - the test says what it is
            ended[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(posts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ended


def about_to_sign(agreement: Agreement) -> tuple[Author, Post]:
    """Somebody who has looked the form over, and the press of the last button."""
    author = author_of(agreement)
    author.client.defaults["REMOTE_ADDR"] = f"10.0.0.{agreement.pk % 250}"  # each at home, so that no limit is reached
    review = author.fill_in("Mike Lewis")
    assert review.status_code == 200
    return author, lambda: author.answer(review, step="sign")


def waiting(volume: Any) -> Agreement:
    return make.agreement(of=make.paper(volume))


def what_the_link_shows(author: Author) -> str:
    return shown_by(author.open())


def shown_by(page: Any) -> str:
    """What a page says: the receipt; or its status, such as 303 for the way to the first page."""
    return "receipt" if page.status_code == 200 and b"Signed. Thank you." in page.content else str(page.status_code)


def outcome(agreement: Agreement, *verbs: str) -> list[str]:
    """Which of the verbs are on record, in order."""
    agreement.refresh_from_db()
    return [kind for kind in make.history(agreement) if kind in verbs]


def test_s08_two_tabs_make_one_signature_and_both_see_the_receipt() -> None:
    volume = make.volume()
    for _ in range(ROUNDS):
        agreement = waiting(volume)
        (one, sign), (other, sign_too) = about_to_sign(agreement), about_to_sign(agreement)
        answers = at_once(sign, sign_too)
        assert {shown_by(answer) for answer in answers} <= {"303", "receipt"}
        assert outcome(agreement, "sign") == ["sign"]
        assert what_the_link_shows(one) == what_the_link_shows(other) == "receipt"
    assert list(audit.findings()) == []


def test_s08_a_double_click_makes_one_signature_and_sees_the_receipt() -> None:
    volume = make.volume()
    for _ in range(ROUNDS):
        agreement = waiting(volume)
        author, sign = about_to_sign(agreement)
        answers = at_once(sign, sign)
        assert {shown_by(answer) for answer in answers} <= {"303", "receipt"}
        assert outcome(agreement, "sign") == ["sign"]
        assert what_the_link_shows(author) == "receipt"
    assert list(audit.findings()) == []


@pytest.mark.parametrize("verb", ["decline", "hand-over"])
def test_s08_of_signing_and_another_answer_of_the_author_exactly_one_counts(verb: str) -> None:
    volume = make.volume()
    seen = set()
    for _ in range(ROUNDS):
        agreement = waiting(volume)
        fields = {"sure": "on"}
        if verb == "hand-over":
            fields["to"] = str(make.coauthor(agreement, email="shruti@example.org").pk)
        author, sign = about_to_sign(agreement)
        tab = author_of(agreement)
        tab.client.defaults["REMOTE_ADDR"] = author.client.defaults["REMOTE_ADDR"]
        page = tab.open(f"{verb}/")
        answers = at_once(sign, lambda: tab.answer(page, f"{verb}/", **fields))  # noqa: B023
        (won,) = outcome(agreement, "sign", verb)
        seen.add(won)
        assert shown_by(answers[0]) == "303" if won == "sign" else shown_by(answers[0]) in ("303", "404")
        assert shown_by(answers[1]) == ("303" if won == "sign" else "200")
        assert what_the_link_shows(author) == what_the_link_shows(tab) == ("receipt" if won == "sign" else "404")
        waits = agreement.paper.agreements.filter(status=Status.ISSUED).count()
        assert waits == (won == "hand-over")
    assert seen <= {"sign", verb}
    assert list(audit.findings()) == []


def test_s08_of_signing_and_a_title_that_changes_exactly_one_counts() -> None:
    """An editor accepts the author's other title in the moment in which the author signs the old one."""
    volume = make.volume()
    for _ in range(ROUNDS):
        agreement = waiting(volume)
        made = make.change_request(agreement)
        author, sign = about_to_sign(agreement)
        answer, accepted = at_once(sign, lambda: change_requests.accept(made, by="editor:ed", now=NOW))  # noqa: B023
        (won,) = outcome(agreement, "sign", "supersede")
        assert answer.status_code in (303, 404)
        assert what_the_link_shows(author) == ("receipt" if won == "sign" else "404")
        if won == "sign":
            assert isinstance(accepted, lifecycle.TransitionError)
            assert agreement.title != "A Better Title"
        else:
            assert (accepted.status, accepted.title) == (Status.ISSUED, "A Better Title")
            assert agreement.signed_at is None
    assert list(audit.findings()) == []


def test_s08_signing_what_is_voided_at_once_either_comes_first_or_not_at_all() -> None:
    """An editor may void what is signed as well, so both may happen; never a signature on what was void before."""
    volume = make.volume()
    for _ in range(ROUNDS):
        agreement = waiting(volume)
        author, sign = about_to_sign(agreement)
        same = Agreement.objects.get(pk=agreement.pk)
        answer, ended = at_once(
            sign,
            lambda: lifecycle.void(same, reason="A mistake.", by="editor:ed", now=NOW),  # noqa: B023
        )
        assert ended is None
        assert answer.status_code in (303, 404)
        assert outcome(agreement, "sign", "void") in (["void"], ["sign", "void"])
        assert what_the_link_shows(author) == "404"
        assert bool(agreement.signed_at) == bool(agreement.typed_name) == ("sign" in make.history(agreement))
    assert list(audit.findings()) == []


def test_nothing_is_noted_as_reviewed_on_an_agreement_that_was_just_voided() -> None:
    """The author looks the form over in the moment in which an editor voids it."""
    agreement = waiting(make.volume())
    same = Agreement.objects.get(pk=agreement.pk)
    act = make.act(agreement)
    with after_each(
        'SELECT "agreements_agreement"."status"',
        lambda: lifecycle.void(same, reason="A mistake.", by="editor:ed", now=NOW),
    ) as threads:
        lifecycle.review(agreement, act, now=NOW)
    assert len(threads) == 1
    assert make.history(agreement)[-2:] == ["reviewed", "void"]
    assert list(audit.findings()) == []
