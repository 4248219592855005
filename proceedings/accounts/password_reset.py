"""New passwords by mail, for staff: asked for by anybody, mailed to the address of the account and to no other.

Asking writes one row, whatever the address was; the clock looks it up. So neither the answer nor its time tells
whether there is such an account.
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

ASKED = Limit("resets", 10, timedelta(hours=1))
"""Of one address of the network."""
MAILS = Limit("reset-mails", 3, timedelta(days=1))
"""To one account."""
BATCH = 100
STALE = timedelta(hours=1)
"""A request that could not be answered for so long is dropped: whoever still wants it has asked again."""

logger = logging.getLogger(__name__)


def ask(email: str, now: datetime) -> None:
    ResetRequest.objects.bulk_create([ResetRequest(email=email, asked_at=now)], ignore_conflicts=True)


def answer(now: datetime) -> int:
    """Mails a link for each request that leads to an account. Returns how many; those requests are gone then."""
    ResetRequest.objects.filter(asked_at__lte=now - STALE).delete()
    mailed = 0
    for request in ResetRequest.objects.order_by("asked_at", "pk")[:BATCH]:
        try:
            with transaction.atomic():
                gone, _ = ResetRequest.objects.filter(pk=request.pk).delete()
                mailed += gone and send(request.email, now)  # else another worker has it
        except (SMTPException, OSError):  # then the request stays and is looked at again
            logger.exception("A mail with a link for a new password could not be sent.")
    return mailed


def send(email: str, now: datetime) -> int:
    """Mails each account of that address, but for those that the desk does not let in anyway."""
    mailed = 0
    for user in User.objects.filter(email__iexact=email, is_active=True, is_staff=True):
        if user.has_usable_password() and rate_limits.take(MAILS, str(user.pk), now):
            text = render_to_string("admin/password_reset.txt", {"user": user, "link": link_for(user)})
            send_mail("A new password for the proceedings desk", text, settings.DEFAULT_FROM_EMAIL, [user.email])
            mailed += 1
    return mailed


def link_for(user: User) -> str:
    """Never from the request's host, which a stranger chooses (S12). Good for an hour and for one new password."""
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    return settings.PUBLIC_BASE_URL + reverse("admin:password_reset_confirm", args=[uid, token])
