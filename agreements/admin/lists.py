"""What the lists of papers and agreements share: columns, order, capped counts, CSV."""

import csv
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from agreements.admin.format import NONE, format_utc, format_utc_and_local, zone_of
from agreements.dashboard import overview, paper_state
from agreements.dashboard.blockers import BLOCKER_INFO, Blocker, find_blockers
from agreements.domain.states import LIVE, STATUS_LABELS, Status
from agreements.models import ANYWHERE_ON_EARTH, Agreement
from proceedings.accounts.permissions import OwnVolumes, chosen_volume
from proceedings.delivery.csv_files import escape_formula
from proceedings.models import Paper

MAX_ROWS = 5000
"""Counts stop here: counting 100,000 rows takes longer than showing a page. Every volume is smaller."""

CHUNK = 500

SHOWN_IN_COLUMNS = frozenset(
    {
        Blocker.WAITING,
        Blocker.RECEIVED,
        Blocker.SEAL_PENDING,
        Blocker.NOT_ISSUED,
        Blocker.DECLINED,
        Blocker.LAPSED,
        Blocker.NO_CONTACT,
    }
)
"""Blockers that the status or another column already shows."""

NOT_IN_REMARKS = SHOWN_IN_COLUMNS | {Blocker.NO_PDF}
"""The overview counts missing files; a line under every status would hide what needs action."""

CSV_HEAD = (
    *("volume", "paper", "title", "section", "corresponding author", "e-mail", "agreement", "status", "blocked by"),
    *("issued (UTC)", "signed (UTC)", "last mail (UTC)", "next mail (UTC)", "deadline"),
)


def order_by_status(*groups: list[Status]) -> Case:
    """The position of a status among `groups`: needs action first, then waiting, then done."""
    cases = [When(status__in=statuses, then=Value(place)) for place, statuses in enumerate(groups)]
    return Case(*cases, default=Value(len(groups)), output_field=IntegerField())


class CappedPaginator(Paginator):
    @cached_property
    def count(self) -> int:
        """Count the rows, up to `MAX_ROWS`."""
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:MAX_ROWS].count())


class ExportableList(OwnVolumes):
    """A list whose rows are papers or agreements; `pair` says which of each a row is about.

    Its queryset loads the authors, the volume with its signing settings, the messages, and `paper_annotations`.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    change_list_template = "admin/agreements/exportable_list.html"
    list_per_page = 50
    list_max_show_all = 200
    priority_ordering: ClassVar[list[Any]] = []
    """The order within one volume. Across volumes such an order would be slow."""

    def pair(self, row: Any) -> tuple[Paper, Agreement | None]:
        raise NotImplementedError

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return self.priority_ordering if chosen_volume(request) else ["-pk"]

    # columns

    def blockers_of(self, row: Any) -> list[Blocker]:
        paper, agreement = self.pair(row)
        closed = agreement is not None and agreement.status in (Status.SUPERSEDED, Status.VOIDED)
        if paper.status == Paper.Status.WITHDRAWN or (closed and isinstance(row, Agreement)):
            return []
        return find_blockers(paper_state.build_state_from_models(paper, agreement, row), timezone.now())

    def remarks(self, row: Any) -> str:
        """Further blockers, in one small line under the status."""
        labels = "; ".join(
            BLOCKER_INFO[blocker].label for blocker in self.blockers_of(row) if blocker not in NOT_IN_REMARKS
        )
        return format_html('<br><span class="quiet">{}</span>', labels) if labels else ""

    @admin.display(description="last email (UTC)")
    def last_email(self, row: Any) -> str:
        return format_utc_and_local(self.last_email_at(row))

    def last_email_at(self, row: Any) -> datetime | None:
        agreement = self.pair(row)[1]
        messages = agreement.messages.all() if agreement else []
        return max((m.sent_at for m in messages if m.sent_at), default=None)

    @admin.display(description="next email (UTC)")
    def next_email(self, row: Any) -> str:
        return format_utc_and_local(self.next_email_at(row))

    def next_email_at(self, row: Any) -> datetime | None:
        paper, agreement = self.pair(row)
        if agreement is None or agreement.status not in LIVE:
            return None
        email = overview.next_email(agreement, getattr(paper.volume, "signing_settings", None), timezone.now())
        return email.at if email else None

    @admin.display(description="deadline")
    def deadline(self, row: Any) -> str:
        day, _, zone = self.deadline_of(row).partition(" ")
        return format_html('<span class="when">{}</span> {}', day, zone)

    def deadline_of(self, row: Any) -> str:
        signing_settings = getattr(self.pair(row)[0].volume, "signing_settings", None)
        if signing_settings is None:
            return NONE
        zone = "AoE" if signing_settings.zone == ANYWHERE_ON_EARTH else signing_settings.zone
        return f"{signing_settings.deadline:%Y-%m-%d} {zone}"

    # CSV

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export.csv", self.admin_site.admin_view(self.export), name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        volume = chosen_volume(request)
        context = {
            "overview_url": reverse("admin:proceedings_volume_overview", args=[volume.pk]) if volume else "",
            "max_rows": MAX_ROWS,
        }
        response = super().changelist_view(request, context | (extra_context or {}))
        if isinstance(response, TemplateResponse):
            with timezone.override(zone_of(request)):  # which the columns show beside UTC
                response.render()
        return response

    def export(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The list as CSV with the same search, filters and scope; streamed, so that its length does not matter."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found: ChangeList = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(request.path)
        lines = self.csv_lines(self.get_queryset(request), list(found.queryset.values_list("pk", flat=True)))
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.opts.verbose_name_plural}.csv"'
        return response

    def csv_lines(self, rows: QuerySet[Any], keys: list[int]) -> Iterator[bytes]:
        line = csv.writer(Echo(), lineterminator="\r\n").writerow
        yield b"\xef\xbb\xbf"  # by which spreadsheets know UTF-8
        yield line(CSV_HEAD)
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            by_key = {row.pk: row for row in rows.filter(pk__in=chunk)}
            for key in chunk:
                if key in by_key:
                    yield line([escape_formula(text) for text in self.csv_row(by_key[key])])

    def csv_row(self, row: Any) -> list[str]:
        paper, agreement = self.pair(row)
        contact = next((author for author in paper.authors.all() if author.is_corresponding), None)
        signer = (agreement.signer, agreement.signer_email) if agreement else ("", "")
        if contact and (agreement is None or isinstance(row, Paper)):
            signer = (contact.display, contact.email)
        return [
            *(str(paper.volume.number), paper.key, paper.plain_title, paper.section, *signer),
            agreement.reference if agreement else "",
            STATUS_LABELS[Status(agreement.status)] if agreement else "",
            "; ".join(BLOCKER_INFO[blocker].label for blocker in self.blockers_of(row)),
            *((format_utc(agreement.issued_at), format_utc(agreement.signed_at)) if agreement else (NONE, NONE)),
            *(format_utc(self.last_email_at(row)), format_utc(self.next_email_at(row)), self.deadline_of(row)),
        ]


class Echo:
    """A file object that returns what is written to it."""

    def write(self, text: str) -> bytes:
        return text.encode()
