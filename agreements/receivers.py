"""Bounces reported by email providers: django-anymail's tracking signal -> `lifecycle.record_bounce`.

Optional, for ``EMAIL_URL=anymail://provider``: ``pip install proceedings-desk[anymail]``. Providers assign their own
Message-IDs, so ours is sent as metadata and comes back with the event.
"""

import hashlib
from typing import Any

from django.apps import apps
from django.utils import timezone

from agreements import lifecycle
from agreements.mail.bounces import Bounce

GONE = {"invalid", "bounced", "unsubscribed"}
"""anymail's reasons for which the address is undeliverable. The others are about this email or about us."""


def listen() -> None:
    """Connect to anymail's tracking signal, if django-anymail is installed."""
    if apps.is_installed("anymail"):
        from anymail.signals import tracking  # noqa: PLC0415 - optional dependency

        tracking.connect(heard, dispatch_uid="agreements.receivers")


def heard(sender: Any, event: Any, **words: Any) -> None:
    bounce = bounce_of(event)
    if bounce:
        lifecycle.bounced(bounce, now=timezone.now())


def bounce_of(event: Any) -> Bounce | None:
    """Return the bounce that an event reports; None for any other event."""
    message_id = (event.metadata or {}).get("message-id", "")
    if event.event_type not in ("bounced", "rejected") or not message_id:
        return None
    words = " ".join(str(event.mta_response or event.description or event.reject_reason or event.event_type).split())
    one = f"{event.event_type} {message_id} {event.event_id or event.timestamp}"
    return Bounce(message_id, event.reject_reason in GONE, words[:500], hashlib.sha256(one.encode()).hexdigest())
