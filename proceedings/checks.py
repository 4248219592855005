"""System checks of the login and of the search indexes."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from proceedings.models import search


@register(Tags.security)
def check_two_factor_login(**kwargs: Any) -> list[CheckMessage]:
    """Returns an error without two-factor login. It runs without `--deploy`, so no command runs in production then."""
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
    return search.index_warnings(search.INDEXES, "proceedings.W001") if databases else []
