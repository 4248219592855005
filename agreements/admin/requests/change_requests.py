"""Change requests that signers make before they sign: each has a page where an editor accepts or rejects it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from agreements import lifecycle
from agreements.admin.format import actor, chip, time_column
from agreements.domain.differences import compare_snapshot
from agreements.domain.states import WAITING
from agreements.lifecycle import snapshot
from agreements.models import ChangeRequest
from agreements.requests import change_requests
from proceedings.accounts.permissions import OwnVolumeFilter, OwnVolumes


class RejectForm(forms.Form):
    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        error_messages={"required": "Enter a reason. We send it to the author."},
    )


@admin.register(ChangeRequest)
class ChangeRequestAdmin(OwnVolumes):
    """Read-only except for the two buttons: a change request is resolved once."""

    volume_path = "agreement__paper__volume"
    list_display = ["what", "agreement", "signer", time_column("made_at", "requested"), "state_"]
    list_filter = ["state", type("ByVolume", (OwnVolumeFilter,), {"volume_path": volume_path})]
    list_select_related = ["agreement__text"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("agreement__text")

    @admin.display(description="change request")
    def what(self, change_request: ChangeRequest) -> str:
        return "; ".join(change_requests.describe_changes(change_request))

    @admin.display(description="requested by")
    def signer(self, change_request: ChangeRequest) -> str:
        return change_request.agreement.signer

    @admin.display(description="status", ordering="state")
    def state_(self, change_request: ChangeRequest) -> str:
        if change_request.state == ChangeRequest.State.OPEN and change_request.agreement.status not in WAITING:
            return chip("none", f"agreement {change_request.agreement.get_status_display()}")
        return chip(change_request.state, change_request.get_state_display())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One change request, with its two buttons."""
        change_request = self.get_object(request, object_id)
        if change_request is None or not self.has_view_permission(request, change_request):
            raise Http404
        may = self.has_change_permission(request, change_request)
        rejection = RejectForm(request.POST if "refuse" in request.POST else None)
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            if "accept" in request.POST or rejection.is_valid():
                return self.resolve(request, change_request, rejection)
        open_ = change_request.state == ChangeRequest.State.OPEN and change_request.agreement.status in WAITING
        context = {
            **self.admin_site.each_context(request),
            "change_request": change_request,
            "agreement": change_request.agreement,
            "differences": compare_snapshot(change_request.agreement.facts, change_request.data),
            "names_non_author": change_request.kind == ChangeRequest.Kind.SIGNER
            and "author" not in change_request.data,
            "form": rejection,
            "may_resolve": may and open_,
            "title": str(change_request),
            "opts": self.opts,
        }
        status = 400 if rejection.is_bound else 200
        return render(request, "admin/agreements/change_request.html", context, status=status)

    def resolve(self, request: HttpRequest, change_request: ChangeRequest, rejection: RejectForm) -> HttpResponse:
        """Accept, or reject with the reason given; show the result on the agreement's page."""
        to, now = change_request.agreement, timezone.now()
        try:
            if "accept" in request.POST:
                to = change_requests.accept(change_request, by=actor(request), now=now)
                done = "Change request accepted. This is the new agreement. We send its invitation within a minute."
            else:
                change_requests.reject(
                    change_request, reason=rejection.cleaned_data["reason"], by=actor(request), now=now
                )
                done = "Change request rejected. We tell the author why. The agreement is still awaiting its signature."
            messages.success(request, done)
        except (lifecycle.TransitionError, snapshot.NotReadyError) as error:
            messages.error(request, f"Nothing was changed: {error}")
            return HttpResponseRedirect(request.path)
        return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[to.pk]))
