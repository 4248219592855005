"""Coming in: set up an app at the first login, log in with a code, lose the phone, forget the password."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from proceedings.accounts import password_reset, two_factor
from proceedings.models import User
from tests import make
from tests.proceedings.staff import code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]
STEP = timedelta(seconds=30)


@pytest.fixture
def editor(committed: None, settings: Settings) -> User:
    settings.TWO_STEP_LOGIN = True
    return make.editor("ed", make.volume())


def log_in(someone: Any, password: str) -> None:
    someone.go("/admin/")
    someone.page.fill("#id_username", "ed")
    someone.page.fill("#id_password", password)
    someone.press("input[type=submit]")


def type_code(someone: Any, code: str) -> None:
    someone.page.fill("#id_code", code)
    someone.press("input[type=submit]")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_an_editor_sets_up_an_app_and_comes_in_by_it(
    width: int, scheme: str, reader: OpenWindow, editor: User, mail_folder: Path
) -> None:
    with reader(width=width, color_scheme=scheme) as someone:
        page, now = someone.page, timezone.now()
        log_in(someone, "pass")
        someone.check()
        assert someone.says("Scan this with an authenticator app")
        offered = two_factor.offer_in(page.input_value("[name=offer]"), editor)
        assert offered is not None
        type_code(someone, "12345")
        someone.check()
        assert someone.says("The code is wrong. Check that your phone’s time is right")
        type_code(someone, code_of(offered, now))
        someone.check()
        codes = page.locator(".recovery-codes code").all_inner_texts()
        assert len(codes) == 10
        someone.press("text=I have saved the codes")
        assert page.url.endswith("/board/")
        someone.press("text=Your account")
        someone.check()
        assert someone.says("Recovery codes left: 10.")
        page.select_option("#id_zone", "Asia/Tokyo")
        someone.press("text=Save")
        someone.check()
        someone.press("text=Log out")

        log_in(someone, "pass")
        someone.check()
        assert someone.focused() == "id_code"
        type_code(someone, code_of(offered, now))
        assert someone.says("The code is wrong or was used already."), "it was used to set up the app"
        someone.check()
        type_code(someone, code_of(offered, now + STEP))
        assert page.url.endswith("/board/")
        someone.press("text=Log out")

        log_in(someone, "pass")
        type_code(someone, codes[3])
        assert page.url.endswith("/board/")
        someone.press("text=Log out")

        someone.go("/admin/login/")
        someone.press("text=Forgotten your password?")
        someone.check()
        page.fill("#id_email", editor.email)
        someone.press("input[type=submit]")
        someone.check()
        someone.go(mailed_link(mail_folder, now))
        someone.check()
        page.fill("#id_new_password1", "correct horse battery")
        page.fill("#id_new_password2", "correct horse battery")
        someone.press("input[type=submit]")
        someone.check()
        assert someone.says("Password changed.")
        log_in(someone, "correct horse battery")
        type_code(someone, codes[4])
        assert page.url.endswith("/board/")


def mailed_link(folder: Path, now: datetime) -> str:
    password_reset.send_links(now + STEP)
    (mail,) = folder.iterdir()
    return re.findall(r"http://testserver(\S+)", mail.read_text())[0]  # type: ignore[no-any-return]
