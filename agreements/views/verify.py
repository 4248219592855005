"""The public page that verifies a file, and the same as JSON. It changes nothing, stores nothing and asks for no name.

GET /verify/                         the page
GET /verify/?sha256=DIGEST           the verdict on a file, which is not uploaded
GET /verify/?agreement=REFERENCE     what is on record for the address printed on a page or form
POST /verify/ with `file`            the verdict on a file, and the differences

JSON where the request accepts it before HTML, or with `format=json`.
"""

import re
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from agreements.documents import verification
from agreements.documents.claims import CLAIMS
from agreements.domain.translatable import Sentence
from agreements.views.forms import MAX_BYTES, TOO_LARGE, VerifyForm
from proceedings.web import languages

SHA256 = re.compile("[0-9a-f]{64}")
HEADERS_OF_UPLOAD = 100_000
"""Room for what a browser sends around a file."""


@csrf_exempt  # nothing is changed, so there is nothing to forge, and a script needs no token
@never_cache
@vary_on_headers("Accept")
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Tell whether a file is a sealed PDF of this site, unchanged. Programs are answered in English."""
    with translation.override(languages.ENGLISH if wants_json(request) else translation.get_language()):
        return answered(request)


def answered(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return uploaded(request)
    digest = request.GET.get("sha256", "").strip().lower()
    reference = request.GET.get("agreement", "").strip()
    if digest:
        return by_digest(request, digest)
    if reference:
        return by_reference(request, reference)
    if wants_json(request):
        return refused(
            request,
            "Nothing to verify. Send the file as “file”, or add ?sha256= or ?agreement= to the address.",
            status=400,
        )
    return page(request)


def uploaded(request: HttpRequest) -> HttpResponse:
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > MAX_BYTES + HEADERS_OF_UPLOAD:
        return refused(request, str(TOO_LARGE), status=413)  # before a byte of it is read
    form = VerifyForm(request.POST, request.FILES)
    if not form.is_valid():
        return refused(request, str(form.errors["file"][0]), status=400)
    return answer(request, verification.verify(form.cleaned_data["file"].read()))


def by_digest(request: HttpRequest, digest: str) -> HttpResponse:
    if not SHA256.fullmatch(digest):
        return refused(request, Sentence("This is not a SHA-256. Send 64 hexadecimal digits."), status=400)
    verdict = verification.verify_digest(digest)
    if verdict is None:
        why = Sentence("The file was changed, or we never sealed it. Upload it to see what differs.")
        verdict = verification.Verification(False, False, verification.UNKNOWN, digest, (why,))
    return answer(request, verdict)


def by_reference(request: HttpRequest, reference: str) -> HttpResponse:
    record = verification.find_record(reference[:200])
    if wants_json(request):
        return JsonResponse({"known": record is not None, "record": asdict(record) if record else None})
    return page(request, record=record, reference=reference[:200])


def answer(request: HttpRequest, verdict: verification.Verification) -> HttpResponse:
    if wants_json(request):
        return JsonResponse(asdict(verdict))
    return page(request, verdict=verdict)


def refused(request: HttpRequest, why: str, *, status: int) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"error": why}, status=status)
    return page(request, status=status, error=why)


def page(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    context |= {"max_bytes": MAX_BYTES, "too_large": TOO_LARGE}
    return render(request, "agreements/verify.html", context, status=status)


def wants_json(request: HttpRequest) -> bool:
    if chosen := request.GET.get("format"):
        return chosen == "json"
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


@require_safe
def claims(request: HttpRequest) -> HttpResponse:
    return render(request, "agreements/claims.html", {"claims": CLAIMS})
