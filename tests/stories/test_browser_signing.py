"""An author signs, or does not, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from agreements.models import Agreement
from agreements.states import Status
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]


def invited() -> tuple[Agreement, str]:
    """An agreement that waits, and the path of its link."""
    now = timezone.now()
    agreement = make.agreement(now=now)
    return agreement, f"/sign/{make.token(agreement, now=now)}/"


def status_of(agreement: Agreement) -> str:
    agreement.refresh_from_db()
    return agreement.status


LOOK = "button:text('Look it over')"
SIGN = "button:text('Sign the agreement')"
BACK = "button:text('Back, to correct something')"


def test_signing_on_a_desktop(reader: OpenWindow) -> None:
    agreement, link = invited()
    with reader() as author:
        page = author.page
        author.go(link)
        author.check()
        assert author.says(agreement.title)
        assert not page.is_checked("#authority")
        assert not page.is_checked("#consent")
        assert page.input_value("#typed_name") == ""

        author.press(LOOK)
        author.check()
        assert author.says("Not signed yet.")
        assert author.focused() == "typed_name"

        page.fill("#typed_name", "Ada Lovelace")
        page.check("#authority")
        page.check("#consent")
        author.press(LOOK)
        author.check()
        assert author.says("The agreement names Mike Lewis.")
        assert page.is_checked("#authority")
        assert page.input_value("#typed_name") == "Ada Lovelace"
        assert make.history(agreement) == ["draft", "issue"]

        page.fill("#typed_name", "mike lewis")
        author.press(LOOK)
        author.check()
        assert author.says("Nothing is signed yet.")
        assert author.says("mike lewis")
        page.click("summary")
        author.check()
        assert make.history(agreement) == ["draft", "issue", "reviewed"]

        author.press(BACK)
        author.check()
        assert page.input_value("#typed_name") == "mike lewis"
        assert page.is_checked("#authority")
        assert page.is_checked("#consent")
        page.fill("#typed_name", "Mike Lewis")
        author.press(LOOK)
        assert status_of(agreement) == Status.ISSUED

        author.press(SIGN)
        author.check()
        assert author.says("Signed. Thank you.")
        assert author.says("The publisher’s seal is being set")
        assert status_of(agreement) == Status.SIGNED
        assert agreement.typed_name == "Mike Lewis"

        make.seal(agreement, now=timezone.now())
        page.reload()
        author.check()
        assert author.says("The agreement is sealed.")
        author.press("button:text('Mail me the copy once more')")
        author.check()
        assert author.says("Look into your mail")
        author.go(link)
        assert author.says("Signed. Thank you.")


def test_signing_at_320_pixels_with_the_keyboard_alone(reader: OpenWindow) -> None:
    agreement, link = invited()
    with reader(width=320, height=568, has_touch=True) as author:
        keys = author.page.keyboard
        author.go(link)
        author.check()
        keys.press("Tab")
        assert author.focused() == "sign at the end of this page"
        keys.press("Enter")
        keys.press("Tab")
        assert author.focused() == "typed_name"
        keys.type("Mike Lewis")
        for box in ("authority", "consent"):
            keys.press("Tab")
            assert author.focused() == box
            keys.press("Space")
        keys.press("Tab")
        assert author.focused() == "Look it over"
        assert author.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        keys.press("Enter")
        author.page.wait_for_selector("text=Look it over, then sign")
        author.check()
        seen: list[str] = []
        while not seen or seen[-1] != "Sign the agreement":
            keys.press("Tab")
            seen.append(author.focused())
            assert len(seen) < 4, seen
        keys.press("Enter")
        author.page.wait_for_selector("text=Signed. Thank you.")
        author.check()
    assert status_of(agreement) == Status.SIGNED


def test_an_error_at_320_pixels_is_seen_without_scrolling_sideways_and_has_the_focus(reader: OpenWindow) -> None:
    agreement, link = invited()
    with reader(width=320, height=568) as author:
        author.go(link)
        author.page.fill("#typed_name", "Mike Lewis")
        author.page.check("#authority")
        author.press(LOOK)
        author.check()
        assert author.focused() == "consent"
        assert author.page.is_visible("#consent-error")
    assert status_of(agreement) == Status.ISSUED


def test_signing_without_javascript(reader: OpenWindow) -> None:
    agreement, link = invited()
    with reader(java_script_enabled=False) as author:
        author.go(link)
        author.page.fill("#typed_name", "Lewis, Mike")
        author.page.check("#authority")
        author.press(LOOK)
        assert author.says("Not signed yet.")
        assert author.page.input_value("#typed_name") == "Lewis, Mike"
        author.page.check("#consent")
        author.press(LOOK)
        assert author.says("Nothing is signed yet.")
        author.press(SIGN)
        assert author.says("Signed. Thank you.")
        assert not author.complaints
    assert status_of(agreement) == Status.SIGNED


def test_declining(reader: OpenWindow) -> None:
    agreement, link = invited()
    with reader(width=390, height=844) as author:
        page = author.page
        author.go(link)
        author.press("main a:text('Decline')")
        author.check()
        page.fill("#reason", "We withdraw the paper.")
        author.press("button:text('Decline to sign')")
        author.check()
        assert author.focused() == "sure"
        assert page.input_value("#reason") == "We withdraw the paper."
        page.check("#sure")
        author.press("button:text('Decline to sign')")
        author.check()
        assert author.says("You declined to sign")
        author.go(link)
        author.check()
        assert author.says("This link does not open anything")
    assert status_of(agreement) == Status.DECLINED
    assert agreement.reason == "We withdraw the paper."


def test_a_mail_scanner_that_runs_scripts_and_presses_every_button_changes_nothing(reader: OpenWindow) -> None:
    agreement, link = invited()
    with reader() as scanner:
        for path in (link, f"{link}decline/", f"{link}hand-over/", f"{link}correct/"):
            scanner.go(path)
            for _ in range(2):
                scanner.press("button")
        assert not scanner.complaints
    assert status_of(agreement) == Status.ISSUED
    assert make.history(agreement) == ["draft", "issue"]


@pytest.mark.parametrize("width", [1280, 320])
def test_three_papers_in_one_sitting(reader: OpenWindow, width: int) -> None:
    now = timezone.now()
    agreements = [make.agreement(now=now) for _ in range(3)]
    with reader(width=width, height=800) as author:
        author.go(f"/sign/{make.token(agreements[0], now=now)}/")
        for number, agreement in enumerate(agreements, start=1):
            assert author.says(agreement.title)
            author.page.fill("#typed_name", "Mike Lewis")
            author.page.check("#authority")
            author.page.check("#consent")
            author.press(LOOK)
            author.press(SIGN)
            author.check()
            assert author.says("Still waiting for your signature") == (number < 3)
            if number < 3:
                author.press("button:text('Read and sign')")
    assert [status_of(agreement) for agreement in agreements] == [Status.SIGNED] * 3
