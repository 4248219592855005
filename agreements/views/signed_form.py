"""Signing by hand: the form to print, the instructions, and the upload of the signed form."""

import logging
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from agreements import lifecycle
from agreements.documents.checklist import AUTHOR_MESSAGES
from agreements.documents.uploads import inspect, virus_scan
from agreements.documents.uploads.inspect import Refusal
from agreements.documents.uploads.rules import MAX_BYTES
from agreements.domain.states import Status
from agreements.lifecycle import signed_form
from agreements.models import Agreement, Link
from agreements.requests import rate_limits
from agreements.views.common import behind_link, redirect_to_start, remember_language, too_many_attempts
from proceedings.web.request_info import now_of

logger = logging.getLogger(__name__)

HEADERS_OF_UPLOAD = 100_000
"""Room for what a browser sends around the files."""

TOO_LARGE = gettext_lazy("This is more than 20 MB. Scan the form in black and white, or take smaller photos.")
NO_ROOM = gettext_lazy("We cannot store more files at the moment. Sign online, or send the form tomorrow.")
INFECTED = gettext_lazy("The virus scanner rejected this file. Scan the form again, or send photos of its pages.")
UNCHECKED = gettext_lazy("We could not check the file. Send it again in an hour, or sign online.")
WORDS = {
    Refusal.EMPTY: gettext_lazy("The file is empty. Choose the scan or the photo of the signed form."),
    Refusal.HEIC: gettext_lazy(
        "We cannot open HEIC photos. On an iPhone, choose Settings, Camera, Formats, “Most Compatible”. Then take the "
        "photo again, or send the form as a PDF."
    ),
    Refusal.OTHER: gettext_lazy("This file is not a PDF, JPEG or PNG. Save or scan the form in one of these formats."),
    Refusal.TOO_LARGE: TOO_LARGE,
    Refusal.TOO_MANY_PAGES: gettext_lazy("This has more than 60 pages. Send the signed form only."),
    Refusal.TOO_MANY_PIXELS: gettext_lazy("This picture has more than 40 megapixels. Take or save a smaller one."),
    Refusal.LOCKED: gettext_lazy("This PDF has a password. Save it without one, or send photos of the pages."),
    Refusal.ACTIVE: gettext_lazy(
        "This PDF contains a script or another file, so it is not safe. Print it to a new PDF, or send photos of its "
        "pages."
    ),
    Refusal.TWO_IN_ONE: gettext_lazy(
        "This file contains more than the form. Scan the form again, or send photos of its pages."
    ),
    Refusal.TOO_MUCH: gettext_lazy(
        "This file is too large when unpacked. Scan the form again, or send photos of its pages."
    ),
    Refusal.BROKEN: gettext_lazy("This file is damaged or incomplete. Send it again, or send photos of the pages."),
}
"""Why a file is rejected, and what to do."""


class UploadForm(forms.Form):
    """One PDF, or a photo of each of the form's two pages. `cleaned_data` has them as `pages`."""

    first = forms.FileField(
        label=gettext_lazy("The signed form as a PDF, or a photo of its first page"),
        error_messages={
            "required": gettext_lazy("Choose the scan or the photo of the signed form."),
            "empty": WORDS[Refusal.EMPTY],
            "invalid": gettext_lazy("Your browser sent no file. Choose the file again."),
        },
    )
    second = forms.FileField(
        label=gettext_lazy("A photo of its second page"),
        required=False,
        error_messages={"empty": WORDS[Refusal.EMPTY]},
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        names = [name for name in ("first", "second") if isinstance(data.get(name), UploadedFile)]
        if self.errors:
            return data
        if sum(data[name].size for name in names) > MAX_BYTES:
            self.add_error("first", TOO_LARGE)
            return data
        bodies = [data[name].read() for name in names]
        for name, body in zip(names, bodies, strict=True):
            try:
                virus_scan.scan_file(body)
            except virus_scan.InfectedFileError:
                self.add_error(name, INFECTED)
            except virus_scan.ScannerError:
                self.add_error(name, UNCHECKED)
        if self.errors:
            return data
        try:
            data["pages"] = inspect.inspect_upload(bodies)
        except inspect.UploadRejectedError as refused:
            self.add_error(names[min(refused.number, len(names) - 1)], WORDS[refused.refusal])
        return data


@csrf_exempt  # the check reads the whole request: not before its length is known. `receive_upload` checks it then
@require_http_methods(["GET", "HEAD", "POST"])
@behind_link()
def upload_page(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """The instructions or the state of the review; on POST the upload."""
    if request.method != "POST":
        return signed_form_page(request, token, link.agreement)
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > MAX_BYTES + HEADERS_OF_UPLOAD:
        return signed_form_page(request, token, link.agreement, refused=TOO_LARGE, status=413)
    answer: HttpResponse = receive_upload(request, token, link)
    return answer


@csrf_protect
def receive_upload(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """Inspect the files and store them. Errors are shown, and nothing is lost."""
    agreement, now = link.agreement, now_of(request)
    if not rate_limits.use_limit(rate_limits.UPLOADS, agreement.reference, now):
        return too_many_attempts(request, _("an hour"))
    if not signed_form.is_within_quota(agreement):
        logger.error("Volume %s takes no more forms: raise UPLOADS_PER_VOLUME", agreement.volume_number)
        return signed_form_page(request, token, agreement, refused=NO_ROOM, status=503)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return signed_form_page(request, token, agreement, form, status=400)
    receive = signed_form.receive_again if agreement.status == Status.RECEIVED else signed_form.receive
    try:
        receive(agreement, form.cleaned_data["pages"], now=now)
    except lifecycle.TransitionError:
        return redirect_to_start(token)  # another tab or an editor was faster: the first page shows it
    remember_language(request, agreement.signer_email)
    return HttpResponseRedirect(reverse("signed-form", args=[token]), status=303)


def signed_form_page(
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
    return render(request, "agreements/signed_form.html", context, status=status)


def sent_back(agreement: Agreement) -> dict[str, object] | None:
    """What was missing on the form that was sent back last; None if none was, or another one is in review."""
    if agreement.status != Status.ISSUED:
        return None
    event = agreement.events.filter(kind="send-back").order_by("-number").first()
    return (
        {"missing": [AUTHOR_MESSAGES[each] for each in event.data["missing"]], "note": event.data["note"]}
        if event
        else None
    )
