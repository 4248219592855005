"""Time and origin of a request."""

from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone


def now_of(request: HttpRequest) -> datetime:
    """Returns the time of the request. Tests and the demo set another one; no header can set this key."""
    moment: datetime | None = request.META.get("desk.now")
    return moment or timezone.now()


def address_of(request: HttpRequest) -> str | None:
    """Returns the client's address. Of X-Forwarded-For only the last entry counts: the client may have written the
    others.
    """
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    text = forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(text))
    except ValueError:  # a Unix socket, or a proxy that hides the address
        return None


def network_of(request: HttpRequest) -> str | None:
    """Returns the client's address; for IPv6 its /64 network, because one client has 2⁶⁴ addresses."""
    text = address_of(request)
    if text and isinstance(address := ip_address(text), IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return text
