"""What mail providers report through django-anymail, as far as it is about a mail of ours.

django-anymail is an extra and not among the packages of these tests, so a stand-in has its signal's and events' shape.
"""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core import mail as outbox
from django.dispatch import Signal
from pytest_django import Settings

from agreements import receivers
from agreements.jobs import scheduled
from agreements.mail import addresses
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def event(kind: str = "bounced", *, about: str, **fields: Any) -> SimpleNamespace:
    """As anymail.signals.AnymailTrackingEvent."""
    shape: dict[str, Any] = {
        "event_type": kind, "metadata": {"message-id": about}, "event_id": "e1", "timestamp": NOW,
        "mta_response": "550 5.1.1 no such user", "description": None, "reject_reason": "bounced",
    }  # fmt: skip
    return SimpleNamespace(**shape | fields)


@pytest.fixture
def signal(monkeypatch: pytest.MonkeyPatch) -> Signal:
    """django-anymail's tracking signal, with somebody who listens."""
    package, signals = ModuleType("anymail"), ModuleType("anymail.signals")
    vars(signals)["tracking"] = tracking_signal = Signal()
    monkeypatch.setitem(sys.modules, "anymail", package)
    monkeypatch.setitem(sys.modules, "anymail.signals", signals)
    monkeypatch.setattr(apps, "is_installed", lambda name: name == "anymail")
    receivers.connect_signals()
    return tracking_signal


def test_a_hard_bounce_that_a_provider_reports_stops_the_address_once(signal: Signal, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    agreement = make.agreement("issued")
    scheduled.send_emails(scheduled.fixed_clock(NOW))
    (sent,) = outbox.outbox
    about = vars(sent)["metadata"]["message-id"]
    assert about == make.invitation(agreement).message_id
    for _ in range(2):
        signal.send(sender=None, event=event(about=about), esp_name="Some Provider")
    assert make.history(agreement) == ["draft", "issue", "mailed", "bounced"]
    assert addresses.find_undeliverable(["mike@example.org"])["mike@example.org"].reason == "550 5.1.1 no such user"


@pytest.mark.parametrize(
    ("kind", "reason", "hard"),
    [
        ("bounced", "bounced", True),
        ("rejected", "invalid", True),
        ("rejected", "unsubscribed", True),
        ("bounced", "timed_out", False),
        ("bounced", "spam", False),
        ("rejected", "blocked", False),
        ("bounced", None, True),  # the server's answer decides: 5.1.1
        *((kind, None, None) for kind in ("delivered", "deferred", "autoresponded", "opened", "complained", "queued")),
    ],
)
def test_what_each_event_means(kind: str, reason: str | None, hard: bool | None) -> None:
    bounce = receivers.parse_event(event(kind, about="<a@desk.example>", reject_reason=reason))
    assert (bounce and bounce.hard) == hard


@pytest.mark.parametrize("metadata", [{}, None, {"message-id": ""}])
def test_an_event_about_another_senders_email_is_ignored(metadata: dict[str, str] | None) -> None:
    assert receivers.parse_event(event(about="x", metadata=metadata)) is None


def test_without_anymail_nobody_listens() -> None:
    assert not apps.is_installed("anymail")
    receivers.connect_signals()
    assert "anymail" not in sys.modules
