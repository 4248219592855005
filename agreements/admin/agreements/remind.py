"""Reminders that an editor asks for."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.utils import timezone

from agreements import lifecycle
from agreements.admin.format import actor
from agreements.models import Agreement


def remind(request: HttpRequest, agreements: Iterable[Agreement]) -> int:
    """Queues a reminder for each agreement and shows a message with the count."""
    now = timezone.now()
    count = sum(lifecycle.remind_now(agreement, by=actor(request), now=now) for agreement in agreements)
    if count:
        messages.success(
            request,
            f"{count} reminder{pluralize(count)} queued. We send {pluralize(count, 'it,them')} within a minute.",
        )
    return count


def message_skipped(request: HttpRequest, count: int) -> None:
    """Shows a warning if reminders were skipped."""
    if count:
        why = "not awaiting a signature, an email is queued already, or reminders are paused or opted out of"
        messages.warning(request, f"{count} got no reminder: {why}.")
