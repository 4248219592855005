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
from agreements.mail.judgement import Judgement, clean_text, judge

REASONS = {
    "invalid": Judgement.ADDRESS,
    "unsubscribed": Judgement.ADDRESS,
    "blocked": Judgement.EMAIL,
    "spam": Judgement.EMAIL,
    "timed_out": Judgement.SOFT,
}
"""What anymail's reasons mean (django-anymail, “Tracking sent mail status”). For the others, the server's answer
decides; without one, ``bounced`` means the address.
"""


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
    detail = clean_text(str(event.mta_response or event.description or event.reject_reason or event.event_type))
    identity = f"{event.event_type} {message_id} {event.event_id or event.timestamp}"
    judgement = REASONS.get(event.reject_reason) or judge(detail)
    if event.reject_reason == "bounced" and (event.event_type == "rejected" or not event.mta_response):
        judgement = Judgement.ADDRESS  # a list of the provider, kept after an earlier bounce
    digest = hashlib.sha256(identity.encode(errors="replace")).hexdigest()
    return Bounce(clean_text(str(message_id)), judgement, detail, digest)
