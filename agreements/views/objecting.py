"""For an author for whom another one signed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agreements import lifecycle
from agreements.mail import links
from agreements.models import Link
from agreements.requests import objections
from agreements.views.common import calm, missed_too_often, remember_language, too_often
from agreements.views.forms import ObjectionForm
from proceedings.web.request_info import now_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def object_(request: HttpRequest, token: str) -> HttpResponse:
    """Says what was signed for them; takes an objection with its reason and a tick."""
    if missed_too_often(request):
        return too_often(request, _("a minute"))
    link = links.read(token, Link.Purpose.OBJECT, now_of(request))
    if link is None or link.agreement.status not in objections.SIGNED:
        return calm(request)
    agreement, who = link.agreement, objections.who(link)
    form = ObjectionForm(request.POST if request.method == "POST" else None)
    context = {"agreement": agreement, "form": form, "who": who}
    if not form.is_valid():
        return render(request, "agreements/object.html", context, status=400 if form.is_bound else 200)
    try:
        objections.object_to(agreement, by=who, reason=form.cleaned_data["reason"], now=now_of(request))
    except lifecycle.WrongMove:  # an editor was faster
        return calm(request)
    remember_language(request, link.message.recipient)
    return render(request, "agreements/objected.html", context)
