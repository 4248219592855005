"""Names that an import was not sure of: asked once, settled by a person, remembered for the next import."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from proceedings.bibtex.names import Confidence, Doubt, Name, NotANameError, doubts, write_name
from proceedings.bibtex.records import LIMITS, PaperRecord
from proceedings.importing.submissions import read_person
from proceedings.models import Author, NameReview, Volume

PARTS = ("given", "particle", "family", "suffix")
_LONGEST = 500


def parts(name: Name) -> dict[str, str]:
    return {part: getattr(name, part) for part in PARTS}


def ask(volume: Volume, records: Iterable[PaperRecord]) -> None:
    """Puts what is odd about the names of `records` in the queue. A name that was asked about before is not again."""
    found: dict[Name, list[Doubt]] = {}
    for record in records:
        for name, doubt in record.doubts:
            found.setdefault(name, []).append(doubt)
    # Of a name without a comma the reader has said no more than that.
    asked = (_question(volume, name, [*known, *doubts(name)]) for name, known in found.items())
    NameReview.objects.bulk_create(asked, batch_size=500, ignore_conflicts=True)


def _question(volume: Volume, name: Name, known: list[Doubt]) -> NameReview:
    reasons = "; ".join(dict.fromkeys(doubt.reason for doubt in known))
    others = [doubt for doubt in known if doubt.proposal and doubt.proposal != name]
    others.sort(key=lambda doubt: doubt.confidence is not Confidence.LIKELY)
    proposal = others[0].proposal if others else None
    return NameReview(
        volume=volume,
        reason=reasons[:_LONGEST],
        proposal=write_name(proposal)[:_LONGEST] if proposal else "",
        grave=bool(others) and others[0].confidence is Confidence.LIKELY,
        **parts(name),
    )


def answers(volume: Volume | None) -> dict[Name, Name]:
    """What people settled: a name as an import reads it -> as it is."""
    rows = NameReview.objects.filter(volume=volume, resolved_at__isnull=False) if volume else []
    return {row.name: read_person(row.answer).name for row in rows}


def open_reviews(volume: Volume) -> QuerySet[NameReview]:
    """The questions about names that authors of the volume still bear, the grave ones first."""
    bearers = Author.objects.filter(paper__volume=OuterRef("volume"), **{part: OuterRef(part) for part in PARTS})
    return NameReview.objects.filter(Exists(bearers), volume=volume, resolved_at__isnull=True)


def bearers(questions: Iterable[NameReview], volume: Volume) -> dict[Name, list[Author]]:
    """The authors who bear the names in question, with their papers, in the order of the volume."""
    wanted = {question.name for question in questions}
    families = {name.family for name in wanted}
    found: dict[Name, list[Author]] = {name: [] for name in wanted}
    authors = Author.objects.filter(paper__volume=volume, family__in=families).select_related("paper")
    for author in authors.order_by("paper__position", "paper__key", "position"):
        if author.name in found:
            found[author.name].append(author)
    return found


def _about_the_author(**which: Any) -> QuerySet[NameReview]:
    same = {part: OuterRef(part) for part in PARTS}
    return NameReview.objects.filter(volume=OuterRef("paper__volume"), resolved_at__isnull=True, **same, **which)


def of_an_author() -> Subquery:
    """Whether the question about an author's name is a grave one; NULL where there is none."""
    return Subquery(_about_the_author().values("grave")[:1])


def of_a_paper(paper: str, **which: Any) -> Exists:
    """Whether an author of the paper whose key stands in the column `paper` has a name in question."""
    return Exists(Author.objects.filter(Exists(_about_the_author(**which)), paper=OuterRef(paper)))


def read_answer(text: str) -> Name:
    """A name as somebody typed it, ``Last, First``. Raises NotANameError, with what to write instead."""
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
    """The answer, once: the authors who bear the name are called `name` from now on, and so are those of later imports.

    Returns how many authors changed; None if somebody else has settled it.
    """
    with transaction.atomic():
        mine = NameReview.objects.filter(pk=question.pk, resolved_at__isnull=True)
        if not mine.update(answer=write_name(name), resolved_by=by, resolved_at=now):
            return None
        if name == question.name:
            return 0
        return Author.objects.filter(paper__volume=question.volume_id, **parts(question.name)).update(**parts(name))
