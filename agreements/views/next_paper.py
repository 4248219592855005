"""Several papers, one person: after one signature the next, without another mail."""

from datetime import timedelta
from urllib.parse import urlparse

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from agreements.domain.states import Status
from agreements.mail import links
from agreements.models import Agreement, Link
from agreements.views.common import behind_link, redirect_to_start
from proceedings.web.request_info import now_of

SITTING = timedelta(hours=2)
"""How long after a signature its receipt leads on, and how long such a link lives. A receipt that is passed on later
opens nothing else."""


def waiting(request: HttpRequest, signed: Agreement) -> QuerySet[Agreement]:
    """The agreements of the same volume that wait for the same address, while the signer still sits there."""
    if signed.signed_at is None or not signed.signed_at <= now_of(request) < signed.signed_at + SITTING:
        return Agreement.objects.none()
    same = Agreement.objects.filter(paper__volume=signed.paper.volume_id, signer_email__iexact=signed.signer_email)
    return same.filter(status=Status.ISSUED).order_by("paper__position", "pk")


def go_on(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """Opens the chosen one by a link made for this sitting; or back to the receipt, which says what is left."""
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
    """Nothing is signed yet: first this one."""
    return redirect_to_start(token)
