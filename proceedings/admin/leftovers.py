"""What imports left out of a volume: each with its file, line, reason and text, to correct or to dismiss."""

from collections.abc import Collection

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone

from proceedings.accounts.permissions import OwnVolumes, can_edit, is_number
from proceedings.admin.import_choices import Choices
from proceedings.importing import leftovers
from proceedings.importing.corrections import Correction, correct
from proceedings.importing.plan import Choose, NothingToApplyError, Plan, PlanOutdatedError
from proceedings.importing.submissions import UnreadableFileError
from proceedings.models import Leftover, Volume

PER_PAGE = 25
MAX_RESOLVED = 50
"""Resolved ones that the page shows, newest first."""


class LeftoverPages(OwnVolumes):
    """Adds the page of what imports left out to volumes."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.leftovers_page)
        return [path("<int:pk>/left-out/", page, name="proceedings_volume_leftovers"), *super().get_urls()]

    def agreement_statuses(self, papers: Collection[int]) -> dict[int, str]:
        raise NotImplementedError

    def after_import_url(self, volume: Volume) -> str:
        raise NotImplementedError

    def leftovers_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        volume = self.get_queryset(request).filter(pk=pk).first()
        if volume is None:
            raise Http404
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        problems: dict[int, list[str]] = {}
        if request.method == "POST":
            if not can_edit(request, volume.pk):
                raise PermissionDenied
            problems = self.resolve_leftover(request, volume)
            if not problems:
                return HttpResponseRedirect(request.get_full_path())
        page = Paginator(leftovers.open_leftovers(volume), PER_PAGE).get_page(request.GET.get("p"))
        resolved = Leftover.objects.filter(volume=volume).exclude(resolution="").order_by("-resolved_at", "-pk")
        context = {
            **self.admin_site.each_context(request),
            "volume": volume,
            "page": page,
            "rows": [
                (one, request.POST["text"] if one.pk in problems else one.text, problems.get(one.pk, []))
                for one in page
            ],
            "resolved": resolved[:MAX_RESOLVED],
            "overview_url": self.after_import_url(volume),
            "may_resolve": can_edit(request, volume.pk),
            "title": f"Left out of imports: {volume}",
            "opts": self.opts,
        }
        return render(request, "admin/proceedings/leftovers.html", context, status=400 if problems else 200)

    def resolve_leftover(self, request: HttpRequest, volume: Volume) -> dict[int, list[str]]:
        """Dismiss or correct one. Returns what is wrong with the corrected text, by leftover."""
        key = request.POST.get("leftover", "")
        leftover = leftovers.open_leftovers(volume).filter(pk=int(key)).first() if is_number(key) else None
        by, now = request.user.get_username(), timezone.now()
        if leftover is None:
            messages.warning(request, "It was resolved before, so nothing was changed.")
            return {}
        if "dismiss" in request.POST:
            if leftovers.resolve(leftover, Leftover.Resolution.DISMISSED, by=by, now=now):
                messages.success(request, "Dismissed. Later imports do not list it again while its text is the same.")
            return {}
        text = request.POST.get("text", "")
        try:
            result = correct(leftover, text, by=by, now=now, defaults=self.decide_by_default)
        except (PlanOutdatedError, NothingToApplyError, UnreadableFileError) as error:
            return {leftover.pk: [str(error)]}
        if result is None:
            messages.warning(request, "It was resolved before, so nothing was changed.")
            return {}
        if result.problems:
            return {
                leftover.pk: [f"{one.field}: {one.message}" if one.field else one.message for one in result.problems]
            }
        report(request, result)
        return {}

    def decide_by_default(self, plan: Plan) -> Choose:
        known = [paper.pk for paper in plan.papers if paper.pk]
        return Choices(plan, self.agreement_statuses(known)).by_default


def report(request: HttpRequest, result: Correction) -> None:
    keys = ", ".join(paper.key for paper in result.plan.papers)
    messages.success(request, f"Imported: {keys or 'the volume'}.")
    if result.kept:
        fields = ", ".join(one.label for one in result.kept)
        messages.warning(
            request, f"These stay as they are, because they were corrected here or an agreement is issued: {fields}."
        )
