"""The headers of an email: addresses with names, where bounces go, how to unsubscribe. Reads settings only."""

from email.headerregistry import Address
from email.utils import parseaddr
from functools import lru_cache

from django.conf import settings

from agreements.mail.bounces import ReturnPaths
from proceedings.email_address import ascii_domain


def our_address() -> str:
    """The address that all emails come from, without a name."""
    return bare(settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=8)
def bare(header: str) -> str:
    return parseaddr(header)[1]


def our_domain() -> str:
    return our_address().rpartition("@")[2]


def return_paths() -> ReturnPaths:
    """Where reports about our emails go: to our address, unless a mailbox is set apart for them."""
    return ReturnPaths(
        settings.BOUNCE_ADDRESS or our_address(), our_domain(), per_message=bool(settings.BOUNCE_ADDRESS)
    )


def one_click(url: str) -> dict[str, str]:
    """Headers by which a mail program offers to end the reminders (RFC 2369 and RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@lru_cache(maxsize=64)
def format_address(name: str, address: str) -> str:
    """A header's address with a name before it, its domain in ASCII.

    Raises ValueError where one of them would end or forge the header, or the domain cannot be written.
    """
    local, _, domain = address.rpartition("@")
    # As parts: to take an address apart by the standard's grammar is slow.
    return str(Address(name, local, ascii_domain(domain)))
