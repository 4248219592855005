"""Bounces as mail providers report them: django-anymail's tracking signal -> the same verb as for mailed reports.

An extra, for ``EMAIL_URL=anymail://provider``: ``pip install proceedings-desk[anymail]``. A provider has Message-IDs of
its own, so ours goes along as metadata and comes back with the event.
"""

import hashlib
from typing import Any

from django.apps import apps
from django.utils import timezone

from agreements import lifecycle
from agreements.mail.bounces import Bounce

GONE = {"invalid", "bounced", "unsubscribed"}
"""anymail's reasons for which no mail will ever arrive there; the others are about this mail, or about us."""


def listen() -> None:
    """Connects to django-anymail's signal if it is installed."""
    if apps.is_installed("anymail"):
        from anymail.signals import tracking  # noqa: PLC0415 - it may not be there

        tracking.connect(handle_event, dispatch_uid="agreements.receivers")


def handle_event(sender: Any, event: Any, **options: Any) -> None:
    bounce = bounce_of(event)
    if bounce:
        lifecycle.bounced(bounce, now=timezone.now())


def bounce_of(event: Any) -> Bounce | None:
    """What an event says about a mail of ours; None for deliveries, delays, absences and everything else."""
    message_id = (event.metadata or {}).get("message-id", "")
    if event.event_type not in ("bounced", "rejected") or not message_id:
        return None
    answer = " ".join(str(event.mta_response or event.description or event.reject_reason or event.event_type).split())
    one = f"{event.event_type} {message_id} {event.event_id or event.timestamp}"
    return Bounce(message_id, event.reject_reason in GONE, answer[:500], hashlib.sha256(one.encode()).hexdigest())
