"""Store the number of publisher-check errors per paper for the overview, where the check itself would be too slow.

A scheduled job checks every volume that is not delivered. The overview is at most a minute behind; the page of a paper
always runs the check itself.
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
    """Whether a finding is only a missing PDF or the page numbers counted from it. The overview
    counts PDFs separately.
    """
    return finding.rule == "missing-file" or (finding.rule == "required" and finding.field == "pages")


def has_errors(paper: str) -> Exists:
    """Whether the check found errors in the paper whose primary key is in the column `paper`."""
    return Exists(CheckResult.objects.filter(paper=OuterRef(paper)))


def check_due(_clock: Callable[[], datetime]) -> Counter[str]:
    """Check all volumes that are not delivered. Counts the papers whose number of errors has changed."""
    volumes = Volume.objects.exclude(signing_settings__daily_at=FOREVER).order_by("pk")
    return Counter({"papers with new results": sum(check_papers(volume) for volume in volumes)})


def check_papers(volume: Volume) -> int:
    """Check the accepted papers of one volume and store the errors. Returns for how many papers they changed."""
    papers = list(
        Paper.objects.filter(volume=volume, status=Paper.Status.ACCEPTED)
        .select_related("volume")
        .prefetch_related("authors", "files")
        .order_by("position", "key")
    )
    found = count_errors(volume, papers)
    with transaction.atomic():
        known = dict(CheckResult.objects.filter(paper__volume=volume).values_list("paper_id", "errors"))
        gone = known.keys() - found.keys()
        changed = [CheckResult(paper_id=pk, errors=errors) for pk, errors in found.items() if known.get(pk) != errors]
        CheckResult.objects.filter(paper__in=gone).delete()
        CheckResult.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["paper"], update_fields=["errors"], batch_size=500
        )
    return len(gone) + len(changed)


def count_errors(volume: Volume, papers: list[Paper]) -> Counter[int]:
    """Count the errors of each paper by its primary key, ignoring those of `is_about_missing_pdf`."""
    rows = {paper.key: paper.pk for paper in papers}
    records = paper_records(papers)
    found = [*rules.check_all(volume_record(volume), records), *file_findings(papers, records)]
    return Counter(
        rows[one.paper]
        for one in found
        if one.severity is Severity.ERROR and one.paper in rows and not is_about_missing_pdf(one)
    )
