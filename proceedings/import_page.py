"""Import on the desk: the files go up, the plan with every difference is shown, and only then is it carried out."""

import hashlib
import uuid
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

from proceedings.importing import apply, make_plan, make_table_plan
from proceedings.models import Volume
from proceedings.plans import Change, NothingToApplyError, PaperPlan, Plan, PlanOutdatedError, Source
from proceedings.scope import OwnVolumes, edited_volumes, edits_anything, is_number
from proceedings.submissions import Format, detect, read

LARGEST = 20 * 1024 * 1024
MOST_SHOWN = 500
"""So many lines of each kind a page shows; the figures above them count all."""

KEPT = "desk.import"
FROZEN = frozenset({"title", "authors", "contact"})
"""Differences that an agreement would not go along with."""


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File", help_text="The volume’s BibTeX file, or what EasyChair, CMT or OpenReview exports (CSV, JSON)."
    )
    second = forms.FileField(
        label="Second file",
        required=False,
        help_text="With BibTeX: the corresponding authors, a CSV file with the columns paper,email,name and, where a "
        "name is not clear, author. With EasyChair: author.csv.",
    )
    volume = forms.ModelChoiceField(
        Volume.objects.none(), required=False, help_text="For exports, which name none. A BibTeX file names its own."
    )

    def __init__(self, request: HttpRequest, *arguments: Any) -> None:
        super().__init__(*arguments)
        field: Any = self.fields["volume"]
        field.queryset = edited_volumes(request)
        number = request.GET.get("volume", "")
        if is_number(number):
            field.initial = field.queryset.filter(number=int(number)).first()

    def clean_file(self) -> UploadedFile:
        return small_enough(self.cleaned_data["file"])

    def clean_second(self) -> UploadedFile | None:
        return small_enough(self.cleaned_data["second"]) if self.cleaned_data["second"] else None


def small_enough(file: UploadedFile) -> UploadedFile:
    if (file.size or 0) > LARGEST:
        raise forms.ValidationError("The file is larger than 20 MB. Is it the right one?")
    return file


def fingerprint(plan: Plan) -> str:
    """What was looked at, in short: whoever confirms a plan confirms this one."""
    shown = (plan.volume_change, plan.volume_differences, plan.papers, plan.gone, plan.contacts, plan.findings)
    return hashlib.sha256(repr(shown).encode()).hexdigest()


class Refused(Exception):
    """The files cannot be planned; the message says what to do."""


def keep(request: HttpRequest, form: ImportForm) -> None:
    """Puts the files aside until the plan is carried out; those of an import that was given up go."""
    drop(request)
    kept: dict[str, Any] = {"volume": form.cleaned_data["volume"].pk if form.cleaned_data["volume"] else None}
    for which in ("file", "second"):
        if upload := form.cleaned_data[which]:
            stored = storages["private"].save(f"imports/{uuid.uuid4().hex}", ContentFile(upload.read()))
            kept[which] = [stored, upload.name]
    request.session[KEPT] = kept


def drop(request: HttpRequest) -> None:
    kept = request.session.pop(KEPT, {})
    for which in ("file", "second"):
        if which in kept:
            storages["private"].delete(kept[which][0])


def source(kept: dict[str, Any], which: str) -> Source | None:
    if which not in kept:
        return None
    stored, name = kept[which]
    try:
        with storages["private"].open(stored) as file:
            return Source.read(name, file.read())
    except FileNotFoundError as error:
        raise Refused("The files are no longer there. Upload them again.") from error


def planned(request: HttpRequest) -> Plan:
    """The plan for the files put aside. Raises Refused, also for a volume that is not this person's to change."""
    kept: dict[str, Any] = request.session.get(KEPT) or {}
    first = source(kept, "file")
    if first is None:
        raise Refused("Choose the files first.")
    second = source(kept, "second")
    kind = detect(first.name, first.text or "@")
    if kind is None:
        raise Refused(f"{first.name} does not say where it comes from. The command import_volume takes its columns.")
    if kind is not Format.BIBTEX:
        volume = edited_volumes(request).filter(pk=kept["volume"]).first()
        if volume is None:
            raise Refused("An export names no volume: choose the volume it goes to.")
        found = read(kind, first.text or "", first.name, authors=(second.text or "") if second else "")
        return make_table_plan(found, first.name, volume)
    plan = make_plan(first, second)
    number = plan.volume.number if plan.volume else None
    if number is not None and not edited_volumes(request).filter(number=number).exists():
        known = Volume.objects.filter(number=number).exists()
        if known or not request.user.is_superuser:
            raise Refused(f"Volume {number} is not yours to change. A new volume is brought in by a superuser.")
    return plan


class ImportPages(OwnVolumes):
    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.import_page)
        return [path("import/", page, name="proceedings_volume_import"), *super().get_urls()]

    def bound(self, volume: Volume | None, papers: list[PaperPlan]) -> dict[str, str]:
        """Which of `papers` somebody has been asked about or has agreed to, by key, in words. The app above knows."""
        return {}

    def import_page(self, request: HttpRequest) -> HttpResponse:
        if not edits_anything(request):
            raise PermissionDenied
        if request.method in ("GET", "HEAD"):
            return self.import_form(request, ImportForm(request))
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if "plan" not in request.POST:
            form = ImportForm(request, request.POST, request.FILES)
            if not form.is_valid():
                return self.import_form(request, form)
            keep(request, form)
        try:
            plan = planned(request)
            if "plan" in request.POST:
                return self.carry_out(request, plan)
        except Refused as refusal:
            messages.error(request, f"Nothing was changed. {refusal}")
            return HttpResponseRedirect(reverse("admin:proceedings_volume_import"))
        return self.plan_page(request, plan)

    def carry_out(self, request: HttpRequest, plan: Plan) -> HttpResponse:
        bound = self.bound_by(plan)
        if request.POST["plan"] != fingerprint(plan):
            messages.warning(
                request, "The volume has changed since you looked: this is the plan now. Nothing was done."
            )
            return self.plan_page(request, plan)
        if bound and "sure" not in request.POST:
            messages.error(request, "Nothing was changed. Agreements are concerned: tick that you know it.")
            return self.plan_page(request, plan)
        try:
            volume = apply(plan)
        except (PlanOutdatedError, NothingToApplyError) as error:
            messages.error(request, str(error))
            return self.plan_page(request, planned(request))
        drop(request)
        counts = plan.counts
        messages.success(
            request,
            f"Imported: {counts[Change.NEW]} new, {counts[Change.CHANGED]} changed, "
            f"{counts[Change.UNCHANGED]} unchanged, {counts[Change.REJECTED]} rejected.",
        )
        if self.own(request, self.model.objects.filter(pk=volume.pk)).exists():
            return HttpResponseRedirect(self.after_import(volume))
        return HttpResponseRedirect(reverse("admin:proceedings_volume_changelist"))

    def after_import(self, volume: Volume) -> str:
        return reverse("admin:proceedings_volume_change", args=[volume.pk])

    def bound_by(self, plan: Plan) -> dict[str, str]:
        volume = Volume.objects.filter(number=plan.volume.number).first() if plan.volume else None
        changed = plan.of(Change.CHANGED)
        return self.bound(volume, [paper for paper in changed if FROZEN & {one.field for one in paper.differences}])

    def import_form(self, request: HttpRequest, form: ImportForm) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "form": form, "title": "Import a volume", "opts": self.opts}
        return render(request, "admin/proceedings/import.html", context, status=400 if form.errors else 200)

    def plan_page(self, request: HttpRequest, plan: Plan) -> HttpResponse:
        bound = self.bound_by(plan)
        changed = [(paper, bound.get(paper.key, "")) for paper in plan.of(Change.CHANGED)]
        changed.sort(key=lambda pair: not pair[1])
        context = {
            **self.admin_site.each_context(request),
            "plan": plan,
            "counts": [(change.value, plan.counts[change]) for change in Change],
            "new": plan.of(Change.NEW)[:MOST_SHOWN],
            "changed": changed[:MOST_SHOWN],
            "bound": bound,
            "findings": plan.findings[:MOST_SHOWN],
            "fingerprint": fingerprint(plan),
            "title": f"Import: v{plan.volume.number} {plan.volume.shortname}" if plan.volume else "Import",
            "opts": self.opts,
        }
        return render(request, "admin/proceedings/plan.html", context)
