"""Whoever it is: at 400 % zoom, with names from right to left, on paper, by a thin line; and what is claimed."""

import io
from collections.abc import Callable
from typing import Any

import pypdf
import pytest
from django.utils import timezone
from playwright.sync_api import Response

from agreements.documents import rendering
from agreements.domain.states import Status
from agreements.models import Agreement, ChangeRequest
from tests import make
from tests.stories.test_browser_signing import REVIEW, SIGN, invited, status_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]
WIDTHS = pytest.mark.parametrize("width", [1280, 390, 320])
ZOOMED = {"width": 320, "height": 256, "device_scale_factor": 4}
"""What a window of 1280 by 1024 is at 400 % (WCAG 1.4.10)."""


def fill_in(author: Any, name: str) -> None:
    author.page.fill("#typed_name", name)
    author.page.check("#authority")
    author.page.check("#consent")
    author.press(REVIEW)


def test_l19_signing_at_400_percent(reader: OpenWindow) -> None:
    agreement, link = invited()
    with reader(**ZOOMED) as author:
        author.go(link)
        author.check()
        author.press(REVIEW)
        author.check()
        assert author.focused() == "typed_name"
        fill_in(author, "Mike Lewis")
        author.check()
        author.press(SIGN)
        author.check()
        assert author.says("Signed. Thank you.")
    assert status_of(agreement) == Status.SIGNED


@pytest.mark.parametrize("path", ["decline/", "hand-over/", "correct/", "../../signatures/", "../../verify/"])
def test_l19_the_other_pages_at_400_percent(reader: OpenWindow, path: str) -> None:
    _, link = invited()
    with reader(**ZOOMED) as author:
        author.go(f"{link}{path}")
        author.check()


def right_to_left() -> tuple[Agreement, str]:
    """A paper with a title and authors in Arabic, Hebrew and Latin letters."""
    now = timezone.now()
    paper = make.paper(title="تعلم الآلة with Bounded Regret", contact="yossi@example.org")
    for position, (given, family) in enumerate([("יוסי", "לוי"), ("محمد", "الخوارزمي"), ("Tim", "Dettmers")], start=1):
        paper.authors.filter(position=position).update(given=given, family=family)
    agreement = make.agreement(of=paper, now=now)
    return agreement, f"/sign/{make.token(agreement, now=now)}/"


@WIDTHS
def test_l19_names_and_a_title_from_right_to_left(reader: OpenWindow, width: int) -> None:
    agreement, link = right_to_left()
    with reader(width=width, height=800) as author:
        author.go(link)
        author.check()
        assert author.says("יוסי לוי, محمد الخوارزمي, Tim Dettmers")
        field = author.page.locator("#typed_name")
        field.fill("יוסי לוי")
        assert field.evaluate("field => getComputedStyle(field).direction") == "rtl"
        field.fill("Yossi Levi")
        assert field.evaluate("field => getComputedStyle(field).direction") == "ltr"
        fill_in(author, "יוסי לוי")
        author.check()
        assert author.says("יוסי לוי")
        author.press(SIGN)
        author.check()
    assert status_of(agreement) == Status.SIGNED
    assert agreement.typed_name == "יוסי לוי"
    form = rendering.complete_form(agreement, rendering.render_form(agreement))
    assert "יוסי לוי" in pypdf.PdfReader(io.BytesIO(form)).pages[-2].extract_text()


def printed(author: Any) -> str:
    """What stands on the paper when the page is printed."""
    pages = pypdf.PdfReader(io.BytesIO(author.page.pdf(format="A4"))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_l10_the_agreement_and_the_receipt_are_printed_without_what_is_only_for_the_screen(reader: OpenWindow) -> None:
    agreement, link = invited()
    with reader() as author:
        author.go(link)
        paper = printed(author)
        for words in (agreement.title, "By signing this form, you warrant", "I HAVE READ AND AGREE FULLY"):
            assert words in paper
        for words in ("Review and sign", "Your full name", "Clear the drawing", "Verify a sealed agreement"):
            assert words not in paper
        fill_in(author, "Mike Lewis")
        paper = printed(author)
        assert "Mike Lewis" in paper
        assert "Sign the agreement" not in paper
        author.press(SIGN)
        paper = printed(author)
        for words in ("Signed. Thank you.", agreement.title, "Mike Lewis", agreement.reference):
            assert words in paper


def test_l19_the_first_page_is_under_100_kilobytes_with_all_it_fetches(reader: OpenWindow) -> None:
    _, link = invited()
    fetched: dict[str, int] = {}

    def count(response: Response) -> None:
        fetched[response.url] = len(response.body())

    with reader(width=390) as author:
        author.page.on("response", count)
        author.go(link)
        author.page.wait_for_load_state("networkidle")
        assert not author.complaints
    assert len(fetched) >= 3, "the page, its style, its script"
    assert sum(fetched.values()) < 100_000, fetched


@WIDTHS
def test_l21_what_a_signature_here_is(reader: OpenWindow, width: int) -> None:
    _, link = invited()
    with reader(width=width, height=800) as author:
        author.go(link)
        author.press("text=About signatures on this site")
        author.check()
        assert author.says("We do not check a passport.")
        author.go("/verify/")
        author.press("text=About signatures on this site")
        assert author.says("Claims and tests")


@WIDTHS
def test_requesting_a_non_author_signer(reader: OpenWindow, width: int) -> None:
    agreement, link = invited()
    with reader(width=width, height=800) as author:
        page = author.page
        author.go(f"{link}hand-over/")
        author.check()
        page.check("#to-somebody-else")
        page.check("#sure")
        author.press("button:text('Delegate signing')")
        author.check()
        assert author.focused() == "name"
        page.fill("#name", "Ada Byron")
        page.fill("#email", "ada@example.org")
        page.fill("#note", "She leads the group.")
        author.press("button:text('Delegate signing')")
        author.check()
        assert author.says("Change requested")
        assert author.says("Ada Byron <ada@example.org>")
    assert status_of(agreement) == Status.ISSUED
    assert ChangeRequest.objects.get().note == "She leads the group."
