"""Password reset by email, for staff. The link goes only to the address of the account.

A request writes one row, whatever the address; a scheduled job looks it up. So neither the answer nor its timing shows
whether the account exists.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from proceedings.models import ResetRequest, User
from proceedings.web import rate_limits
from proceedings.web.rate_limits import Limit

REQUESTS = Limit("resets", 10, timedelta(hours=1))
"""From one network address."""
EMAILS = Limit("reset-mails", 3, timedelta(days=1))
"""To one account."""
BATCH = 100
STALE = timedelta(hours=1)
"""A request older than this is dropped; the user can ask again."""

logger = logging.getLogger(__name__)


def request_reset(email: str, now: datetime) -> None:
    """Stores the request, whether the account exists or not."""
    ResetRequest.objects.bulk_create([ResetRequest(email=email, asked_at=now)], ignore_conflicts=True)


def send_links(now: datetime) -> int:
    """Emails a link for each request with an account, and deletes the requests. Returns the number of emails."""
    ResetRequest.objects.filter(asked_at__lte=now - STALE).delete()
    sent = 0
    for request in ResetRequest.objects.order_by("asked_at", "pk")[:BATCH]:
        try:
            with transaction.atomic():
                deleted, _ = ResetRequest.objects.filter(pk=request.pk).delete()
                sent += deleted and send_link(request.email, now)  # else another worker took it
        except (SMTPException, OSError):  # the request stays and is tried again
            logger.exception("Cannot send an email with a link for a new password.")
    return sent


def send_link(email: str, now: datetime) -> int:
    """Emails each active staff account with that address. Returns how many."""
    sent = 0
    for user in User.objects.filter(email__iexact=email, is_active=True, is_staff=True):
        if user.has_usable_password() and rate_limits.take(EMAILS, str(user.pk), now):
            text = render_to_string("admin/password_reset.txt", {"user": user, "link": link_for(user)})
            send_mail("Reset your password on Proceedings", text, settings.DEFAULT_FROM_EMAIL, [user.email])
            sent += 1
    return sent


def link_for(user: User) -> str:
    """The reset link, valid once for an hour. Not from the request's host, which an attacker can set (S12)."""
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    return settings.PUBLIC_BASE_URL + reverse("admin:password_reset_confirm", args=[uid, token])
