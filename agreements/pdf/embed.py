"""A face inside one document: which glyphs it used, and the PDF objects that carry them.

Faces are embedded as composite TrueType fonts (ISO 32000-1, 9.7.4) whose codes are glyph numbers. Where one glyph
stands for other characters than its own, as in ligatures and joined letters, that use gets a code of its own, so the
text that people copy out is always the text that was put in.
"""

import unicodedata
from itertools import groupby

from reportlab.pdfbase import pdfdoc

from agreements.pdf.faces import Face, Glyph, subset_name

_LATIN_LIGATURES = range(0xFB00, 0xFB07)


class Embedded:
    """The use of `face` in one document under the resource name `name`."""

    def __init__(self, face: Face, name: str) -> None:
        self.face = face
        self.name = name
        self._glyph_of: dict[int, int] = {}
        self._text_of: dict[int, str] = {}
        self._extra: dict[tuple[int, str], int] = {}

    def code(self, glyph: Glyph) -> int:
        """The code that draws `glyph` and is read back as its text."""
        code = glyph.number
        if glyph.text != _own_text(self.face, glyph.number):
            free = self.face.glyph_count + len(self._extra)
            code = self._extra.setdefault((glyph.number, glyph.text), free)
        self._glyph_of[code] = glyph.number
        self._text_of[code] = glyph.text
        return code

    def operators(self, glyphs: tuple[Glyph, ...], stretch: int) -> str:
        """The text-showing operators for these glyphs but their marks; `stretch` is added to each space."""
        parts: list[str] = []
        row = ""
        for _, group in groupby((glyph for glyph in glyphs if not glyph.is_mark), key=lambda glyph: glyph.cluster):
            together = list(group)
            shown = "".join(self._shown(glyph, stretch) for glyph in together)
            if len(together) == 1:
                row += shown
                continue
            # Several glyphs that share one text: readers are told to take them as a whole.
            text = _utf16("".join(glyph.text for glyph in together))
            parts += [f"[{row}]TJ", f"/Span<</ActualText<FEFF{text}>>>BDC [{shown}]TJ EMC"]
            row = ""
        parts.append(f"[{row}]TJ")
        return "\n".join(part.replace("><", "") for part in parts if part != "[]TJ")

    def _shown(self, glyph: Glyph, stretch: int) -> str:
        """One element of a TJ array: the glyph, and how far the pen is to move otherwise than the font says."""
        advance = glyph.advance + (stretch if glyph.text == " " else 0)
        after = self.face.width(glyph.number) + glyph.dx - advance
        before = f" {-glyph.dx}" if glyph.dx else ""
        return f"{before}<{self.code(glyph):04X}>{after or ''}"

    def marks(self, glyphs: tuple[Glyph, ...], x: float, y: float, size: float, stretch: int) -> str:
        """The marks of these glyphs, each set at its own place over them; they are part of their letter's text."""
        parts = []
        for glyph in glyphs:
            if glyph.is_mark:
                at = f"1 0 0 1 {x + glyph.dx * size / 1000:.2f} {y + glyph.dy * size / 1000:.2f} Tm"
                parts.append(f"{at} <{self.code(glyph):04X}> Tj")
            x += (glyph.advance + (stretch if glyph.text == " " else 0)) * size / 1000
        return "\n".join(parts)

    def addObjects(self, document: pdfdoc.PDFDocument) -> None:  # noqa: N802  (ReportLab calls it when it saves)
        """Put the font and what belongs to it into ReportLab's document."""
        numbers = frozenset(self._glyph_of.values())
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
        """Advances by code: `code [width] ...`."""
        entries: list[object] = []
        for code in sorted(self._glyph_of):
            entries += [code, pdfdoc.PDFArray([self.face.width(self._glyph_of[code])])]
        return pdfdoc.PDFArray(entries)

    def _glyph_map(self, document: pdfdoc.PDFDocument) -> object:
        if not self._extra:
            return pdfdoc.PDFName("Identity")
        table = bytearray(2 * (max(self._glyph_of) + 1))
        for code, number in self._glyph_of.items():
            table[2 * code : 2 * code + 2] = number.to_bytes(2, "big")
        return document.Reference(_stream(bytes(table)), f"{self.name}.glyphs")

    def _to_unicode(self) -> bytes:
        """The CMap from codes to characters (ISO 32000-1, 9.10.3), in blocks of at most 100."""
        rows = [f"<{code:04X}> <{_utf16(text)}>" for code, text in sorted(self._text_of.items())]
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


def _utf16(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


def _own_text(face: Face, number: int) -> str | None:
    """What a glyph is read as without further word: its character, with fi and its kin read as letters."""
    own = face.own_text.get(number)
    if own is not None and ord(own) in _LATIN_LIGATURES:
        return unicodedata.normalize("NFKC", own)
    return own


def _stream(content: bytes) -> pdfdoc.PDFStream:
    return pdfdoc.PDFStream(content=content, filters=[pdfdoc.PDFZCompress])
