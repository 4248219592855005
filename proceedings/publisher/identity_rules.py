"""Rules about who is who and under which licence. Pure.

They are ours, not the publisher's: nothing of it is in the .bib file. So all findings are warnings.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.name_matching import compatible, same_letters, same_words
from proceedings.bibtex.names import Name
from proceedings.people.licences import GRANTED, contradicts
from proceedings.people.orcid import OrcidError, read_orcid

Bearers = Mapping[str, Sequence[tuple[Name, str]]]
"""ORCID iD -> the names that have it, each with the key of its paper."""


@dataclass(frozen=True, slots=True)
class PaperPeople:
    """A paper's authors, in order, each with the ORCID iD as stored, and its licence as its system states it."""

    key: str
    licence: str
    authors: tuple[tuple[Name, str], ...]


def bearers_of(papers: Iterable[PaperPeople]) -> Bearers:
    """Returns who has which iD in `papers`."""
    found: dict[str, list[tuple[Name, str]]] = defaultdict(list)
    for paper in papers:
        for name, orcid in paper.authors:
            if orcid:
                found[orcid].append((name, paper.key))
    return found


def check_people(paper: PaperPeople, bearers: Bearers) -> Iterator[Finding]:
    """Checks the licence and the iDs of one paper. `bearers` are those of its volume."""
    if contradicts(paper.licence):
        stated = f"its submission states '{paper.licence}', but the agreement grants {GRANTED}"
        message = f"{stated}: ask the authors before they sign, then clear the licence on the paper’s page"
        yield _warning("licence", paper.key, "licence", message)
    seen: dict[str, str] = {}
    for place, (name, orcid) in enumerate(paper.authors, 1):
        if not orcid:
            continue
        who = f"name {place}, {name}"
        try:
            number = read_orcid(orcid)
        except OrcidError as error:
            yield _warning("orcid", paper.key, "orcid", f"{who}: {error}")
            continue
        if number in seen:
            message = f"{who}: {number} is also the iD of {seen[number]}: remove it where it is wrong"
            yield _warning("orcid", paper.key, "orcid", message)
            continue
        seen[number] = who
        others = [(other, key) for other, key in bearers.get(orcid, ()) if key != paper.key]
        if other := next((one for one in others if not _same_person(name, one[0])), None):
            message = f"{who}: {number} is the iD of {other[0]} in {other[1]}: remove it where it is wrong"
            yield _warning("orcid", paper.key, "orcid", message)


def _same_person(one: Name, other: Name) -> bool:
    return same_words(one, other) or same_letters(one, other) or compatible(one, other) or compatible(other, one)


def _warning(rule: str, paper: str, field: str, message: str) -> Finding:
    return Finding(rule=rule, message=message, severity=Severity.WARNING, paper=paper, field=field)
