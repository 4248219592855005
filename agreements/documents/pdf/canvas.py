"""A ReportLab canvas that draws shaped text.

Text gets onto a page only through `PageCanvas.write`, as glyph numbers. No markup parser is involved, so nothing needs
escaping, and no title can contain a command.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from reportlab import rl_config
from reportlab.lib.pagesizes import letter
from reportlab.pdfbase.pdfdoc import xObjectName
from reportlab.pdfgen.canvas import Canvas

from agreements.documents.pdf.embedding import Fonts
from agreements.documents.pdf.paragraph import Set, Type

WIDTH, HEIGHT = letter
MARGIN = 104.0
MEASURE = WIDTH - 2 * MARGIN
"""Width of the text column in points; about 75 characters of the body type, as in the publisher's own form."""

INK, GREY = 0.0, 0.38

rl_config.useA85 = 0  # binary streams: a fifth smaller, and independent of ReportLab's C accelerator


class PageCanvas(Canvas):
    """A document being drawn. The same calls give the same bytes: it contains no time and no random identifier."""

    _doc: Any

    def __init__(self, size: tuple[float, float] = (WIDTH, HEIGHT)) -> None:
        """`size` is the page's width and height in points."""
        self._buffer = BytesIO()
        super().__init__(self._buffer, pagesize=size, pageCompression=1, invariant=1, pdfVersion=(1, 7))
        self.fonts = Fonts(self._doc)
        self.structure: list[tuple[int, int, str]] = []
        """(page, number of the marked content on that page, structure type), in reading order."""
        self._marked: dict[int, int] = {}

    def _make_preamble(self) -> None:
        """Start pages without ReportLab's Helvetica, a font that is not embedded."""
        self._preamble = "1 0 0 1 0 0 cm"

    def write(self, x: float, y: float, line: Set, kind: Type, *, grey: float = INK) -> None:
        """Draw one set line with its baseline starting at (x, y)."""
        self.addLiteral(self.fonts.write(x, y, line, kind, grey))

    def write_lines(self, x: float, y: float, lines: Sequence[Set], kind: Type, *, grey: float = INK) -> float:
        """Draw lines downwards from the first baseline `y`; returns the baseline after the last."""
        for line in lines:
            self.write(x, y, line, kind, grey=grey)
            y -= kind.leading
        return y

    def rule(self, x: float, y: float, width: float, *, weight: float = 0.4, grey: float = INK) -> None:
        """Draw a horizontal line."""
        self.setStrokeGray(grey)
        self.setLineWidth(weight)
        self.line(x, y, x + width, y)

    @contextmanager
    def part(self, role: str) -> Iterator[None]:
        """Tag what is drawn inside as one structure element, such as ``P``; ``Artifact`` is outside the structure."""
        if role == "Artifact":
            self.addLiteral("/Artifact BMC")
        else:
            page = self.getPageNumber()
            number = self._marked[page] = self._marked.get(page, -1) + 1
            self.structure.append((page, number, role))
            self.addLiteral(f"/{role} <</MCID {number}>> BDC")
        yield
        self.addLiteral("EMC")

    def leave(self, field: str) -> None:
        """Reserve a field: an empty form XObject, shown here and filled later through the template."""
        if not self.hasForm(field):
            self.beginForm(field)
            self.endForm()
        self.doForm(field)

    def finished(self) -> bytes:
        """Return the document's bytes; nothing can be drawn afterwards."""
        self.save()
        return self._buffer.getvalue()

    def numbers(self) -> dict[str, int]:
        """Return the object numbers by ReportLab's internal names; only after `finished`."""
        given: dict[str, tuple[int, int]] = self._doc.idToObjectNumberAndVersion
        return {name: number for name, (number, _) in given.items()}


def field_name(field: str) -> str:
    """Return ReportLab's internal name of a field's object."""
    return str(xObjectName(field))
