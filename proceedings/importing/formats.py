"""Detects the format of a submission system's export and selects its reader."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from proceedings.bibtex.latex import fold
from proceedings.bibtex.source import Source
from proceedings.importing.contacts import ContactTable, read_contacts
from proceedings.importing.openreview import Profiles, read_openreview, read_profiles
from proceedings.importing.submissions import Submissions, UnreadableFileError, strip_invisible
from proceedings.importing.tables import hotcrp, layouts, start
from proceedings.importing.tables.authors import COLUMNS as AUTHOR_COLUMNS
from proceedings.importing.tables.authors import AuthorTable, find_author_head, read_authors
from proceedings.importing.tables.grid import Grid, heading, headings
from proceedings.importing.tables.opening import is_binary_table, open_tables
from proceedings.importing.tables.papers import NUMBERED, Context, find_head, read_papers


class Format(StrEnum):
    """The system that exported a file."""

    BIBTEX = "bibtex"
    EASYCHAIR = "easychair"
    CMT = "cmt"
    OPENREVIEW = "openreview"
    HOTCRP = "hotcrp"
    START = "start"
    CSV = "csv"


_LAYOUTS = {
    Format.CMT: layouts.CMT,
    Format.EASYCHAIR: layouts.EASYCHAIR,
    Format.START: layouts.START,
    Format.HOTCRP: layouts.HOTCRP,
    Format.CSV: layouts.ANY,
}
"""The systems whose exports are tables, in the order in which a table is compared with them."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export, opened once. `kind` is None if the file does not show its system: then a person names the columns."""

    source: Source
    kind: Format | None
    grids: tuple[Grid, ...] = ()

    @property
    def headings(self) -> list[str]:
        """The names of the columns as the first table writes them; empty if it is not a table."""
        rows = next((grid.rows for grid in self.grids if grid.rows), ())
        first = next((row.cells for row in rows if len(row.cells) > 1), ())
        return list(dict.fromkeys(cell for cell in map(fold, first) if cell))


def open_export(source: Source, kind: Format | None = None) -> Export:
    """Opens the file and detects its format, unless `kind` says it. Raises UnreadableFileError."""
    text = (source.text or "").lstrip("\ufeff \t\r\n")
    kind = kind or (None if is_binary_table(source) else _kind_of_text(source.name, text))
    if kind in (Format.BIBTEX, Format.OPENREVIEW) or text[:1] in ("[", "{") or start.is_start_metadata(text):
        if source.text is None and kind is not Format.BIBTEX:
            raise UnreadableFileError(str(source.finding))
        return Export(source, kind)
    grids = open_tables(source)
    return Export(source, kind or _kind_of_tables(grids), grids)


def _kind_of_text(name: str, text: str) -> Format | None:
    if name.lower().endswith(".bib") or re.match(r"[@%]", text):
        return Format.BIBTEX
    if text[:1] in ("[", "{"):
        return Format.HOTCRP if hotcrp.is_hotcrp_json(text) else Format.OPENREVIEW
    return Format.START if start.is_start_metadata(text) else None


def _kind_of_tables(grids: tuple[Grid, ...]) -> Format | None:
    for kind, layout in _LAYOUTS.items():
        if any(_shows(grid, layout) for grid in grids):
            return kind
    return Format.HOTCRP if _author_papers(grids) else None


def _shows(grid: Grid, layout: layouts.Layout) -> bool:
    """Whether the table has the headings that mark a system, and its authors where they may stand in two ways."""
    at = find_head(grid, layout.mark)
    if at is None or not layout.numbered_people:
        return at is not None
    names = headings(grid.rows[at])
    return any(name in layout.columns["authors"] or NUMBERED.match(name) for name in names)


def _author_papers(grids: tuple[Grid, ...]) -> Grid | None:
    """Returns the sheet with one row per author and the papers' titles, HotCRP's authors.csv; None without it."""
    return next((grid for grid in grids if _has_author_papers(grid)), None)


def _has_author_papers(grid: Grid) -> bool:
    return find_author_head(grid) is not None and find_head(grid, ("title",)) is not None


def read_export(
    export: Export,
    *,
    authors: AuthorTable | None = None,
    profiles: Profiles | None = None,
    columns: Mapping[str, str] | None = None,
    answers: Mapping[str, bool] | None = None,
) -> Submissions:
    """Reads the accepted papers of an export.

    `authors` is a second table, with one row per author; `profiles` are those of OpenReview. `columns` maps our names
    to the table's, and `answers` the unclear decisions, as `decisions.normal_decision` writes them, to whether they are
    an acceptance. What is still unclear is among the questions of the result. Raises UnreadableFileError if there is no
    such table in the file.
    """
    name, text, grids = export.source.name, export.source.text or "", export.grids
    kind = export.kind or Format.CSV
    if kind is Format.OPENREVIEW:
        return read_openreview(text, name, profiles, answers)
    if not grids:
        return _read_text(kind, text, name, answers or {}, authors)
    if kind is Format.HOTCRP and authors is None and find_papers(grids, layouts.HOTCRP) == ():
        return hotcrp.read_author_papers(read_authors(_author_papers(grids) or grids[0], name), name)
    layout = layouts.named_layout(columns) if kind is Format.CSV and columns else _LAYOUTS[kind]
    sheets = find_papers(grids, layout) or grids[:1]
    if authors is None and kind is Format.EASYCHAIR:
        beside = next((grid for grid in grids if find_author_head(grid) is not None), None)
        authors = read_authors(beside, name) if beside else None
    # Each track of CMT is a sheet. Other workbooks have one table of papers, and sheets about it.
    sheets = sheets if kind is Format.CMT else sheets[:1]
    return read_papers(sheets, layout, Context(name, authors, answers or {}))


def find_papers(grids: tuple[Grid, ...], layout: layouts.Layout) -> tuple[Grid, ...]:
    """Returns the sheets that have the headings of a table of papers."""
    wanted = layout.mark or tuple(layout.columns[name][0] for name in layout.required if layout.columns[name])
    return tuple(grid for grid in grids if find_head(grid, wanted) is not None)


def _read_text(
    kind: Format, text: str, name: str, answers: Mapping[str, bool], authors: AuthorTable | None
) -> Submissions:
    if kind is Format.HOTCRP:
        return hotcrp.read_hotcrp_json(text, name, answers, authors)
    if kind is Format.START:
        return start.read_start_metadata(text, name)
    msg = f"{name} is no table of {kind}: choose the right file or format"
    raise UnreadableFileError(msg)


def read_second(source: Source) -> AuthorTable | ContactTable | Profiles:
    """Reads the second file of an export: a table with one row per author, addresses of authors, or profiles as JSON.

    A table with given and family names in two columns is one of authors. Raises UnreadableFileError if it is none.
    """
    if (
        source.text is not None
        and not is_binary_table(source)
        and source.text.lstrip("\ufeff \t\r\n")[:1] in ("[", "{")
    ):
        return _read_profiles(source.text, source.name)
    grids = open_tables(source)
    for grid in grids:
        if (at := find_author_head(grid)) is not None:
            names = {heading(cell) for cell in grid.rows[at].cells}
            if names & set(AUTHOR_COLUMNS["first"]):
                return read_authors(grid, source.name)
    return read_contacts(grids, source.name)


def _read_profiles(text: str, name: str) -> Profiles:
    found = read_profiles(strip_invisible(text))
    if found.problems:
        line, problem = found.problems[0]
        msg = f"{name}:{line}: {problem}. The file should have the profiles of OpenReview. Nothing was read"
        raise UnreadableFileError(msg)
    return found


def read_contact_file(source: Source) -> ContactTable:
    """Reads a file of corresponding authors. Raises UnreadableFileError."""
    return read_contacts(open_tables(source), source.name)
