"""Import in the admin: upload the files, review the plan with every difference, then import."""

import hashlib
import uuid
from collections.abc import Collection, Mapping
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
from django.utils import timezone
from django.utils.html import format_html

from proceedings.accounts.permissions import OwnVolumes, can_edit_any, edited_volumes, is_number
from proceedings.admin.import_choices import Choices
from proceedings.admin.import_questions import (
    ColumnsNeededError,
    DecisionsNeededError,
    EncodingNeededError,
    QuestionNeededError,
)
from proceedings.bibtex.source import Source
from proceedings.importing import leftovers, name_review
from proceedings.importing.contacts import ContactTable
from proceedings.importing.formats import Export, Format, open_export, read_export, read_second
from proceedings.importing.merge.excerpts import text_of
from proceedings.importing.openreview import Profiles
from proceedings.importing.plan import Change, NothingToApplyError, Plan, PlanOutdatedError
from proceedings.importing.planner import NO_CONTACTS, apply, make_plan, make_table_plan
from proceedings.importing.remembered import known_columns, known_decisions
from proceedings.importing.submissions import UnreadableFileError
from proceedings.importing.tables.authors import AuthorTable
from proceedings.models import Volume

LARGEST = 20 * 1024 * 1024
MAX_SHOWN = 500
"""Lines of each kind that a page shows; the counts above them include all."""

SESSION_KEY = "desk.import"


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
        "or HotCRP it may be the table of authors (author.csv, authors.csv), with OpenReview the authors’ profiles as "
        "JSON.",
    )
    volume = forms.ModelChoiceField(
        Volume.objects.none(),
        required=False,
        help_text="Choose the volume for an export. A BibTeX file names its volume, or else we use this one.",
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
        chosen = edited_volumes(request).filter(pk=kept["volume"] or 0).first()
        plan = make_plan(first, second, chosen)
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
    contacts = beside if isinstance(beside, ContactTable) else NO_CONTACTS
    authors = beside if isinstance(beside, AuthorTable) else None
    profiles = beside if isinstance(beside, Profiles) else None
    columns = None if export.kind else columns_of(export, volume, kept)
    answers = known_decisions(volume)
    found = read_export(export, authors=authors, profiles=profiles, columns=columns, answers=answers)
    if found.questions or (ask_again and answers):
        unclear = read_export(export, authors=authors, profiles=profiles, columns=columns).questions
        if unclear:
            raise DecisionsNeededError(unclear, volume)
    return make_table_plan(found, export.source.name, volume, contacts, [text_of(export)])


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


def plan_into(request: HttpRequest, pk: str) -> Plan:
    """The plan for a file that names no volume, into the volume that the editor has chosen. It is remembered."""
    volume = edited_volumes(request).filter(pk=int(pk)).first() if is_number(pk) else None
    if volume is None:
        raise ImportRejectedError("No volume was chosen. Choose the volume.")
    request.session[SESSION_KEY] = (request.session.get(SESSION_KEY) or {}) | {"volume": volume.pk}
    return build_plan(request)


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
        if not {"plan", "columns", "question", "into"} & request.POST.keys():
            form = ImportForm(request, request.POST, request.FILES)
            if not form.is_valid():
                return self.import_form(request, form)
            store_files(request, form)
        try:
            return self.next_page(request)
        except QuestionNeededError as needed:
            return self.ask(request, needed)
        except ImportRejectedError as error:
            messages.error(request, f"Nothing was changed. {error}")
            return HttpResponseRedirect(reverse("admin:proceedings_volume_import"))

    def next_page(self, request: HttpRequest) -> HttpResponse:
        """The page after the one that was posted. Raises QuestionNeededError and ImportRejectedError."""
        if "into" in request.POST:
            return self.plan_page(request, plan_into(request, request.POST["into"]))
        if {"columns", "question"} & request.POST.keys():
            self.take_answer(request)
        plan = build_plan(request)
        if "plan" in request.POST and "columns" not in request.POST:
            return self.apply_plan(request, plan)
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
        decided = choices.decided(request.POST)
        changed, still_open, remembered = decided.count()
        new = plan.counts[Change.NEW] - len(left_out)
        if not (new or remembered or plan.remembers_anything or plan.volume_change is Change.NEW):
            messages.error(request, "Nothing was imported. Choose what to import.")
            return self.plan_page(request, plan)
        try:
            volume = apply(plan, leave_out=left_out, choose=decided.choose, now=timezone.now())
        except (PlanOutdatedError, NothingToApplyError) as error:
            messages.error(request, str(error))
            return self.plan_page(request, build_plan(request))
        delete_files(request)
        skipped = len(left_out) + still_open
        unchanged = len(plan.papers) - plan.counts[Change.REJECTED] - new - changed - skipped
        messages.success(
            request,
            f"Imported: {new} new, {changed} changed, {unchanged} unchanged, "
            f"{plan.counts[Change.REJECTED]} rejected, {skipped} skipped.",
        )
        self.warn_about_names(request, volume)
        self.warn_about_leftovers(request, volume)
        if self.limit_to_own(request, self.model.objects.filter(pk=volume.pk)).exists():
            return HttpResponseRedirect(self.after_import_url(volume))
        return HttpResponseRedirect(reverse("admin:proceedings_volume_changelist"))

    @staticmethod
    def warn_about_leftovers(request: HttpRequest, volume: Volume) -> None:
        """Say how much of the volume's files is left out, with a link."""
        if count := leftovers.open_leftovers(volume).count():
            page = reverse("admin:proceedings_volume_leftovers", args=[volume.pk])
            text = f"{count} parts of the files were left out." if count > 1 else "1 part of the files was left out."
            messages.warning(request, format_html('{} <a href="{}">Correct or dismiss them.</a>', text, page))

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
        bound = [paper.pk for paper in plan.papers if paper.pk and any(one.binding for one in paper.differences)]
        return Choices(plan, self.agreement_statuses(bound))

    def import_form(self, request: HttpRequest, form: ImportForm) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "form": form, "title": "Import a volume", "opts": self.opts}
        return render(request, "admin/proceedings/import.html", context, status=400 if form.errors else 200)

    def plan_page(self, request: HttpRequest, plan: Plan) -> HttpResponse:
        choices = self.choices(plan)
        context = {
            **self.admin_site.each_context(request),
            "plan": plan,
            "counts": [(change.value, plan.counts[change]) for change in Change],
            "groups": [group for group in choices.groups if group[2] or group[3]],
            "new": choices.new,
            "rest": choices.rest,
            "has_decisions": self.has_decisions(request),
            "with_agreements": {
                row.paper.pk for rows in choices.rows.values() for row in rows if row.paper and row.agreement_status
            },
            "more": sum(more for _, _, _, more in choices.groups),
            "no_volume": plan.volume is None and bool(plan.papers),
            "volumes": edited_volumes(request),
            "can_import": plan.volume
            and (plan.changes_anything or plan.remembers_anything or any(choices.rows.values())),
            "has_columns": needs_columns(stored_source(request.session.get(SESSION_KEY) or {}, "file")),
            "findings": plan.findings[:MAX_SHOWN],
            "fingerprint": fingerprint(plan),
            "title": f"Import: v{plan.volume.number} {plan.volume.shortname}" if plan.volume else "Import",
            "opts": self.opts,
        }
        return render(request, "admin/proceedings/import_plan.html", context)
