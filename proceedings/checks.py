"""System checks: how staff come in, how papers are found."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from proceedings.models import search


@register(Tags.security)
def staff_take_two_steps(**kwargs: Any) -> list[CheckMessage]:
    """Not for `--deploy` alone: in production no command runs without it."""
    if settings.DEBUG or settings.TWO_STEP_LOGIN:
        return []
    return [
        Error(
            "Staff log in with a password alone.",
            hint="Take TWO_STEP_LOGIN=0 out of the environment; DEBUG=1 is for one's own machine.",
            id="proceedings.E001",
        )
    ]


@register(Tags.database)
def papers_are_found_fast(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return search.slow(search.INDEXES, "proceedings.W001") if databases else []
