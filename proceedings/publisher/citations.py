"""Citations of a published paper: BibTeX, RIS, CSL-JSON. Pure.

Clause 3 of the agreement asks users of an article to cite the original and link to the publisher's page. Names and
titles are converted from the record, so that all three formats agree.
"""

import json
import re
from typing import Any

from proceedings.bibtex.latex import to_latex
from proceedings.bibtex.names import Name
from proceedings.bibtex.parser import write_entry
from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.bibtex.writer import editor_in_latex, name_in_latex, title_in_latex
from proceedings.publisher.rules import page_range

PUBLISHER = "PMLR"
SERIES = "Proceedings of Machine Learning Research"


def bibtex(volume: VolumeRecord, paper: PaperRecord, public_id: str, url: str) -> str:
    """Returns the entry as on the publisher's page. Raises UnmappedError for a text without a LaTeX form."""
    fields = [
        ("title", title_in_latex(paper)),
        ("author", " and ".join(map(name_in_latex, paper.authors))),
        ("booktitle", to_latex(volume.booktitle)),
        ("pages", paper.pages.replace("--", "-").replace("-", "--")),
        ("year", str(_year(volume))),
        ("editor", " and ".join(map(editor_in_latex, volume.editor_names))),
        ("volume", str(volume.number)),
        ("series", SERIES),
        ("publisher", PUBLISHER),
        ("url", url),
    ]
    return write_entry("InProceedings", f"pmlr-v{volume.number}-{public_id}", [pair for pair in fields if pair[1]])


def ris(volume: VolumeRecord, paper: PaperRecord, public_id: str, url: str) -> str:
    """Returns the citation in RIS: one tag per line, CRLF, ``ER`` at the end."""
    span = _pages(paper)
    lines = [
        ("TY", "CPAPER"),
        ("TI", plain_title(paper.title)),
        *(("AU", _inverted(name)) for name in paper.authors),
        ("BT", plain_title(volume.booktitle)),
        ("DA", f"{volume.published:%Y/%m/%d}" if volume.published else ""),
        ("PY", str(_year(volume))),
        ("PB", PUBLISHER),
        ("T3", SERIES),
        ("VL", str(volume.number)),
        ("SP", span[0]),
        ("EP", span[1]),
        ("ID", f"pmlr-v{volume.number}-{public_id}"),
        ("UR", url),
    ]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in lines if value) + "ER  - \r\n"


def csl_json(volume: VolumeRecord, paper: PaperRecord, public_id: str, url: str) -> str:
    """Returns the citation as a list with one CSL-JSON item."""
    item: dict[str, Any] = {
        "id": f"pmlr-v{volume.number}-{public_id}",
        "type": "paper-conference",
        "title": plain_title(paper.title),
        "author": [_csl(name) for name in paper.authors],
        "container-title": plain_title(volume.booktitle),
        "collection-title": SERIES,
        "publisher": PUBLISHER,
        "volume": str(volume.number),
        "issued": {"date-parts": [_day(volume)]},
        "URL": url,
    }
    if paper.pages:
        item["page"] = "-".join(part for part in _pages(paper) if part)
    return json.dumps([item], ensure_ascii=False, indent=1)


def plain_title(title: str) -> str:
    """Returns a title on one line, with ``\\$`` as a dollar sign. Mathematics stays LaTeX."""
    return re.sub(r"\s+", " ", title.replace(r"\$", "$")).strip()


def _year(volume: VolumeRecord) -> int:
    return volume.published.year if volume.published else volume.year


def _day(volume: VolumeRecord) -> list[int]:
    day = volume.published
    return [day.year, day.month, day.day] if day else [volume.year]


def _pages(paper: PaperRecord) -> tuple[str, str]:
    """Returns the first and last page as printed; both empty if there is no range."""
    first, _, last = paper.pages.replace("--", "-").partition("-")
    return (first, last) if page_range(paper.pages) else ("", "")


def _inverted(name: Name) -> str:
    """Returns ``van der Last, First, Jr``: RIS has the suffix last."""
    last = " ".join(part for part in (name.particle, name.family) if part)
    return ", ".join(part for part in (last, name.given, name.suffix) if part)


def _csl(name: Name) -> dict[str, str]:
    if not (name.given or name.particle or name.suffix):
        return {"literal": name.family}
    parts = {
        "family": name.family,
        "given": name.given,
        "non-dropping-particle": name.particle,
        "suffix": name.suffix,
    }
    return {key: value for key, value in parts.items() if value}
