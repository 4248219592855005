"""New passwords for staff. Anybody can ask; the email goes only to the account's own address.

A request writes one row for any address, and a scheduled job looks the account up. So neither the answer nor its timing
shows whether the account exists.
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

from proceedings.email_address import address_key
from proceedings.models import ResetRequest, User
from proceedings.web import rate_limits
from proceedings.web.rate_limits import Limit

REQUESTS_BY_NETWORK = Limit("resets", 10, timedelta(hours=1))
"""Requests per network address."""
EMAILS_BY_ACCOUNT = Limit("reset-mails", 3, timedelta(days=1))
"""Emails per account."""
BATCH = 100
MAX_AGE = timedelta(hours=1)
"""Older requests are deleted unanswered; the user can ask again."""

logger = logging.getLogger(__name__)


def request_reset(email: str, now: datetime) -> None:
    ResetRequest.objects.bulk_create([ResetRequest(email=email, asked_at=now)], ignore_conflicts=True)


def send_due(now: datetime) -> int:
    """Emails a link for each request that matches an account, and deletes the request. Returns the number of emails."""
    ResetRequest.objects.filter(asked_at__lte=now - MAX_AGE).delete()
    mailed = 0
    for request in ResetRequest.objects.order_by("asked_at", "pk")[:BATCH]:
        try:
            with transaction.atomic():
                gone, _ = ResetRequest.objects.filter(pk=request.pk).delete()
                mailed += gone and send_reset_emails(request.email, now)  # 0 if another worker has deleted it
        except (SMTPException, OSError):  # the request stays and is tried again
            logger.exception("Cannot send an email with a link for a new password.")
    return mailed


def send_reset_emails(email: str, now: datetime) -> int:
    """Emails each account with that address that may log in. Returns the number of emails."""
    mailed = 0
    staff = User.objects.filter(is_active=True, is_staff=True).exclude(email="").order_by("pk")
    for user in (one for one in staff if address_key(one.email) == address_key(email)):
        if user.has_usable_password() and rate_limits.use_limit(EMAILS_BY_ACCOUNT, str(user.pk), now):
            text = render_to_string("admin/password_reset.txt", {"user": user, "link": reset_url(user)})
            send_mail("Reset your password on Proceedings", text, settings.DEFAULT_FROM_EMAIL, [user.email])
            mailed += 1
    return mailed


def reset_url(user: User) -> str:
    """Returns the link for one new password, valid for an hour. It never uses the request's host, which an attacker can
    set (S12).
    """
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    return settings.PUBLIC_BASE_URL + reverse("admin:password_reset_confirm", args=[uid, token])
