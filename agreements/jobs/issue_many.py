"""Issue agreements for many papers: each on its own, with a reason for each skipped one, one email per person."""

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
from proceedings.email_address import address_key
from proceedings.importing import name_review
from proceedings.models import Paper

NAME_WRONG = "An author’s name is probably wrong. Correct it on the volume’s page Names, then issue the agreement."


@dataclass(slots=True)
class Report:
    """The result for each paper."""

    issued: list[Agreement] = field(default_factory=list)
    already_issued: list[Paper] = field(default_factory=list)
    """Papers that already have an agreement."""
    skipped: list[tuple[Paper, str]] = field(default_factory=list)
    """Papers that cannot have one yet, and what to do."""

    def sort(self, papers: list[Paper]) -> None:
        """Sort the lists in the order of `papers`."""
        place = {paper.pk: number for number, paper in enumerate(papers)}
        self.issued.sort(key=lambda agreement: place[agreement.paper_id])
        self.already_issued.sort(key=lambda paper: place[paper.pk])
        self.skipped.sort(key=lambda skipped: place[skipped[0].pk])


def issue(
    papers: Iterable[Paper], *, by: str, now: datetime, dry_run: bool = False, delay: timedelta = timedelta(0)
) -> Report:
    """Create and issue an agreement for every paper that is ready and has none. A name that is probably wrong stops it.

    `papers` need `volume`, `authors` and `agreements` prefetched. With `dry_run` nothing changes and `issued` stays
    empty; papers that are ready are then in neither of the other lists. The invitations are due after `wait`.

    The papers of one person are issued in one transaction, so that no worker emails about a part of them.
    """
    report, papers = Report(), list(papers)
    wrong = name_review.papers_with_wrong_name(paper.pk for paper in papers)
    report.skipped = [(paper, NAME_WRONG) for paper in papers if paper.pk in wrong and not is_issued(paper)]
    skipped = {paper.pk for paper, _ in report.skipped}
    for group in group_by_signer(paper for paper in papers if paper.pk not in skipped):
        in_transaction = len(group) > 1 and not dry_run
        with transaction.atomic() if in_transaction else nullcontext():
            if in_transaction:
                lock_rows(group)
            for paper in group:
                issue_one(paper, report, by=by, now=now, dry_run=dry_run, delay=delay)
    report.sort(papers)
    return report


def is_issued(paper: Paper) -> bool:
    """Whether the paper has a live agreement that is more than a draft."""
    return any(agreement.status in LIVE and agreement.status != Status.DRAFT for agreement in paper.agreements.all())


def group_by_signer(papers: Iterable[Paper]) -> list[list[Paper]]:
    """Group the papers by corresponding author, in order of appearance; papers without an address stay alone."""
    groups: dict[object, list[Paper]] = {}
    for paper in papers:
        address = next((address_key(author.email) for author in paper.authors.all() if author.is_corresponding), "")
        groups.setdefault(address or paper.pk, []).append(paper)
    return list(groups.values())


def lock_rows(papers: list[Paper]) -> None:
    """Lock the papers' drafts, then the papers, in the order of their keys and before any address.

    Another transaction that issues some of the same papers, or replaces a draft, waits: it locks in the same order.
    """
    outbox.lock_agreements(one.pk for paper in papers for one in paper.agreements.all() if one.status == Status.DRAFT)
    keys = [paper.pk for paper in papers]
    list(Paper.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))


def issue_one(paper: Paper, report: Report, *, by: str, now: datetime, dry_run: bool, delay: timedelta) -> None:
    """Issue one paper and add the result to the report."""
    live = [agreement for agreement in paper.agreements.all() if agreement.status in LIVE]
    if is_issued(paper):
        report.already_issued.append(paper)
        return
    try:
        if dry_run:
            snapshot.take_snapshot(paper)
            return
        with transaction.atomic():
            agreement = live[0] if live else lifecycle.draft(paper, by=by, now=now)
            lifecycle.issue(agreement, by=by, now=now, delay=delay)
        report.issued.append(agreement)
    except lifecycle.TransitionError:  # another editor was faster
        report.already_issued.append(paper)
    except snapshot.NotReadyError as error:
        report.skipped.append((paper, str(error)))
