"""Mailed links. A token is 256 random bits; only its SHA-256 is kept, so nobody at the desk can ever see a link."""

import re
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from agreements.domain.facts import sha256
from agreements.mail.kinds import kind_of
from agreements.models import Agreement, Link, Message

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\Z")
ROUTES = {
    Link.Purpose.SIGN: "sign",
    Link.Purpose.COPY: "sealed-copy",
    Link.Purpose.OBJECT: "object",
    Link.Purpose.STOP: "stop-reminders",
    Link.Purpose.EDIT: "edit",
    Link.Purpose.CORRECT: "correction",
}

SIGN_LINK_LIFE = timedelta(days=30)
"""After the deadline, or after the email if that is later: authors may sign late."""
TIME_TO_OBJECT = timedelta(days=14)
LINK_LIFE = {
    Link.Purpose.COPY: timedelta(days=366),
    Link.Purpose.OBJECT: TIME_TO_OBJECT,
    # Authors may take long to answer.
    Link.Purpose.EDIT: timedelta(days=366),
    Link.Purpose.CORRECT: timedelta(days=366),
}
"""After the email. Links to sign and to stop reminders have `SIGN_LINK_LIFE`."""


class LinkSpec(NamedTuple):
    """A link that a mail is to carry."""

    message: Message
    purpose: Link.Purpose
    expires_at: datetime


def link_specs(message: Message, now: datetime) -> list[LinkSpec]:
    """The links that an email carries, made for it alone."""
    if kind_of(message).is_combined:
        wishes = [wish for part in message.parts for wish in link_specs(part, now)]
        stops = [wish for wish in wishes if wish.purpose == Link.Purpose.STOP]
        return [wish for wish in wishes if wish not in stops[1:]]  # one of them stops them all
    return [LinkSpec(message, purpose, end_of_link(message, purpose, now)) for purpose in kind_of(message).links]


def end_of_link(message: Message, purpose: Link.Purpose, now: datetime) -> datetime:
    if purpose in LINK_LIFE:
        return now + LINK_LIFE[purpose]
    return max(message.agreement.paper.volume.signing_settings.closes_at, now) + SIGN_LINK_LIFE


def create_link(message: Message, purpose: Link.Purpose, *, expires_at: datetime, now: datetime) -> str:
    """A fresh link for one mail, as an absolute URL. Each mail has its own: the trail shows which one was used."""
    return create_links([LinkSpec(message, purpose, expires_at)], now)[0]


def create_links(wishes: list[LinkSpec], now: datetime) -> list[str]:
    """A fresh link for each wish, written together."""
    tokens = [secrets.token_urlsafe(32) for _ in wishes]
    rows = [
        Link(
            agreement_id=wish.message.agreement.pk,
            message=wish.message,
            purpose=wish.purpose,
            digest=sha256(token.encode()),
            created_at=now,
            expires_at=wish.expires_at,
        )
        for wish, token in zip(wishes, tokens, strict=True)
    ]
    Link.objects.bulk_create(rows)
    return [
        settings.PUBLIC_BASE_URL + reverse(ROUTES[wish.purpose], args=[token])
        for wish, token in zip(wishes, tokens, strict=True)
    ]


def read(token: str, purpose: Link.Purpose, now: datetime) -> Link | None:
    """The live link behind `token`, with its agreement; None for an unknown, expired, revoked or misused one.

    Why it is None is told to nobody. The look-up is by hash, so its time says nothing about a near miss.
    """
    if not TOKEN.match(token):
        return None
    found = Link.objects.select_related("agreement__text", "agreement__paper__volume__signing_settings")
    return found.filter(
        digest=sha256(token.encode()), purpose=purpose, expires_at__gt=now, revoked_at__isnull=True
    ).first()


def agreement_of(link: Link) -> list[Agreement]:
    """The agreements that the link's mail asked to sign: its own, or all of a mail about several papers."""
    if link.message.carrier_id is None:
        return [link.agreement]
    parts = Message.objects.filter(carrier=link.message.carrier_id, recipient=link.message.recipient)
    asked = parts.exclude(kind=Message.Kind.UNSIGNED).select_related("agreement").order_by("pk")
    return [part.agreement for part in asked]


def revoke(agreement_id: int, now: datetime) -> None:
    """Every link of the agreement is dead from now on, but those that stop reminders, which may be of other papers."""
    alive = Link.objects.filter(agreement_id=agreement_id, revoked_at__isnull=True)
    alive.exclude(purpose=Link.Purpose.STOP).update(revoked_at=now)
