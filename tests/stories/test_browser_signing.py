"""An author signs, or does not, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import storages
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

        author.press("text=Sign the agreement")
        author.check()
        assert author.says("Not signed yet.")
        assert author.focused() == "typed_name"

        page.fill("#typed_name", "Ada Lovelace")
        page.check("#authority")
        page.check("#consent")
        author.press("text=Sign the agreement")
        author.check()
        assert author.says("The agreement names Mike Lewis.")
        assert page.is_checked("#authority")
        assert page.input_value("#typed_name") == "Ada Lovelace"
        assert status_of(agreement) == Status.ISSUED

        page.fill("#typed_name", "mike lewis")
        author.press("text=Sign the agreement")
        author.check()
        assert author.says("Signed. Thank you.")
        assert author.says("The publisher’s seal is being set")
        assert status_of(agreement) == Status.SIGNED

        make.seal(agreement, now=timezone.now())
        page.reload()
        author.check()
        assert author.says("The agreement is sealed.")
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
        assert author.focused() == "Sign the agreement"
        assert author.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
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
        author.press("text=Sign the agreement")
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
        author.press("text=Sign the agreement")
        assert author.says("Not signed yet.")
        assert author.page.input_value("#typed_name") == "Lewis, Mike"
        author.page.check("#consent")
        author.press("text=Sign the agreement")
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
        for path in (link, f"{link}decline/"):
            scanner.go(path)
            for _ in range(2):
                scanner.press("button")
        assert not scanner.complaints
    assert status_of(agreement) == Status.ISSUED
    assert make.history(agreement) == ["draft", "issue"]


def test_verifying_a_file(reader: OpenWindow) -> None:
    agreement = make.agreement("sealed", now=timezone.now())
    with storages["private"].open(agreement.sealed_file) as file:
        sealed = file.read()
    with reader(width=390, height=844) as anyone:
        anyone.go("/verify/")
        anyone.press("button")
        anyone.check()
        assert anyone.focused() == "file"
        for body, words in (
            (sealed, "This is the sealed file, unchanged."),
            (sealed[:-1], "This is not the sealed file"),
        ):
            anyone.page.set_input_files("#file", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": body})
            anyone.press("button")
            anyone.check()
            assert anyone.says(words)
