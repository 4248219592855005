"""Shape text into runs: normal form, font per character cluster, direction, order on the line.

Two rules make names in all scripts come out right: a base letter and its marks always use the same font, and runs are
put in visual order only after the line was broken in reading order (Unicode annex 9, L2).
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import attrgetter

from bidi import algorithm as bidi

from agreements.documents.pdf.fonts import FALLBACKS, IGNORABLE, REGULAR, Glyph, UnprintableError, face, face_for

_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_MARKS = frozenset({"Mn", "Mc", "Me"})
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Controls, direction overrides, surrogates, private and unassigned code points: invisible to a reader."""


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """Adjacent glyphs of one font, as they are on the line.

    A word has one Run object per process, so that data about it can be cached by identity.
    """

    face: str
    glyphs: tuple[Glyph, ...]
    width: int
    """The natural width in thousandths of the type size."""
    spaces: int
    """Number of spaces that a justified line may stretch."""
    plain: bool
    """Every glyph has its own text: no marks, no syllables of several glyphs."""


@dataclass(frozen=True, slots=True)
class Line:
    """A shaped line of text in visual order."""

    text: str
    runs: tuple[Run, ...]
    width: int
    """The natural width in thousandths of the type size."""
    spaces: int


def clean(text: str) -> str:
    """Normalize `text` to NFC with single spaces, as for all printed text."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def unprintable(text: str) -> list[str]:
    """Return the characters of `text` that no bundled font can print, each once, in order of appearance.

    Control characters and invisible direction marks count as unprintable, because a text must not look different from
    what is stored. White space is normalized before printing and is always allowed.
    """
    cleaned = clean(text)
    if _simple(REGULAR).issuperset(cleaned):
        return []
    missing: dict[str, None] = {}
    for cluster in _clusters(cleaned):
        if _face_of(cluster, REGULAR) is None:
            alone = [character for character in cluster if not _covered(character)]
            missing.update(dict.fromkeys(alone or cluster[1:]))
    return list(missing)


def made_visible(text: str) -> str:
    """Return `text` with each unprintable character as its code, such as ``[U+1F600]``.

    For records about an agreement, such as an editor's display name, which must not keep a signed agreement from being
    sealed. Unprintable characters in the agreement itself are rejected instead.
    """
    missing = unprintable(text)
    for character in missing:
        text = text.replace(character, f"[U+{ord(character):04X}]")
    return text


def has_right_to_left(text: str) -> bool:
    """Whether any of `text` is right-to-left."""
    return any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text)


def require_printable(text: str) -> str:
    """Return `text` cleaned; raises UnprintableError if any of it cannot be printed."""
    cleaned = clean(text)
    if not _simple(REGULAR).issuperset(cleaned) and (missing := unprintable(cleaned)):
        raise UnprintableError(cleaned, missing)
    return cleaned


@lru_cache(maxsize=4096)
def set_line(text: str, style: str = REGULAR) -> Line:
    """Shape one line of clean text in visual order; raises UnprintableError if any of it cannot be printed."""
    if _simple(style).issuperset(text):
        *words, last = text.split(" ")
        runs = tuple([_run(style, f"{word} ", False) for word in words] + ([_run(style, last, False)] if last else []))
    else:
        parts = _in_visual_order(text, style)
        runs = tuple(_run(name, part, right_to_left) for name, right_to_left, part in parts)
    return Line(text, runs, sum(run.width for run in runs), sum(run.spaces for run in runs))


@lru_cache(maxsize=16384)
def _run(name: str, text: str, right_to_left: bool) -> Run:
    glyphs = face(name).shape(text, right_to_left=right_to_left)
    width = sum(map(attrgetter("advance"), glyphs))
    return Run(name, glyphs, width, spaces=text.count(" "), plain=all(map(attrgetter("text"), glyphs)))


def _in_visual_order(text: str, style: str) -> list[tuple[str, bool, str]]:
    """Return (font, right to left, part of the text) in order from left to right."""
    pieces: list[tuple[int, str, str]] = []
    levels = _levels(text)
    at = 0
    for cluster in _clusters(text):
        name = _face_of(cluster, style)
        if name is None:
            raise UnprintableError(text, unprintable(text) or [cluster])
        pieces.append((levels[at], name, cluster))
        at += len(cluster)
    _lend_spaces(pieces)
    parts = [
        (level, name, "".join(cluster for _, _, cluster in group))
        for (level, name), group in groupby(pieces, key=lambda piece: piece[:2])
    ]
    for threshold in range(max((level for level, _, _ in parts), default=0), 0, -1):
        parts = _reverse_from(parts, threshold)
    return [(name, level % 2 == 1, part) for level, name, part in parts]


@lru_cache(maxsize=3)
def _simple(style: str) -> frozenset[str]:
    """Return the characters of the text font that are drawn alone and from left to right."""
    return frozenset(
        character
        for character in map(chr, face(style).characters)
        if unicodedata.category(character) not in _MARKS | _REFUSED
        and unicodedata.bidirectional(character) not in _RIGHT_TO_LEFT
    )


def _lend_spaces(pieces: list[tuple[int, str, str]]) -> None:
    """Give a space between two words of one font to that font, so that a right-to-left run stays whole."""
    for at in range(1, len(pieces) - 1):
        level, _, cluster = pieces[at]
        before, after = pieces[at - 1], pieces[at + 1]
        if cluster == " " and before[:2] == after[:2] and ord(" ") in face(before[1]).characters:
            pieces[at] = (level, before[1], cluster)


def _reverse_from(parts: list[tuple[int, str, str]], threshold: int) -> list[tuple[int, str, str]]:
    """Reverse every sequence of parts whose level is at least `threshold` (rule L2)."""
    turned: list[tuple[int, str, str]] = []
    for deep, group in groupby(parts, key=lambda part: part[0] >= threshold):
        stretch = list(group)
        turned.extend(reversed(stretch) if deep else stretch)
    return turned


def _levels(text: str) -> list[int]:
    """Return the embedding level of each character (Unicode annex 9); all zero without right-to-left text."""
    if not has_right_to_left(text):
        return [0] * len(text)
    storage = bidi.get_empty_storage()
    # The document is in English: a line is right-to-left only if it has no left-to-right word.
    storage["base_level"] = int(not any(unicodedata.bidirectional(character) == "L" for character in text))
    storage["base_dir"] = ("L", "R")[storage["base_level"]]
    bidi.get_embedding_levels(text, storage)
    bidi.explicit_embed_and_overrides(storage)
    kept = storage["chars"]
    bidi.resolve_weak_types(storage)
    bidi.resolve_neutral_types(storage, debug=False)
    bidi.resolve_implicit_levels(storage, debug=False)
    levels = iter([int(entry["level"]) for entry in kept])
    result: list[int] = []
    for character in text:
        # The algorithm drops boundary neutrals such as joiners (rule X9); they get the level of the letter before.
        dropped = unicodedata.bidirectional(character) == "BN"
        result.append((result[-1] if result else storage["base_level"]) if dropped else next(levels))
    return result


def _clusters(text: str) -> Iterator[str]:
    """Split `text` before every character that is not a mark or joiner of the one before it."""
    start = 0
    for at in range(1, len(text)):
        character = text[at]
        if unicodedata.category(character) not in _MARKS and character not in IGNORABLE:
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def _covered(character: str) -> bool:
    """Whether some font has the character and it may be printed."""
    if character in IGNORABLE:
        return True
    return unicodedata.category(character) not in _REFUSED and face_for(character, REGULAR) is not None


@lru_cache(maxsize=8192)
def _face_of(cluster: str, style: str) -> str | None:
    """Return the font that has the whole cluster, or None: a mark from another font would be misplaced."""
    if not all(_covered(character) for character in cluster):
        return None
    drawn = [character for character in cluster if character not in IGNORABLE]
    for character in drawn[:1]:
        name = face_for(character, style)
        if name is not None and all(ord(other) in face(name).characters for other in drawn):
            return name
    return _first_with_all(drawn)


def _first_with_all(characters: list[str]) -> str | None:
    for name in FALLBACKS:
        if all(ord(character) in face(name).characters for character in characters):
            return name
    return None
