"""The headers of an email: addresses with names, where bounces go, how to unsubscribe. Reads settings only."""

from email.headerregistry import Address
from email.utils import parseaddr
from functools import lru_cache

from django.conf import settings

from agreements.mail.bounces import ReturnPaths


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
    return ReturnPaths(settings.BOUNCE_ADDRESS or our_address(), our_domain(), each=bool(settings.BOUNCE_ADDRESS))


def one_click(url: str) -> dict[str, str]:
    """Headers by which a mail program offers to end the reminders (RFC 2369 and RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@lru_cache(maxsize=64)
def named(name: str, address: str) -> str:
    """A header's address with a name before it. Raises ValueError where one of them would end or forge the header."""
    local, _, domain = address.rpartition("@")
    return str(Address(name, local, domain))  # as parts: to take an address apart by the standard's grammar is slow
