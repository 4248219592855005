"""How the admin formats actors, times and statuses."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

NONE = "—"


def actor(request: HttpRequest) -> str:
    """The acting editor as events store it."""
    return f"editor:{request.user.get_username()}"


def zone_of(request: HttpRequest) -> str:
    """The user's time zone."""
    zone: str = getattr(request.user, "zone", "UTC")
    return zone


def format_utc(moment: datetime | None) -> str:
    """``2026-11-03 09:00``, or a dash."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else NONE


def format_utc_and_local(moment: datetime | None) -> str:
    """The same for narrow columns, breaking between date and time; below it the user's local time."""
    if moment is None:
        return NONE
    utc = format_html('<span class="when">{}</span> <span class="when">{}</span>', *format_utc(moment).split(" "))
    if timezone.get_current_timezone_name() == "UTC":
        return utc
    here = f"{timezone.localtime(moment):%d %b %H:%M %Z}"
    return format_html('{}<br><span class="when quiet">{}</span>', utc, here)


def time_column(field: str, label: str) -> Callable[[Any], str]:
    """A column for the time in `field`, labelled with UTC."""

    @admin.display(description=f"{label} (UTC)", ordering=field)
    def shown(row: Any) -> str:
        return format_utc(getattr(row, field))

    shown.__name__ = field  # names the column's CSS class
    return shown


def chip(status: str, label: str) -> str:
    """A status label on a coloured background."""
    return format_html('<span class="chip {}">{}</span>', status, label)
