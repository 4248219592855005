"""Break paragraphs into lines.

Breaks are chosen for the whole paragraph at once (total-fit, after Knuth and Plass, 1981). All lengths are points
unless stated otherwise.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from agreements.documents.pdf.fonts import REGULAR
from agreements.documents.pdf.shaping import Line, require_printable, set_line

_HYPHEN_COST = 110.0
_STRETCH = 0.55
_SHRINK = 0.30
"""How far a space may grow or shrink, as a fraction of its width."""
_LOOSE = 4.0
_NO_BREAK_BEFORE = frozenset("、。，．・：；？！）」』】〉》〕ー々’”)]}.,:;?!%")
_BREAK_AFTER = frozenset("/-–—")
_BREAKABLE = re.compile("[-/–—\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0010ffff]")
"""Most words contain none of these, so they have no place to break without a hyphen."""


@dataclass(frozen=True, slots=True)
class Type:
    """The typographic settings of a paragraph."""

    style: str = REGULAR
    size: float = 10.5
    leading: float = 14.0
    justified: bool = False
    hyphenated: bool = False


@dataclass(frozen=True, slots=True)
class Set:
    """One line ready to be drawn."""

    line: Line
    stretch: int = 0
    """Added to every space, in thousandths of the type size."""

    def width(self, size: float) -> float:
        """Return the drawn width at this type size."""
        return (self.line.width + self.stretch * self.line.spaces) * size / 1000


@dataclass(frozen=True, slots=True)
class _Piece:
    """Letters that are never separated, and what follows them."""

    text: str
    width: float
    space: float
    """Width of the space after it if the line continues; 0 inside a word."""
    hyphen: bool = False
    """A break here shows a hyphen that is not in the text."""


@lru_cache(maxsize=512)
def set_paragraph(text: str, width: float, kind: Type) -> tuple[Set, ...]:
    """Break `text` into lines no wider than `width`; raises UnprintableError for characters that no font has."""
    cleaned = require_printable(text)
    if not cleaned:
        return ()
    whole = Set(set_line(cleaned, kind.style))
    if whole.width(kind.size) <= width:
        return (whole,)
    pieces = list(_pieces(cleaned, width, kind))
    breaks = _best_breaks(pieces, width, kind)
    lines = []
    for start, end in pairwise(breaks):
        words = "".join(piece.text + (" " if piece.space else "") for piece in pieces[start:end]).rstrip(" ")
        if pieces[end - 1].hyphen:
            words += "-"
        lines.append(_fit(words, width, kind, last=end == len(pieces)))
    return tuple(lines)


def _fit(words: str, width: float, kind: Type, *, last: bool) -> Set:
    line = set_line(words, kind.style)
    if not kind.justified or not line.spaces:
        return Set(line)
    stretch = int((width * 1000 / kind.size - line.width) // line.spaces)
    return Set(line, min(stretch, 0) if last else stretch)


def _best_breaks(pieces: list[_Piece], width: float, kind: Type) -> list[int]:
    """Return the indexes between pieces where lines start and end, with the least total cost."""
    count = len(pieces)
    hyphen = _width("-", kind)
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * count
    for end in range(1, count + 1):
        natural = -pieces[end - 1].space + (hyphen if pieces[end - 1].hyphen else 0.0)
        spaces = -pieces[end - 1].space
        for start in range(end - 1, -1, -1):
            natural += pieces[start].width + pieces[start].space
            spaces += pieces[start].space
            if natural - (spaces * _SHRINK if kind.justified else 0.0) > width and start < end - 1:
                break
            cost = _cost(width - natural, spaces, kind, last=end == count) + _hyphen_cost(pieces, start, end)
            if best[start][0] + cost < best[end][0]:
                best[end] = (best[start][0] + cost, start)
    breaks = [count]
    while breaks[-1]:
        breaks.append(best[breaks[-1]][1])
    return breaks[::-1]


def _cost(slack: float, spaces: float, kind: Type, *, last: bool) -> float:
    """Return the cost of a line that differs from the width by `slack`, with `spaces` points of adjustable space."""
    if last and slack >= 0:
        return 1.0
    if not kind.justified:
        return 1.0 + (slack / kind.size) ** 2
    room = spaces * (_STRETCH if slack >= 0 else _SHRINK)
    ratio = min(abs(slack) / room, _LOOSE) if room > 0 else _LOOSE
    return (1.0 + 100.0 * ratio**3) ** 2


def _hyphen_cost(pieces: list[_Piece], start: int, end: int) -> float:
    """Return the cost of a hyphen; it is higher below another hyphen."""
    if not pieces[end - 1].hyphen:
        return 0.0
    stacked = start > 0 and pieces[start - 1].hyphen
    return _HYPHEN_COST**2 * (4 if stacked else 1)


def _pieces(text: str, width: float, kind: Type) -> Iterator[_Piece]:
    space = _width(" ", kind)
    for word in text.split(" "):
        parts = list(_parts(word, kind)) if word else []
        for at, (part, hyphen) in enumerate(parts):
            after = space if at == len(parts) - 1 else 0.0
            yield from _narrow(part, width, kind, space=after, hyphen=hyphen)


def _narrow(part: str, width: float, kind: Type, *, space: float, hyphen: bool) -> Iterator[_Piece]:
    """Yield `part` as one piece, or split it if it is wider than a line."""
    measured = _width(part, kind)
    while measured > width and len(part) > 1:
        count = max(1, int(len(part) * width / measured))
        while count > 1 and _width(part[:count], kind) > width:
            count -= 1
        yield _Piece(part[:count], _width(part[:count], kind), 0.0)
        part = part[count:]
        measured = _width(part, kind)
    yield _Piece(part, measured, space, hyphen=hyphen)


def _width(text: str, kind: Type) -> float:
    return set_line(text, kind.style).width * kind.size / 1000


def _parts(word: str, kind: Type) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a word between which a line may break, each with whether a hyphen is shown there."""
    if kind.hyphenated and (cut := _hyphenated(word)):
        yield from ((part, True) for part in cut[:-1])
        yield cut[-1], False
        return
    start = 0
    for at in range(1, len(word)) if _BREAKABLE.search(word) else ():
        if _may_break(word[at - 1], word[at]):
            yield word[start:at], False
            start = at
    yield word[start:], False


def _may_break(before: str, after: str) -> bool:
    if after in _NO_BREAK_BEFORE or after in _BREAK_AFTER:
        return False
    return before in _BREAK_AFTER or _ideographic(before) or _ideographic(after)


def _ideographic(character: str) -> bool:
    """Han, kana and their punctuation, written without spaces."""
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff" or character >= "\U00020000"


@lru_cache(maxsize=1)
def _syllables() -> dict[str, tuple[str, ...]]:
    """Return the words that may be hyphenated: `hyphens.txt` lists the form's long words with their breaks."""
    listed = (Path(__file__).parent / "hyphens.txt").read_text(encoding="utf-8").split()
    return {word.replace("-", ""): tuple(word.split("-")) for word in listed}


def _hyphenated(word: str) -> list[str]:
    """Split `word` at its syllables, with its punctuation and capitals; empty if it may not be hyphenated."""
    match = re.fullmatch(r"(\W*)(\w+)(\W*)", word)
    syllables = _syllables().get(match[2].lower()) if match else None
    if not match or not syllables:
        return []
    parts, at = [], len(match[1])
    for syllable in syllables:
        parts.append(word[at : at + len(syllable)])
        at += len(syllable)
    return [match[1] + parts[0], *parts[1:-1], parts[-1] + match[3]]
