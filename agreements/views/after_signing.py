"""For authors after the signature: confirm an edit (clause 5), request a correction, object."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agreements import lifecycle
from agreements.mail import links
from agreements.models import Correction, Edit, Link
from agreements.requests import corrections, edits, objections
from agreements.views.common import link_expired_page, remember_language, too_many_attempts, too_many_misses
from agreements.views.forms import CorrectionForm, EditForm, ObjectionForm
from proceedings.delivery.citation_files import publication_url
from proceedings.web.request_info import now_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, token: str) -> HttpResponse:
    """Show the edit; on POST record the author's answer, once."""
    if too_many_misses(request):
        return too_many_attempts(request, _("a minute"))
    link = links.find_link(token, Link.Purpose.EDIT, now_of(request))
    if link is None or link.agreement.status not in edits.IN_FORCE:
        return link_expired_page(request)
    row = link.agreement.edits.get(pk=link.message.idempotency_key.split(":")[1])
    context = {"agreement": link.agreement, "edit": row}
    if row.state != Edit.State.OPEN:
        return render(request, "agreements/edit_resolved.html", context)
    form = EditForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "agreements/edit.html", context | {"form": form}, status=400 if form.is_bound else 200)
    confirmed, words = form.cleaned_data["right"] == "yes", form.cleaned_data["words"].strip()
    try:
        edits.record_answer(row, confirmed=confirmed, answer=words, now=now_of(request))
    except lifecycle.TransitionError:  # a second click, or an editor was faster
        row.refresh_from_db()
    remember_language(request, link.message.recipient)
    return render(request, "agreements/edit_resolved.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: HttpRequest, token: str) -> HttpResponse:
    """Record an author's request to correct the published paper."""
    if too_many_misses(request):
        return too_many_attempts(request, _("a minute"))
    link = links.find_link(token, Link.Purpose.CORRECT, now_of(request))
    if link is None:
        return link_expired_page(request)
    agreement, recipient = link.agreement, link.message.recipient
    author = agreement.paper.author_with(recipient)
    who = author.display if author else agreement.signer
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    context = {"agreement": agreement, "form": form, "who": who, "address": publication_url(agreement.paper)}
    if not form.is_valid():
        return render(request, "agreements/correction.html", context, status=400 if form.is_bound else 200)
    try:
        corrections.request_correction(
            agreement,
            by="author",
            now=now_of(request),
            role=Correction.Role.AUTHOR,
            name=who,
            email=recipient,
            nature=form.cleaned_data["nature"],
            description=form.cleaned_data["description"],
            notes=form.cleaned_data["notes"],
        )
    except corrections.NotPublishedError:
        context["refusal"] = _("The paper is not published at the moment. Answer our email instead.")
    except corrections.TooManyOpenError:
        context["refusal"] = _(
            "The editors have not answered earlier requests about this paper. Please wait for their answer."
        )
    else:
        remember_language(request, recipient)
        return render(request, "agreements/correction_requested.html", context)
    return render(request, "agreements/correction.html", context, status=409)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def objection(request: HttpRequest, token: str) -> HttpResponse:
    """Show what was signed for the co-author; record an objection with its reason and a tick."""
    if too_many_misses(request):
        return too_many_attempts(request, _("a minute"))
    link = links.find_link(token, Link.Purpose.OBJECT, now_of(request))
    if link is None or link.agreement.status not in objections.SIGNED:
        return link_expired_page(request)
    agreement, who = link.agreement, objections.coauthor_of(link)
    form = ObjectionForm(request.POST if request.method == "POST" else None)
    context = {"agreement": agreement, "form": form, "who": who}
    if not form.is_valid():
        return render(request, "agreements/objection.html", context, status=400 if form.is_bound else 200)
    try:
        objections.record_objection(agreement, by=who, reason=form.cleaned_data["reason"], now=now_of(request))
    except lifecycle.TransitionError:  # an editor was faster
        return link_expired_page(request)
    remember_language(request, link.message.recipient)
    return render(request, "agreements/objection_recorded.html", context)
