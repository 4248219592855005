"""Opt out of reminders: by one click in the email program (RFC 8058) or by a button. GET changes nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from agreements import lifecycle
from agreements.domain.states import Status
from agreements.mail import links
from agreements.models import Link


@csrf_exempt  # a mail program posts here without having seen a page; the token is what allows it
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask; on POST stop the reminders that the email was about. This declines nothing."""
    now = request.META.get("desk.now") or timezone.now()  # tests and the demo hand in another; no header can
    link = links.find_link(token, Link.Purpose.STOP, now)
    if link is None:
        return render(
            request, "agreements/link_expired.html", {"new_link": reverse("new-link", args=[token])}, status=404
        )
    agreements = links.agreements_of(link)
    if request.method == "POST":
        for agreement in agreements:
            lifecycle.stop_reminders(agreement, now=now)
            agreement.refresh_from_db()
    waiting = [agreement for agreement in agreements if agreement.status == Status.ISSUED]
    left = [agreement for agreement in waiting if not agreement.reminders_stopped_at]
    context = {"agreement": link.agreement, "agreements": agreements, "waiting": waiting, "left": left}
    return render(request, "agreements/unsubscribe.html", context)
