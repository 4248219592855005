"""Bulk jobs: their progress, and every skipped paper with the reason."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from agreements.admin.bulk import BULK_ACTIONS, summarize
from agreements.admin.format import time_column
from agreements.models import BulkJob, BulkJobItem
from proceedings.accounts.permissions import OwnVolumeFilter, OwnVolumes

REFRESH_SECONDS = 5
"""Seconds between two refreshes of the page of a running job."""

STALLED_AFTER = timedelta(minutes=2)
"""A job without progress after this time means that scheduled jobs have stopped."""

State = BulkJobItem.State


@admin.register(BulkJob)
class BulkJobAdmin(OwnVolumes):
    """Read-only: an editor requests a job on a list, and a scheduled job runs it."""

    volume_path = "volume"
    list_display = ["what", "volume", "by", time_column("asked_at", "requested"), "progress"]
    list_filter = [OwnVolumeFilter]
    search_fields = ["by"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # reached from the lists; it needs no entry in the navigation

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

    @admin.display(description="action")
    def what(self, job: BulkJob) -> str:
        return BULK_ACTIONS[job.verb].label.rstrip("…")

    @admin.display(description="progress")
    def progress(self, job: Any) -> str:
        skipped = f", {job.refused} skipped" if job.refused else ""
        return f"{job.done} of {job.total} done{skipped}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The progress of one job. The page refreshes while the job runs, unless the URL has `still`."""
        job = self.get_object(request, object_id)
        if job is None or not self.has_view_permission(request, job):
            raise Http404
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        refresh_stopped = "still" in request.GET
        skipped = job.items.filter(state=State.REFUSED).order_by("pk").values_list("why", "paper__key")
        context = {
            **self.admin_site.each_context(request),
            "job": job,
            "bulk": BULK_ACTIONS[job.verb],
            "processed": job.done + job.refused,
            "reasons": summarize(skipped),
            "refresh_stopped": refresh_stopped,
            "refresh_seconds": REFRESH_SECONDS,
            "stalled": not job.ended_at and timezone.now() - job.asked_at > STALLED_AFTER and job.waiting == job.total,
            "papers_url": f"{reverse('admin:proceedings_paper_changelist')}?volume={job.volume.number}",
            "title": self.what(job),
            "opts": self.opts,
        }
        response = render(request, "admin/agreements/bulk_job.html", context)
        if job.waiting and not refresh_stopped:
            response["Refresh"] = str(REFRESH_SECONDS)
        return response
