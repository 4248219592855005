"""An author signs, or does not, in a real browser."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Error

from agreements.domain import drawn_signature
from agreements.domain.states import Status
from agreements.models import Agreement
from tests import make
from tests.agreements.pages import all_rows, public_paths

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


REVIEW = "button:text('Review and sign')"
SIGN = "button:text('Sign the agreement')"
BACK = "button:text('Go back and correct')"


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

        author.press(REVIEW)
        author.check()
        assert author.says("Not signed yet.")
        assert author.focused() == "typed_name"

        page.fill("#typed_name", "Ada Lovelace")
        page.check("#authority")
        page.check("#consent")
        author.press(REVIEW)
        author.check()
        assert author.says("The agreement names Mike Lewis.")
        assert page.is_checked("#authority")
        assert page.input_value("#typed_name") == "Ada Lovelace"
        assert make.history(agreement) == ["draft", "issue"]

        page.fill("#typed_name", "mike lewis")
        author.press(REVIEW)
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
        author.press(REVIEW)
        assert status_of(agreement) == Status.ISSUED

        author.press(SIGN)
        author.check()
        assert author.says("Signed. Thank you.")
        assert author.says("We are sealing the PDF and will email it to you.")
        assert status_of(agreement) == Status.SIGNED
        assert agreement.typed_name == "Mike Lewis"

        make.seal(agreement, now=timezone.now())
        page.reload()
        author.check()
        assert author.says("The agreement is sealed.")
        author.press("button:text('Send me the sealed PDF again')")
        author.check()
        assert author.says("Check your email")
        author.go(link)
        assert author.says("Signed. Thank you.")


def test_signing_at_320_pixels_with_the_keyboard_alone(reader: OpenWindow) -> None:
    agreement, link = invited()
    with reader(width=320, height=568, has_touch=True) as author:
        keys = author.page.keyboard
        author.go(link)
        author.check()
        for stop in ("Français", "简体中文", "sign at the end of this page"):
            keys.press("Tab")
            assert author.focused() == stop
        keys.press("Enter")
        keys.press("Tab")
        assert author.focused() == "typed_name"
        keys.type("Mike Lewis")
        for box in ("authority", "consent"):
            keys.press("Tab")
            assert author.focused() == box
            keys.press("Space")
        keys.press("Tab")
        assert author.focused() == "Review and sign"
        assert author.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        keys.press("Enter")
        author.page.wait_for_selector("text=Review and sign")
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
        author.press(REVIEW)
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
        author.press(REVIEW)
        assert author.says("Not signed yet.")
        assert author.page.input_value("#typed_name") == "Lewis, Mike"
        author.page.check("#consent")
        author.press(REVIEW)
        assert author.says("Nothing is signed yet.")
        author.press(SIGN)
        assert author.says("Signed. Thank you.")
        assert not author.complaints
    assert status_of(agreement) == Status.SIGNED


@pytest.mark.parametrize(("width", "touch"), [(1280, False), (320, True)])
def test_a_signature_drawn_by_hand_is_reviewed_and_signed(reader: OpenWindow, width: int, touch: bool) -> None:
    agreement, link = invited()
    with reader(width=width, height=800, has_touch=touch) as author:
        page = author.page
        author.go(link)
        page.fill("#typed_name", "Mike Lewis")
        page.check("#authority")
        page.check("#consent")
        assert page.is_disabled("#clear")
        scribble(author)
        author.check()
        first = page.input_value("#drawing")
        page.click("#clear")
        assert page.input_value("#drawing") == ""
        assert page.is_disabled("#clear")
        scribble(author)
        assert page.input_value("#drawing") == first
        drawn_signature.parse_drawing(first)
        author.press(REVIEW)
        author.check()
        assert page.is_visible("svg.drawn")
        author.press(BACK)
        assert page.input_value("#drawing") == first
        assert page.is_enabled("#clear")
        author.press(REVIEW)
        author.press(SIGN)
        assert author.says("Signed. Thank you.")
    assert agreement.events.get(kind="sign").data["drawn"] == first


def scribble(author: Any) -> None:
    """Two strokes over the pad, with the mouse."""
    pad = author.page.locator("#pad")
    pad.scroll_into_view_if_needed()
    box, mouse = pad.bounding_box(), author.page.mouse
    for stroke in ([(0.1, 0.7), (0.2, 0.1), (0.3, 0.8), (0.5, 0.3), (0.9, 0.6)], [(0.6, 0.2), (0.7, 0.2)]):
        (x, y), *rest = [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in stroke]
        mouse.move(x, y)
        mouse.down()
        for place in rest:
            mouse.move(*place, steps=5)
        mouse.up()


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
        assert author.says("This link no longer works")
    assert status_of(agreement) == Status.DECLINED
    assert agreement.reason == "We withdraw the paper."


def test_an_email_scanner_that_runs_scripts_and_presses_every_button_changes_nothing(reader: OpenWindow) -> None:
    agreement, link = invited()
    with reader() as scanner:
        for path in (link, f"{link}decline/", f"{link}hand-over/", f"{link}correct/"):
            scanner.go(path)
            for _ in range(2):
                scanner.press("main button[type=submit]")
        assert not scanner.complaints
    assert status_of(agreement) == Status.ISSUED
    assert make.history(agreement) == ["draft", "issue"]


@pytest.mark.parametrize("status", ["issued", "sealed"])
def test_s07_a_headless_browser_that_runs_all_scripts_of_all_public_pages_changes_no_row(
    reader: OpenWindow, status: str
) -> None:
    paths = public_paths(make.agreement(status, now=timezone.now()), now=timezone.now())
    assert len(paths) >= 14
    before = all_rows()
    with reader() as scanner:
        for path in paths:
            with suppress(Error):  # what is downloaded, or answered to a POST only, is no page
                scanner.go(path)
                scanner.page.wait_for_load_state("networkidle")
    assert all_rows() == before


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
            author.press(REVIEW)
            author.press(SIGN)
            author.check()
            assert author.says("Papers awaiting your signature") == (number < 3)
            if number < 3:
                author.press("button:text('Read and sign')")
    assert [status_of(agreement) for agreement in agreements] == [Status.SIGNED] * 3
