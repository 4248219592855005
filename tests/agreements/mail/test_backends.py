"""Any Django mail backend, through the same three phases: claim, intent before the call, and what became of it."""

import smtplib
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.core import mail as outbox
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django import Settings

from agreements.jobs import scheduled
from agreements.models import Message
from tests import make
from tests.make import DAY, NOW

pytestmark = [pytest.mark.django_db, pytest.mark.alone]

State = Message.State

DJANGOS = ["locmem", "console", "filebased", "dummy"]


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("name", DJANGOS)
def test_djangos_own_backends_send_once_and_say_so(name: str, settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = f"django.core.mail.backends.{name}.EmailBackend", tmp_path
    one, other = make.agreement("issued"), make.agreement("issued", of=make.paper(contact="ada@example.org"))
    assert +scheduled.send_emails(scheduled.fixed_clock(NOW)) == {State.SENT: 2}
    assert +scheduled.send_emails(scheduled.fixed_clock(NOW + DAY)) == {}
    assert make.history(one) == make.history(other) == ["draft", "issue", "mailed"]
    if name == "locmem":
        assert [mail.to[0] for mail in outbox.outbox] == [f"Mike Lewis <{who}@example.org>" for who in ("mike", "ada")]


class Custom(BaseEmailBackend):
    """A provider's backend: it fails as it is told to, before or after it has taken the mail."""

    error: BaseException | None = None
    taken: list[str] = []
    seen: list[str] = []

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        (message,) = email_messages
        type(self).seen.extend(states())
        if self.error and str(self.error) == "before":
            raise self.error
        type(self).taken.append(message.extra_headers["Message-ID"])
        if self.error:
            raise self.error
        return 1


@pytest.fixture
def custom(settings: Settings) -> type[Custom]:
    settings.EMAIL_BACKEND = f"{__name__}.Custom"
    Custom.error, Custom.taken, Custom.seen = None, [], []
    return Custom


ERRORS = [
    TimeoutError("before"), ConnectionResetError("after"), ValueError("before"), RuntimeError("after"),
    smtplib.SMTPServerDisconnected("after"), smtplib.SMTPDataError(451, b"later"), smtplib.SMTPRecipientsRefused({}),
]  # fmt: skip


def test_the_intent_is_committed_when_the_backend_is_called(custom: type[Custom]) -> None:
    make.agreement("issued")
    assert +scheduled.send_emails(scheduled.fixed_clock(NOW)) == {State.SENT: 1}
    assert custom.seen == [State.HANDING]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_after_any_exception_delivery_is_unknown_and_the_email_is_never_sent_again(
    custom: type[Custom], error: Exception
) -> None:
    """It does not tell whether the mail was taken, so no machine may send it again; an editor is told."""
    agreement = make.agreement("issued")
    custom.error = error
    assert +scheduled.send_emails(scheduled.fixed_clock(NOW)) == {State.UNKNOWN: 1}
    custom.error = None
    assert +scheduled.send_emails(scheduled.fixed_clock(NOW + 10 * DAY)) == {}
    assert len(custom.taken) <= 1
    assert make.history(agreement) == ["draft", "issue", "mail-unknown"]
    assert type(error).__name__ in Message.objects.get().error


def test_one_email_that_fails_does_not_stop_the_next(custom: type[Custom]) -> None:
    make.agreement("issued")
    make.agreement("issued", of=make.paper(contact="ada@example.org"))
    custom.error = RuntimeError("before")
    assert +scheduled.send_emails(scheduled.fixed_clock(NOW)) == {State.UNKNOWN: 2}
