"""When and from where a request comes."""

from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone


def now_of(request: HttpRequest) -> datetime:
    """The time of the request. Tests and the demo hand in another one; no header can reach this key."""
    moment: datetime | None = request.META.get("desk.now")
    return moment or timezone.now()


def address_of(request: HttpRequest) -> str | None:
    """Where the request comes from. Of a proxy's list only the last entry counts: the client may write the others."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    text = forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(text))
    except ValueError:  # a Unix socket, or a proxy that hides it
        return None


def network_of(request: HttpRequest) -> str | None:
    """The same, but of IPv6 the first half: who has one address there has 2⁶⁴ of them."""
    text = address_of(request)
    if text and isinstance(address := ip_address(text), IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return text
