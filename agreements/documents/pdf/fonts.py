"""The bundled fonts: which one draws a character, how a text is shaped, and the subset a document embeds.

Each file is read once per process. HarfBuzz shapes every text, so kerning, ligatures, stacked accents, Arabic joining
and Devanagari conjuncts all work the same way. Glyphs are addressed by their number in the font, so codes in a content
stream mean the same in every document.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import uharfbuzz as hb

FOLDER = Path(__file__).parents[2] / "fonts"


REGULAR = "SourceSerif4-Regular"
ITALIC = "SourceSerif4-Italic"
SEMIBOLD = "SourceSerif4-SemiBold"
"""Styles of the text font. Characters it lacks are drawn from the fallback fonts, which have one style."""

FALLBACKS = (
    REGULAR,
    "NotoSerif-Regular",
    "NotoNaskhArabic-Regular",
    "NotoSerifHebrew-Regular",
    "NotoSerifDevanagari-Regular",
    "NotoSansThai-Regular",
    "NotoSerifKR-Regular",
    "NotoSerifSC-Regular",
    "NotoSansMath-Regular",
)
"""Tried in this order for a character that the text font lacks."""

IGNORABLE = frozenset("\u200c\u200d\u2060\ufe0e\ufe0f")
"""Joiners and variation selectors: they control shaping, are never drawn, and need no glyph."""


class UnprintableError(ValueError):
    """A text contains characters that cannot be printed; `characters` lists them."""

    def __init__(self, text: str, characters: list[str]) -> None:
        self.characters = characters
        names = ", ".join(_describe(character) for character in characters[:10])
        more = f" and {len(characters) - 10} more" if len(characters) > 10 else ""
        shown = text if len(text) <= 60 else text[:59] + "…"
        super().__init__(f"No bundled font prints {names}{more} in {shown!r}.")


def _describe(character: str) -> str:
    name = unicodedata.name(character, "control or unassigned character")
    shown = f"{character} " if character.isprintable() else ""
    return f"{shown}(U+{ord(character):04X} {name})"


class Glyph(NamedTuple):
    """A glyph on a line. Distances are thousandths of the type size."""

    number: int
    """The glyph's number in its font file."""
    cluster: int
    """Start of its characters in the shaped text; glyphs of one cluster share it."""
    advance: int
    dx: int
    dy: int
    text: str
    """The characters it stands for: the widest glyph of a cluster has the cluster's whole text, the
    others have none.
    """

    @property
    def is_mark(self) -> bool:
        """Whether it has neither text nor advance, such as an accent: it is drawn over another glyph."""
        return not self.text and not self.advance


@dataclass(frozen=True, slots=True)
class Metrics:
    """A font's measures in thousandths of the type size."""

    ascent: int
    descent: int
    cap_height: int
    box: tuple[int, ...]
    """Left, bottom, right and top of the box that contains every glyph."""


class Face:
    """One font file, parsed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._face = hb.Face(hb.Blob.from_file_path(FOLDER / f"{name}.ttf"))
        self._font = hb.Font(self._face)
        self._scale = 1000 / self._face.upem
        self._widths: dict[int, int] = {}

    @cached_property
    def characters(self) -> frozenset[int]:
        """The code points in the font's cmap."""
        return frozenset(self._face.unicodes)

    @property
    def glyph_count(self) -> int:
        """Number of glyphs in the file; higher numbers are free."""
        return int(self._face.glyph_count)

    @cached_property
    def own_text(self) -> dict[int, str]:
        """The character of each glyph that stands for one character (the lowest code point, if several)."""
        own: dict[int, str] = {}
        for code in sorted(self.characters, reverse=True):
            number = self._font.get_nominal_glyph(code)
            if number:
                own[number] = chr(code)
        return own

    def width(self, number: int) -> int:
        """Return the advance of a glyph in the font, in thousandths of the type size."""
        width = self._widths.get(number)
        if width is None:
            width = self._widths[number] = round(self._font.get_glyph_h_advance(number) * self._scale)
        return width

    @cached_property
    def metrics(self) -> "Metrics":
        """The values of a PDF font descriptor."""
        extents = self._font.get_font_extents("ltr")
        head = self._face.reference_table("head").data
        corners = [int.from_bytes(head[at : at + 2], "big", signed=True) for at in (36, 38, 40, 42)]
        return Metrics(
            ascent=round(extents.ascender * self._scale),
            descent=round(extents.descender * self._scale),
            cap_height=self._height("H"),
            box=tuple(round(corner * self._scale) for corner in corners),
        )

    def _height(self, letter: str) -> int:
        number = self._font.get_nominal_glyph(ord(letter))
        extents = self._font.get_glyph_extents(number) if number else None
        return round(extents.y_bearing * self._scale) if extents else 0

    def shape(self, text: str, *, right_to_left: bool) -> tuple[Glyph, ...]:
        """Shape `text`, all of it in this font and one direction, into glyphs in drawing order from left to right.

        Raises UnprintableError for a character without a glyph.
        """
        buffer = hb.Buffer()
        buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_GRAPHEMES
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if right_to_left else "ltr"
        hb.shape(self._font, buffer, {"kern": True, "liga": True})
        glyphs = self._glyphs(text, buffer)
        if not all(map(attrgetter("number"), glyphs)):
            raise UnprintableError(text, [text[glyph.cluster] for glyph in glyphs if not glyph.number])
        return glyphs

    def _glyphs(self, text: str, buffer: hb.Buffer) -> tuple[Glyph, ...]:
        infos, positions = buffer.glyph_infos, buffer.glyph_positions
        clusters = [info.cluster for info in infos]
        ends = dict(pairwise([*sorted(set(clusters)), len(text)]))
        advances = [position.x_advance for position in positions]
        speakers: dict[int, int] = {}
        for at, cluster in enumerate(clusters):
            if advances[at] > advances[speakers.setdefault(cluster, at)]:
                speakers[cluster] = at
        texts = [
            text[cluster : ends[cluster]] if speakers[cluster] == at else "" for at, cluster in enumerate(clusters)
        ]
        columns = (
            [info.codepoint for info in infos],
            clusters,
            self._scaled(advances),
            self._scaled([position.x_offset for position in positions]),
            self._scaled([position.y_offset for position in positions]),
            texts,
        )
        return tuple(map(Glyph._make, zip(*columns, strict=True)))

    def _scaled(self, distances: list[int]) -> list[int]:
        """Convert font units to thousandths of the type size."""
        if self._scale == 1:
            return distances
        return [round(distance * self._scale) for distance in distances]

    def subset(self, numbers: frozenset[int]) -> bytes:
        """Return a TrueType file with only these glyphs, under their original numbers."""
        wanted = hb.SubsetInput()
        wanted.sets(hb.SubsetInputSets.GLYPH_INDEX).set(numbers)
        wanted.flags = hb.SubsetFlags.RETAIN_GIDS | hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NOTDEF_OUTLINE
        for table in ("GSUB", "GPOS", "GDEF", "name", "OS/2", "post", "vmtx", "vhea", "BASE", "MATH", "STAT", "DSIG"):
            wanted.drop_table_tag_set.add(hb_tag(table))
        subset = hb.subset(self._prepared, wanted)
        return bytes(subset.blob.data)

    @cached_property
    def _prepared(self) -> hb.Face:
        return hb.subset_preprocess(self._face)


def hb_tag(name: str) -> int:
    """Return a font table's name as HarfBuzz's number."""
    return int.from_bytes(name.ljust(4).encode("ascii"), "big")


def subset_name(face: Face, numbers: frozenset[int]) -> str:
    """Return the PDF name of a subset: six capitals from its content, a plus sign, the font (ISO 32000-1, 9.6.4)."""
    digest = hashlib.sha256(repr(sorted(numbers)).encode()).digest()
    return "".join(chr(65 + byte % 26) for byte in digest[:6]) + "+" + face.name


@lru_cache(maxsize=16)
def face(name: str) -> Face:
    """Return the bundled font of this file name, parsed on first use and cached."""
    return Face(name)


@lru_cache(maxsize=4096)
def face_for(character: str, style: str) -> str | None:
    """Return the name of the first font that has the character: the text font in this style, else the fallbacks."""
    code = ord(character)
    for name in (style, *FALLBACKS):
        if code in face(name).characters:
            return name
    return None
