"""Volumes in the admin: their progress, overview and signing settings."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from agreements import lifecycle
from agreements.admin.bulk import BULK_ACTIONS, BulkAction
from agreements.admin.format import zone_of
from agreements.admin.volumes.packages import PackagePages
from agreements.admin.volumes.publication import PublicationPages
from agreements.admin.volumes.reminders import ReminderPages
from agreements.admin.volumes.signing_settings import SigningSettingsInline
from agreements.dashboard import chart, health, overview, precheck
from agreements.dashboard.blockers import SUITABLE_ACTIONS, Blocker
from agreements.delivery.readiness import normalize
from agreements.domain.states import LIVE, STATUS_LABELS, Status
from agreements.models import Agreement
from proceedings.accounts.permissions import can_edit
from proceedings.admin.volumes import VolumeAdmin
from proceedings.bibtex.records import PaperRecord
from proceedings.importing.leftovers import open_leftovers
from proceedings.models import Paper, Volume

admin.site.unregister(Volume)


@dataclass(frozen=True, slots=True)
class VolumeCounts:
    """The progress of a volume: accepted papers, and how many have each status."""

    papers: int
    issued: int
    waiting: int
    declined: int
    sealed: int


def suitable_action(blocker: Blocker, *, may_change: bool) -> BulkAction | None:
    """The bulk action that the overview offers with a count, for users who may take it."""
    action = BULK_ACTIONS.get(SUITABLE_ACTIONS.get(blocker, ""))
    return action if action and (may_change or action.by_assistant) else None


class VolumeList(ChangeList):
    """The list of volumes; a name leads to the volume's overview."""

    result_list: Any
    model_admin: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.model_admin.add_counts(self.result_list)

    def url_for_result(self, result: Any) -> str:
        return reverse("admin:proceedings_volume_overview", args=[result.pk])


@admin.register(Volume)
class VolumeWithAgreementsAdmin(PackagePages, PublicationPages, ReminderPages, VolumeAdmin):
    list_display = ["__str__", "papers_", "to_issue", "waiting", "declined", "sealed", "deadline", "links"]
    list_select_related = ["signing_settings"]
    list_per_page = 50
    show_full_result_count = False
    ordering = ["-number"]
    inlines = [SigningSettingsInline]
    change_form_template = "admin/agreements/volume_page.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return VolumeList

    def add_counts(self, volumes: list[Any]) -> None:
        """Add its `VolumeCounts` to each volume, in two queries for all."""
        accepted = Paper.objects.filter(volume__in=volumes, status=Paper.Status.ACCEPTED)
        papers = dict(accepted.order_by().values_list("volume").annotate(count=Count("pk")))
        counts: dict[tuple[int, str], int] = {}
        agreements = Agreement.objects.filter(paper__in=accepted, status__in=[*LIVE, Status.DECLINED]).order_by()
        counted = agreements.values_list("paper__volume", "status").annotate(count=Count("paper", distinct=True))
        for volume, status, count in counted:
            counts[volume, status] = count
        for volume in volumes:
            by_status = {status: counts.get((volume.pk, status), 0) for status in Status}
            volume.counts = VolumeCounts(
                papers=papers.get(volume.pk, 0),
                issued=sum(by_status[status] for status in LIVE - {Status.DRAFT}),
                waiting=by_status[Status.ISSUED],
                declined=by_status[Status.DECLINED],
                sealed=by_status[Status.SEALED],
            )

    def papers_link(self, volume: Any, count: int, status: str = "") -> str:
        query = f"?volume={volume.number}" + (f"&agreement={status}" if status else "")
        return format_html('<a href="{}">{}</a>', reverse("admin:proceedings_paper_changelist") + query, count)

    @admin.display(description="papers")
    def papers_(self, volume: Any) -> str:
        return self.papers_link(volume, volume.counts.papers)

    @admin.display(description="to issue")
    def to_issue(self, volume: Any) -> str:
        return self.papers_link(volume, volume.counts.papers - volume.counts.issued, "none")

    @admin.display(description="awaiting signature")
    def waiting(self, volume: Any) -> str:
        return self.papers_link(volume, volume.counts.waiting, Status.ISSUED)

    @admin.display(description="declined")
    def declined(self, volume: Any) -> str:
        return self.papers_link(volume, volume.counts.declined, Status.DECLINED)

    @admin.display(description="signed and sealed")
    def sealed(self, volume: Any) -> str:
        link = self.papers_link(volume, volume.counts.sealed, Status.SEALED)
        done, of = volume.counts.sealed, volume.counts.papers
        bar = '{} <progress max="{}" value="{}" aria-label="{} of {} papers"></progress>'
        return format_html(bar, link, of or 1, done, done, of)

    @admin.display(description="deadline")
    def deadline(self, volume: Volume) -> str:
        return volume.signing_settings.deadline_in_words if hasattr(volume, "signing_settings") else "not set"

    @admin.display(description="more")
    def links(self, volume: Volume) -> str:
        change = reverse("admin:proceedings_volume_change", args=[volume.pk])
        return format_html('<a href="{}">settings</a> {}', change, self.packages_link(volume))

    def get_urls(self) -> list[URLPattern]:
        overview_page = self.admin_site.admin_view(self.overview_page)
        return [path("<int:pk>/board/", overview_page, name="proceedings_volume_overview"), *super().get_urls()]

    def agreement_statuses(self, papers: Collection[int]) -> dict[int, str]:
        """Papers whose agreements would no longer match after the change: each would need a new one."""
        live = Agreement.objects.filter(paper__in=papers, status__in=LIVE - {Status.DRAFT, Status.WAIVED})
        return {paper: STATUS_LABELS[Status(status)] for paper, status in live.values_list("paper", "status")}

    def breaks_agreement(self, before: PaperRecord, after: PaperRecord) -> bool:
        """Whether the title or the authors differ, ignoring what `readiness` ignores."""
        return [normalize(text) for text in (before.title, *map(str, before.authors))] != [
            normalize(text) for text in (after.title, *map(str, after.authors))
        ]

    def after_corrections(self, volume: Volume) -> None:
        precheck.check_papers(volume)

    def after_import_url(self, volume: Volume) -> str:
        return reverse("admin:proceedings_volume_overview", args=[volume.pk])

    def overview_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What blocks delivery, what needs action today, and the next emails. Changes nothing."""
        volume = self.volume_or_404(request, pk)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        now = timezone.now()
        built = overview.build_overview(volume, now)
        progress, may_change = built.progress, can_edit(request, volume.pk)
        context = {
            **self.admin_site.each_context(request),
            "overview": built,
            "stopped_jobs": stopped_jobs_message(volume, now),
            "counts": [(count, suitable_action(count.blocker, may_change=may_change)) for count in built.counts],
            "chart": chart.build_chart(progress.days, progress.signed, progress.total, progress.deadline),
            "zone": zone_of(request),
            "may_change": may_change,
            "left_out": open_leftovers(volume).count(),
            "title": str(volume),
            "opts": self.opts,
        }
        return render(request, "admin/agreements/overview.html", context)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.forms:
            if row.instance.pk and {"deadline", "zone"} & set(row.changed_data):
                row.instance.revision += 1
        super().save_formset(request, form, formset, change)
        if formset.has_changed():
            lifecycle.recheck_volume(form.instance.pk, timezone.now())


def stopped_jobs_message(volume: Any, now: datetime) -> list[str]:
    """Say which scheduled jobs have stopped, from the columns of `health.heartbeat`."""
    idle = health.seconds_since(now, volume.jobs_ran_at) if volume.jobs_ran_at else None
    return health.stopped_jobs(idle, health.seconds_since(now, volume.oldest_due_at))
