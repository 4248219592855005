"""The authors of a volume for machines: what the publisher's BibTeX file has no field for. No email addresses."""

import codecs
import json
from collections.abc import Callable, Iterator, Mapping

from proceedings.delivery.csv_files import escape_formula, write_csv
from proceedings.models import Author, Paper, Volume

COLUMNS = (
    *("paper", "title", "openreview", "position", "given", "particle", "family", "suffix"),
    *("orcid", "affiliation", "profile", "corresponding"),
)


def file_name(volume: Volume, kind: str) -> str:
    """Returns the name of the file: ``v247-authors.json``."""
    return f"v{volume.number}-authors.{kind}"


def authors_json(volume: Volume) -> bytes:
    """Returns the accepted papers with their authors, in order, as JSON in UTF-8. The same rows give the same bytes."""
    papers = [
        {
            "key": paper.key,
            "title": paper.title,
            "openreview": _forum(paper),
            "authors": [_author(author) for author in paper.authors.all()],
        }
        for paper in _papers(volume)
    ]
    whole = {"volume": volume.number, "name": volume.name, "year": volume.year, "papers": papers}
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def authors_csv(volume: Volume) -> bytes:
    """Returns one row for each author of an accepted paper. No cell is a formula. UTF-8 with its mark, by which
    spreadsheets know it.
    """
    rows = [[*COLUMNS]]
    for paper in _papers(volume):
        about = [paper.key, paper.title, _forum(paper)]
        for author in paper.authors.all():
            facts = _author(author)
            own = [str(facts[name]) for name in COLUMNS[3:-1]]
            corresponding = "yes" if author.is_corresponding else ""
            rows.append([escape_formula(text) for text in (*about, *own, corresponding)])
    return codecs.BOM_UTF8 + write_csv(rows)


WRITERS: Mapping[str, Callable[[Volume], bytes]] = {"json": authors_json, "csv": authors_csv}
"""The writer for each ending of a file name."""


def _papers(volume: Volume) -> Iterator[Paper]:
    papers = volume.papers.filter(status=Paper.Status.ACCEPTED).order_by("position", "key")
    return iter(papers.prefetch_related("authors"))


def _forum(paper: Paper) -> str:
    forum = paper.extra.get("openreview", "")
    return forum if isinstance(forum, str) else ""


def _author(author: Author) -> dict[str, str | int | bool]:
    return {
        "position": author.position,
        "given": author.given,
        "particle": author.particle,
        "family": author.family,
        "suffix": author.suffix,
        "orcid": author.orcid,
        "affiliation": author.affiliation,
        "profile": author.profile,
        "corresponding": author.is_corresponding,
    }
