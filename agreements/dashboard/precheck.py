"""What the publisher's check objects to, paper by paper, kept for the board: the check itself would be too slow there.

A round of the clock looks at every volume that was not delivered whole. The board is a minute behind at most; the page
of a paper always checks anew.
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


def comes_last(finding: Finding) -> bool:
    """PDFs, and the page numbers that are counted from them: missing they are no flaw, the board counts the PDFs."""
    return finding.rule == "missing-file" or (finding.rule == "required" and finding.field == "pages")


def of_a_paper(paper: str) -> Exists:
    """Whether the check objected to the paper whose key stands in the column `paper`."""
    return Exists(CheckResult.objects.filter(paper=OuterRef(paper)))


def check_due(_clock: Callable[[], datetime]) -> Counter[str]:
    """Checks all volumes that are not delivered. Counts the papers whose number of flaws is another than before."""
    volumes = Volume.objects.exclude(signing_settings__daily_at=FOREVER).order_by("pk")
    return Counter({"papers checked anew": sum(check_papers(volume) for volume in volumes)})


def check_papers(volume: Volume) -> int:
    """Checks the accepted papers of one volume and keeps what is wrong. Returns for how many that has changed."""
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
    """Errors of each paper by its primary key, but for what comes last."""
    rows = {paper.key: paper.pk for paper in papers}
    records = paper_records(papers)
    found = [*rules.check_all(volume_record(volume), records), *file_findings(papers, records)]
    return Counter(
        rows[one.paper] for one in found if one.severity is Severity.ERROR and one.paper in rows and not comes_last(one)
    )
