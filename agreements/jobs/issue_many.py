"""Issue agreements for many papers: each on its own, with a reason for each skipped one, one email per person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import prefetch_related_objects

from agreements import lifecycle
from agreements.domain.states import LIVE, Status
from agreements.lifecycle import snapshot
from agreements.models import Agreement
from proceedings.email_address import address_key
from proceedings.importing import name_review
from proceedings.models import Author, Paper

NAME_WRONG = "An author’s name is probably wrong. Correct it on the volume’s page Names, then issue the agreement."
BATCH_SIZE = 100
"""Papers that are issued in one transaction, or a few more: it ends with all papers of a person."""

Group = list[Paper]
"""The papers of one person, which are issued in one transaction, so that no worker emails about a part of them."""


@dataclass(slots=True)
class Report:
    """The result for each paper, in the order in which they were given."""

    issued: list[Agreement] = field(default_factory=list)
    already_issued: list[Paper] = field(default_factory=list)
    """Papers that already have an agreement."""
    skipped: list[tuple[Paper, str]] = field(default_factory=list)
    """Papers that cannot have one yet, and what to do."""


def issue(
    papers: Iterable[Paper], *, by: str, now: datetime, dry_run: bool = False, delay: timedelta = timedelta(0)
) -> Report:
    """Create and issue an agreement for every paper that is ready and has none. A name that is probably wrong stops it.

    With `dry_run` nothing changes and `issued` stays empty; papers that are ready are then in neither of the other
    lists. The invitations are due after `delay`. A killed run leaves no paper half issued: start it again.
    """
    papers = list(papers)
    results: dict[int, Agreement | lifecycle.Refusal] = {}
    results |= {pk: snapshot.NotReadyError(NAME_WRONG) for pk in find_wrong_names(papers)}
    rest = [paper for paper in papers if paper.pk not in results]
    if dry_run:
        results |= find_refusals(rest)
    else:
        for batch in make_batches(group_by_signer(rest)):
            results |= issue_batch(batch, by=by, now=now, delay=delay)
    report = Report()
    for paper in papers:
        match results.get(paper.pk):
            case Agreement() as agreement:
                report.issued.append(agreement)
            case lifecycle.TransitionError():  # perhaps because another editor was faster
                report.already_issued.append(paper)
            case snapshot.NotReadyError() as error:
                report.skipped.append((paper, str(error)))
    return report


def find_wrong_names(papers: Iterable[Paper]) -> set[int]:
    """Return the papers without an issued agreement that have a name that is probably wrong, by primary key."""
    wrong = name_review.papers_with_wrong_name(paper.pk for paper in papers)
    issued = Agreement.objects.filter(paper__in=wrong, status__in=LIVE).exclude(status=Status.DRAFT)
    return wrong - set(issued.values_list("paper", flat=True)) if wrong else wrong


def find_refusals(papers: list[Paper]) -> dict[int, lifecycle.Refusal]:
    """Return why papers would not be issued, by primary key. Reads only."""
    prefetch_related_objects(papers, "volume", "authors__non_author_signer", "agreements")
    refusals: dict[int, lifecycle.Refusal] = {}
    for paper in papers:
        live = [each.status for each in paper.agreements.all() if each.status in LIVE and each.status != Status.DRAFT]
        try:
            if live:
                raise lifecycle.TransitionError(live[0])
            snapshot.take_snapshot(paper)
        except (lifecycle.TransitionError, snapshot.NotReadyError) as error:
            refusals[paper.pk] = error
    return refusals


def group_by_signer(papers: Iterable[Paper]) -> list[Group]:
    """Group the papers by volume and corresponding author, in order of appearance, one volume after the other.

    Papers without an address stay alone.
    """
    contacts = Author.objects.filter(paper__in=[paper.pk for paper in papers], is_corresponding=True).order_by()
    addresses = {paper: address_key(address) for paper, address in contacts.values_list("paper", "email")}
    groups: dict[tuple[int, object], Group] = {}
    for paper in papers:
        groups.setdefault((paper.volume_id, addresses.get(paper.pk) or paper.pk), []).append(paper)
    return sorted(groups.values(), key=lambda group: group[0].volume_id)


def make_batches(groups: Iterable[Group]) -> Iterator[list[Group]]:
    """Join groups of one volume to batches of about `BATCH_SIZE` papers."""
    batch: list[Group] = []
    for group in groups:
        if batch and (batch[0][0].volume_id != group[0].volume_id or sum(map(len, batch)) >= BATCH_SIZE):
            yield batch
            batch = []
        batch.append(group)
    if batch:
        yield batch


def issue_batch(
    batch: list[Group], *, by: str, now: datetime, delay: timedelta
) -> dict[int, Agreement | lifecycle.Refusal]:
    """Issue a batch in one transaction. After an unexpected error, issue the people of the batch one by one.

    Then only those from the faulty paper on are not issued when the error is raised.
    """
    papers = {paper.pk: paper for group in batch for paper in group}
    results: dict[int, Agreement | lifecycle.Refusal] = {}
    try:
        results |= lifecycle.issue_papers(list(papers), by=by, now=now, delay=delay)
    except Exception:
        if len(batch) == 1:
            raise
        for group in batch:
            results |= issue_batch([group], by=by, now=now, delay=delay)
    for pk, result in results.items():
        if isinstance(result, Agreement):
            result.paper = papers[pk]  # the one that was read for it, with authors, is no longer needed
    return results
