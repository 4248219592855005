"""The admin site: emails and bookmarks of earlier versions still lead to the page that they name."""

import pytest
from django.test import Client

from proceedings.site import RENAMED
from tests import make
from tests.agreements.editors import client_for

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("before", "after"), RENAMED.items())
@pytest.mark.parametrize("rest", ["", "12/change/", "12/history/?p=2", "?state__exact=open&q=a%20b"])
def test_an_address_of_an_earlier_version_redirects(before: str, after: str, rest: str) -> None:
    answer = Client().get(f"/admin/agreements/{before}/{rest}")
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/agreements/{after}/{rest}")


@pytest.mark.parametrize("rest", ["/evil.example/", "%25s%25(rest)s"])
def test_a_redirect_never_leaves_the_admin(rest: str) -> None:
    answer = Client().get(f"/admin/agreements/proposal/{rest}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/agreements/changerequest/")


def test_an_address_with_a_line_break_is_not_found() -> None:
    """It could otherwise add a header to the answer."""
    assert Client().get("/admin/agreements/proposal/%0d%0aSet-Cookie:%20a=b").status_code == 404


def test_a_change_request_is_found_at_its_former_address() -> None:
    change = make.change_request(make.agreement())
    client = client_for(make.editor("ed", change.agreement.paper.volume))
    page = client.get(f"/admin/agreements/proposal/{change.pk}/change/", follow=True)
    assert page.status_code == 200
    assert "A Better Title" in page.content.decode()


def test_a_form_that_was_opened_before_the_upgrade_is_not_lost() -> None:
    change = make.change_request(make.agreement())
    client = client_for(make.editor("ed", change.agreement.paper.volume))
    fields = {"refuse": "Refuse", "reason": "It is right."}
    answer = client.post(f"/admin/agreements/proposal/{change.pk}/change/?a=b", fields, follow=True)
    change.refresh_from_db()
    assert answer.redirect_chain[0] == (f"/admin/agreements/changerequest/{change.pk}/change/?a=b", 307)
    assert (change.state, change.answer) == ("refused", "It is right.")
