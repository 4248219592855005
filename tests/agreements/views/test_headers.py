"""What every answer tells the browser (S13, S14), and what no log may hold (S6)."""

import logging
from typing import Any

import pytest

from agreements.models import Link
from proceedings.web.redaction import RedactLinks
from tests import make
from tests.agreements.pages import browser, drop

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


def paths() -> dict[str, str]:
    waiting, sealed = make.agreement(), make.agreement("sealed")
    sign, copy = make.token(waiting), make.token(sealed, purpose=Link.Purpose.COPY)
    return {
        "sign": f"/sign/{sign}/",
        "form": f"/sign/{sign}/agreement.pdf",
        "decline": f"/sign/{sign}/decline/",
        "receipt": f"/sign/{make.token(sealed)}/",
        "copy": f"/sign/copy/{copy}/",
        "object": f"/sign/object/{make.token(sealed, purpose=Link.Purpose.OBJECT)}/",
        "hand over": f"/sign/{sign}/hand-over/",
        "correct": f"/sign/{sign}/correct/",
        "request": "/sign/copy/",
        "dead": f"/sign/{'A' * 43}/",
        "verify": "/verify/",
        "health": "/health",
        "missing": "/nothing/",
        "login": "/admin/login/",
        "password": "/admin/password_reset/",
        "new password": "/admin/reset/MQ/set-password/",
        "desk": "/admin/",
    }


def answers() -> dict[str, Any]:
    client = browser()
    found = {name: client.get(path) for name, path in paths().items()}
    for answer in found.values():
        drop(answer)
    return found


@pytest.mark.django_db
def test_s13_every_answer_carries_the_strict_policy() -> None:
    for name, answer in answers().items():
        assert set(answer["Content-Security-Policy"].split("; ")) == POLICY, name
        assert answer["Referrer-Policy"] == "same-origin", name
        assert answer["X-Content-Type-Options"] == "nosniff", name
        assert answer["X-Frame-Options"] == "DENY", name
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", name


@pytest.mark.django_db
def test_s13_personal_pages_are_not_cached() -> None:
    for name, answer in answers().items():
        if name != "missing":
            assert "no-store" in answer["Cache-Control"], name
            assert "private" in answer["Cache-Control"], name


@pytest.mark.django_db
def test_s14_cookies_are_out_of_reach_of_scripts_and_of_other_sites() -> None:
    seen = [cookie for answer in answers().values() for cookie in answer.cookies.values()]
    assert seen
    for cookie in seen:
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


@pytest.mark.django_db
def test_an_author_gets_no_session() -> None:
    client = browser()
    client.get(paths()["sign"])
    assert set(client.cookies) == {"csrftoken"}


@pytest.mark.parametrize(
    "line",
    [
        "Not Found: /sign/{}/",
        "Not Found: /sign/copy/{}/",
        '"GET /sign/{}/agreement.pdf HTTP/1.1" 200 1234',
        "https://desk.example.org/sign/copy/{}",
        "Not Found: /sign/object/{}/fresh/",
    ],
)
def test_s06_no_log_holds_a_link(line: str) -> None:
    token = "x_-" * 14 + "Q"
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "%s", (line.format(token),), None)
    RedactLinks().filter(record)
    assert token not in record.getMessage()
    assert record.getMessage() == line.format("[link]")
