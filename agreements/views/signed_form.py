"""Signing on paper: the form to print, how to go about it, and the way back for what was signed by hand."""

import logging

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from agreements import lifecycle
from agreements.documents.checklist import TOLD
from agreements.documents.uploads.rules import MOST_BYTES
from agreements.domain.states import Status
from agreements.lifecycle import signed_form
from agreements.models import Agreement, Link
from agreements.requests import rate_limits
from agreements.views.common import behind_link, remember_language, to_start, too_often
from agreements.views.upload_forms import NO_ROOM, TOO_LARGE, UploadForm
from proceedings.web.request_info import now_of

logger = logging.getLogger(__name__)

HEADERS_OF_UPLOAD = 100_000
"""Room for what a browser sends around the files."""


@csrf_exempt  # the check reads the whole request: not before its length is known. `take_in` makes up for it
@require_http_methods(["GET", "HEAD", "POST"])
@behind_link()
def paper(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """What to do, or how far it is; on POST, what was signed by hand."""
    if request.method != "POST":
        return paper_page(request, token, link.agreement)
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > MOST_BYTES + HEADERS_OF_UPLOAD:
        return paper_page(request, token, link.agreement, refused=TOO_LARGE, status=413)
    answer: HttpResponse = take_in(request, token, link)
    return answer


@csrf_protect
def take_in(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """Looks into the files and keeps them. Whatever is wrong with them is said, and nothing is lost."""
    agreement, now = link.agreement, now_of(request)
    if not rate_limits.take(rate_limits.UPLOADS, agreement.reference, now):
        return too_often(request, _("an hour"))
    if not signed_form.has_room(agreement):
        logger.error("Volume %s takes no more forms: raise UPLOADS_PER_VOLUME", agreement.volume_number)
        return paper_page(request, token, agreement, refused=NO_ROOM, status=503)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return paper_page(request, token, agreement, form, status=400)
    receive = signed_form.receive_again if agreement.status == Status.RECEIVED else signed_form.receive
    try:
        receive(agreement, form.cleaned_data["pages"], now=now)
    except lifecycle.WrongMove:
        return to_start(token)  # another tab or an editor was faster: the first page says how things stand
    remember_language(request, agreement.signer_email)
    return HttpResponseRedirect(reverse("paper", args=[token]), status=303)


def paper_page(
    request: HttpRequest,
    token: str,
    agreement: Agreement,
    form: UploadForm | None = None,
    *,
    refused: str | Promise = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "token": token,
        "agreement": agreement,
        "form": form or UploadForm(),
        "refused": refused,
        "received": agreement.status == Status.RECEIVED,
        "sent_back": sent_back(agreement),
    }
    return render(request, "agreements/paper.html", context, status=status)


def sent_back(agreement: Agreement) -> dict[str, object] | None:
    """What was missing on the form that came back last; None while none did, or another one is under way."""
    if agreement.status != Status.ISSUED:
        return None
    event = agreement.events.filter(kind="send-back").order_by("-number").first()
    return {"missing": [TOLD[each] for each in event.data["missing"]], "note": event.data["note"]} if event else None
