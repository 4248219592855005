"""One agreement in the admin: read-only, with buttons for the transitions that its status allows."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator

from agreements import lifecycle
from agreements.admin.agreements.pause import AgreementPauses
from agreements.admin.agreements.remind import message_skipped, remind
from agreements.admin.agreements.signed_forms import SignedFormPages
from agreements.admin.bulk import BulkActions
from agreements.admin.filters import AgeFilter, BlockerFilter, SectionFilter, VolumeOfAgreementFilter
from agreements.admin.format import NONE, actor, chip, time_column, zone_of
from agreements.admin.forms import ReasonForm
from agreements.admin.lists import order_by_status
from agreements.admin.notes import NotePages
from agreements.dashboard.paper_state import paper_annotations, with_requests
from agreements.delivery import readiness
from agreements.documents import history, rendering
from agreements.domain.facts import HistoryLine
from agreements.domain.schedule import FOREVER
from agreements.domain.states import LIVE, WAITING, Status, allowed_transitions
from agreements.lifecycle import snapshot
from agreements.mail import addresses
from agreements.models import Agreement, Note
from agreements.models.search import find_agreements
from agreements.views import sealed_response
from proceedings.accounts.permissions import cache_on_request, can_edit_any
from proceedings.email_address import address_key
from proceedings.models import Author, Paper

TRANSITION_LABELS = {"waive": "Waive agreement…", "supersede": "Replace agreement…", "void": "Void agreement…"}
"""The transitions that editors may make, with the labels of their buttons."""

SUCCESS_MESSAGES = {
    "waive": "Agreement waived. The paper goes to the publisher without a signature.",
    "supersede": "Agreement replaced. This is the new one. We send its invitation within a minute.",
    "void": "Agreement voided. The paper has no agreement now.",
}


PRIORITY = order_by_status(
    *([Status.DECLINED], [Status.RECEIVED], [Status.LAPSED], [Status.DRAFT]),
    *([Status.ISSUED], [Status.SIGNED], [Status.SEALED], [Status.WAIVED]),
)
"""Replaced and voided agreements come last."""

SIGNATURE: list[Any] = [
    *("typed_name", "date_written", "dated", "signed", "authority", "consent", "signer_address", "signer_agent")
]


def mismatch_lines(agreement: Agreement) -> list[str]:
    """Differences between the paper and its agreement; while it awaits its signature, also of the signer."""
    changed = readiness.mismatches(agreement.paper, agreement)
    signer = snapshot.find_signer(agreement.paper.authors.all())
    if agreement.status in WAITING and signer != (agreement.signer, agreement.signer_email):
        changed.append("signer")
    return changed


def compare_with_paper(agreement: Agreement) -> list[tuple[str, str, str, bool]]:
    """What the agreement states beside what its paper says today: name, both texts, whether they differ."""
    paper = agreement.paper
    authors = sorted(paper.authors.all(), key=lambda author: author.position)
    signer, address = snapshot.find_signer(authors)
    facts = [
        ("title", agreement.title, paper.title),
        ("authors", "; ".join(agreement.authors), "; ".join(author.display for author in authors)),
        ("signer", agreement.signer, signer or NONE),
        ("email", agreement.signer_email, address or NONE),
        ("BibTeX key", agreement.paper_key, paper.key),
        ("volume", agreement.volume_name, paper.volume.name),
    ]
    return [(name, then, today, readiness.normalize(then) != readiness.normalize(today)) for name, then, today in facts]


def history_with_notes(agreement: Agreement) -> list[HistoryLine]:
    """The agreement's events and the notes about its paper, in one order."""
    notes = [
        HistoryLine(at=note.at, what=f"note: {note.text}", by=note.by)
        for note in Note.objects.filter(paper=agreement.paper_id)
    ]
    happened = [*history.history_lines(agreement.events.all()), *notes]
    return sorted(happened, key=lambda each: each.at)


def is_paused(agreement: Agreement) -> bool:
    return bool(agreement.paused_until and agreement.paused_until > timezone.now())


@admin.register(Agreement)
class AgreementAdmin(SignedFormPages, AgreementPauses, NotePages, BulkActions):
    """Read-only: an agreement changes by transitions only."""

    volume_path = "paper__volume"
    bulk_verbs = ("remind", "pause", "resume", "contact", "waive", "supersede", "void")
    priority_ordering = [PRIORITY.asc(), "issued_at", "pk"]
    list_display = ["paper_", "signer_", "status_", "last_email", "next_email", "deadline"]
    list_filter = [VolumeOfAgreementFilter, BlockerFilter, "status", SectionFilter, AgeFilter]
    search_fields = ["title"]  # and everything else that `find_agreements` searches
    search_hint = "Title, author, BibTeX key, email address or reference."
    change_form_template = "admin/agreements/agreement_page.html"
    fieldsets = [
        (None, {"fields": ["status_", "reason", "paper", "predecessor", "replaced_by", "text"]}),
        ("Signature", {"fields": SIGNATURE}),
        ("Seal", {"fields": ["sealed", "sealed_sha256", "sealed_size", "shown_sha256"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["status_", "replaced_by", "signed", "sealed"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the empty fields of a signature and a seal before there is one."""
        shown = []
        for heading, options in super().get_fieldsets(request, obj):
            kept = [name for name in options["fields"] if self.has_value(obj, str(name))]
            if kept:
                shown.append((heading, {"fields": kept}))
        return shown

    def has_value(self, agreement: Any, name: str) -> bool:
        value = getattr(self, name)(agreement) if hasattr(self, name) else getattr(agreement, name)
        return value not in (None, "", NONE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        agreements: QuerySet[Any] = with_requests(super().get_queryset(request))
        agreements = agreements.annotate(**paper_annotations("paper")).select_related(
            "text", "paper__volume__signing_settings"
        )
        authors = Prefetch("paper__authors", Author.objects.select_related("non_author_signer"))
        return agreements.prefetch_related("messages", "change_requests", authors)

    def paper_of(self, row: Any) -> Paper:
        paper: Paper = row.paper
        return paper

    def get_search_results(self, request: HttpRequest, rows: QuerySet[Any], search_term: str) -> Any:
        return find_agreements(rows, search_term), False

    def pair(self, row: Any) -> tuple[Paper, Agreement | None]:
        return row.paper, row

    @admin.display(description="paper")
    def paper_(self, agreement: Agreement) -> str:
        title = Truncator(agreement.plain_title).chars(90)
        return format_html('{}<br><bdi class="quiet">{}</bdi>', agreement.paper_key, title)

    @admin.display(description="signer", ordering="signer")
    def signer_(self, agreement: Agreement) -> str:
        return format_html('<bdi>{}</bdi><br><span class="quiet">{}</span>', agreement.signer, agreement.signer_email)

    @admin.display(description="status")
    def status_(self, agreement: Any) -> str:
        status = chip(agreement.status, agreement.get_status_display())
        return format_html("{}{}", status, self.remarks(agreement))

    @admin.display(description="replaced by")
    def replaced_by(self, agreement: Agreement) -> str:
        successor = getattr(agreement, "successor", None)
        if successor is None:
            return NONE
        url = reverse("admin:agreements_agreement_change", args=[successor.pk])
        return format_html('<a href="{}">{}</a>', url, successor)

    signed = staticmethod(time_column("signed_at", "signed"))
    sealed = staticmethod(time_column("sealed_at", "sealed"))

    def may_run_bulk_actions(self, request: HttpRequest) -> bool:
        return can_edit_any(request)

    def get_urls(self) -> list[URLPattern]:
        def admin_page(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(view)

        own = [
            path("<int:pk>/move/<str:verb>/", admin_page(self.transition_page), name="agreements_agreement_transition"),
            path("<int:pk>/remind/", admin_page(self.remind_page), name="agreements_agreement_remind"),
            path("<int:pk>/sealed.pdf", admin_page(self.sealed_pdf), name="agreements_agreement_sealed"),
            path("<int:pk>/form.pdf", admin_page(self.form_pdf), name="agreements_agreement_form"),
        ]
        return own + super().get_urls()

    def get_or_404(self, request: HttpRequest, pk: int, *, to_change: bool = False) -> Agreement:
        agreement: Agreement = get_object_or_404(self.get_queryset(request), pk=pk)
        if to_change and not self.may_change(request, agreement):
            raise PermissionDenied
        return agreement

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Loaded once per request: this page and Django's own view both ask for it."""
        load = super().get_object
        return cache_on_request(
            request, f"agreement.{object_id}.{from_field}", lambda: load(request, object_id, from_field)
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        agreement = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if agreement is not None:
            may_change = self.may_change(request, agreement)
            legal = allowed_transitions(agreement.status) if may_change else []
            context |= {
                "agreement": agreement,
                "buttons": [(verb, label) for verb, label in TRANSITION_LABELS.items() if verb in legal],
                "comparison": compare_with_paper(agreement),
                "zone": zone_of(request),
                "timeline": history_with_notes(agreement),
                "emails": sorted(agreement.messages.all(), key=lambda message: (message.created_at, message.pk)),
                "in_force": agreement.status in (Status.SIGNED, Status.SEALED),
                "may_edit": may_change,
                "edits": agreement.edits.all(),
                "corrections": agreement.corrections.all(),
                "awaiting_signature": agreement.status == Status.ISSUED,
                "has_signed_form": agreement.signed_forms.exists(),
                "paused": agreement.paused_until if is_paused(agreement) else None,
                "forever": FOREVER,
                "mismatches": mismatch_lines(agreement) if agreement.status in LIVE else [],
                "undeliverable": addresses.find_undeliverable([agreement.signer_email]).get(
                    address_key(agreement.signer_email)
                ),
                "may_change": may_change,
                "title": f"Agreement {agreement.reference}",
                "subtitle": None,
            }
        return super().change_view(request, object_id, form_url, context)

    def transition_page(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Ask for the reason and say what will happen; on POST make the transition."""
        agreement = self.get_or_404(request, pk, to_change=True)
        back = reverse("admin:agreements_agreement_change", args=[pk])
        if verb not in TRANSITION_LABELS:
            raise PermissionDenied
        if verb not in allowed_transitions(agreement.status):
            refusal = lifecycle.TransitionError(agreement.status)
            self.message_user(request, f"Nothing was changed: {refusal}", messages.ERROR)
            return HttpResponseRedirect(back)
        form = ReasonForm(data=request.POST if request.method == "POST" else None)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "agreement": agreement,
                "form": form,
                "verb": verb,
                "title": f"{TRANSITION_LABELS[verb].rstrip('…')} {agreement.reference}",
                "opts": self.opts,
            }
            return render(request, "admin/agreements/transition.html", context, status=400 if form.is_bound else 200)
        try:
            reason, now = form.cleaned_data["reason"], timezone.now()
            if verb == "waive":
                lifecycle.waive(agreement, reason=reason, by=actor(request), now=now)
            elif verb == "supersede":
                successor = lifecycle.replace(agreement, reason=reason, by=actor(request), now=now)
                back = reverse("admin:agreements_agreement_change", args=[successor.pk])
            else:
                lifecycle.void(agreement, reason=reason, by=actor(request), now=now)
            self.message_user(request, SUCCESS_MESSAGES[verb], messages.SUCCESS)
        except (lifecycle.TransitionError, snapshot.NotReadyError) as refusal:
            self.message_user(request, f"Nothing was changed: {refusal}", messages.ERROR)
        return HttpResponseRedirect(back)

    def remind_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send one reminder beside the scheduled ones. A POST, because it sends an email."""
        agreement = self.get_or_404(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        message_skipped(request, 1 - remind(request, [agreement]))
        return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[pk]))

    def sealed_pdf(self, request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
        """The sealed PDF, as the publisher gets it."""
        agreement = self.get_or_404(request, pk)
        if not agreement.sealed_file:
            self.message_user(
                request, "This agreement has no sealed PDF yet. Try again after it is sealed.", messages.ERROR
            )
            return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[pk]))
        return sealed_response(agreement)

    def form_pdf(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The form, as it is shown to the author."""
        agreement = self.get_or_404(request, pk)
        if not agreement.signer:
            raise Http404  # waived without a signer: there is no form
        response = HttpResponse(rendering.render_form(agreement), content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{agreement.paper_key}-agreement.pdf"'
        return response
