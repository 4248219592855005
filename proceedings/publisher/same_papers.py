"""Papers of a volume that may be one paper: the same title and the same authors. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.name_matching import plain_words
from proceedings.bibtex.records import PaperRecord, VolumeRecord


def check_same_papers(_volume: VolumeRecord, papers: Sequence[PaperRecord]) -> Iterator[Finding]:
    """Compares without case, accents and punctuation, and the authors in any order. Source: our own rule."""
    by_title: dict[str, list[PaperRecord]] = defaultdict(list)
    for paper in papers:
        by_title[" ".join(plain_words(paper.title))].append(paper)
    for title, group in by_title.items():
        first: dict[frozenset[str], str] = {}
        for paper in group if title and len(group) > 1 else ():
            people = frozenset(" ".join(sorted(plain_words(str(name)))) for name in paper.authors)
            if (key := first.setdefault(people, paper.key)) != paper.key:
                message = f"has the title and the authors of {key}: withdraw one of them, or correct the title"
                yield Finding(
                    rule="same-paper", message=message, severity=Severity.WARNING, paper=paper.key, field="title"
                )
