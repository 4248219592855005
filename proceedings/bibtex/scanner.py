"""Scans the text of a BibTeX file as the publisher's check reads it: by lines and characters, without parsing. Pure.

The check finds fields by regular expressions (2.2 and 2.4). So a file that BibTeX reads can fail there, or pass
although it should not. `scan` keeps what the parser drops: delimiters, lines, blanks.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

_HEAD = re.compile(r"^[ \t]*@[ \t]*(?P<kind>\w+)[ \t]*[{(]\s*(?P<key>[^\s,{}()=]*)", re.MULTILINE)
_FIELD = re.compile(r"[\s,]*(?P<name>[A-Za-z][\w:.+-]*)\s*=\s*")
_BRACE = re.compile(r"(?<!\\)[{}]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r"[^\s,{}]*")
_END = re.compile(r"[\s,]*([})])")
_NOT_ENTRIES = ("comment", "string", "preamble")


@dataclass(frozen=True, slots=True)
class RawField:
    """A field as written: `opening` is ``{``, ``"`` or empty for a bare value; `value` is without the delimiters."""

    name: str
    line: int
    opening: str
    value: str
    own_line: bool


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry as written. `alone` is whether its closing brace is alone in column 0."""

    kind: str
    key: str
    line: int
    fields: tuple[RawField, ...]
    alone: bool

    def field(self, name: str) -> RawField | None:
        return next((one for one in self.fields if one.name == name), None)


def scan(text: str) -> list[RawEntry]:
    """Returns every entry of `text`. Raises nothing: an incomplete entry is returned as far as it can be read."""
    text = re.sub(r"\r\n?", "\n", text)
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    lines = _Lines(text)
    return [
        _entry(text[head.start() : end], head, lines)
        for head, end in zip(heads, ends, strict=False)
        if head["kind"].lower() not in _NOT_ENTRIES
    ]


class _Lines:
    """Finds the line of a position, from 1."""

    def __init__(self, text: str) -> None:
        self.breaks = [found.start() for found in re.finditer("\n", text)]

    def at(self, place: int) -> int:
        return bisect_left(self.breaks, place) + 1


def _entry(block: str, head: re.Match[str], lines: _Lines) -> RawEntry:
    """Reads the entry at the beginning of `block`, which ends where the next entry begins."""
    start = head.start()
    fields = []
    at = head.end() - start
    while found := _FIELD.match(block, at):
        at, opening, value = _value(block, found.end())
        name = found.start("name")
        before = block[block.rfind("\n", 0, name) + 1 : name]
        fields.append(RawField(found["name"].lower(), lines.at(start + name), opening, value, not before.strip(" \t,")))
    alone = False
    if closing := _END.match(block, at):
        last = block[block.rfind("\n", 0, closing.start(1)) + 1 :].split("\n", 1)[0]
        alone = last.rstrip() == "}"
    return RawEntry(head["kind"].lower(), head["key"], lines.at(head.start("kind")), tuple(fields), alone)


def _value(text: str, at: int) -> tuple[int, str, str]:
    """Returns where the value that begins at `at` ends, its opening delimiter, and its content."""
    if text[at : at + 1] == "{":
        depth = 0
        for brace in _BRACE.finditer(text, at):
            depth += 1 if brace[0] == "{" else -1
            if depth == 0:
                return brace.end(), "{", text[at + 1 : brace.start()]
        return len(text), "{", text[at + 1 :]
    if quoted := _QUOTED.match(text, at):
        return quoted.end(), '"', quoted[1]
    bare = _BARE.match(text, at)
    return (bare.end(), "", bare[0]) if bare else (at, "", "")


def lines_of(entries: list[RawEntry]) -> Iterator[tuple[tuple[str, str], int]]:
    """Yields ``(key, field) -> line`` for every field, and ``(key, "") -> line`` for every entry."""
    for entry in entries:
        yield (entry.key, ""), entry.line
        for field in entry.fields:
            yield (entry.key, field.name), field.line
