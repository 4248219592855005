"""Reminders that an editor asks for."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.utils import timezone

from agreements import lifecycle
from agreements.admin.format import who
from agreements.models import Agreement


def remind(request: HttpRequest, agreements: Iterable[Agreement]) -> int:
    """Asks for a reminder of each; says on the next page how many go out."""
    now = timezone.now()
    count = sum(lifecycle.remind_now(agreement, by=who(request), now=now) for agreement in agreements)
    if count:
        messages.success(request, f"{count} reminder{pluralize(count)} on the way, within a minute.")
    return count


def message_skipped(request: HttpRequest, count: int) -> None:
    if count:
        why = "no agreement waits for a signature, a mail is on its way already, or reminders are paused or unwanted"
        messages.warning(request, f"{count} got no reminder: {why}.")
