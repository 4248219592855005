"""Affiliations of a volume: spellings that probably mean the same, and one form for each to choose a single one."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path

from proceedings.accounts.permissions import OwnVolumes, can_edit
from proceedings.bibtex.latex import fold
from proceedings.bibtex.records import LIMITS
from proceedings.delivery import author_files
from proceedings.importing.submissions import strip_invisible
from proceedings.models import Author, Paper, Volume
from proceedings.people.affiliations import Group, find_spellings, group_spellings, make_group

PER_PAGE = 20
"""Groups on one page."""

MAX_PAPERS = 5
"""Papers linked beside one spelling."""

MAX_SPELLINGS = 200
"""Spellings shown in one group; Django accepts at most a thousand fields in a form."""


def digest(spelling: str) -> str:
    """Stands for a spelling in a form: browsers change line ends and some blanks in values."""
    return hashlib.sha256(spelling.encode()).hexdigest()[:24]


def uses_of(volume: Volume) -> dict[str, list[int]]:
    """Returns the primary keys of the papers for each spelling, one for each author who has it."""
    found: dict[str, list[int]] = defaultdict(list)
    rows = Author.objects.filter(paper__volume=volume).exclude(affiliation="")
    for spelling, paper in rows.order_by("paper__position", "position").values_list("affiliation", "paper_id"):
        found[spelling].append(paper)
    return dict(found)


def search_spellings(uses: Mapping[str, list[int]], query: str) -> list[Group]:
    """What contains the words that an editor looks for, as one group."""
    found = find_spellings(uses, query)
    return [make_group({text: uses[text] for text in found})] if found else []


def build_row(request: HttpRequest, group: Group, failed: str, papers: Mapping[str, list[Paper]]) -> dict[str, Any]:
    """One group for the page. A form that failed shows again what was sent."""
    key = digest(group.proposal)
    sent = request.POST if key == failed else None
    ticked = set(sent.getlist("spelling")) if sent is not None else None
    spellings = []
    for one in group.spellings[:MAX_SPELLINGS]:
        value = digest(one.text)
        is_ticked = one.same_words if ticked is None else value in ticked
        spellings.append((one, value, is_ticked, papers[one.text], one.papers - len(papers[one.text])))
    return {
        "group": group,
        "key": key,
        "spellings": spellings,
        "more": len(group.spellings) - len(spellings),
        "to": sent.get("to", "") if sent is not None else group.proposal,
    }


class AffiliationPages(OwnVolumes):
    """Adds the page of affiliations to volumes, and the list of authors as a file."""

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "proceedings_volume"
        own = [
            path("<int:pk>/affiliations/", view(self.affiliations_page), name=f"{name}_affiliations"),
            path("<int:pk>/authors.json", view(self.authors_json), name=f"{name}_authors_json"),
            path("<int:pk>/authors.csv", view(self.authors_csv), name=f"{name}_authors_csv"),
        ]
        return [*own, *super().get_urls()]

    def after_import_url(self, volume: Volume) -> str:
        raise NotImplementedError

    def shown_volume(self, request: HttpRequest, pk: int) -> Volume:
        volume: Volume | None = self.get_queryset(request).filter(pk=pk).first()
        if volume is None:
            raise Http404
        return volume

    def affiliations_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        volume = self.shown_volume(request, pk)
        problem, failed = "", ""
        uses = uses_of(volume)
        if request.method == "POST":
            if not can_edit(request, volume.pk):
                raise PermissionDenied
            problem, failed = self.use_one_spelling(request, volume, uses), request.POST.get("group", "")
            if not problem:
                return HttpResponseRedirect(request.get_full_path())
            messages.error(request, problem)
        elif request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        query = request.GET.get("q", "").strip()[:200]
        groups = search_spellings(uses, query) if query else group_spellings(uses)
        page = Paginator(groups, PER_PAGE).get_page(request.GET.get("p"))
        shown = {one.text for group in page for one in group.spellings[:MAX_SPELLINGS]}
        examples = {text: list(dict.fromkeys(uses[text]))[:MAX_PAPERS] for text in shown}
        loaded = Paper.objects.in_bulk({pk for keys in examples.values() for pk in keys})
        papers = {text: [loaded[pk] for pk in keys] for text, keys in examples.items()}
        context = {
            **self.admin_site.each_context(request),
            "volume": volume,
            "page": page,
            "rows": [build_row(request, group, failed, papers) for group in page],
            "query": query,
            "spellings": len(uses),
            "without": Author.objects.filter(paper__volume=volume, affiliation="").count(),
            "overview_url": self.after_import_url(volume),
            "may_change": can_edit(request, volume.pk),
            "title": f"Affiliations of {volume}",
            "opts": self.opts,
        }
        return render(request, "admin/proceedings/affiliations.html", context, status=400 if problem else 200)

    def use_one_spelling(self, request: HttpRequest, volume: Volume, uses: Mapping[str, Collection[int]]) -> str:
        """Gives the authors with the ticked spellings the one that was typed. Returns what is wrong; empty if done."""
        to = fold(strip_invisible(request.POST.get("to", "")))
        if not to:
            return "Nothing was changed. Type or choose the spelling to use."
        if len(to) > LIMITS["affiliation"]:
            return f"Nothing was changed. The spelling is longer than {LIMITS['affiliation']} characters. Shorten it."
        known = {digest(text): text for text in uses}
        ticked = request.POST.getlist("spelling")
        if any(one not in known for one in ticked):
            return "Nothing was changed. An affiliation changed while this page was open. Check the page and try again."
        replaced = sorted({known[one] for one in ticked} - {to})
        if not replaced:
            return "Nothing was changed. Tick the spellings to replace."
        with transaction.atomic():
            authors = Author.objects.filter(paper__volume=volume, affiliation__in=replaced)
            papers = list(Paper.objects.filter(pk__in=authors.values("paper")).order_by("position", "key"))
            count = authors.update(affiliation=to)
            said = ", ".join(f"“{text}”" for text in replaced)
            # One entry in the history of each paper, as a change on its own page leaves.
            LogEntry.objects.log_actions(str(request.user.pk), papers, CHANGE, f"Affiliation “{to}” instead of {said}.")
        messages.success(request, f"Authors with “{to}” instead of {said}: {count}, in {len(papers)} papers.")
        return ""

    def authors_json(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.authors_file(request, pk, "json", "application/json")

    def authors_csv(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.authors_file(request, pk, "csv", "text/csv; charset=utf-8")

    def authors_file(self, request: HttpRequest, pk: int, kind: str, content_type: str) -> HttpResponse:
        """The authors of the accepted papers as a file. It holds what an assistant may read."""
        volume = self.shown_volume(request, pk)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        body = author_files.WRITERS[kind](volume)
        name = author_files.file_name(volume, kind)
        return HttpResponse(
            body, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )
