"""Not the right person, not the right facts, not a living link: in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from agreements.domain.states import Status
from agreements.jobs import scheduled
from agreements.mail import compose
from agreements.models import Agreement, ChangeRequest, Message
from agreements.requests import change_requests
from tests import make
from tests.stories.test_browser_signing import invited, status_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]
WIDTHS = pytest.mark.parametrize("width", [1280, 320])


def link_in(message: Message) -> str:
    """The path of the link that a mail carries."""
    body = str(compose.compose(message, timezone.now()).body)
    (path,) = set(re.findall(r"http://testserver(/sign/\S+/)", body))
    return str(path)


@WIDTHS
def test_delegating_to_a_co_author(reader: OpenWindow, width: int) -> None:
    agreement, link = invited()
    to = make.coauthor(agreement, email="shruti@example.org")
    with reader(width=width, height=800) as author:
        page = author.page
        author.go(link)
        author.press("text=Should someone else sign?")
        author.check()
        author.press("button:text('Delegate signing')")
        author.check()
        assert author.says("Choose who should sign.")
        page.check(f"#to-{to.pk}")
        author.press("button:text('Delegate signing')")
        author.check()
        assert author.focused() == "sure"
        assert page.is_checked(f"#to-{to.pk}")
        page.check("#sure")
        author.press("button:text('Delegate signing')")
        author.check()
        assert author.says("We asked Shruti Bhosale to sign")
        author.go(link)
        assert author.says("This link no longer works")
    assert status_of(agreement) == Status.SUPERSEDED
    new = Agreement.objects.get(predecessor=agreement)
    with reader(width=width) as coauthor:
        coauthor.go(link_in(make.invitation(new)))
        coauthor.check()
        coauthor.page.fill("#typed_name", "Shruti Bhosale")
        coauthor.page.check("#authority")
        coauthor.page.check("#consent")
        coauthor.press("button:text('Review and sign')")
        coauthor.press("button:text('Sign the agreement')")
        assert coauthor.says("Signed. Thank you.")
    assert status_of(new) == Status.SIGNED


@WIDTHS
def test_requesting_a_co_author_whose_address_is_not_on_file(reader: OpenWindow, width: int) -> None:
    agreement, link = invited()
    to = make.coauthor(agreement)
    with reader(width=width, height=800, java_script_enabled=True) as author:
        author.go(f"{link}hand-over/")
        author.page.check(f"#to-{to.pk}")
        author.page.check("#sure")
        author.press("button:text('Delegate signing')")
        author.check()
        assert author.focused() == "email"
        author.page.fill("#email", "shruti@example.org")
        author.press("button:text('Delegate signing')")
        author.check()
        assert author.says("Change requested")
    assert status_of(agreement) == Status.ISSUED


@WIDTHS
def test_a_title_is_corrected(reader: OpenWindow, width: int) -> None:
    agreement, link = invited()
    with reader(width=width, height=800) as author:
        page = author.page
        author.go(link)
        author.press("text=Is the title or an author wrong?")
        author.check()
        assert page.input_value("#title") == agreement.title
        author.press("button:text('Request this change')")
        author.check()
        assert author.says("The agreement already says this.")
        page.fill("#title", "A Better Title")
        author.press("button:text('Request this change')")
        author.check()
        assert author.says("Change requested")
        assert author.says("A Better Title")
    new = change_requests.accept(ChangeRequest.objects.get(), by="editor:ed", now=timezone.now())
    with reader(width=width) as author:
        author.go(link)
        assert author.says("This link no longer works")
        author.go(link_in(make.invitation(new)))
        assert author.says("A Better Title")


def test_an_editor_resolves_a_change_request(reader: OpenWindow) -> None:
    agreement, _ = invited()
    made = make.change_request(agreement, note="We renamed it.")
    make.editor("ed", agreement.paper.volume)
    with reader() as editor:
        editor.go("/admin/login/")
        editor.page.fill("#id_username", "ed")
        editor.page.fill("#id_password", "pass")
        editor.press("[type=submit]")
        editor.go("/admin/agreements/changerequest/")
        editor.check()
        editor.go(f"/admin/agreements/changerequest/{made.pk}/change/")
        editor.check()
        editor.press("[name=refuse]")
        editor.check()
        assert editor.says("Enter a reason. We send it to the author.")
        editor.press("[name=accept]")
        assert editor.says("Change request accepted. This is the new agreement")
    assert status_of(agreement) == Status.SUPERSEDED


@WIDTHS
def test_an_expired_link_is_replaced_by_a_new_link_that_signs(reader: OpenWindow, width: int) -> None:
    agreement, _ = invited()
    link = f"/sign/{make.token(agreement, now=timezone.now() - 31 * make.DAY)}/"
    with reader(width=width, height=700, java_script_enabled=width > 400) as author:
        for dead in (link, f"{link}decline/", f"/sign/{'A' * 43}/"):
            author.go(dead)
            if width > 400:
                author.check()
            author.press("button:text('Send me a new link')")
            assert author.says("Check your email")
        if width > 400:
            author.check()
        assert scheduled.queue_due(timezone.now)["new links"] == 1
        author.go(link_in(agreement.messages.get(kind=Message.Kind.FRESH)))
        assert author.says("Publication agreement")
        assert author.page.is_visible("#typed_name")


@WIDTHS
def test_years_later_the_sealed_pdf_is_requested_by_its_reference(reader: OpenWindow, width: int) -> None:
    agreement = make.agreement("sealed", now=timezone.now())
    with reader(width=width, height=700) as author:
        author.go(f"/sign/{'A' * 43}/")
        author.press("text=request your sealed PDF")
        author.check()
        author.press("button:text('Send me the sealed PDF')")
        author.check()
        assert author.focused() == "reference"
        author.page.fill("#reference", agreement.reference)
        author.press("button:text('Send me the sealed PDF')")
        author.check()
        assert author.says("Check your email")
    assert scheduled.queue_due(timezone.now)["new links"] == 1
    assert agreement.messages.filter(kind=Message.Kind.COPY).count() == 1


def test_who_asks_too_often_is_told_to_wait(reader: OpenWindow) -> None:
    with reader(width=390) as author:
        for _ in range(21):
            author.go(f"/sign/{'A' * 43}/")
            author.press("button:text('Send me a new link')")
        author.check()
        assert author.says("Too many attempts. Try again in")


@WIDTHS
def test_a_co_author_objects(reader: OpenWindow, width: int) -> None:
    agreement, _ = invited()
    make.coauthor(agreement, email="shruti@example.org")
    make.sign(agreement, now=timezone.now())
    path = link_in(agreement.messages.get(kind=Message.Kind.COAUTHOR))
    with reader(width=width, height=800) as coauthor:
        coauthor.go(path)
        coauthor.check()
        coauthor.press("button:text('Object to the signature')")
        coauthor.check()
        assert coauthor.focused() == "reason"
        coauthor.page.fill("#reason", "Nobody asked me.")
        coauthor.page.check("#sure")
        coauthor.press("button:text('Object to the signature')")
        coauthor.check()
        assert coauthor.says("Your objection is recorded")
    assert make.history(agreement)[-1] == "object"
