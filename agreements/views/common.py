"""What every public page needs, and the answer to links that do not work."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from agreements.domain.states import WAITING, Status
from agreements.mail import addresses, links
from agreements.models import Link
from agreements.requests import rate_limits
from proceedings.web.request_info import address_of, now_of

SIGNED = {Status.SIGNED, Status.SEALED}

Page = Callable[[HttpRequest, str, Link], HttpResponse]


def link_expired_page(request: HttpRequest) -> HttpResponse:
    """The same page for every link that does not work, whatever the reason. A POST to it counts against the limit."""
    if request.method == "POST":
        rate_limits.use_limit(rate_limits.EXPIRED_LINKS, address_of(request), now_of(request))
    # Relative, so that the page says the same, to the byte, for every link.
    route = request.resolver_match.route if request.resolver_match else ""
    up = "../" * route.partition("<str:token>/")[2].count("/")
    return render(request, "agreements/link_expired.html", {"new_link": f"{up}fresh/"}, status=404)


def too_many_attempts(request: HttpRequest, wait: str) -> HttpResponse:
    """Say how long to wait. Nothing was changed."""
    return render(request, "agreements/too_many_attempts.html", {"wait": wait}, status=429)


def too_many_misses(request: HttpRequest) -> bool:
    return request.method == "POST" and rate_limits.limit_reached(
        rate_limits.EXPIRED_LINKS, address_of(request), now_of(request)
    )


def behind_link(*, signed: Page | None = None) -> Callable[[Page], Callable[[HttpRequest, str], HttpResponse]]:
    """A view of an agreement that awaits its signature, behind a mailed link.

    Once it is signed, `signed` answers, or a redirect leads to the receipt. All other links get the page of expired
    links.
    """

    def decorate(page: Page) -> Callable[[HttpRequest, str], HttpResponse]:
        @never_cache
        @wraps(page)
        def opened(request: HttpRequest, token: str) -> HttpResponse:
            if too_many_misses(request):
                return too_many_attempts(request, _("a minute"))
            link = links.find_link(token, Link.Purpose.SIGN, now_of(request))
            if link and link.agreement.status in SIGNED:
                return signed(request, token, link) if signed else redirect_to_start(token)
            if link is None or link.agreement.status not in WAITING:
                return link_expired_page(request)
            return page(request, token, link)

        return opened

    return decorate


def redirect_to_start(token: str) -> HttpResponse:
    """Redirect to the first page of the link, which shows the present state."""
    return HttpResponseRedirect(reverse("sign", args=[token]), status=303)


def remember_language(request: HttpRequest, address: str) -> None:
    """Write future emails to `address` in the language of the page that its owner has just used."""
    addresses.remember_language(address, request.LANGUAGE_CODE)
