"""Entries and fields of a BibTeX file as they are written, with their lines. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a value; parts are joined by ``#``. `opening` is ``{``, ``"`` or empty for a bare word."""

    opening: str
    value: str


@dataclass(frozen=True, slots=True)
class RawField:
    """A field as written: `opening` is ``{``, ``"`` or empty for anything else; `value` is without the delimiters."""

    name: str
    line: int
    opening: str
    value: str
    own_line: bool
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in the text of an entry. `field` is empty if it is about the entry."""

    line: int
    message: str
    field: str = ""
    rule: str = "syntax"


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry as written. `alone` is whether its closing brace is alone in column 0."""

    kind: str
    key: str
    line: int
    fields: tuple[RawField, ...]
    alone: bool
    problems: tuple[Problem, ...] = ()

    def field(self, name: str) -> RawField | None:
        return next((one for one in self.fields if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Stray:
    """Text outside of entries: `kind` is ``comment``, ``preamble`` or empty for text between entries."""

    kind: str
    line: int
    text: str


def lines_of(entries: list[RawEntry]) -> Iterator[tuple[tuple[str, str], int]]:
    """Yields ``(key, field) -> line`` for every field, and ``(key, "") -> line`` for every entry."""
    for entry in entries:
        yield (entry.key, ""), entry.line
        for one in entry.fields:
            yield (entry.key, one.name), one.line
