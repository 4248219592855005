"""The paper: a ReportLab canvas that draws shaped text.

Text reaches the page only through `Sheet.write`, as glyph numbers. No mark-up parser is ever involved, so there is
nothing to escape and nothing in a title that could be obeyed: an ampersand or a tag is a row of shapes.
"""

from collections.abc import Sequence
from io import BytesIO

from reportlab import rl_config
from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

from agreements.pdf.embed import Embedded
from agreements.pdf.faces import face
from agreements.pdf.paragraph import Set, Type
from agreements.pdf.script import Line, require_printable

WIDTH, HEIGHT = letter
MARGIN = 104.0
MEASURE = WIDTH - 2 * MARGIN
"""Width of the text column in points; about 75 characters of the body type, near the publisher's own."""

INK, GREY = 0.0, 0.38

rl_config.useA85 = 0  # binary streams: a third smaller, and no need for ReportLab's C accelerator


class Sheet(Canvas):
    """A document being drawn. The same calls give the same bytes: no clock, no random identifier."""

    def __init__(self, title: str, subject: str) -> None:
        self._buffer = BytesIO()
        self._embedded: dict[str, Embedded] = {}
        super().__init__(self._buffer, pagesize=letter, pageCompression=1, invariant=1, lang="en-US", pdfVersion=(1, 7))
        self.setTitle(require_printable(title))
        self.setSubject(require_printable(subject))
        self.setCreator("Proceedings Desk")
        self.setProducer("ReportLab")
        self.setAuthor("PMLR")

    def _make_preamble(self) -> None:
        """Start pages without ReportLab's Helvetica, which would be a font that is not embedded."""
        self._preamble = "1 0 0 1 0 0 cm"

    def write(self, x: float, y: float, line: Set, kind: Type, *, grey: float = INK) -> None:
        """Draw one set line with its baseline starting at (x, y)."""
        bodies, marks = [], []
        at = x
        for run in line.line.runs:
            embedded = self._embed(run.face)
            font = f"/{embedded.name} {kind.size:g} Tf"
            bodies += [font, embedded.operators(run.glyphs, line.stretch)]
            if over := embedded.marks(run.glyphs, at, y, kind.size, line.stretch):
                marks += [font, over]
            at += Set(Line("", (run,)), line.stretch).width(kind.size)
        self.addLiteral("\n".join([f"BT {grey:g} g 1 0 0 1 {x:.2f} {y:.2f} Tm", *bodies, *marks, "ET"]))

    def write_lines(self, x: float, y: float, lines: Sequence[Set], kind: Type, *, grey: float = INK) -> float:
        """Draw lines downwards from the first baseline `y`; returns the baseline after the last."""
        for line in lines:
            self.write(x, y, line, kind, grey=grey)
            y -= kind.leading
        return y

    def rule(self, x: float, y: float, width: float, *, weight: float = 0.4, grey: float = INK) -> None:
        """A horizontal line."""
        self.setStrokeGray(grey)
        self.setLineWidth(weight)
        self.line(x, y, x + width, y)

    def finished(self) -> bytes:
        """The document's bytes; nothing can be drawn afterwards."""
        self.save()
        return self._buffer.getvalue()

    def _embed(self, name: str) -> Embedded:
        embedded = self._embedded.get(name)
        if embedded is None:
            embedded = self._embedded[name] = Embedded(face(name), name)
            self._doc.delayedFonts.append(embedded)
        return embedded
