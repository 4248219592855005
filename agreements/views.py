"""The author's pages: read, sign or decline, fetch the sealed copy. GET changes nothing."""

from contextlib import suppress
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agreements import documents, lifecycle, links, statements, wording
from agreements.facts import sha256
from agreements.forms import DeclineForm, SignForm
from agreements.models import Agreement, Link
from agreements.states import Status

SIGNED = {Status.SIGNED, Status.SEALED}


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


def calm(request: HttpRequest) -> HttpResponse:
    """The one answer to every link that does not work, whatever the reason."""
    return render(request, "agreements/link_dead.html", status=404)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, token: str) -> HttpResponse:
    """The agreement to read and sign; once signed, its receipt."""
    now = now_of(request)
    link = links.read(token, Link.Purpose.SIGN, now)
    if link is None:
        return calm(request)
    agreement = link.agreement
    if agreement.status in SIGNED:
        return render(request, "agreements/receipt.html", {"agreement": agreement})
    if agreement.status != Status.ISSUED:
        return calm(request)
    form = SignForm(request.POST if request.method == "POST" else None, signer=agreement.signer)
    shown = documents.shown_form(agreement)
    if request.method != "POST":
        return sign_page(request, token, agreement, form, shown)
    if not form.is_valid():
        return sign_page(request, token, agreement, form, shown, status=400)
    if form.cleaned_data["shown"] != sha256(shown):
        # Another text wants its own ticks; only the name stays.
        anew = SignForm(signer=agreement.signer, initial={"typed_name": form.cleaned_data["typed_name"]})
        return sign_page(request, token, agreement, anew, shown, status=409)
    act = lifecycle.Act(
        typed_name=form.cleaned_data["typed_name"],
        consent=statements.consent(),
        authority=statements.authority(agreement.facts),
        shown=shown,
        address=address_of(request),
        agent=request.headers.get("User-Agent", ""),
    )
    with suppress(lifecycle.WrongMove):  # a second click, or an editor was faster: the page says how things stand
        lifecycle.sign(agreement, act, now=now)
    return HttpResponseRedirect(request.path, status=303)


def sign_page(
    request: HttpRequest, token: str, agreement: Agreement, form: SignForm, shown: bytes, status: int = 200
) -> HttpResponse:
    text = wording.load(agreement.text.version)
    filled: dict[str | wording.Blank, str] = {
        wording.Blank.TITLE: agreement.title,
        wording.Blank.AUTHOR: agreement.signer,
    }
    terms = agreement.paper.volume.terms
    context: dict[str, Any] = {
        "token": token,
        "agreement": agreement,
        "volume": agreement.paper.volume,
        "deadline": terms.deadline_in_words,
        "late": now_of(request) >= terms.closes_at,
        "wording": text,
        "preamble": [(filled.get(part), part) for part in text.preamble],
        "form": form,
        "shown": sha256(shown),
        "changed": status == 409,
        "authority": statements.authority(agreement.facts),
        "consent": statements.consent(),
    }
    return render(request, "agreements/sign.html", context, status=status)


@never_cache
@require_safe
def form_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The form as it will be signed, to read in print."""
    link = links.read(token, Link.Purpose.SIGN, now_of(request))
    if link is None or link.agreement.status != Status.ISSUED:
        return calm(request)
    response = HttpResponse(documents.shown_form(link.agreement), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{link.agreement.paper_key}-agreement.pdf"'
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, token: str) -> HttpResponse:
    """Asks for a tick and, if the author likes, a reason; then declines."""
    now = now_of(request)
    link = links.read(token, Link.Purpose.SIGN, now)
    if link and link.agreement.status in SIGNED:
        return HttpResponseRedirect(reverse("sign", args=[token]), status=303)
    if link is None or link.agreement.status != Status.ISSUED:
        return calm(request)
    form = DeclineForm(request.POST if request.method == "POST" else None)
    context = {"token": token, "agreement": link.agreement, "form": form}
    if not form.is_valid():
        return render(request, "agreements/decline.html", context, status=400 if form.is_bound else 200)
    try:
        lifecycle.decline(link.agreement, reason=form.cleaned_data["reason"].strip(), now=now)
    except lifecycle.WrongMove:
        # A second click, another tab or an editor was faster: the page says how things stand.
        return HttpResponseRedirect(reverse("sign", args=[token]), status=303)
    return render(request, "agreements/declined.html", context)


@never_cache
@require_safe
def sealed_copy(request: HttpRequest, token: str) -> HttpResponse | FileResponse:
    """The sealed file, for the signer."""
    link = links.read(token, Link.Purpose.COPY, now_of(request))
    if link is None or not link.agreement.sealed_file:
        return calm(request)
    return sealed_response(link.agreement)


def sealed_response(agreement: Agreement) -> FileResponse:
    """The sealed file as a download, named as the publisher wants it."""
    return FileResponse(
        storages["private"].open(agreement.sealed_file),
        as_attachment=True,
        filename=f"{agreement.paper_key}Permission.pdf",
        content_type="application/pdf",
    )


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """For load balancers: the process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
