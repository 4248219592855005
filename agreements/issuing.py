"""Issuing for many papers at once: each one on its own, every refusal named."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from agreements import drafting, lifecycle
from agreements.models import Agreement
from agreements.states import LIVE, Status
from proceedings.models import Paper


@dataclass(slots=True)
class Report:
    """What became of each paper."""

    issued: list[Agreement] = field(default_factory=list)
    under_way: list[Paper] = field(default_factory=list)
    """Papers that have an agreement already: nothing to do."""
    refused: list[tuple[Paper, str]] = field(default_factory=list)
    """Papers that cannot have one yet, and what to do."""


def issue(
    papers: Iterable[Paper], *, by: str, now: datetime, dry_run: bool = False, wait: timedelta = timedelta(0)
) -> Report:
    """Drafts and issues an agreement for every paper that is ready and has none.

    `papers` need `volume`, `authors` and `agreements` fetched. With `dry_run` the report's `issued` stays empty and
    nothing changes; papers that are ready are then those in neither other list. The invitations are due after `wait`.
    """
    report = Report()
    for paper in papers:
        live = [agreement for agreement in paper.agreements.all() if agreement.status in LIVE]
        if any(agreement.status != Status.DRAFT for agreement in live):
            report.under_way.append(paper)
            continue
        try:
            if dry_run:
                drafting.facts_of(paper)
                continue
            with transaction.atomic():
                agreement = live[0] if live else lifecycle.draft(paper, by=by, now=now)
                lifecycle.issue(agreement, by=by, now=now, wait=wait)
            report.issued.append(agreement)
        except lifecycle.WrongMove:  # another editor was faster
            report.under_way.append(paper)
        except drafting.NotReady as refusal:
            report.refused.append((paper, str(refusal)))
    return report
