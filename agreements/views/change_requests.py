"""Another signer, or another title or authors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agreements import lifecycle
from agreements.domain import agreement_text
from agreements.domain.differences import compare_snapshot
from agreements.lifecycle import delegate, snapshot
from agreements.models import ChangeRequest, Link
from agreements.requests import change_requests
from agreements.views.common import behind_link, redirect_to_start, remember_language
from agreements.views.forms import ChangeRequestForm, DelegateForm
from proceedings.email_address import address_key
from proceedings.web.request_info import now_of


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link()
def delegate_page(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """Delegate to a co-author with a known address at once; request any other signer from the editors."""
    agreement, now = link.agreement, now_of(request)
    text = agreement_text.load(agreement.text.version)
    data = request.POST if request.method == "POST" else None
    form = DelegateForm(data, authors=change_requests.possible_delegates(agreement), wording=text)
    context = {"token": token, "agreement": agreement, "form": form}
    if not form.is_valid():
        return render(request, "agreements/delegate.html", context, status=400 if form.is_bound else 200)
    author, email = form.cleaned_data["author"], form.cleaned_data["email"]
    try:
        if author and author.email and address_key(email) in ("", address_key(author.email)):
            delegate.delegate(agreement, author, now=now)
            remember_language(request, agreement.signer_email)
            return render(request, "agreements/delegated.html", context | {"author": author})
        note = form.cleaned_data["note"].strip()
        made = change_requests.request_change(agreement, ChangeRequest.Kind.SIGNER, form.wanted, note=note, now=now)
        return change_requested(request, token, made)
    except lifecycle.TransitionError:
        return redirect_to_start(token)  # a second click, another tab or an editor was faster
    except (snapshot.NotReadyError, change_requests.AlreadyRequestedError) as refusal:
        context |= {"refusal": confirmation_text(refusal)}
        return render(request, "agreements/delegate.html", context, status=409)


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link()
def request_change(request: HttpRequest, token: str, link: Link) -> HttpResponse:
    """Request another title, other authors or another spelling from the editors."""
    agreement = link.agreement
    text = agreement_text.load(agreement.text.version)
    form = ChangeRequestForm(request.POST if request.method == "POST" else None, facts=agreement.facts, wording=text)
    context = {"token": token, "agreement": agreement, "form": form}
    if not form.is_valid():
        return render(request, "agreements/change_request.html", context, status=400 if form.is_bound else 200)
    note = form.cleaned_data["note"].strip()
    try:
        made = change_requests.request_change(
            agreement, ChangeRequest.Kind.FACTS, form.wanted, note=note, now=now_of(request)
        )
    except lifecycle.TransitionError:
        return redirect_to_start(token)
    except change_requests.AlreadyRequestedError as refusal:
        context |= {"refusal": confirmation_text(refusal)}
        return render(request, "agreements/change_request.html", context, status=409)
    return change_requested(request, token, made)


def change_requested(request: HttpRequest, token: str, change_request: ChangeRequest) -> HttpResponse:
    agreement = change_request.agreement
    remember_language(request, agreement.signer_email)
    found = compare_snapshot(agreement.facts, change_request.data)
    context = {"token": token, "agreement": agreement, "differences": found}
    return render(request, "agreements/change_requested.html", context)


def confirmation_text(refusal: Exception) -> str:
    if isinstance(refusal, change_requests.AlreadyRequestedError):
        return _("You already requested a change. The editors will answer it by email.")
    return _("This paper cannot get another signer yet. Please answer our email instead.")
