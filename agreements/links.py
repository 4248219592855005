"""Mailed links. A token is 256 random bits; only its SHA-256 is kept, so nobody at the desk can ever see a link."""

import re
import secrets
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from agreements.facts import sha256
from agreements.models import Link, Message

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\Z")
ROUTES = {Link.Purpose.SIGN: "sign", Link.Purpose.COPY: "sealed-copy"}


def make(message: Message, purpose: Link.Purpose, *, expires_at: datetime, now: datetime) -> str:
    """A fresh link for one mail, as an absolute URL. Each mail has its own: the trail shows which one was used."""
    token = secrets.token_urlsafe(32)
    Link.objects.create(
        agreement_id=message.agreement_id,
        message=message,
        purpose=purpose,
        digest=sha256(token.encode()),
        created_at=now,
        expires_at=expires_at,
    )
    return settings.PUBLIC_BASE_URL + reverse(ROUTES[purpose], args=[token])


def read(token: str, purpose: Link.Purpose, now: datetime) -> Link | None:
    """The live link behind `token`, with its agreement; None for an unknown, expired, revoked or misused one.

    Why it is None is told to nobody. The look-up is by hash, so its time says nothing about a near miss.
    """
    if not TOKEN.match(token):
        return None
    found = Link.objects.select_related("agreement__text", "agreement__paper__volume__terms")
    return found.filter(
        digest=sha256(token.encode()), purpose=purpose, expires_at__gt=now, revoked_at__isnull=True
    ).first()


def revoke(agreement_id: int, now: datetime) -> None:
    """Every link of the agreement is dead from now on."""
    Link.objects.filter(agreement_id=agreement_id, revoked_at__isnull=True).update(revoked_at=now)
