"""An author reads and signs in their own language, and changes it, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from agreements.domain.states import Status
from agreements.models import Agreement, EmailAddress, Link
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]


def invited() -> tuple[Agreement, str]:
    """An agreement that waits, and the path of its link."""
    now = timezone.now()
    agreement = make.agreement(now=now)
    return agreement, f"/sign/{make.token(agreement, now=now)}/"


def language_of(author: Any) -> str:
    return str(author.page.evaluate("document.documentElement.lang"))


PHONE = {"width": 320, "height": 640, "has_touch": True}
DESKTOP = {"width": 1280, "height": 800}


@pytest.mark.parametrize(
    ("locale", "lang", "window", "words"),
    [
        (
            "fr-FR",
            "fr",
            PHONE,
            ["Accord de publication", "Pas encore signé.", "Vérifier et signer", "C’est signé. Merci."],
        ),
        ("zh-CN", "zh-hans", PHONE, ["出版协议", "尚未签署。", "核对并签署", "已签署，谢谢您。"]),
        ("zh-CN", "zh-hans", DESKTOP, ["出版协议", "尚未签署。", "核对并签署", "已签署，谢谢您。"]),
    ],
    ids=["French on a phone", "Chinese on a phone", "Chinese on a desktop"],
)
def test_signing_in_the_language_of_the_browser(
    reader: OpenWindow, locale: str, lang: str, window: dict[str, Any], words: list[str]
) -> None:
    agreement, link = invited()
    first, refused, review, receipt = words
    with reader(**window, locale=locale) as author:
        author.go(link)
        author.check()
        assert language_of(author) == lang
        assert author.says(first)
        assert author.page.get_attribute(".agreement > div", "lang") == "en"
        assert author.says("I sign for all authors: Mike Lewis; Shruti Bhosale; Tim Dettmers.")

        author.press("#sign > button[type=submit]")
        author.check()
        assert author.says(refused)
        assert author.focused() == "typed_name"

        author.page.fill("#typed_name", "Mike Lewis")
        author.page.check("#authority")
        author.page.check("#consent")
        author.press("#sign > button[type=submit]")
        author.check()
        assert author.says(review)
        author.press("button[value=sign]")
        author.check()
        assert author.says(receipt)
    agreement.refresh_from_db()
    assert agreement.status == Status.SIGNED
    assert EmailAddress.objects.get(address="mike@example.org").language == lang
    assert agreement.consent.startswith("I agree to read, sign and receive")


@pytest.mark.parametrize("scripts", [True, False])
def test_another_language_keeps_one_on_the_page_and_is_remembered(reader: OpenWindow, scripts: bool) -> None:
    agreement, link = invited()
    with reader(width=390, height=844, locale="fr-FR", java_script_enabled=scripts) as author:
        page = author.page
        for path in (link, f"{link}decline/", f"{link}hand-over/", f"{link}correct/"):
            author.go(path)
            author.press(".languages button[value=zh-hans]")
            assert page.url.endswith(path)
            assert page.get_attribute("html", "lang") == "zh-hans"
            author.press(".languages button[value=fr]")
            assert page.url.endswith(path)
            assert page.get_attribute("html", "lang") == "fr"
        author.press(".languages button[value=en]")
        author.go(link)
        assert author.says("Publication agreement")
        assert not author.complaints
    assert make.history(agreement) == ["draft", "issue"]


@pytest.mark.parametrize("locale", ["fr-FR", "zh-CN"])
@pytest.mark.parametrize("width", [1280, 320])
def test_no_page_has_a_barrier_in_another_language(reader: OpenWindow, locale: str, width: int) -> None:
    _, link = invited()
    sealed = make.agreement("sealed", now=timezone.now())
    tokens = {purpose: make.token(sealed, now=timezone.now(), purpose=purpose) for purpose in Link.Purpose}
    with reader(width=width, locale=locale) as author:
        for path in (
            "/",
            link,
            f"{link}decline/",
            f"{link}hand-over/",
            f"{link}correct/",
            f"{link}paper/",
            f"/sign/{tokens[Link.Purpose.SIGN]}/",
            f"/sign/object/{tokens[Link.Purpose.OBJECT]}/",
            f"/reminders/stop/{tokens[Link.Purpose.STOP]}/",
            "/sign/copy/",
            "/signatures/",
            "/verify/",
            f"/verify/?agreement={sealed.reference}",
            "/sign/nothing/",
            "/nothing/",
        ):
            author.go(path)
            author.check()
            assert language_of(author) == {"fr-FR": "fr", "zh-CN": "zh-hans"}[locale]
