"""Issues agreements for many papers: each on its own, with a reason for each skipped one, and one email per person."""

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
    """The result for each paper."""

    issued: list[Agreement] = field(default_factory=list)
    already_issued: list[Paper] = field(default_factory=list)
    """Papers with an issued agreement: nothing to do."""
    skipped: list[tuple[Paper, str]] = field(default_factory=list)
    """Papers that are not ready, with what to do."""

    def sort(self, papers: list[Paper]) -> None:
        """Sorts the lists in the order of `papers`."""
        place = {paper.pk: number for number, paper in enumerate(papers)}
        self.issued.sort(key=lambda agreement: place[agreement.paper_id])
        self.already_issued.sort(key=lambda paper: place[paper.pk])
        self.skipped.sort(key=lambda skipped: place[skipped[0].pk])


def issue(
    papers: Iterable[Paper], *, by: str, now: datetime, dry_run: bool = False, wait: timedelta = timedelta(0)
) -> Report:
    """Drafts and issues an agreement for every paper that is ready and has none.

    `papers` need `volume`, `authors` and `agreements` fetched. With `dry_run` the report's `issued` stays empty and
    nothing changes; the ready papers are then those in neither other list. The invitations are due after `wait`.

    The papers of one person are issued in one transaction, so that one combined email covers them all.
    """
    report, papers = Report(), list(papers)
    for group in by_person(papers):
        together = len(group) > 1 and not dry_run
        with transaction.atomic() if together else nullcontext():
            if together:
                lock_rows(group)
            for paper in group:
                issue_one(paper, report, by=by, now=now, dry_run=dry_run, wait=wait)
    report.sort(papers)
    return report


def by_person(papers: Iterable[Paper]) -> list[list[Paper]]:
    """The papers by corresponding author, in order of first paper; one without an address is a group."""
    found: dict[object, list[Paper]] = {}
    for paper in papers:
        address = next((author.email.lower() for author in paper.authors.all() if author.is_corresponding), "")
        found.setdefault(address or paper.pk, []).append(paper)
    return list(found.values())


def lock_rows(papers: list[Paper]) -> None:
    """Locks the drafts, then the papers, each in key order and before any address.

    The fixed order avoids deadlocks with other workers that issue the same papers or replace a draft.
    """
    outbox.lock_agreements(one.pk for paper in papers for one in paper.agreements.all() if one.status == Status.DRAFT)
    keys = [paper.pk for paper in papers]
    list(Paper.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))


def issue_one(paper: Paper, report: Report, *, by: str, now: datetime, dry_run: bool, wait: timedelta) -> None:
    """Issues one paper and adds the result to the report."""
    live = [agreement for agreement in paper.agreements.all() if agreement.status in LIVE]
    if any(agreement.status != Status.DRAFT for agreement in live):
        report.already_issued.append(paper)
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
        report.already_issued.append(paper)
    except snapshot.NotReadyError as error:
        report.skipped.append((paper, str(error)))
