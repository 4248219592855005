"""Stored results of the publisher checks for each paper: checking while the overview loads is too slow.

A scheduled job checks every volume that is not fully delivered. The overview is at most a minute old; the page of a
paper always runs the checks.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from agreements.domain.schedule import FOREVER
from agreements.models import CheckResult
from proceedings.bibtex.findings import Finding, Severity
from proceedings.delivery.volume_check import file_findings
from proceedings.models import Paper, Volume
from proceedings.models.as_records import paper_records, volume_record
from proceedings.publisher import rules


def is_about_missing_pdf(finding: Finding) -> bool:
    """Whether a finding is about a missing PDF or page numbers, which count as a blocker of their own."""
    return finding.rule == "missing-file" or (finding.rule == "required" and finding.field == "pages")


def of_a_paper(paper: str) -> Exists:
    """Whether the last check found errors in the paper in the column `paper`."""
    return Exists(CheckResult.objects.filter(paper=OuterRef(paper)))


def check_due(_clock: Callable[[], datetime]) -> Counter[str]:
    """Checks all undelivered volumes. Counts the papers whose number of errors changed."""
    volumes = Volume.objects.exclude(signing_settings__daily_at=FOREVER).order_by("pk")
    return Counter({"papers with new results": sum(check_papers(volume) for volume in volumes)})


def check_papers(volume: Volume) -> int:
    """Checks the accepted papers of one volume and stores the error counts. Returns how many changed."""
    papers = list(
        Paper.objects.filter(volume=volume, status=Paper.Status.ACCEPTED)
        .select_related("volume")
        .prefetch_related("authors", "files")
        .order_by("position", "key")
    )
    found = errors_of(volume, papers)
    with transaction.atomic():
        known = dict(CheckResult.objects.filter(paper__volume=volume).values_list("paper_id", "errors"))
        gone = known.keys() - found.keys()
        changed = [CheckResult(paper_id=pk, errors=errors) for pk, errors in found.items() if known.get(pk) != errors]
        CheckResult.objects.filter(paper__in=gone).delete()
        CheckResult.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["paper"], update_fields=["errors"], batch_size=500
        )
    return len(gone) + len(changed)


def errors_of(volume: Volume, papers: list[Paper]) -> Counter[int]:
    """Number of errors of each paper by primary key, without `is_about_missing_pdf`."""
    rows = {paper.key: paper.pk for paper in papers}
    records = paper_records(papers)
    found = [*rules.check(volume_record(volume), records), *file_findings(papers, records)]
    return Counter(
        rows[one.paper]
        for one in found
        if one.severity is Severity.ERROR and one.paper in rows and not is_about_missing_pdf(one)
    )
