"""Cuts the entry, row or note that a finding is about out of its file. Pure."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from proceedings.importing.formats import Format, detect
from proceedings.importing.plan import SourceText

CONTACTS = "contacts"
_MAX_HEAD = 4
"""A table's headings are in one of its first lines."""

_VOLUME_ENTRY = re.compile(r"[ \t]*@proceedings\b", re.IGNORECASE)


class Excerpts:
    """The parts of one file. `entries` are the lines, from 1, on which the entries of a BibTeX file begin."""

    def __init__(self, source: SourceText, entries: Sequence[int]) -> None:
        self.source = source
        self.lines = source.text.splitlines(keepends=True)
        volumes = [at for at, line in enumerate(self.lines, 1) if _VOLUME_ENTRY.match(line)]
        self.entries = sorted({*entries, *volumes})

    @property
    def head(self) -> str:
        """What stands above every row, so that a single row can be read: a table's headings."""
        if self.source.format in (Format.BIBTEX, Format.OPENREVIEW):
            return ""
        for count in range(1, _MAX_HEAD + 1):
            head = "".join(self.lines[:count])
            if self.source.format == CONTACTS or detect("", head) == self.source.format:
                return head
        return "".join(self.lines[:1])

    def cut(self, line: int | None, paper: str) -> tuple[int | None, str]:
        """Returns the first line and the text of what stands at `line`, or of the note of `paper`."""
        if self.source.format == Format.OPENREVIEW:
            return line, self._note(paper)
        if not line or line > len(self.lines):
            return line, ""
        if self.source.format == Format.BIBTEX:
            return self._entry(line)
        return line, self._row(line)

    def _entry(self, line: int) -> tuple[int | None, str]:
        at = bisect_right(self.entries, line)
        if not at:
            return line, ""
        end = self.entries[at] - 1 if at < len(self.entries) else len(self.lines)
        begin = self.entries[at - 1]
        return begin, "".join(self.lines[begin - 1 : end]).rstrip()

    def _row(self, line: int) -> str:
        """A row goes on to the next line while a quotation mark is open."""
        text = ""
        for more in self.lines[line - 1 :]:
            text += more
            if text.count('"') % 2 == 0:
                break
        return text.rstrip("\r\n")

    def _note(self, paper: str) -> str:
        for note in _notes(self.source.text):
            if paper and paper in (str(note.get("number")), str(note.get("id"))):
                return json.dumps(note, ensure_ascii=False, indent=2)
        return ""


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
