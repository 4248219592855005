"""The pages of a volume's publisher checks: findings by rule, corrections, decisions, page numbers, addresses."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from proceedings.accounts.permissions import OwnVolumes, can_edit
from proceedings.admin.check_groups import MAX_ROWS, add_rows, group_findings
from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.records import PaperRecord
from proceedings.bibtex.writer import UnwritableError
from proceedings.delivery import decisions
from proceedings.delivery.addresses import future_addresses
from proceedings.delivery.fixes import FIXABLE, Applied, Corrections, apply_corrections
from proceedings.delivery.page_numbering import new_page_numbers, write_page_numbers
from proceedings.delivery.public_package import bibliography
from proceedings.delivery.volume_check import Report, check_loaded, load_papers
from proceedings.models import Paper, TitleWord, Volume
from proceedings.publisher.page_numbers import NoLengthError
from proceedings.publisher.rule_info import describe_rule

PER_PAGE = 200
"""Findings on one page of the report."""


@admin.register(TitleWord)
class TitleWordAdmin(admin.ModelAdmin):
    """The installation's own words of titles, for superusers."""

    list_display = ["word", "braces"]
    list_filter = ["braces"]
    search_fields = ["word"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The words apply to all volumes.
        return bool(request.user.is_active and request.user.is_superuser)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class CheckPages(OwnVolumes):
    """Adds the pages of the publisher checks to volumes."""

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "checks": ("", self.checks_page),
            "report": ("report/", self.report_page),
            "page_numbers": ("pages/", self.page_numbers_page),
            "addresses": ("addresses/", self.addresses_page),
            "bibliography": ("volume.bib", self.download_bibliography),
        }
        own = [
            path(f"<int:pk>/checks/{route}", self.admin_site.admin_view(page), name=f"proceedings_volume_{name}")
            for name, (route, page) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def agreement_statuses(self, papers: Collection[int]) -> dict[int, str]:
        raise NotImplementedError

    def breaks_agreement(self, before: PaperRecord, after: PaperRecord) -> bool:
        """Whether an agreement to the paper as it was would not be one to the paper as it would be."""
        raise NotImplementedError

    def after_import_url(self, volume: Volume) -> str:
        raise NotImplementedError

    def after_corrections(self, volume: Volume) -> None:
        """Called after papers were corrected or findings left, so that counts elsewhere follow at once."""

    def checked_volume(self, request: HttpRequest, pk: int) -> Volume:
        volume: Volume | None = self.get_queryset(request).filter(pk=pk).first()
        if volume is None:
            raise Http404
        return volume

    def checks_context(self, request: HttpRequest, volume: Volume, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "volume": volume,
            "overview_url": self.after_import_url(volume),
            "may_edit": can_edit(request, volume.pk),
            "title": f"{title} of {volume}",
            "opts": self.opts,
        }

    # --- findings by rule

    def checks_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Findings by rule. A POST applies corrections, leaves findings, or takes such a decision back."""
        volume = self.checked_volume(request, pk)
        if request.method == "POST":
            if not can_edit(request, volume.pk):
                raise PermissionDenied
            self.act(request, volume)
            return HttpResponseRedirect(reverse("admin:proceedings_volume_checks", args=[volume.pk]))
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        papers = load_papers(volume)
        report = check_loaded(volume, papers)
        errors, warnings = (group_findings(report, severity) for severity in (Severity.ERROR, Severity.WARNING))
        corrections = Corrections(volume, papers)
        add_rows([*errors, *warnings], report, papers, corrections)
        self.mark_held([row for group in (*errors, *warnings) for row in group.rows], corrections)
        notes = Counter(finding.rule for finding in report.of(Severity.NOTE))
        context = self.checks_context(request, volume, "Checks") | {
            "report": report,
            "errors": errors,
            "warnings": warnings,
            "most": MAX_ROWS,
            "papers_with_errors": len(report.papers_with_errors),
            "notes": [(describe_rule(rule).title, count, self.example(report, rule)) for rule, count in notes.items()],
        }
        return render(request, "admin/proceedings/checks.html", context)

    @staticmethod
    def example(report: Report, rule: str) -> Finding:
        return next(finding for finding in report.of(Severity.NOTE) if finding.rule == rule)

    def mark_held(self, rows: list[Any], corrections: Corrections) -> None:
        changing = {row.paper.pk for row in rows if row.paper and row.changes}
        with_agreement = self.agreement_statuses(changing) if changing else {}
        for row in rows:
            if row.paper and row.changes and row.paper.pk in with_agreement:
                before = corrections.records[row.paper.pk]
                row.held = self.breaks_agreement(before, corrections.paper(row.paper.pk, row.finding.rule))

    def act(self, request: HttpRequest, volume: Volume) -> None:
        """Does what the pressed button says."""
        if "fix" in request.POST:
            self.correct(request, volume, request.POST["fix"], only=None)
        elif "fix_one" in request.POST:
            rule, _, rest = request.POST["fix_one"].partition(":")
            pk = rest.partition(":")[0]
            self.correct(request, volume, rule, only={int(pk)} if pk.isascii() and pk.isdigit() else set())
        elif "leave" in request.POST:
            self.leave(request, volume)
        elif "take_back" in request.POST:
            keys = [int(key) for key in request.POST.getlist("left") if key.isascii() and key.isdigit()]
            count = decisions.take_back(volume, keys, by=request.user.get_username(), now=timezone.now())
            messages.success(request, f"{count} findings count again.")
        self.after_corrections(volume)

    def correct(self, request: HttpRequest, volume: Volume, rule: str, only: Collection[int] | None) -> None:
        """Applies the corrections of one rule to all papers, or to `only`: then also if the agreement must follow."""
        if rule not in FIXABLE:
            messages.error(request, "There is no correction for this rule. Change the paper on its own page.")
            return
        with_agreement = self.agreement_statuses(list(volume.papers.values_list("pk", flat=True)))

        def held(row: Paper, before: PaperRecord, after: PaperRecord) -> bool:
            return only is None and row.pk in with_agreement and self.breaks_agreement(before, after)

        done = apply_corrections(volume, [rule], only=only, held=held)
        self.tell(request, volume, rule, done)

    def tell(self, request: HttpRequest, volume: Volume, rule: str, done: Applied) -> None:
        """Records the corrections in the papers' history in the admin, and says what was done."""
        what = f"Corrected by rule {rule} on the page Checks."
        if done.papers:
            LogEntry.objects.log_actions(request.user.pk or 0, done.papers, CHANGE, change_message=what)
        if done.volume_changed:
            self.log_change(request, volume, what)
        own = " The volume’s own entry was corrected too." if done.volume_changed else ""
        if done.papers or done.volume_changed:
            papers = "1 paper was" if len(done.papers) == 1 else f"{len(done.papers)} papers were"
            messages.success(request, f"{papers} corrected.{own}")
        elif not done.held:
            messages.warning(
                request, "Nothing was changed: the rule has no correction here, or the papers changed meanwhile."
            )
        if done.held:
            keys = ", ".join(paper.key for paper in done.held[:10])
            more = f" and {len(done.held) - 10} more" if len(done.held) > 10 else ""
            left = "1 paper was" if len(done.held) == 1 else f"{len(done.held)} papers were"
            messages.warning(
                request,
                f"{left} left out, because the title or a name would change for people and the "
                f"agreement would no longer match: {keys}{more}. Apply the correction to each, then replace its "
                "agreement.",
            )

    def leave(self, request: HttpRequest, volume: Volume) -> None:
        """Leaves the ticked findings, or all of a rule, as they are, with the reason."""
        rule = request.POST["leave"]
        reason = request.POST.get("reason", "").strip()
        ticked = set(request.POST.getlist("pick"))
        if not reason:
            messages.error(request, "No decision was recorded: write the reason first.")
            return
        papers = load_papers(volume)
        keys = {paper.key: paper.pk for paper in papers}
        found = [one for one in check_loaded(volume, papers).findings if one.rule == rule]
        chosen = [one for one in found if f"{rule}:{keys.get(one.paper, 0)}:{one.field}" in ticked]
        if not chosen:
            messages.error(request, "No decision was recorded: tick the findings first.")
            return
        by, now = request.user.get_username(), timezone.now()
        count = decisions.leave(volume, papers, chosen, reason=reason, by=by, now=now)
        messages.success(request, f"{count} findings are left as they are.")

    # --- the other pages

    def report_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Every finding, as `check_volume` prints it."""
        volume = self.checked_volume(request, pk)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        report = check_loaded(volume, load_papers(volume))
        order = list(Severity)
        found = sorted(report.findings, key=lambda one: order.index(one.severity))
        keys = dict(volume.papers.values_list("key", "pk"))
        page = Paginator([(one, keys.get(one.paper)) for one in found], PER_PAGE).get_page(request.GET.get("p"))
        context = self.checks_context(request, volume, "Report") | {"report": report, "page": page}
        return render(request, "admin/proceedings/checks_report.html", context)

    def page_numbers_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """New page numbers by the PDFs. A POST writes them."""
        volume = self.checked_volume(request, pk)
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if request.method == "POST" and not can_edit(request, volume.pk):
            raise PermissionDenied
        without: tuple[str, ...] = ()
        changed = []
        try:
            with transaction.atomic():
                changed = [one for one in new_page_numbers(volume) if one.changed]
                if request.method == "POST":
                    write_page_numbers(volume, changed)
        except NoLengthError as error:
            without = error.keys
        if request.method == "POST":
            if without:
                messages.error(request, f"No page was numbered: {len(without)} papers have no PDF.")
            else:
                messages.success(request, f"{len(changed)} page ranges changed.")
                self.after_corrections(volume)
            return HttpResponseRedirect(request.path)
        context = self.checks_context(request, volume, "Page numbers")
        context |= {"changed": changed, "without": without, "papers": load_papers(volume)}
        return render(request, "admin/proceedings/page_numbers.html", context)

    def addresses_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The addresses that the papers will have at the publisher."""
        volume = self.checked_volume(request, pk)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        context = self.checks_context(request, volume, "Future addresses") | {"rows": future_addresses(volume)}
        return render(request, "admin/proceedings/addresses.html", context)

    def download_bibliography(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The volume's .bib file as it would be delivered, whatever the state of the agreements."""
        volume = self.checked_volume(request, pk)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        try:
            text = bibliography(volume, load_papers(volume))
        except UnwritableError as error:
            first = error.findings[0]
            more = f" There are {len(error.findings) - 1} more." if len(error.findings) > 1 else ""
            messages.error(request, f"The file cannot be written. {first}.{more} Correct them, then download it.")
            return HttpResponseRedirect(reverse("admin:proceedings_volume_checks", args=[volume.pk]))
        response = HttpResponse(text.encode("ascii"), content_type="text/x-bibtex; charset=us-ascii")
        response["Content-Disposition"] = f'attachment; filename="v{volume.number}.bib"'
        return response
