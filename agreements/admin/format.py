"""How the desk says things: who acts, when, and where an agreement stands."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

NONE = "—"


def who(request: HttpRequest) -> str:
    return f"editor:{request.user.get_username()}"


def zone_of(request: HttpRequest) -> str:
    """The time zone of the one who asks."""
    zone: str = getattr(request.user, "zone", "UTC")
    return zone


def in_utc(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else NONE


def in_two_lines(moment: datetime | None) -> str:
    """The same where columns are narrow: it breaks between day and time; below it the time of the one who asks."""
    if moment is None:
        return NONE
    utc = format_html('<span class="when">{}</span> <span class="when">{}</span>', *in_utc(moment).split(" "))
    if timezone.get_current_timezone_name() == "UTC":
        return utc
    here = f"{timezone.localtime(moment):%d %b %H:%M %Z}"
    return format_html('{}<br><span class="when quiet">{}</span>', utc, here)


def stamp(field: str, words: str) -> Callable[[Any], str]:
    """A column for the moment in `field`, with its zone said."""

    @admin.display(description=f"{words} (UTC)", ordering=field)
    def shown(row: Any) -> str:
        return in_utc(getattr(row, field))

    shown.__name__ = field  # what the style sheet calls the column
    return shown


def chip(status: str, words: str) -> str:
    """A status in words, with a colour for the eye."""
    return format_html('<span class="chip {}">{}</span>', status, words)
