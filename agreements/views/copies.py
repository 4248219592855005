"""The sealed PDF, and new links by email."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.documents.download import sealed_response
from agreements.mail import links
from agreements.models import Link
from agreements.requests import link_requests, rate_limits
from agreements.views.common import link_expired_page, too_many_attempts, too_many_misses
from agreements.views.forms import CopyForm
from proceedings.web.request_info import address_of, now_of


@never_cache
@require_safe
def sealed_pdf(request: HttpRequest, token: str) -> HttpResponse | FileResponse:
    """The sealed PDF, for the signer."""
    link = links.find_link(token, Link.Purpose.COPY, now_of(request))
    if link is None or not link.agreement.sealed_file:
        return link_expired_page(request)
    return sealed_response(link.agreement)


@csrf_exempt  # the link itself is the secret: who does not know it can forge nothing, who does needs no other's browser
@never_cache
@require_POST
def new_link(request: HttpRequest, token: str) -> HttpResponse:
    """Request a new link, or the sealed PDF once signed, to the address on file. The same answer for every link."""
    if not rate_limits.use_limit(rate_limits.EXPIRED_LINKS, address_of(request), now_of(request)):
        return too_many_attempts(request, _("a minute"))
    link_requests.request_link(now_of(request), token=token)
    return render(request, "agreements/check_email.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def request_sealed_pdf(request: HttpRequest) -> HttpResponse:
    """Request the sealed PDF without a link: by the agreement's reference, to the address on file."""
    if too_many_misses(request):
        return too_many_attempts(request, _("a minute"))
    form = CopyForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(
            request, "agreements/request_sealed_pdf.html", {"form": form}, status=400 if form.is_bound else 200
        )
    rate_limits.use_limit(rate_limits.EXPIRED_LINKS, address_of(request), now_of(request))
    link_requests.request_link(now_of(request), reference=form.cleaned_data["reference"])
    return render(request, "agreements/check_email.html")
