"""System checks of two-factor login and search indexes."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from proceedings.models import search


@register(Tags.security)
def check_two_factor_login(**kwargs: Any) -> list[CheckMessage]:
    """Runs without `--deploy` too, so that in production no command starts without two-factor login."""
    if settings.DEBUG or settings.TWO_STEP_LOGIN:
        return []
    return [
        Error(
            "Staff can log in with a password alone.",
            hint="Remove TWO_STEP_LOGIN=0 from the environment. Use DEBUG=1 only on your own machine.",
            id="proceedings.E001",
        )
    ]


@register(Tags.database)
def check_search_indexes(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return search.slow(search.INDEXES, "proceedings.W001") if databases else []
