"""A table as rows of text, whatever file it came from. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from proceedings.importing.submissions import strip_invisible

MAX_ROWS = 20_000
MAX_COLUMNS = 1_000
MAX_CELLS = 2_000_000
"""Limits of one table. The largest real one has 12,000 submissions with 60 columns."""

_NOT_IN_A_HEADING = re.compile(r"[^\w#%]|_")
_QUOTED_FORMULA = re.compile(r'="(.*)"\Z', re.DOTALL)
_ESCAPED = re.compile("_x([0-9A-F]{4})_")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file (of a text the line, of a workbook the row, both from 1), and its cells."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """One table. `sheet` is its name in a workbook; `problems` are lines that cannot be read, with the reason."""

    rows: tuple[Row, ...]
    sheet: str = ""
    problems: tuple[tuple[int, str], ...] = ()


def make_row(line: int, cells: Iterable[str]) -> Row | None:
    """Returns the row with cleaned cells and without the empty ones at its end; None if all are empty."""
    cleaned = [clean_cell(cell) for cell in cells]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    return Row(line, tuple(cleaned)) if cleaned else None


def clean_cell(text: str) -> str:
    """Returns the text of a cell without what spreadsheets add: outer blanks, ``="…"``, ``_x000D_``."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    text = strip_invisible(text).strip()
    return formula[1].strip() if (formula := _QUOTED_FORMULA.match(text)) else text


def heading(text: str) -> str:
    """Returns what two spellings of a heading share: ``E-mail`` and ``EMAIL``, ``Paper ID`` and ``paper_id``."""
    return _NOT_IN_A_HEADING.sub("", unicodedata.normalize("NFKC", text).casefold())


def headings(row: Row) -> list[str]:
    """Returns the headings of a row, one per cell."""
    return [heading(cell) for cell in row.cells]


class Columns:
    """The columns of a table, found by their headings."""

    def __init__(self, head: Sequence[str]) -> None:
        self._places: dict[str, int] = {}
        self.repeated: list[str] = []
        for place, name in enumerate(head):
            if name and name in self._places:
                self.repeated.append(name)
            elif name:
                self._places[name] = place

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def first(self, names: Iterable[str]) -> str | None:
        """Returns the first of `names` that the table has."""
        return next((name for name in names if name in self._places), None)

    def cell(self, row: Row, name: str | None) -> str:
        """Returns the cell of `row` below the heading `name`; empty if there is none."""
        place = self._places.get(name, len(row.cells)) if name else len(row.cells)
        return row.cells[place] if place < len(row.cells) else ""
