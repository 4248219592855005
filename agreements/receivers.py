"""Bounces reported by email providers: django-anymail's tracking signal -> `lifecycle.record_bounce`.

Optional, for ``EMAIL_URL=anymail://provider``: ``pip install .[anymail]`` in the checkout. Providers assign their own
Message-IDs, so ours is sent as metadata and comes back with the event.
"""

import hashlib
from typing import Any

from django.apps import apps
from django.utils import timezone

from agreements import lifecycle
from agreements.mail.bounces import Bounce

UNDELIVERABLE_REASONS = {"invalid", "bounced", "unsubscribed"}
"""anymail's reasons for which the address is undeliverable. The others are about this email or about us."""


def connect_signals() -> None:
    """Connect to anymail's tracking signal, if django-anymail is installed."""
    if apps.is_installed("anymail"):
        from anymail.signals import tracking  # noqa: PLC0415 - optional dependency

        tracking.connect(handle_event, dispatch_uid="agreements.receivers")


def handle_event(sender: Any, event: Any, **kwargs: Any) -> None:
    bounce = parse_event(event)
    if bounce:
        lifecycle.record_bounce(bounce, now=timezone.now())


def parse_event(event: Any) -> Bounce | None:
    """Return the bounce that an event reports; None for any other event."""
    message_id = (event.metadata or {}).get("message-id", "")
    if event.event_type not in ("bounced", "rejected") or not message_id:
        return None
    detail = " ".join(str(event.mta_response or event.description or event.reject_reason or event.event_type).split())
    identity = f"{event.event_type} {message_id} {event.event_id or event.timestamp}"
    return Bounce(
        message_id,
        event.reject_reason in UNDELIVERABLE_REASONS,
        detail[:500],
        hashlib.sha256(identity.encode()).hexdigest(),
    )
