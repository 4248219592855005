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
from agreements.models import CheckResult, VolumeCheckResult
from proceedings.bibtex.findings import Severity
from proceedings.delivery.volume_check import check_loaded, load_papers
from proceedings.models import Volume


def has_errors(paper: str) -> Exists:
    """Whether the check found errors in the paper whose primary key is in the column `paper`."""
    return Exists(CheckResult.objects.filter(paper=OuterRef(paper)))


def check_due(_clock: Callable[[], datetime]) -> Counter[str]:
    """Check all volumes that are not delivered. Counts the papers whose number of errors has changed."""
    volumes = Volume.objects.exclude(signing_settings__daily_at=FOREVER).order_by("pk")
    return Counter({"papers with new results": sum(check_papers(volume) for volume in volumes)})


def check_papers(volume: Volume) -> int:
    """Check the accepted papers of one volume and store the counts. Returns for how many papers they changed."""
    papers = load_papers(volume)
    report = check_loaded(volume, papers)
    rows = {paper.key: paper.pk for paper in papers}
    errors = report.papers_with_errors
    found = {rows[key]: count for key, count in errors.items() if key in rows}
    counts = {
        "errors": len(report.errors),
        "own_errors": sum(count for key, count in errors.items() if key not in rows),
        "warnings": len(report.of(Severity.WARNING)),
    }
    with transaction.atomic():
        known = dict(CheckResult.objects.filter(paper__volume=volume).values_list("paper_id", "errors"))
        gone = known.keys() - found.keys()
        changed = [CheckResult(paper_id=pk, errors=errors) for pk, errors in found.items() if known.get(pk) != errors]
        CheckResult.objects.filter(paper__in=gone).delete()
        CheckResult.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["paper"], update_fields=["errors"], batch_size=500
        )
        if not VolumeCheckResult.objects.filter(volume=volume, **counts).exists():
            VolumeCheckResult.objects.update_or_create(volume=volume, defaults=counts)
    return len(gone) + len(changed)
