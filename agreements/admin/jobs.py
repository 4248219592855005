"""Moves for many that take longer than a browser waits: how far each is, and every failure by name."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from agreements.admin.bulk import BULK_ACTIONS, summarize
from agreements.admin.format import stamp
from agreements.models import BulkJob, BulkJobItem
from proceedings.accounts.permissions import OwnVolumeFilter, OwnVolumes

EVERY = 5
"""Seconds after which the page of a job under way is loaded anew."""

LATE = timedelta(minutes=2)
"""A job of which nothing is done after so long is one that no clock works off."""

State = BulkJobItem.State


@admin.register(BulkJob)
class BulkJobAdmin(OwnVolumes):
    """Read-only: a job is asked for on a list, and carried out by the clock."""

    volume_path = "volume"
    list_display = ["what", "volume", "by", stamp("asked_at", "asked"), "progress"]
    list_filter = [OwnVolumeFilter]
    search_fields = ["by"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # a board leads here while one is under way; it is no list to live in

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        jobs = super().get_queryset(request)
        counts = {state.value: Count("items", filter=Q(items__state=state)) for state in State}
        counted: QuerySet[Any] = jobs.select_related("volume").annotate(total=Count("items"), **counts).order_by("-pk")
        return counted

    @admin.display(description="move")
    def what(self, job: BulkJob) -> str:
        return BULK_ACTIONS[job.verb].label.rstrip("…")

    @admin.display(description="how far it is")
    def progress(self, job: Any) -> str:
        failed = f", {job.refused} not moved" if job.refused else ""
        return f"{job.done} of {job.total} done{failed}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """How far it is. The page loads itself anew while the job is under way; a link holds it still."""
        job = self.get_object(request, object_id)
        if job is None or not self.has_view_permission(request, job):
            raise Http404
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        still = "still" in request.GET
        refused = job.items.filter(state=State.REFUSED).order_by("pk").values_list("why", "paper__key")
        context = {
            **self.admin_site.each_context(request),
            "job": job,
            "bulk": BULK_ACTIONS[job.verb],
            "moved": job.done + job.refused,
            "reasons": summarize(refused),
            "still": still,
            "every": EVERY,
            "late": not job.ended_at and timezone.now() - job.asked_at > LATE and job.waiting == job.total,
            "list": f"{reverse('admin:proceedings_paper_changelist')}?volume={job.volume.number}",
            "title": self.what(job),
            "opts": self.opts,
        }
        response = render(request, "admin/agreements/job.html", context)
        if job.waiting and not still:
            response["Refresh"] = str(EVERY)
        return response
