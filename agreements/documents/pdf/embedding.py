"""Embed fonts in a document: which glyphs it uses, and the PDF objects for them.

Fonts are embedded as composite TrueType fonts (ISO 32000-1, 9.7.4) whose codes are glyph numbers. A glyph that stands
for other characters than its own, as in ligatures and joined letters, gets a separate code for that use, so that copied
text is always the original text.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from reportlab.pdfbase import pdfdoc

from agreements.documents.pdf.fonts import Face, Glyph, face, subset_name
from agreements.documents.pdf.paragraph import Set, Type
from agreements.documents.pdf.shaping import Line, Run

_LATIN_LIGATURES = range(0xFB00, 0xFB07)
KEPT = 8192
"""Limit of cached runs per font."""


class Embedded:
    """The use of the font `face` in one document, under the resource name `name`."""

    def __init__(self, face: Face, name: str) -> None:
        self.face = face
        self.name = name
        self._codes: dict[tuple[int, str], int] = {}
        """The code of each (glyph, text) in use."""
        self._shown: dict[tuple[int, str, int, int], str] = {}
        self._rows: dict[tuple[Run, int], str] = {}
        """The cached operators of each (run, stretch)."""

    def code(self, glyph: Glyph) -> int:
        """Return the code that draws `glyph` and is extracted as its text."""
        use = (glyph.number, glyph.text)
        code = self._codes.get(use)
        if code is None:
            alone = glyph.text == _own_text(self.face, glyph.number)
            code = glyph.number if alone else self.face.glyph_count + len(self._codes)
            self._codes[use] = code
        return code

    def knows(self, run: Run) -> bool:
        """Whether all glyphs of `run` are embedded."""
        return (run, 0) in self._rows or all((glyph.number, glyph.text) in self._codes for glyph in run.glyphs)

    def row(self, run: Run, stretch: int) -> str:
        """Return a plain run as elements of a TJ array; `stretch` is added to each space, in thousandths of the type
        size.
        """
        stretch = stretch if run.spaces else 0
        row = self._rows.get((run, stretch))
        if row is None:
            if len(self._rows) >= KEPT:
                self._rows.clear()
                self._shown.clear()
            row = self._rows[(run, stretch)] = self._elements(run.glyphs, stretch)
        return row

    def syllables(self, run: Run, stretch: int) -> Iterator[str]:
        """Yield the operators of a run that is not plain, without its marks."""
        speaking = (glyph for glyph in run.glyphs if not glyph.is_mark)
        for _, group in groupby(speaking, key=lambda glyph: glyph.cluster):
            together = tuple(group)
            shown = f"[{self._elements(together, stretch)}]TJ"
            if len(together) > 1:
                # Several glyphs share one text, so readers must extract them as a unit.
                text = _utf16("".join(glyph.text for glyph in together))
                shown = f"/Span<</ActualText<FEFF{text}>>>BDC {shown} EMC"
            yield shown

    def _elements(self, glyphs: Iterable[Glyph], stretch: int) -> str:
        """Return each glyph with its adjustment of the advance; adjacent glyphs without one are merged."""
        elements = []
        for glyph in glyphs:
            advance = glyph.advance + (stretch if glyph.text == " " else 0)
            key = (glyph.number, glyph.text, advance, glyph.dx)
            element = self._shown.get(key)
            if element is None:
                after = self.face.width(glyph.number) + glyph.dx - advance
                before = f" {-glyph.dx}" if glyph.dx else ""
                element = self._shown[key] = f"{before}<{self.code(glyph):04X}>{after or ''}"
            elements.append(element)
        return "".join(elements).replace("><", "")

    def marks(self, run: Run, x: float, y: float, size: float, stretch: int) -> Iterator[str]:
        """Yield the operators of the marks of a run that starts at (x, y), each at its own position."""
        for glyph in run.glyphs:
            if glyph.is_mark:
                at = f"1 0 0 1 {x + glyph.dx * size / 1000:.2f} {y + glyph.dy * size / 1000:.2f} Tm"
                yield f"{at} <{self.code(glyph):04X}> Tj"
            x += (glyph.advance + (stretch if glyph.text == " " else 0)) * size / 1000

    def addObjects(self, document: Any) -> None:  # noqa: N802  (ReportLab calls it when it saves)
        """Add the font's objects to ReportLab's document."""
        numbers = frozenset(number for number, _ in self._codes)
        base = subset_name(self.face, numbers)
        data = self.face.subset(numbers)
        program = _stream(data)
        program.dictionary["Length1"] = len(data)
        descriptor = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("FontDescriptor"),
                "FontName": pdfdoc.PDFName(base),
                "Flags": 4,
                "ItalicAngle": 0,
                "StemV": 80,
                "Ascent": self.face.metrics.ascent,
                "Descent": self.face.metrics.descent,
                "CapHeight": self.face.metrics.cap_height,
                "FontBBox": pdfdoc.PDFArray(self.face.metrics.box),
                "FontFile2": document.Reference(program, f"{self.name}.program"),
            }
        )
        descendant = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("Font"),
                "Subtype": pdfdoc.PDFName("CIDFontType2"),
                "BaseFont": pdfdoc.PDFName(base),
                "CIDSystemInfo": pdfdoc.PDFDictionary(
                    {"Registry": pdfdoc.PDFString("Adobe"), "Ordering": pdfdoc.PDFString("Identity"), "Supplement": 0}
                ),
                "FontDescriptor": document.Reference(descriptor, f"{self.name}.descriptor"),
                "DW": 0,
                "W": self._widths(),
                "CIDToGIDMap": self._glyph_map(document),
            }
        )
        font = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("Font"),
                "Subtype": pdfdoc.PDFName("Type0"),
                "BaseFont": pdfdoc.PDFName(base),
                "Encoding": pdfdoc.PDFName("Identity-H"),
                "DescendantFonts": pdfdoc.PDFArray([document.Reference(descendant, f"{self.name}.descendant")]),
                "ToUnicode": document.Reference(_stream(self._to_unicode()), f"{self.name}.unicode"),
            }
        )
        document.idToObject["BasicFonts"].dict[self.name] = document.Reference(font, f"{self.name}.font")

    def _widths(self) -> pdfdoc.PDFArray:
        """Return the advances by code: `code [width] ...`."""
        entries: list[object] = []
        for (number, _), code in sorted(self._codes.items(), key=itemgetter(1)):
            entries += [code, pdfdoc.PDFArray([self.face.width(number)])]
        return pdfdoc.PDFArray(entries)

    def _glyph_map(self, document: Any) -> object:
        """Return the map from codes to glyph numbers where they differ."""
        if all(number == code for (number, _), code in self._codes.items()):
            return pdfdoc.PDFName("Identity")
        table = bytearray(2 * (max(self._codes.values()) + 1))
        for (number, _), code in self._codes.items():
            table[2 * code : 2 * code + 2] = number.to_bytes(2, "big")
        return document.Reference(_stream(bytes(table)), f"{self.name}.glyphs")

    def _to_unicode(self) -> bytes:
        """Return the CMap from codes to characters (ISO 32000-1, 9.10.3), in blocks of at most 100."""
        texts = sorted((code, text) for (_, text), code in self._codes.items())
        rows = [f"<{code:04X}> <{_utf16(text)}>" for code, text in texts]
        blocks = [rows[at : at + 100] for at in range(0, len(rows), 100)]
        body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
        return (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
            "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
            f"{body}\n"
            "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
        ).encode("ascii")


class Fonts:
    """All fonts of one document, and the operators that write lines with them."""

    def __init__(self, document: Any) -> None:
        """`document` is ReportLab's; each font adds its objects when the document is saved."""
        self._document = document
        self._faces: dict[str, Embedded] = {}

    def write(self, x: float, y: float, line: Set, kind: Type, grey: float) -> str:
        """Return the operators that draw a line with its baseline starting at (x, y), in points."""
        shown = [f"BT {grey:g} g 1 0 0 1 {x:.2f} {y:.2f} Tm"]
        marks: list[str] = []
        row: list[str] = []
        font, stretch = "", line.stretch
        for run in line.line.runs:
            embedded = self._embed(run.face)
            if font != (font := f"/{embedded.name} {kind.size:g} Tf"):
                shown += [*_array(row), font]
                row = []
            if run.plain:
                row.append(embedded.row(run, stretch))
            else:
                shown += [*_array(row), *embedded.syllables(run, stretch)]
                row = []
                if over := list(embedded.marks(run, x, y, kind.size, stretch)):
                    marks += [font, *over]
            x += (run.width + stretch * run.spaces) * kind.size / 1000
        return "\n".join([*shown, *_array(row), *marks, "ET"])

    def reserve(self, line: Line) -> None:
        """Embed the glyphs that `line` needs."""
        for run in line.runs:
            embedded = self._embed(run.face)
            for glyph in run.glyphs:
                embedded.code(glyph)

    def know(self, line: Line) -> bool:
        """Whether `line` can be written without embedding more glyphs."""
        return all(run.face in self._faces and self._faces[run.face].knows(run) for run in line.runs)

    def _embed(self, name: str) -> Embedded:
        embedded = self._faces.get(name)
        if embedded is None:
            embedded = self._faces[name] = Embedded(face(name), name)
            self._document.delayedFonts.append(embedded)
        return embedded


def _array(row: list[str]) -> list[str]:
    """Return the row as a TJ operator; empty for an empty row."""
    return [f"[{''.join(row)}]TJ".replace("><", "")] if row else []


def _utf16(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


def _own_text(face: Face, number: int) -> str | None:
    """Return the text that a glyph is extracted as without a mapping; Latin ligatures as their letters."""
    own = face.own_text.get(number)
    if own is not None and ord(own) in _LATIN_LIGATURES:
        return unicodedata.normalize("NFKC", own)
    return own


def _stream(content: bytes) -> pdfdoc.PDFStream:
    return pdfdoc.PDFStream(content=content, filters=[pdfdoc.PDFZCompress])
