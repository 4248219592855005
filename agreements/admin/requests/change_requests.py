"""What authors propose before they sign: each on a page of its own, to accept or to refuse with a reason."""

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
from agreements.admin.format import chip, stamp, who
from agreements.domain.differences import differences
from agreements.domain.states import WAITING
from agreements.lifecycle import snapshot
from agreements.models import Proposal
from agreements.requests import change_requests
from proceedings.accounts.permissions import OwnVolumeFilter, OwnVolumes


class RefusalForm(forms.Form):
    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        error_messages={"required": "Say why: the author is told."},
    )


@admin.register(Proposal)
class ProposalDesk(OwnVolumes):
    """Read-only but for the two buttons: a proposal is settled once."""

    volume_path = "agreement__paper__volume"
    list_display = ["what", "agreement", "signer", stamp("made_at", "made"), "state_"]
    list_filter = ["state", type("ByVolume", (OwnVolumeFilter,), {"volume_path": volume_path})]
    list_select_related = ["agreement__text"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("agreement__text")

    @admin.display(description="proposal")
    def what(self, proposal: Proposal) -> str:
        return "; ".join(change_requests.words(proposal))

    @admin.display(description="proposed by")
    def signer(self, proposal: Proposal) -> str:
        return proposal.agreement.signer

    @admin.display(description="where it stands", ordering="state")
    def state_(self, proposal: Proposal) -> str:
        if proposal.state == Proposal.State.OPEN and proposal.agreement.status not in WAITING:
            return chip("none", f"agreement {proposal.agreement.get_status_display()}")
        return chip(proposal.state, proposal.get_state_display())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one proposal, with its two buttons."""
        proposal = self.get_object(request, object_id)
        if proposal is None or not self.has_view_permission(request, proposal):
            raise Http404
        may = self.has_change_permission(request, proposal)
        refusal = RefusalForm(request.POST if "refuse" in request.POST else None)
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            if "accept" in request.POST or refusal.is_valid():
                return self.settled(request, proposal, refusal)
        open_ = proposal.state == Proposal.State.OPEN and proposal.agreement.status in WAITING
        context = {
            **self.admin_site.each_context(request),
            "proposal": proposal,
            "agreement": proposal.agreement,
            "differences": differences(proposal.agreement.facts, proposal.data),
            "stands_in": proposal.kind == Proposal.Kind.SIGNER and "author" not in proposal.data,
            "form": refusal,
            "may_settle": may and open_,
            "title": str(proposal),
            "opts": self.opts,
        }
        status = 400 if refusal.is_bound else 200
        return render(request, "admin/agreements/proposal.html", context, status=status)

    def settled(self, request: HttpRequest, proposal: Proposal, refusal: RefusalForm) -> HttpResponse:
        """Accepts, or refuses with the reason given; says what became of it on the agreement's page."""
        to, now = proposal.agreement, timezone.now()
        try:
            if "accept" in request.POST:
                to = change_requests.accept(proposal, by=who(request), now=now)
                done = "Accepted. This is the new agreement; its invitation goes out within a minute."
            else:
                change_requests.refuse(proposal, reason=refusal.cleaned_data["reason"], by=who(request), now=now)
                done = "Refused. The author is told why; the agreement waits as before."
            messages.success(request, done)
        except (lifecycle.WrongMove, snapshot.NotReady) as refused:
            messages.error(request, f"Nothing was changed: {refused}")
            return HttpResponseRedirect(request.path)
        return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[to.pk]))
