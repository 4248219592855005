"""Readers of the log must not be able to sign."""

import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from proceedings.web.redaction import RedactLinks

TOKEN = "Ab-_" * 10 + "xyz"


def filtered(message: str, *arguments: object) -> str:
    record = logging.LogRecord("desk", logging.INFO, __file__, 1, message, arguments, None)
    assert RedactLinks().filter(record)
    return record.getMessage()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"GET /sign/{TOKEN}/ 200", "GET /sign/[link]/ 200"),
        (f"GET /sign/{TOKEN}/decline/ 200", "GET /sign/[link]/decline/ 200"),
        (f"GET /sign/copy/{TOKEN}/ 200", "GET /sign/copy/[link]/ 200"),
        (f"two: /sign/{TOKEN}/ /sign/copy/{TOKEN}/", "two: /sign/[link]/ /sign/copy/[link]/"),
        ("GET /sign/ 404", "GET /sign/ 404"),
        (f"GET /admin/reset/MQ/{TOKEN}/ 302", "GET /admin/reset/MQ/[link]/ 302"),
        ("design/ is a word", "design/ is a word"),
    ],
)
def test_emailed_links_are_taken_out(said: str, kept: str) -> None:
    assert filtered(said) == kept
    assert filtered("%s", said) == kept


def test_a_message_that_is_not_about_links_keeps_its_parts() -> None:
    record = logging.LogRecord("desk", logging.INFO, __file__, 1, "%s mails", (3,), None)
    RedactLinks().filter(record)
    assert (record.msg, record.args) == ("%s mails", (3,))


def test_every_handler_has_the_filter() -> None:
    configuration: Any = settings.LOGGING
    handlers = configuration["handlers"]
    assert handlers
    assert all("redact_links" in handler["filters"] for handler in handlers.values())
    assert configuration["loggers"]["django.server"]["handlers"] == []


def test_a_traceback_does_not_bring_the_link_back() -> None:
    try:
        raise ValueError(f"cannot render http://testserver/sign/{TOKEN}/")
    except ValueError:
        record = logging.LogRecord("desk", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    RedactLinks().filter(record)
    assert TOKEN not in logging.Formatter().format(record)


@pytest.mark.django_db
@pytest.mark.parametrize("path", [f"/sign/{TOKEN}/", f"/sign/copy/{TOKEN}/"])
def test_an_expired_link_is_not_written_to_the_log(path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        caplog.handler.addFilter(RedactLinks())
        Client().get(path)
    assert TOKEN not in caplog.text
    assert Path(path).name not in [record.getMessage() for record in caplog.records]
