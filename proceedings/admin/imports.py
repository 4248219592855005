"""Import in the admin: upload the files, review the plan with every difference, then import."""

import hashlib
import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from proceedings.accounts.permissions import OwnVolumes, can_edit_any, edited_volumes, is_number
from proceedings.admin.import_questions import (
    ColumnsNeededError,
    DecisionsNeededError,
    EncodingNeededError,
    QuestionNeededError,
)
from proceedings.bibtex.source import Source
from proceedings.importing import name_review
from proceedings.importing.contacts import ContactTable
from proceedings.importing.formats import Export, Format, open_export, read_export, read_second
from proceedings.importing.plan import Change, NothingToApplyError, PaperPlan, Plan, PlanOutdatedError
from proceedings.importing.planner import NO_CONTACTS, apply, make_plan, make_table_plan
from proceedings.importing.remembered import known_columns, known_decisions
from proceedings.importing.submissions import UnreadableFileError
from proceedings.models import Volume

LARGEST = 20 * 1024 * 1024
MAX_SHOWN = 500
"""Lines of each kind that a page shows; the counts above them include all."""

MAX_TICKS = 400
"""Papers with a tick box each; Django accepts at most a thousand fields in a form."""

SESSION_KEY = "desk.import"
SNAPSHOT_FIELDS = frozenset({"title", "authors", "contact"})
"""Differences that an issued agreement would not follow."""


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="The volume’s BibTeX file, an export of EasyChair, CMT, HotCRP, OpenReview or START, or any other "
        "table. We read text (.csv, .tsv, .json) and workbooks (.xlsx, .xls, .ods). If we do not know the columns of a "
        "table, the next page asks for them.",
    )
    second = forms.FileField(
        label="Second file",
        required=False,
        help_text="A table of the corresponding authors with the columns paper, email and name. It may have the "
        "addresses of other authors too: then a column “corresponding” says yes for one of each paper. With EasyChair "
        "or HotCRP it may be the table of authors (author.csv, authors.csv).",
    )
    volume = forms.ModelChoiceField(
        Volume.objects.none(),
        required=False,
        help_text="Choose the volume for an export. A BibTeX file names its volume.",
    )

    def __init__(self, request: HttpRequest, *arguments: Any) -> None:
        super().__init__(*arguments)
        field: Any = self.fields["volume"]
        field.queryset = edited_volumes(request)
        number = request.GET.get("volume", "")
        if is_number(number):
            field.initial = field.queryset.filter(number=int(number)).first()

    def clean_file(self) -> UploadedFile:
        return check_size(self.cleaned_data["file"])

    def clean_second(self) -> UploadedFile | None:
        return check_size(self.cleaned_data["second"]) if self.cleaned_data["second"] else None


def check_size(file: UploadedFile) -> UploadedFile:
    if (file.size or 0) > LARGEST:
        raise forms.ValidationError("The file is larger than 20 MB. Check that it is the right file.")
    return file


def fingerprint(plan: Plan) -> str:
    """A digest of the plan: confirming applies to exactly this one."""
    shown = (plan.volume_change, plan.volume_differences, plan.papers, plan.gone, plan.contacts, plan.findings)
    return hashlib.sha256(repr(shown).encode()).hexdigest()


class ImportRejectedError(Exception):
    """The files cannot be planned; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What an editor may select in a plan: papers with a tick box each, and the number of others."""

    plan: Plan
    agreement_statuses: Mapping[int, str]
    """Of the changed papers, by primary key: the status of agreements that would no longer match."""

    @property
    def ticks(self) -> list[tuple[PaperPlan, str]]:
        """Papers with an issued agreement first, then changed, then new ones."""
        return self.in_order[:MAX_TICKS]

    @property
    def rest(self) -> list[PaperPlan]:
        """The other papers, selected together; none of them has an issued agreement."""
        return [paper for paper, agreement_status in self.in_order[MAX_TICKS:] if not agreement_status]

    @property
    def in_order(self) -> list[tuple[PaperPlan, str]]:
        plan = self.plan
        pairs = [(paper, self.agreement_statuses.get(paper.pk or 0, "")) for paper in plan.of(Change.CHANGED)]
        pairs.sort(key=lambda pair: not pair[1])
        return pairs + [(paper, "") for paper in plan.of(Change.NEW)]

    def left_out(self, taken: Collection[str], *, rest: bool) -> set[str]:
        """The keys of papers that are not selected. A paper with an issued agreement needs its own tick."""
        chosen = {paper.key for paper, _ in self.ticks if paper.key in taken}
        if rest:
            chosen |= {paper.key for paper in self.rest}
        return {paper.key for paper, _ in self.in_order} - chosen


def store_files(request: HttpRequest, form: ImportForm) -> None:
    """Store the files until the import; delete those of an abandoned one."""
    delete_files(request)
    kept: dict[str, Any] = {"volume": form.cleaned_data["volume"].pk if form.cleaned_data["volume"] else None}
    for which in ("file", "second"):
        if upload := form.cleaned_data[which]:
            stored = storages["private"].save(f"imports/{uuid.uuid4().hex}", ContentFile(upload.read()))
            kept[which] = [stored, upload.name]
    request.session[SESSION_KEY] = kept


def delete_files(request: HttpRequest) -> None:
    kept = request.session.pop(SESSION_KEY, {})
    for which in ("file", "second"):
        if which in kept:
            storages["private"].delete(kept[which][0])


def stored_source(kept: dict[str, Any], which: str) -> Source | None:
    if which not in kept:
        return None
    stored, name = kept[which]
    try:
        with storages["private"].open(stored) as file:
            source = Source.read(name, file.read(), kept.get("encodings", {}).get(which, ""))
    except FileNotFoundError as error:
        raise ImportRejectedError("The files are no longer stored. Upload them again.") from error
    if source.doubtful:
        raise EncodingNeededError(which, source)
    return source


def opened_export(source: Source) -> Export:
    """Opens an export. Raises ImportRejectedError with the reason if it cannot be read."""
    try:
        return open_export(source)
    except UnreadableFileError as error:
        raise ImportRejectedError(str(error)) from error


def build_plan(request: HttpRequest, *, ask_again: bool = False) -> Plan:
    """The plan for the stored files. Raises ImportRejectedError, also for a volume that the user may not change.

    Raises EncodingNeededError, ColumnsNeededError or DecisionsNeededError if a person must answer first; with
    `ask_again` also for unclear decisions that have an answer.
    """
    kept: dict[str, Any] = request.session.get(SESSION_KEY) or {}
    first = stored_source(kept, "file")
    if first is None:
        raise ImportRejectedError("No files are stored. Choose the files first.")
    second = stored_source(kept, "second")
    export = opened_export(first)
    try:
        if export.kind is not Format.BIBTEX:
            return build_table_plan(request, export, second, ask_again=ask_again)
        plan = make_plan(first, second)
    except UnreadableFileError as error:
        raise ImportRejectedError(str(error)) from error
    number = plan.volume.number if plan.volume else None
    if number is not None and not edited_volumes(request).filter(number=number).exists():
        known = Volume.objects.filter(number=number).exists()
        if known or not request.user.is_superuser:
            raise ImportRejectedError(f"You may not change volume {number}. Only a superuser can import a new volume.")
    return plan


def build_table_plan(request: HttpRequest, export: Export, second: Source | None, *, ask_again: bool) -> Plan:
    """The plan for an export. Raises what `build_plan` raises, and UnreadableFileError."""
    kept: dict[str, Any] = request.session.get(SESSION_KEY) or {}
    volume = edited_volumes(request).filter(pk=kept["volume"]).first()
    if volume is None:
        raise ImportRejectedError("An export does not name its volume. Choose the volume.")
    beside = read_second(second) if second else NO_CONTACTS
    contacts, authors = (beside, None) if isinstance(beside, ContactTable) else (NO_CONTACTS, beside)
    columns = None if export.kind else columns_of(export, volume, kept)
    answers = known_decisions(volume)
    found = read_export(export, authors=authors, columns=columns, answers=answers)
    if found.questions or (ask_again and answers):
        unclear = read_export(export, authors=authors, columns=columns).questions
        if unclear:
            raise DecisionsNeededError(unclear, volume)
    return make_table_plan(found, export.source.name, volume, contacts)


def columns_question(request: HttpRequest, kept: dict[str, Any]) -> ColumnsNeededError:
    """The question for the columns of the stored table. Raises ImportRejectedError without a table or a volume."""
    table = stored_source(kept, "file")
    volume = edited_volumes(request).filter(pk=kept.get("volume") or 0).first()
    if table is None or volume is None:
        raise ImportRejectedError("The file or the volume is missing. Choose both first.")
    return ColumnsNeededError(opened_export(table).headings, volume)


def needs_columns(file: Source | None) -> bool:
    """Whether the columns of the file must be chosen."""
    return file is not None and opened_export(file).kind is None


def columns_of(export: Export, volume: Volume, kept: Mapping[str, Any]) -> dict[str, str]:
    """The columns of a table: as chosen for this file, otherwise as for the volume's last one.

    Raises ColumnsNeededError if nobody has chosen, and ImportRejectedError if it is not a table.
    """
    head = export.headings
    if not head:
        raise ImportRejectedError(
            f"{export.source.name} is not a BibTeX file, JSON or a table. Check that it is the right file."
        )
    for known in (kept.get("columns"), known_columns(volume)):
        if known and {theirs for theirs in known.values() if theirs} <= set(head):
            return dict(known)
    raise ColumnsNeededError(head, volume)


class ImportPages(OwnVolumes):
    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.import_page)
        return [path("import/", page, name="proceedings_volume_import"), *super().get_urls()]

    def agreement_statuses(self, papers: Collection[int]) -> dict[int, str]:
        """The labels of those `papers` that have an agreement. The agreements app fills this in."""
        return {}

    def import_page(self, request: HttpRequest) -> HttpResponse:
        if not can_edit_any(request):
            raise PermissionDenied
        if request.method in ("GET", "HEAD"):
            return self.import_form(request, ImportForm(request))
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if not {"plan", "columns", "question"} & request.POST.keys():
            form = ImportForm(request, request.POST, request.FILES)
            if not form.is_valid():
                return self.import_form(request, form)
            store_files(request, form)
        try:
            if {"columns", "question"} & request.POST.keys():
                self.take_answer(request)
            plan = build_plan(request)
            if "plan" in request.POST and "columns" not in request.POST:
                return self.apply_plan(request, plan)
        except QuestionNeededError as needed:
            return self.ask(request, needed)
        except ImportRejectedError as error:
            messages.error(request, f"Nothing was changed. {error}")
            return HttpResponseRedirect(reverse("admin:proceedings_volume_import"))
        return self.plan_page(request, plan)

    def take_answer(self, request: HttpRequest) -> None:
        """Keeps the answer to the question that the import needs now. Raises the question again if it has none."""
        kept: dict[str, Any] = request.session.get(SESSION_KEY) or {}
        if "columns" in request.POST:
            needed: QuestionNeededError = columns_question(request, kept)
        else:
            try:
                build_plan(request, ask_again=True)
            except QuestionNeededError as question:
                needed = question
            else:
                return
        form = needed.form(request.POST)
        if request.POST.get(needed.field) != needed.value or not form.is_valid():
            raise needed
        request.session[SESSION_KEY] = kept | needed.keep(form, kept)

    @staticmethod
    def has_decisions(request: HttpRequest) -> bool:
        """Whether the volume of an export remembers answers about decisions."""
        kept: dict[str, Any] = request.session.get(SESSION_KEY) or {}
        volume = Volume.objects.filter(pk=kept.get("volume") or 0).first()
        return volume is not None and bool(known_decisions(volume))

    def ask(self, request: HttpRequest, needed: QuestionNeededError) -> HttpResponse:
        """Shows a question; with its errors if the request was an answer to it."""
        is_answer = request.POST.get(needed.field) == needed.value
        form = needed.form(request.POST if is_answer else None)
        context = {
            **self.admin_site.each_context(request),
            **needed.context,
            "form": form,
            "title": needed.title,
            "opts": self.opts,
        }
        return render(request, needed.template, context, status=400 if form.errors else 200)

    def apply_plan(self, request: HttpRequest, plan: Plan) -> HttpResponse:
        if request.POST["plan"] != fingerprint(plan):
            messages.warning(request, "The volume has changed, so nothing was imported. This is the new plan.")
            return self.plan_page(request, plan)
        choices = self.choices(plan)
        left_out = choices.left_out(request.POST.getlist("take"), rest="rest" in request.POST)
        volume_too = "volume" in request.POST
        taken = [paper for paper, _ in choices.in_order if paper.key not in left_out]
        if (
            not taken
            and not (volume_too and plan.volume_change is Change.CHANGED)
            and plan.volume_change is not Change.NEW
        ):
            messages.error(request, "Nothing was imported. Tick what to import.")
            return self.plan_page(request, plan)
        try:
            volume = apply(plan, leave_out=left_out, volume_too=volume_too)
        except (PlanOutdatedError, NothingToApplyError) as error:
            messages.error(request, str(error))
            return self.plan_page(request, build_plan(request))
        delete_files(request)
        count = Counter(paper.change for paper in taken)
        messages.success(
            request,
            f"Imported: {count[Change.NEW]} new, {count[Change.CHANGED]} changed, "
            f"{plan.counts[Change.UNCHANGED]} unchanged, {plan.counts[Change.REJECTED]} rejected, "
            f"{len(left_out)} skipped.",
        )
        self.warn_about_names(request, volume)
        if self.limit_to_own(request, self.model.objects.filter(pk=volume.pk)).exists():
            return HttpResponseRedirect(self.after_import_url(volume))
        return HttpResponseRedirect(reverse("admin:proceedings_volume_changelist"))

    @staticmethod
    def warn_about_names(request: HttpRequest, volume: Volume) -> None:
        """Say how many names to review the import has added, with a link."""
        if count := name_review.open_reviews(volume).count():
            page = reverse("admin:proceedings_volume_names", args=[volume.pk])
            text = f"{count} names need review." if count > 1 else "1 name needs review."
            messages.warning(request, format_html('{} <a href="{}">Review names.</a>', text, page))

    def after_import_url(self, volume: Volume) -> str:
        return reverse("admin:proceedings_volume_change", args=[volume.pk])

    def choices(self, plan: Plan) -> Choices:
        changed = [one for one in plan.of(Change.CHANGED) if SNAPSHOT_FIELDS & {each.field for each in one.differences}]
        return Choices(plan, self.agreement_statuses([paper.pk for paper in changed if paper.pk]))

    def import_form(self, request: HttpRequest, form: ImportForm) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "form": form, "title": "Import a volume", "opts": self.opts}
        return render(request, "admin/proceedings/import.html", context, status=400 if form.errors else 200)

    def plan_page(self, request: HttpRequest, plan: Plan) -> HttpResponse:
        choices = self.choices(plan)
        context = {
            **self.admin_site.each_context(request),
            "plan": plan,
            "counts": [(change.value, plan.counts[change]) for change in Change],
            "changed": [pair for pair in choices.ticks if pair[0].change is Change.CHANGED],
            "new": [paper for paper, _ in choices.ticks if paper.change is Change.NEW],
            "rest": choices.rest,
            "with_agreements": choices.agreement_statuses,
            "left_for_next_import": len(choices.in_order) - len(choices.ticks) - len(choices.rest),
            "changes_volume": plan.volume_change is Change.CHANGED,
            "has_decisions": self.has_decisions(request),
            "has_columns": needs_columns(stored_source(request.session.get(SESSION_KEY) or {}, "file")),
            "findings": plan.findings[:MAX_SHOWN],
            "fingerprint": fingerprint(plan),
            "title": f"Import: v{plan.volume.number} {plan.volume.shortname}" if plan.volume else "Import",
            "opts": self.opts,
        }
        return render(request, "admin/proceedings/import_plan.html", context)
