"""Names to review: what the import read, what may be meant, and a field for the answer."""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone

from proceedings.accounts.permissions import OwnVolumes, can_edit
from proceedings.bibtex.names import NotANameError, write_name
from proceedings.importing import name_review
from proceedings.models import Author, NameReview, Volume

PER_PAGE = 100
"""Names on one page; each has two fields, and Django accepts at most a thousand in a form."""


class NamePages(OwnVolumes):
    """Adds the page of names to review to volumes."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.names_page)
        return [path("<int:pk>/names/", page, name="proceedings_volume_names"), *super().get_urls()]

    def agreement_statuses(self, papers: Collection[int]) -> dict[int, str]:
        raise NotImplementedError

    def after_import_url(self, volume: Volume) -> str:
        raise NotImplementedError

    def names_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        volume = self.get_queryset(request).filter(pk=pk).first()
        if volume is None:
            raise Http404
        if request.method == "POST":
            if not can_edit(request, volume.pk):
                raise PermissionDenied
            if not (problems := self.resolve(request, volume)):
                return HttpResponseRedirect(request.get_full_path())
        elif request.method in ("GET", "HEAD"):
            problems = {}
        else:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        page = Paginator(name_review.open_reviews(volume), PER_PAGE).get_page(request.GET.get("p"))
        authors_of = name_review.authors_by_name(page, volume)
        with_agreement = self.agreement_statuses(
            {author.paper_id for authors in authors_of.values() for author in authors}
        )
        context = {
            **self.admin_site.each_context(request),
            "volume": volume,
            "page": page,
            "rows": [
                self.row(request, one, authors_of[one.name], with_agreement, problems.get(one.pk, "")) for one in page
            ],
            "overview_url": self.after_import_url(volume),
            "may_resolve": can_edit(request, volume.pk),
            "resolved": NameReview.objects.filter(volume=volume, resolved_at__isnull=False).count(),
            "title": f"Names of {volume}",
            "opts": self.opts,
        }
        return render(request, "admin/proceedings/names.html", context, status=400 if problems else 200)

    @staticmethod
    def row(
        request: HttpRequest, review: NameReview, authors: list[Author], with_agreement: Collection[int], problem: str
    ) -> dict[str, Any]:
        proposed = review.proposal or write_name(review.name)
        return {
            "review": review,
            "imported_name": write_name(review.name),
            "answer": request.POST.get(f"name_{review.pk}", proposed),
            "papers": [author.paper for author in authors],
            "agreements": sum(author.paper_id in with_agreement for author in authors),
            "problem": problem,
        }

    def resolve(self, request: HttpRequest, volume: Volume) -> dict[int, str]:
        """Resolve the ticked names, or all that were shown. Returns the errors by name."""
        shown = {key.removeprefix("name_") for key in request.POST if key.startswith("name_")}
        chosen = shown if "all" in request.POST else set(request.POST.getlist("settle"))
        keys = [int(key) for key in chosen & shown if key.isascii() and key.isdigit() and len(key) < 19]
        problems: dict[int, str] = {}
        resolved = changed = 0
        by, now = request.user.get_username(), timezone.now()
        for review in name_review.open_reviews(volume).filter(pk__in=keys):
            try:
                name = name_review.read_answer(request.POST[f"name_{review.pk}"])
            except NotANameError as error:
                problems[review.pk] = str(error)
                continue
            count = name_review.resolve(review, name, by=by, now=now)
            resolved += count is not None
            changed += count or 0
        if resolved:
            messages.success(request, f"Names resolved: {resolved}. Authors changed: {changed}.")
        elif not problems:
            messages.warning(request, "No name was resolved. Tick the names that are right first.")
        if problems:
            messages.error(request, f"{len(problems)} could not be read as a name. Correct them below.")
        return problems
