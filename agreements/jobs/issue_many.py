"""Issuing for many papers at once: each one on its own, every refusal named, one mail to each person."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from agreements import lifecycle
from agreements.domain.states import LIVE, Status
from agreements.lifecycle import snapshot
from agreements.mail import outbox
from agreements.models import Agreement
from proceedings.models import Paper


@dataclass(slots=True)
class Report:
    """What became of each paper."""

    issued: list[Agreement] = field(default_factory=list)
    under_way: list[Paper] = field(default_factory=list)
    """Papers that have an agreement already: nothing to do."""
    refused: list[tuple[Paper, str]] = field(default_factory=list)
    """Papers that cannot have one yet, and what to do."""

    def sort(self, papers: list[Paper]) -> None:
        """All in the order of `papers`."""
        place = {paper.pk: number for number, paper in enumerate(papers)}
        self.issued.sort(key=lambda agreement: place[agreement.paper_id])
        self.under_way.sort(key=lambda paper: place[paper.pk])
        self.refused.sort(key=lambda refused: place[refused[0].pk])


def issue(
    papers: Iterable[Paper], *, by: str, now: datetime, dry_run: bool = False, wait: timedelta = timedelta(0)
) -> Report:
    """Drafts and issues an agreement for every paper that is ready and has none.

    `papers` need `volume`, `authors` and `agreements` fetched. With `dry_run` the report's `issued` stays empty and
    nothing changes; papers that are ready are then those in neither other list. The invitations are due after `wait`.

    The papers of one person are issued in one transaction: no worker finds a part of them and writes about that alone.
    """
    report, papers = Report(), list(papers)
    for theirs in by_person(papers):
        together = len(theirs) > 1 and not dry_run
        with transaction.atomic() if together else nullcontext():
            if together:
                lock_rows(theirs)
            for paper in theirs:
                issue_one(paper, report, by=by, now=now, dry_run=dry_run, wait=wait)
    report.sort(papers)
    return report


def by_person(papers: Iterable[Paper]) -> list[list[Paper]]:
    """The papers of each corresponding author, in the order of their first ones; without an address each is alone."""
    found: dict[object, list[Paper]] = {}
    for paper in papers:
        address = next((author.email.lower() for author in paper.authors.all() if author.is_corresponding), "")
        found.setdefault(address or paper.pk, []).append(paper)
    return list(found.values())


def lock_rows(papers: list[Paper]) -> None:
    """Takes the rows of the papers' drafts, then their own, in the order of their keys and before any address.

    Whoever issues some of the same papers waits, and so does whoever replaces a draft: an agreement, then its paper.
    """
    outbox.lock_agreements(one.pk for paper in papers for one in paper.agreements.all() if one.status == Status.DRAFT)
    keys = [paper.pk for paper in papers]
    list(Paper.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))


def issue_one(paper: Paper, report: Report, *, by: str, now: datetime, dry_run: bool, wait: timedelta) -> None:
    """One paper on its own: what became of it goes into the report."""
    live = [agreement for agreement in paper.agreements.all() if agreement.status in LIVE]
    if any(agreement.status != Status.DRAFT for agreement in live):
        report.under_way.append(paper)
        return
    try:
        if dry_run:
            snapshot.snapshot_of(paper)
            return
        with transaction.atomic():
            agreement = live[0] if live else lifecycle.draft(paper, by=by, now=now)
            lifecycle.issue(agreement, by=by, now=now, wait=wait)
        report.issued.append(agreement)
    except lifecycle.TransitionError:  # another editor was faster
        report.under_way.append(paper)
    except snapshot.NotReadyError as refusal:
        report.refused.append((paper, str(refusal)))
