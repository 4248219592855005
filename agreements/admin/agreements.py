"""The editors' desk: papers with their agreements, one agreement's page, buttons made from MOVES."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, JSONField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import pluralize
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from agreements import bundle, documents, history, issuing, lifecycle
from agreements.models import Agreement, Message, Terms
from agreements.states import LIVE, WORDS, Status, legal_moves
from agreements.views import sealed_response
from proceedings.admin import PaperAdmin, VolumeAdmin
from proceedings.models import Paper, Volume
from proceedings.scope import OwnVolumeFilter, OwnVolumes

admin.site.unregister([Paper, Volume])

BUTTONS = {"supersede": "Replace…", "void": "Void…"}
"""The moves of MOVES that are an editor's to make, with the words on their buttons."""

DONE = {
    "supersede": "Replaced. This is the new agreement; its invitation goes out within a minute.",
    "void": "Voided. The paper has no agreement now.",
}

NONE = "—"


def who(request: HttpRequest) -> str:
    return f"editor:{request.user.get_username()}"


def in_utc(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else NONE


def stamp(field: str, words: str) -> Callable[[Any], str]:
    """A column for the moment in `field`, with its zone said."""

    @admin.display(description=f"{words} (UTC)", ordering=field)
    def shown(row: Any) -> str:
        return in_utc(getattr(row, field))

    shown.__name__ = field  # what the style sheet calls the column
    return shown


def chip(status: str, words: str) -> str:
    """A status in words, with a colour for the eye."""
    return format_html('<span class="chip {}">{}</span>', status, words)


def remind(request: HttpRequest, agreements: Iterable[Agreement]) -> int:
    """Asks for a reminder of each; says on the next page how many go out."""
    now = timezone.now()
    count = sum(lifecycle.remind_now(agreement, by=who(request), now=now) for agreement in agreements)
    if count:
        messages.success(request, f"{count} reminder{pluralize(count)} on the way, within a minute.")
    return count


def say_left_out(request: HttpRequest, count: int) -> None:
    if count:
        why = "no agreement waits for a signature, or a mail is on its way already"
        messages.warning(request, f"{count} got no reminder: {why}.")


# --- volumes


class TermsInline(admin.StackedInline):
    model = Terms
    can_delete = False
    formfield_overrides = {JSONField: {"widget": forms.Textarea(attrs={"rows": 1, "cols": 70})}}
    fieldsets = [(None, {"fields": [("deadline", "zone"), "offsets", ("most_reminders", "paused"), "reply_to"]})]

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj and hasattr(obj, "terms") else 1  # nothing can be issued without a deadline: show where it goes

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # the volume's page has asked already

    has_add_permission = has_change_permission = has_view_permission


@admin.register(Volume)
class VolumeDesk(VolumeAdmin):
    list_display = ["__str__", "papers_", "to_issue", "waiting", "declined", "sealed", "deadline"]
    inlines = [TermsInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        accepted = Q(papers__status=Paper.Status.ACCEPTED)
        volumes: QuerySet[Any] = super().get_queryset(request)

        def papers_with(*statuses: str) -> Count:
            return Count("papers", filter=accepted & Q(papers__agreements__status__in=statuses), distinct=True)

        counts = {
            "paper_count": Count("papers", filter=accepted, distinct=True),
            "live_count": papers_with(*(LIVE - {Status.DRAFT})),
            "waiting_count": papers_with(Status.ISSUED),
            "declined_count": papers_with(Status.DECLINED),
            "sealed_count": papers_with(Status.SEALED),
        }
        volumes = volumes.annotate(**counts)  # which loses the model's own order
        return volumes.select_related("terms").order_by("-number")

    def papers_link(self, volume: Any, count: int, status: str = "") -> str:
        query = f"?volume={volume.number}" + (f"&agreement={status}" if status else "")
        return format_html('<a href="{}">{}</a>', reverse("admin:proceedings_paper_changelist") + query, count)

    @admin.display(description="papers")
    def papers_(self, volume: Any) -> str:
        return self.papers_link(volume, volume.paper_count)

    @admin.display(description="to issue")
    def to_issue(self, volume: Any) -> str:
        return self.papers_link(volume, volume.paper_count - volume.live_count, "none")

    @admin.display(description="waiting for signature")
    def waiting(self, volume: Any) -> str:
        return self.papers_link(volume, volume.waiting_count, Status.ISSUED)

    @admin.display(description="declined")
    def declined(self, volume: Any) -> str:
        return self.papers_link(volume, volume.declined_count, Status.DECLINED)

    @admin.display(description="signed and sealed")
    def sealed(self, volume: Any) -> str:
        link = self.papers_link(volume, volume.sealed_count, Status.SEALED)
        done, of = volume.sealed_count, volume.paper_count
        bar = '{} <progress max="{}" value="{}" aria-label="{} of {} papers"></progress>'
        return format_html(bar, link, of or 1, done, done, of)

    @admin.display(description="deadline")
    def deadline(self, volume: Volume) -> str:
        return volume.terms.deadline_in_words if hasattr(volume, "terms") else "not set"

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.forms:
            if row.instance.pk and {"deadline", "zone"} & set(row.changed_data):
                row.instance.revision += 1
        super().save_formset(request, form, formset, change)
        if formset.has_changed():
            lifecycle.terms_changed(form.instance.pk, timezone.now())


# --- papers


class AgreementStatusFilter(admin.SimpleListFilter):
    title = "agreement"
    parameter_name = "agreement"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "none under way"), *((status.value, WORDS[status]) for status in Status)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "none":
            under_way = Agreement.objects.filter(status__in=LIVE - {Status.DRAFT}).values("paper")
            return queryset.filter(status=Paper.Status.ACCEPTED).exclude(pk__in=under_way)
        if self.value():
            return queryset.filter(pk__in=Agreement.objects.filter(status=self.value()).values("paper"))
        return queryset


@admin.register(Paper)
class PaperDesk(PaperAdmin):
    list_display = ["key", "title", "contact", "agreement_", "last_mail"]
    list_filter = [OwnVolumeFilter, AgreementStatusFilter, "status"]
    actions = ["issue_agreements", "remind_now"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        newest = Prefetch("agreements", Agreement.objects.order_by("-created_at", "-pk"), to_attr="newest_first")
        last_mail = Message.objects.filter(agreement__paper=OuterRef("pk"), sent_at__isnull=False).order_by("-sent_at")
        papers: QuerySet[Any] = super().get_queryset(request)
        papers = papers.annotate(last_mail_at=Subquery(last_mail.values("sent_at")[:1]))
        return papers.prefetch_related("authors", newest)

    @admin.display(description="corresponding author")
    def contact(self, paper: Paper) -> str:
        contact = next((author for author in paper.authors.all() if author.is_contact), None)
        if contact is None:
            return format_html('<span class="lacks">{}</span>', "none yet: choose one")
        return format_html('<bdi>{}</bdi><br><span class="quiet">{}</span>', contact.display, contact.email)

    @admin.display(description="agreement")
    def agreement_(self, paper: Any) -> str:
        if paper.status == Paper.Status.WITHDRAWN:
            return chip("none", "paper withdrawn")
        if not paper.newest_first:
            return chip("none", "not issued")
        agreement = paper.newest_first[0]
        url = reverse("admin:agreements_agreement_change", args=[agreement.pk])
        return format_html('<a href="{}">{}</a>', url, chip(agreement.status, agreement.get_status_display()))

    @admin.display(description="last mail (UTC)", ordering="last_mail_at")
    def last_mail(self, paper: Any) -> str:
        return in_utc(paper.last_mail_at)

    @admin.action(description="Issue agreements for the selected papers")
    def issue_agreements(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        papers = queryset.select_related("volume").prefetch_related("authors", "agreements")
        report = issuing.issue(papers, by=who(request), now=timezone.now())
        for paper, why in report.refused:
            self.message_user(request, f"{paper.key}: {why}", messages.ERROR)
        if report.under_way:
            self.message_user(request, f"{len(report.under_way)} already have one under way.", messages.WARNING)
        if report.issued:
            self.message_user(
                request, f"{len(report.issued)} issued. The invitations go out within a minute.", messages.SUCCESS
            )

    @admin.action(description="Remind the corresponding authors now")
    def remind_now(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        count = queryset.count()
        waiting = Agreement.objects.filter(paper__in=queryset.values("pk"), status=Status.ISSUED)
        say_left_out(request, count - remind(request, waiting))


# --- one agreement


def drift(agreement: Agreement) -> list[str]:
    """What the paper says otherwise than its agreement; for one that waits, also whom it should ask."""
    changed = bundle.drift(agreement.paper, agreement)
    if agreement.status == Status.ISSUED:
        contact = next((author for author in agreement.paper.authors.all() if author.is_contact), None)
        if contact is None or (contact.display, contact.email) != (agreement.signer, agreement.signer_email):
            changed.append("corresponding author")
    return changed


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}))


@admin.register(Agreement)
class AgreementDesk(OwnVolumes):
    """Everything is read-only: an agreement changes by moves, never by hand."""

    volume_path = "paper__volume"
    list_display = ["reference", "title", "signer", "status_", stamp("signed_at", "signed")]
    list_filter = [type("ByVolume", (OwnVolumeFilter,), {"volume_path": "paper__volume"}), "status"]
    search_fields = ["reference", "paper_key", "title", "signer", "signer_email"]
    list_select_related = ["text"]
    actions = ["remind_signers"]
    change_form_template = "admin/agreements/agreement_page.html"
    fieldsets = [
        (None, {"fields": ["status_", "reason", "paper", "predecessor", "replaced_by"]}),
        ("What it states", {"fields": ["title", "author_list", "signer", "signer_email", "text"]}),
        ("Signature", {"fields": ["typed_name", "signed", "authority", "consent", "signer_address", "signer_agent"]}),
        ("Seal", {"fields": ["sealed", "sealed_sha256", "sealed_size", "shown_sha256"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["status_", "author_list", "replaced_by", "signed", "sealed"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only what there is to read: no signature's and seal's empty rows before there is one."""
        shown = []
        for heading, options in super().get_fieldsets(request, obj):
            kept = [name for name in options["fields"] if self.says_something(obj, str(name))]
            if kept:
                shown.append((heading, {"fields": kept}))
        return shown

    def says_something(self, agreement: Any, name: str) -> bool:
        value = getattr(self, name)(agreement) if hasattr(self, name) else getattr(agreement, name)
        return value not in (None, "", NONE)

    @admin.display(description="status", ordering="status")
    def status_(self, agreement: Agreement) -> str:
        return chip(agreement.status, agreement.get_status_display())

    @admin.display(description="authors")
    def author_list(self, agreement: Agreement) -> str:
        return format_html_join(", ", "<bdi>{}</bdi>", ([author] for author in agreement.authors))

    @admin.display(description="replaced by")
    def replaced_by(self, agreement: Agreement) -> str:
        successor = getattr(agreement, "successor", None)
        if successor is None:
            return NONE
        url = reverse("admin:agreements_agreement_change", args=[successor.pk])
        return format_html('<a href="{}">{}</a>', url, successor)

    signed = staticmethod(stamp("signed_at", "signed"))
    sealed = staticmethod(stamp("sealed_at", "sealed"))

    @admin.action(description="Remind the signers now")
    def remind_signers(self, request: HttpRequest, queryset: QuerySet[Agreement]) -> None:
        count = queryset.count()
        say_left_out(request, count - remind(request, queryset.filter(status=Status.ISSUED)))

    def get_urls(self) -> list[URLPattern]:
        def admin_page(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(view)

        own = [
            path("<int:pk>/move/<str:verb>/", admin_page(self.move_page), name="agreements_agreement_move"),
            path("<int:pk>/remind/", admin_page(self.remind_page), name="agreements_agreement_remind"),
            path("<int:pk>/sealed.pdf", admin_page(self.sealed_pdf), name="agreements_agreement_sealed"),
            path("<int:pk>/form.pdf", admin_page(self.form_pdf), name="agreements_agreement_form"),
        ]
        return own + super().get_urls()

    def own_or_404(self, request: HttpRequest, pk: int) -> Agreement:
        agreement: Agreement = get_object_or_404(self.get_queryset(request), pk=pk)
        return agreement

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        agreement = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if agreement is not None:
            legal = legal_moves(agreement.status)
            context |= {
                "agreement": agreement,
                "buttons": [(verb, words) for verb, words in BUTTONS.items() if verb in legal],
                "history": history.in_words(agreement.events.all()),
                "mails": agreement.messages.order_by("created_at", "pk"),
                "waits": agreement.status == Status.ISSUED,
                "drift": drift(agreement) if agreement.status in LIVE else [],
                "title": f"Agreement {agreement.reference}",
                "subtitle": None,
            }
        return super().change_view(request, object_id, form_url, context)

    def move_page(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Asks for the reason, says what will happen, then makes the move."""
        agreement = self.own_or_404(request, pk)
        back = reverse("admin:agreements_agreement_change", args=[pk])
        if verb not in BUTTONS:
            raise PermissionDenied
        if verb not in legal_moves(agreement.status):
            refusal = lifecycle.WrongMove(verb, agreement.status)
            self.message_user(request, f"Nothing was changed: {refusal}", messages.ERROR)
            return HttpResponseRedirect(back)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "agreement": agreement,
                "form": form,
                "verb": verb,
                "title": f"{BUTTONS[verb].rstrip('…')} agreement {agreement.reference}",
                "opts": self.opts,
            }
            return render(request, "admin/agreements/move.html", context, status=400 if form.is_bound else 200)
        try:
            reason, now = form.cleaned_data["reason"], timezone.now()
            if verb == "supersede":
                successor = lifecycle.supersede(agreement, reason=reason, by=who(request), now=now)
                back = reverse("admin:agreements_agreement_change", args=[successor.pk])
            else:
                lifecycle.void(agreement, reason=reason, by=who(request), now=now)
            self.message_user(request, DONE[verb], messages.SUCCESS)
        except (lifecycle.WrongMove, lifecycle.NotReady) as refusal:
            self.message_user(request, f"Nothing was changed: {refusal}", messages.ERROR)
        return HttpResponseRedirect(back)

    def remind_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One reminder beside the scheduled ones; a button, not a link, because it sends mail."""
        agreement = self.own_or_404(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        say_left_out(request, 1 - remind(request, [agreement]))
        return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[pk]))

    def sealed_pdf(self, request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
        """The sealed file, as the publisher gets it."""
        agreement = self.own_or_404(request, pk)
        if not agreement.sealed_file:
            self.message_user(request, "It is not sealed yet.", messages.ERROR)
            return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[pk]))
        return sealed_response(agreement)

    def form_pdf(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The form as the author is shown it."""
        agreement = self.own_or_404(request, pk)
        response = HttpResponse(documents.shown_form(agreement), content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{agreement.paper_key}-agreement.pdf"'
        return response
