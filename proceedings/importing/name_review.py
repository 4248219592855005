"""Names that an import could not read with certainty: an editor resolves each, later imports use the answer."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from proceedings.bibtex.findings import Finding
from proceedings.bibtex.names import Confidence, Doubt, Name, NotANameError, find_doubts, write_name
from proceedings.bibtex.records import LIMITS, PaperRecord
from proceedings.importing.submissions import read_person
from proceedings.models import Author, NameReview, Volume

PARTS = ("given", "particle", "family", "suffix")
_MAX_LENGTH = 500


def name_parts(name: Name) -> dict[str, str]:
    return {part: getattr(name, part) for part in PARTS}


def queue_names(volume: Volume, records: Iterable[PaperRecord]) -> None:
    """Queues uncertain names of `records` for review. A name that was queued before is not queued again."""
    found: dict[Name, list[Doubt]] = {}
    for record in records:
        for name, doubt in record.doubts:
            found.setdefault(name, []).append(doubt)
    settled = settled_names(volume) if found else frozenset()
    asked = (
        _review_of(volume, name, [*known, *find_doubts(name)])
        for name, known in found.items()
        if write_name(name) not in settled
    )
    NameReview.objects.bulk_create(asked, batch_size=500, ignore_conflicts=True)


def _review_of(volume: Volume, name: Name, known: list[Doubt]) -> NameReview:
    reasons = "; ".join(dict.fromkeys(doubt.reason for doubt in known))
    others = [doubt for doubt in known if doubt.proposal and doubt.proposal != name]
    others.sort(key=lambda doubt: doubt.confidence is not Confidence.LIKELY)
    proposal = others[0].proposal if others else None
    return NameReview(
        volume=volume,
        reason=reasons[:_MAX_LENGTH],
        proposal=write_name(proposal)[:_MAX_LENGTH] if proposal else "",
        grave=any(doubt.confidence is Confidence.LIKELY and doubt.proposal != name for doubt in known),
        **name_parts(name),
    )


def resolved_names(volume: Volume | None) -> dict[Name, Name]:
    """Returns the resolved names: name as an import reads it -> correct name."""
    rows = NameReview.objects.filter(volume=volume, resolved_at__isnull=False) if volume else []
    return {row.name: read_person(row.answer).name for row in rows}


def settled_names(volume: Volume | None) -> frozenset[str]:
    """Returns the names that nobody asks about again, as ``Last, First``: those resolved, and the answers."""
    answers = resolved_names(volume)
    return frozenset(map(write_name, (*answers, *answers.values())))


def without_settled(findings: Iterable[Finding], settled: Collection[str]) -> list[Finding]:
    """Returns `findings` without those about the reading of a name in `settled`."""
    return [one for one in findings if not one.person or one.person not in settled]


def open_reviews(volume: Volume) -> QuerySet[NameReview]:
    """Returns the open reviews of names that authors of the volume still have, severe ones first."""
    bearers = Author.objects.filter(paper__volume=OuterRef("volume"), **{part: OuterRef(part) for part in PARTS})
    return NameReview.objects.filter(Exists(bearers), volume=volume, resolved_at__isnull=True)


def authors_by_name(questions: Iterable[NameReview], volume: Volume) -> dict[Name, list[Author]]:
    """Returns the authors, with papers, for each name under review, in the order of the volume."""
    wanted = {question.name for question in questions}
    families = {name.family for name in wanted}
    found: dict[Name, list[Author]] = {name: [] for name in wanted}
    authors = Author.objects.filter(paper__volume=volume, family__in=families).select_related("paper")
    for author in authors.order_by("paper__position", "paper__key", "position"):
        if author.name in found:
            found[author.name].append(author)
    return found


def _reviews_of_author(**which: Any) -> QuerySet[NameReview]:
    same = {part: OuterRef(part) for part in PARTS}
    return NameReview.objects.filter(volume=OuterRef("paper__volume"), resolved_at__isnull=True, **same, **which)


def author_review() -> Subquery:
    """Subquery: whether the review of an author's name is severe; NULL without a review."""
    return Subquery(_reviews_of_author().values("grave")[:1])


def paper_has_review(paper: str, **which: Any) -> Exists:
    """Subquery: whether an author of the paper in the column `paper` has a name under review."""
    return Exists(Author.objects.filter(Exists(_reviews_of_author(**which)), paper=OuterRef(paper)))


def papers_with_wrong_name(papers: Iterable[int]) -> set[int]:
    """Returns those of `papers`, by primary key, with an author whose name is probably wrong. One query."""
    wrong = Author.objects.filter(Exists(_reviews_of_author(grave=True)), paper__in=list(papers))
    return set(wrong.values_list("paper", flat=True))


def read_answer(text: str) -> Name:
    """Reads a typed name, ``Last, First``. Raises NotANameError with what to write instead."""
    if text.strip() and "," not in text and not text.strip().startswith("{"):
        msg = f"“{text.strip()}” has no comma: write Last, First, or use braces for a name with one part"
        raise NotANameError(msg)
    name = read_person(text).name
    if not name.family.strip("{} "):
        msg = "the family name is missing: write Last, First"
        raise NotANameError(msg)
    for part in PARTS:
        if len(getattr(name, part)) > LIMITS[part]:
            msg = f"the {part} part is longer than {LIMITS[part]} characters: shorten it"
            raise NotANameError(msg)
    return name


def resolve(question: NameReview, name: Name, *, by: str, now: datetime) -> int | None:
    """Renames the authors with this name to `name`, now and in later imports.

    Returns how many authors changed, or None if it was resolved before.
    """
    with transaction.atomic():
        mine = NameReview.objects.filter(pk=question.pk, resolved_at__isnull=True)
        if not mine.update(answer=write_name(name), resolved_by=by, resolved_at=now):
            return None
        if name == question.name:
            return 0
        return Author.objects.filter(paper__volume=question.volume_id, **name_parts(question.name)).update(
            **name_parts(name)
        )
