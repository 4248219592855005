"""Several papers of one signer: after one signature, on to the next without another email."""

from datetime import timedelta
from urllib.parse import urlparse

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from agreements.domain.states import Status
from agreements.mail import links
from agreements.models import Agreement, Link
from agreements.models.plain_address import rows_with_address
from agreements.views.common import behind_link, redirect_to_start
from proceedings.web.request_info import now_of

SITTING = timedelta(hours=2)
"""How long a receipt leads on after a signature, and how long such a link works.

A receipt that is forwarded later opens nothing else.
"""


def waiting(request: HttpRequest, signed: Agreement) -> QuerySet[Agreement]:
    """The agreements of the same volume that await the same address, shortly after a signature."""
    if signed.signed_at is None or not signed.signed_at <= now_of(request) < signed.signed_at + SITTING:
        return Agreement.objects.none()
    volume = Agreement.objects.filter(paper__volume=signed.paper.volume_id)
    same: QuerySet[Agreement] = rows_with_address(volume, "signer_email", signed.signer_email)
    return same.filter(status=Status.ISSUED).order_by("paper__position", "pk")


def go_on(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """Open the chosen agreement by a link made for it, or return to the receipt."""
    chosen = waiting(request, link.agreement).filter(reference=request.POST.get("reference", "")).first()
    if chosen is None:
        return redirect_to_start(token)
    now = now_of(request)
    invitation = chosen.messages.get(idempotency_key="invitation")
    address = links.create_link(invitation, Link.Purpose.SIGN, expires_at=now + SITTING, now=now)
    return HttpResponseRedirect(urlparse(address).path, status=303)


@require_POST
@behind_link(signed=go_on)
def next_paper(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """Nothing is signed yet: start with this one."""
    return redirect_to_start(token)
