"""Reads a list of objects from JSON: an array, an array under a name, or JSON lines. Pure.

It reads one item after the other, so that each has its line, and a damaged file loses only what follows the damage.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

_DECODER = json.JSONDecoder(strict=False)
_BLANK = re.compile(r"\s*")
_NEXT_OBJECT = re.compile(r"^\{", re.MULTILINE)


@dataclass(slots=True)
class Items:
    """What a file holds: the items and the places that could not be read, each with its line, counted from 1."""

    items: list[tuple[int, Any]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def read_items(text: str, names: Collection[str]) -> Items:
    """Returns the items of the array in `text`, of the array under one of `names`, or of JSON lines. Raises nothing."""
    return _Scan(text).read(names)


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.found = Items()
        self.line, self.counted = 1, 0

    def read(self, names: Collection[str]) -> Items:
        """Reads one value after the other: most files have one, JSON lines and joined files have several.

        The first value says whether an object is an item or holds the list.
        """
        first = self.skip_blanks(0)
        holds_list = self.find_member(first, names) is not None
        at: int | None = first
        while at is not None and at < len(self.text):
            start = self.find_member(at, names) if holds_list else None
            if self.text.startswith("[", at):
                at = self.read_array(at + 1)
            elif start is not None:
                after = self.read_array(start + 1)
                at = None if after is None else self.skip_members(after)
            else:
                at = self.read_value(at)
            at = None if at is None else self.skip_blanks(at)
        return self.found

    def skip_blanks(self, at: int) -> int:
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def line_at(self, at: int) -> int:
        """Returns the line of a position; positions only grow."""
        self.line += self.text.count("\n", self.counted, at)
        self.counted = at
        return self.line

    def decode(self, at: int) -> tuple[Any, int] | None:
        """Returns the value at a position and where it ends; None if it cannot be read."""
        try:
            return _DECODER.raw_decode(self.text, at)
        except (ValueError, RecursionError):  # ValueError also for a number of thousands of digits
            return None

    def find_member(self, at: int, names: Collection[str]) -> int | None:
        """Returns where the array under one of `names` starts, in the object at a position."""
        if not self.text.startswith("{", at):
            return None
        at = self.skip_blanks(at + 1)
        while key := self.decode(at):
            name, at = key
            at = self.skip_blanks(at)
            if not isinstance(name, str) or not self.text.startswith(":", at):
                return None
            at = self.skip_blanks(at + 1)
            if name in names and self.text.startswith("[", at):
                return at
            value = self.decode(at)
            if value is None:
                return None
            at = self.skip_blanks(value[1])
            if not self.text.startswith(",", at):
                return None
            at = self.skip_blanks(at + 1)
        return None

    def skip_members(self, at: int) -> int | None:
        """Returns the end of the object whose array has been read; None, after a problem, if it is damaged."""
        at = self.skip_blanks(at)
        if self.text.startswith(",", at):
            # An object of the members that follow is the object itself from here on.
            rest = _Scan("{" + self.text[at + 1 :]).decode(0)
            if rest is not None:
                return at + rest[1]
        elif self.text.startswith("}", at):
            return at + 1
        self.found.problems.append((self.line_at(at), "the file is damaged from here on: export it again"))
        return None

    def read_array(self, at: int) -> int | None:
        """Reads the items of an array. Returns its end; None, after a problem, if it is damaged."""
        while True:
            at = self.skip_blanks(at)
            if self.text.startswith(",", at):
                at = self.skip_blanks(at + 1)
            if self.text.startswith("]", at):
                return at + 1
            line = self.line_at(at)
            value = self.decode(at)
            if value is None:
                where = "ends in the middle" if at >= len(self.text) else "is damaged from here on"
                self.found.problems.append((line, f"the file {where}: export it again"))
                return None
            self.found.items.append((line, value[0]))
            at = value[1]

    def read_value(self, at: int) -> int:
        """Reads one item of JSON lines. Returns its end; after damage, the next line with an object."""
        line = self.line_at(at)
        value = self.decode(at)
        if value is not None:
            self.found.items.append((line, value[0]))
            return value[1]
        self.found.problems.append((line, "this is not JSON: export the file again"))
        following = _NEXT_OBJECT.search(self.text, at + 1)
        return following.start() if following else len(self.text)
