"""Papers in the admin, with their agreements and bulk actions."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from agreements import lifecycle
from agreements.admin.bulk import BulkActions
from agreements.admin.filters import AgeFilter, AgreementStatusFilter, BlockerFilter, SectionFilter
from agreements.admin.format import actor, chip, zone_of
from agreements.admin.lists import order_by_status
from agreements.admin.notes import NotePages
from agreements.dashboard.paper_state import paper_annotations, with_requests
from agreements.domain.states import LIVE, Status
from agreements.mail import outbox
from agreements.models import Agreement, Note
from proceedings.accounts.permissions import OwnVolumeFilter
from proceedings.admin.papers import PaperAdmin
from proceedings.models import Author, Paper

admin.site.unregister(Paper)

NEWEST = Agreement.objects.filter(paper=OuterRef("pk")).order_by("-created_at", "-pk")
UNISSUED = [Status.DRAFT, Status.VOIDED, Status.SUPERSEDED]
PRIORITY = order_by_status(
    *([Status.DECLINED], [Status.RECEIVED], [Status.LAPSED], UNISSUED),
    *([Status.ISSUED], [Status.SIGNED], [Status.SEALED], [Status.WAIVED]),
)


@admin.register(Paper)
class PaperWithAgreementAdmin(NotePages, BulkActions, PaperAdmin):
    change_form_template = "admin/agreements/paper_page.html"
    list_display = ["key", "readable_title", "contact", "agreement_", "last_email", "next_email", "deadline"]
    list_filter = [OwnVolumeFilter, BlockerFilter, AgreementStatusFilter, SectionFilter, AgeFilter, "status"]
    list_select_related = ["volume__signing_settings"]
    bulk_verbs = ("prepare", "issue", "remind", "pause", "resume", "contact", "waive", "supersede", "void")
    priority_ordering = [
        "status",  # accepted, then withdrawn
        Coalesce(Subquery(NEWEST.annotate(priority=PRIORITY).values("priority")[:1]), Value(3)).asc(),
        *("position", "key"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        newest = with_requests(Agreement.objects.order_by("-created_at", "-pk")).prefetch_related(
            "messages", "change_requests"
        )
        papers: QuerySet[Any] = super().get_queryset(request)
        papers = papers.annotate(**paper_annotations("pk")).select_related("volume__signing_settings")
        authors = Prefetch("authors", Author.objects.select_related("non_author_signer"))
        return papers.prefetch_related(authors, Prefetch("agreements", newest, to_attr="newest_first"))

    def paper_of(self, row: Any) -> Paper:
        paper: Paper = row
        return paper

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        paper = self.get_object(request, object_id)
        more = {"notes": Note.objects.filter(paper=paper), "zone": zone_of(request)} if paper is not None else {}
        return super().change_view(request, object_id, form_url, more | (extra_context or {}))

    def save_model(self, request: HttpRequest, obj: Paper, form: Any, change: bool) -> None:
        withdrawn = obj.status == Paper.Status.WITHDRAWN
        if withdrawn:  # lock the agreement before the paper: the same order everywhere avoids deadlocks
            outbox.lock_agreements(Agreement.objects.filter(paper=obj.pk, status__in=LIVE).values_list("pk", flat=True))
        super().save_model(request, obj, form, change)
        if withdrawn and lifecycle.withdraw_paper(obj.pk, by=actor(request), now=timezone.now()):
            messages.info(request, "The agreement of this paper ended too. We ask nobody to sign it.")

    def pair(self, row: Any) -> tuple[Paper, Agreement | None]:
        return row, row.newest_first[0] if row.newest_first else None

    @admin.display(description="corresponding author")
    def contact(self, paper: Paper) -> str:
        contact = next((author for author in paper.authors.all() if author.is_corresponding), None)
        if contact is None:
            return format_html('<span class="problem">{}</span>', "none: choose one")
        return format_html('<bdi>{}</bdi><br><span class="quiet">{}</span>', contact.display, contact.email)

    @admin.display(description="agreement")
    def agreement_(self, paper: Any) -> str:
        if paper.status == Paper.Status.WITHDRAWN:
            return chip("none", "paper withdrawn")
        agreement = self.pair(paper)[1]
        if agreement is None:
            return format_html("{}{}", chip("none", "not issued"), self.remarks(paper))
        url = reverse("admin:agreements_agreement_change", args=[agreement.pk])
        status = chip(agreement.status, agreement.get_status_display())
        return format_html('<a href="{}">{}</a>{}', url, status, self.remarks(paper))
