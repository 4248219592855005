"""Several papers of one person, signed in one sitting without another mail."""

import re
from typing import Any

import pytest

from agreements.domain.states import Status
from agreements.models import Agreement, Link, Message
from tests import make
from tests.agreements.pages import Author, all_rows, author_of
from tests.agreements.views.test_signing import shown
from tests.make import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db


def three() -> list[Agreement]:
    """Three agreements of one person in one volume, the first one signed; and what must not be offered with them."""
    volume = make.volume()
    mine = [make.agreement(of=make.paper(volume, contact="Mike@Example.org")) for _ in range(3)]
    make.agreement(of=make.paper(volume, contact="somebody@example.org", title="Somebody Else’s"))
    make.agreement(of=make.paper(make.volume(248), contact="mike@example.org", title="Another Volume’s"))
    make.agreement("declined", of=make.paper(volume, contact="mike@example.org", title="Declined Before"))
    return mine


def offered(page: Any) -> list[str]:
    return re.findall(r'name="reference" value="([^"]*)"', shown(page))


def go_on(author: Author, reference: str) -> Author:
    """Presses the button of that agreement; the author of the page that it leads to."""
    answer = post(author, reference)
    assert answer.status_code == 303
    path = answer["Location"]
    token = re.fullmatch(r"/sign/([A-Za-z0-9_-]{43})/", path)
    assert token, path
    return Author(token[1])


def post(author: Author, reference: str) -> Any:
    csrf = str(author.client.get("/sign/copy/").context["csrf_token"])
    return author.client.post(author.url + "next/", {"csrfmiddlewaretoken": csrf, "reference": reference})


def test_three_papers_are_signed_in_one_sitting_each_as_its_own_agreement() -> None:
    agreements = three()
    mails = Message.objects.count()
    author = author_of(agreements[0])
    author.sign("Mike Lewis")
    assert offered(author.open()) == [agreements[1].reference, agreements[2].reference]
    second = go_on(author, agreements[1].reference)
    assert agreements[1].title in shown(second.open())
    second.sign("Mike Lewis")
    assert offered(second.open()) == [agreements[2].reference]
    third = go_on(second, agreements[2].reference)
    third.sign("Mike Lewis")
    assert offered(third.open()) == []
    assert Message.objects.count() == mails
    for agreement in agreements:
        agreement.refresh_from_db()
        assert agreement.status == Status.SIGNED
        assert make.history(agreement) == ["draft", "issue", "reviewed", "sign"]


def test_what_another_address_or_another_volume_waits_for_is_neither_shown_nor_opened() -> None:
    first = three()[0]
    author = author_of(first)
    author.sign("Mike Lewis")
    page = shown(author.open())
    for title in ("Somebody Else’s", "Another Volume’s", "Declined Before"):
        assert title not in page
        other = Agreement.objects.get(title=title)
        before = all_rows()
        answer = post(author, other.reference)
        assert (answer.status_code, answer["Location"]) == (303, author.url)
        assert all_rows() == before


def test_a_receipt_that_is_opened_later_leads_to_nothing_else() -> None:
    agreements = three()
    author = author_of(agreements[0])
    author.sign("Mike Lewis")
    for later in (NOW + 2 * HOUR, NOW + DAY):
        passed_on = Author(author.token, now=later)
        assert offered(passed_on.open()) == []
        before = all_rows()
        answer = post(passed_on, agreements[1].reference)
        assert (answer.status_code, answer["Location"]) == (303, author.url)
        assert all_rows() == before


def test_the_link_of_a_sitting_lives_as_long_as_the_sitting() -> None:
    agreements = three()
    author = author_of(agreements[0])
    author.sign("Mike Lewis")
    second = go_on(author, agreements[1].reference)
    assert Link.objects.latest("pk").expires_at == NOW + 2 * HOUR
    assert Author(second.token, now=NOW + 2 * HOUR).open().status_code == 404


def test_before_the_first_signature_nothing_leads_on() -> None:
    agreements = three()
    author = author_of(agreements[0])
    assert offered(author.open()) == []
    before = all_rows()
    answer = post(author, agreements[1].reference)
    assert (answer.status_code, answer["Location"]) == (303, author.url)
    assert all_rows() == before


def test_the_list_of_what_waits_changes_nothing_when_it_is_read() -> None:
    agreements = three()
    author = author_of(agreements[0])
    author.sign("Mike Lewis")
    before = all_rows()
    author.open()
    assert author.client.get(author.url + "next/").status_code == 405
    assert all_rows() == before
