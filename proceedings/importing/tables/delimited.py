"""Reads tables in text files: commas, semicolons, tabs or bars, with or without quotes. Pure."""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from proceedings.importing.tables.grid import MAX_COLUMNS, MAX_ROWS, Grid, Row, heading, make_row

_SEPARATORS = ",;\t|"
_SAMPLE = 30
_MAX_PROBLEMS = 20
_DECLARED = re.compile(r'"?sep=(.)"?[;,\t]*\Z', re.IGNORECASE)
_MISSING_QUOTE = "the row cannot be read ({error}): correct its quotes"


def read_delimited(text: str, is_known: Callable[[str], bool] = lambda name: False) -> Grid:
    """Reads the table in `text`. `is_known` says whether a heading is one that we look for.

    The separator is the one of a line ``sep=;``, else the one that shows most known headings, else the most frequent.
    A row that cannot be read is one problem, and the next line is read again. Raises nothing.
    """
    lines = text.removeprefix("\ufeff").replace("\x00", "").splitlines(keepends=True)
    lines = _without_odd_breaks(lines)
    separator = ""
    start = 0
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start < len(lines) and (declared := _DECLARED.match(lines[start].strip("\r\n ").removeprefix("\ufeff"))):
        separator = declared[1]
        start += 1
    reader = _Reader(lines, start)
    rows = tuple(reader.rows(separator or _best_separator(lines, start, is_known)))
    return Grid(rows, problems=tuple(reader.problems))


def _without_odd_breaks(lines: list[str]) -> list[str]:
    """Joins what `str.splitlines` splits at other signs than line breaks, such as form feeds and U+2028."""
    joined: list[str] = []
    whole = True
    for line in lines:
        if whole:
            joined.append(line)
        else:
            joined[-1] += line
        whole = line.endswith(("\n", "\r"))
    return joined


def _best_separator(lines: list[str], start: int, is_known: Callable[[str], bool]) -> str:
    def score(separator: str) -> tuple[int, int, int]:
        sample = _Reader(lines[: start + 4 * _SAMPLE], start)
        rows = [row for row, _ in zip(sample.rows(separator), range(_SAMPLE), strict=False)]
        known = max((sum(is_known(heading(cell)) for cell in row.cells) for row in rows[:5]), default=0)
        wide = [len(row.cells) for row in rows if len(row.cells) > 1]
        first = len(rows[0].cells) if rows else 0
        return known if known > 1 else 0, len(wide), first

    return max(_SEPARATORS, key=score)


@dataclass(slots=True)
class _Lines:
    """Gives lines to `csv.reader` and counts them."""

    lines: list[str]
    at: int

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]


class _Reader:
    def __init__(self, lines: list[str], start: int) -> None:
        self.lines = lines
        self.start = start
        self.problems: list[tuple[int, str]] = []

    def rows(self, separator: str) -> Iterator[Row]:
        """Yields the rows, and reads on after one that cannot be read."""
        source = _Lines(self.lines, self.start)
        count = 0
        while source.at < len(self.lines):
            first = source.at
            try:
                cells = next(csv.reader(source, delimiter=separator, strict=True))
            except StopIteration:
                return
            except csv.Error as error:
                source.at = first + 1
                cells = self._one_line(first, separator, str(error))
                if len(self.problems) > _MAX_PROBLEMS:
                    self.problems.append((first + 2, "too many rows cannot be read: correct the file from here on"))
                    return
            if len(cells) > MAX_COLUMNS:
                self.problems.append((first + 1, f"the row has more than {MAX_COLUMNS} cells: check the file"))
            elif row := make_row(first + 1, cells):
                count += 1
                if count > MAX_ROWS:
                    self.problems.append((first + 1, f"the table has more than {MAX_ROWS} rows: split it"))
                    return
                yield row

    def _one_line(self, at: int, separator: str, error: str) -> list[str]:
        """Reads a line whose inner quotes are not doubled: ``7,"On "hi" in chats"``. A quote ends a cell only before a
        separator. A quote that does not end is a problem.
        """
        line = self.lines[at].rstrip("\r\n")
        cell = re.compile(rf'"((?:[^"]|"(?!\s*(?:{re.escape(separator)}|$)))*)"\s*|([^{re.escape(separator)}]*)')
        cells: list[str] = []
        place = 0
        while place <= len(line) and line.count('"') % 2 == 0:
            found = cell.match(line, place)
            if not found or line[found.end() : found.end() + 1] not in ("", separator):
                break
            cells.append(found[2] if found[1] is None else found[1].replace('""', '"'))
            place = found.end() + 1
        if place <= len(line):
            self.problems.append((at + 1, _MISSING_QUOTE.format(error=error)))
            return []
        return cells
