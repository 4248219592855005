"""Read, fill in, review and sign; or decline."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from agreements import lifecycle
from agreements.documents import rendering
from agreements.domain import agreement_text, drawn_signature, statements
from agreements.domain.facts import sha256
from agreements.models import Agreement, Link
from agreements.requests import rate_limits
from agreements.views.common import behind_link, redirect_to_start, remember_language, too_many_attempts
from agreements.views.forms import DeclineForm, SignForm
from agreements.views.next_paper import waiting
from proceedings.web.request_info import address_of, now_of


def receipt(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """The receipt: what was signed and when, how to get the sealed PDF again, and other papers to sign."""
    context = {"token": token, "agreement": link.agreement, "waiting": waiting(request, link.agreement)}
    return render(request, "agreements/receipt.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link(signed=receipt)
def sign(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """The agreement to read and fill in; the filled-in form to review; then the signature."""
    agreement, shown = link.agreement, rendering.render_form(link.agreement)
    if request.method != "POST":
        return sign_page(request, token, agreement, sign_form(agreement), shown)
    form = sign_form(agreement, request.POST)
    valid, step = form.is_valid(), request.POST.get("step")
    if step == "back":
        return sign_page(request, token, agreement, form, shown)
    if not valid:
        return sign_page(request, token, agreement, form, shown, status=400)
    if step == "sign" and not rate_limits.use_limit(rate_limits.SIGNING, link.digest, now_of(request)):
        return too_many_attempts(request, _("an hour"))
    if form.cleaned_data["shown"] != sha256(shown):
        # The form changed, so it needs new ticks; the typed name and the drawing stay.
        name = {field: form.cleaned_data[field] for field in ("typed_name", "drawing")}
        anew = sign_form(agreement, initial=name)
        return sign_page(request, token, agreement, anew, shown, status=409)
    act = lifecycle.SignatureInput(
        typed_name=form.cleaned_data["typed_name"],
        consent=statements.consent(),
        authority=statements.authority(agreement.facts),
        shown=shown,
        address=address_of(request),
        agent=request.headers.get("User-Agent", ""),
        language=get_language() or "",
        drawn=form.cleaned_data["drawing"],
    )
    # A second click, or an editor was faster: the first page shows it.
    with suppress(lifecycle.TransitionError):
        if step != "sign":
            lifecycle.review(agreement, act, now=now_of(request))
            remember_language(request, agreement.signer_email)
            return review_page(request, token, agreement, form, act)
        try:
            lifecycle.sign(agreement, act, now=now_of(request))
        except lifecycle.NotReviewedError:
            return sign_page(request, token, agreement, form, shown, status=409)
    return redirect_to_start(token)


def sign_form(agreement: Agreement, data: QueryDict | None = None, **options: Any) -> SignForm:
    return SignForm(data, signer=agreement.signer, wording=agreement_text.load(agreement.text.version), **options)


def sign_page(
    request: HttpRequest, token: str, agreement: Agreement, form: SignForm, shown: bytes, status: int = 200
) -> HttpResponse:
    signing_settings = agreement.paper.volume.signing_settings
    context = {
        **text_of(agreement),
        "token": token,
        "deadline": signing_settings.deadline_in_words,
        "late": now_of(request) >= signing_settings.closes_at,
        "form": form,
        "drawing": drawn_signature,
        "shown": sha256(shown),
        "changed": status == 409 and not form.is_bound,
        "not_reviewed": status == 409 and form.is_bound,
        "authority": statements.authority(agreement.facts),
        "consent": statements.consent(),
    }
    return render(request, "agreements/sign.html", context, status=status)


def review_page(
    request: HttpRequest, token: str, agreement: Agreement, form: SignForm, act: lifecycle.SignatureInput
) -> HttpResponse:
    """The form as it will be signed. It carries the entries, so that both buttons keep them."""
    drawn = drawn_signature.svg_path(drawn_signature.parse_drawing(act.drawn))
    context = {**text_of(agreement), "token": token, "form": form, "act": act, "drawn": drawn, "now": now_of(request)}
    return render(request, "agreements/review.html", context)


def text_of(agreement: Agreement) -> dict[str, Any]:
    """The agreement text with its blanks filled, for the templates."""
    text = agreement_text.load(agreement.text.version)
    filled: dict[str | agreement_text.Blank, str] = {
        agreement_text.Blank.TITLE: agreement.facts.title_in_full,
        agreement_text.Blank.AUTHOR: agreement.signer,
    }
    preamble = [(filled.get(part), part) for part in text.preamble]
    return {"agreement": agreement, "volume": agreement.paper.volume, "wording": text, "preamble": preamble}


@require_safe
@behind_link()
def form_pdf(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """The form as it will be signed, as PDF."""
    response = HttpResponse(rendering.render_form(link.agreement), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{link.agreement.paper_key}-agreement.pdf"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link()
def decline(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """Ask for a tick and, optionally, a reason; on POST decline."""
    form = DeclineForm(request.POST if request.method == "POST" else None)
    context = {"token": token, "agreement": link.agreement, "form": form}
    if not form.is_valid():
        return render(request, "agreements/decline.html", context, status=400 if form.is_bound else 200)
    try:
        lifecycle.decline(link.agreement, reason=form.cleaned_data["reason"].strip(), now=now_of(request))
    except lifecycle.TransitionError:
        return redirect_to_start(token)  # a second click, another tab or an editor was faster
    remember_language(request, link.agreement.signer_email)
    return render(request, "agreements/declined.html", context)
