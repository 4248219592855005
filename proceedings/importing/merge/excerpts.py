"""Cuts the entry, row or note that a finding is about out of its file. Pure."""

import csv
import io
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from proceedings.importing.formats import Export, Format
from proceedings.importing.plan import SourceText
from proceedings.importing.tables.grid import Row

CONTACTS = "contacts"
JSON = frozenset({Format.OPENREVIEW, Format.HOTCRP})
"""Formats whose files may be JSON: a list of notes or papers."""

_VOLUME_ENTRY = re.compile(r"[ \t]*@proceedings\b", re.IGNORECASE)


def text_of(export: Export) -> SourceText:
    """Returns an export as it was read."""
    kind = export.kind or Format.CSV
    if not export.grids:
        return SourceText(export.source.name, kind, export.source.text or "")
    return SourceText(export.source.name, kind, rows=tuple(row for grid in export.grids for row in grid.rows))


class Excerpts:
    """The parts of one file. `entries` are the lines, from 1, on which the entries of a BibTeX file begin."""

    def __init__(self, source: SourceText, entries: Sequence[int]) -> None:
        self.source = source
        self.lines = source.text.splitlines(keepends=True)
        volumes = [at for at, line in enumerate(self.lines, 1) if _VOLUME_ENTRY.match(line)]
        self.entries = sorted({*entries, *volumes})

    @property
    def head(self) -> str:
        """A table's headings, so that a single row below them can be read."""
        heads = (row for row in self.source.rows if len(row.cells) > 1)
        return _as_csv([head]) if (head := next(heads, None)) else ""

    def cut(self, line: int | None, paper: str) -> tuple[int | None, str]:
        """Returns the first line and the text of what stands at `line`, or of the note of `paper`."""
        if self.source.rows:
            return line, _as_csv([row for row in self.source.rows if row.line == line][:1])
        if self.source.format in JSON:
            return line, self._note(paper)
        if line and self.source.format == Format.BIBTEX:
            return self._entry(line)
        return line, ""

    def _entry(self, line: int) -> tuple[int | None, str]:
        at = bisect_right(self.entries, line)
        if not at:
            return line, ""
        end = self.entries[at] - 1 if at < len(self.entries) else len(self.lines)
        begin = self.entries[at - 1]
        return begin, "".join(self.lines[begin - 1 : end]).rstrip()

    def _note(self, paper: str) -> str:
        for note in _notes(self.source.text):
            if paper and paper in [str(note.get(name)) for name in ("number", "id", "pid", "forum")]:
                return json.dumps(note, ensure_ascii=False, indent=2)
        return ""


def _as_csv(rows: Iterable[Row]) -> str:
    """Writes rows as CSV: what an editor corrects, whatever file they came from."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(row.cells for row in rows)
    return text.getvalue().rstrip("\n")


def _notes(text: str) -> Iterator[dict[str, Any]]:
    for part in (text, *text.splitlines()):
        try:
            data = json.loads(part.removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            continue
        notes = data.get("notes", [data]) if isinstance(data, dict) else data
        yield from (note for note in notes if isinstance(note, dict)) if isinstance(notes, list) else ()
        if part is text:
            return
