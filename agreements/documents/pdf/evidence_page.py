"""The evidence page: who signed what, when, with which statements, and how to verify it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

from agreements.documents.pdf.canvas import GREY, INK, MARGIN, MEASURE, PageCanvas
from agreements.documents.pdf.fonts import ITALIC, SEMIBOLD
from agreements.documents.pdf.layout import BOTTOM, TOP, Placed, Rule
from agreements.documents.pdf.paragraph import SetLine, Type, set_paragraph
from agreements.documents.pdf.shaping import has_right_to_left, make_visible
from agreements.documents.pdf.signature import format_day, format_time
from agreements.documents.pdf.unsigned_form import FOOT, FOOT_LINE, draw_foot, foot_lines
from agreements.domain.agreement_text import AgreementWording
from agreements.domain.facts import HandSignature, HistoryLine, Signature, Snapshot, sha256

HEADING = Type(size=17, leading=22)
SECTION = Type(SEMIBOLD, size=9.5, leading=15)
LABEL = Type(ITALIC, size=9, leading=11.6)
VALUE = Type(size=9, leading=11.6)
DIGEST = Type(size=8, leading=10.4)
LABEL_WIDTH = 92.0
TIME_WIDTH = 104.0
ACTOR_WIDTH = 92.0
QR_SIDE = 72.0


@dataclass(frozen=True, slots=True)
class _Cell:
    """Lines that start in one row at `x`."""

    x: float
    lines: tuple[SetLine, ...]
    kind: Type


@dataclass(slots=True)
class _Page:
    """The content of one page."""

    lines: list[Placed] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)


def render_evidence(
    facts: Snapshot, wording: AgreementWording, sig: Signature, history: Sequence[HistoryLine], verify_url: str
) -> bytes:
    """Return the evidence of an electronic signature as PDF, on as many pages as needed.

    The same arguments give the same bytes. Raises UnprintableError for characters that no bundled font has.
    """
    table = _start_table(
        "Evidence of signature",
        "This page belongs to the agreement before it and is sealed with it. It records how the agreement was signed "
        f"electronically {'by the corresponding author' if facts.by_an_author else 'on behalf of the authors'}.",
        facts,
    )
    for label, value in _electronic_rows(facts, sig):
        table.row(label, value)
    table.section("Statements ticked by the signer, word for word")
    for label, statement in (("Authority", sig.authority), ("Consent", sig.consent)):
        table.row(label, statement.text)
        table.digest(statement.digest)
    shown = "The file that holds this page begins with exactly the bytes that the signer was shown."
    _add_form(table, "Form shown", shown, sig.shown_sha256, wording, facts)
    _add_history(table, history)
    return _draw(table.pages, facts, verify_url)


def render_signed_form_evidence(
    facts: Snapshot, wording: AgreementWording, sig: HandSignature, history: Sequence[HistoryLine], verify_url: str
) -> bytes:
    """Return the evidence of a signed form as PDF. Same arguments, same bytes; raises like `evidence`."""
    table = _start_table(
        "Evidence of signature on paper",
        "This page belongs to the agreement before it and is sealed with it. "
        f"The {'corresponding author' if facts.by_an_author else 'signer'} signed the form by hand and sent it in; an "
        "editor looked at it and accepted it. Its pages follow as they came.",
        facts,
    )
    for label, value in _common_rows(facts):
        table.row(label, value)
    table.row("Name on the form", make_visible(sig.name))
    table.row("Date on the form", f"“{make_visible(sig.date_written)}”, read as {format_day(sig.dated)}")
    table.row("Came in", format_time(sig.received_at))
    table.row("Accepted", f"{format_time(sig.accepted_at)} by {make_visible(sig.accepted_by)}")
    table.section("What the editor looked for and found")
    for found in sig.checked:
        table.row("", found)
    table.section("What came in")
    for file in sig.files:
        pages = "1 page" if file.pages == 1 else f"{file.pages} pages"
        table.row(file.kind.upper(), f"{pages}, {file.size} bytes")
        table.digest(file.sha256)
    shown = "The file that holds this page begins with exactly the bytes that were offered to be printed."
    _add_form(table, "Form", shown, sig.shown_sha256, wording, facts)
    _add_history(table, history)
    return _draw(table.pages, facts, verify_url)


def _start_table(heading: str, words: str, facts: Snapshot) -> "_Table":
    table = _Table()
    table.heading(heading)
    table.paragraph(words, MEASURE - QR_SIDE - 16)
    table.skip(10)
    table.row("Agreement", f"{facts.reference}, text {facts.text_version}", narrow=True)
    table.row("Volume", f"PMLR {facts.volume}, {facts.volume_name}", narrow=True)
    table.row("Paper", facts.paper_key, narrow=True)
    return table


def _add_form(
    table: "_Table", label: str, shown: str, shown_sha256: str, wording: AgreementWording, facts: Snapshot
) -> None:
    """Add the form and the agreement text, with their digests."""
    table.section("What was signed")
    table.row(label, shown)
    table.digest(shown_sha256)
    table.row("Agreement text", f"{wording.title}, version {wording.version}, as registered by the publisher.")
    table.digest(facts.text_digest)


def _add_history(table: "_Table", history: Sequence[HistoryLine]) -> None:
    table.section("What happened")
    for event in history:
        table.event(format_time(event.at), make_visible(event.what), make_visible(event.by))


def _common_rows(facts: Snapshot) -> Iterator[tuple[str, str]]:
    """The rows about the snapshot, for both ways of signing."""
    yield "Title", facts.printed_title or facts.title
    if facts.printed_title:
        yield "Title in LaTeX", facts.title
    yield from _authors(facts.authors)
    yield "Signer", facts.signer
    yield "E-mail", facts.signer_email
    yield "Capacity", facts.capacity


def _electronic_rows(facts: Snapshot, sig: Signature) -> Iterator[tuple[str, str]]:
    yield from _common_rows(facts)
    yield "Typed name", sig.typed_name
    if sig.drawn:
        yield "Drawn by hand", f"A signature beside the typed name, SHA-256 of its strokes {sha256(sig.drawn.encode())}"
    yield "Signed at", format_time(sig.signed_at)
    yield "Network address", sig.network_address or "not shown, by the privacy policy"


def _authors(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """All authors in one row; one per row if any name is right-to-left, because adjacent ones would change places."""
    label = f"Authors ({len(names)})"
    if not has_right_to_left("".join(names)):
        yield label, "; ".join(names)
        return
    for at, name in enumerate(names):
        yield ("" if at else label), name


def _draw(pages: list[_Page], facts: Snapshot, verify_url: str) -> bytes:
    sheet = PageCanvas()
    for number, page in enumerate(pages, start=1):
        if number == 1:
            _qr(sheet, verify_url, MARGIN + MEASURE - QR_SIDE, TOP + 14 - QR_SIDE)
        for placed in page.lines:
            sheet.write(placed.x, placed.y, placed.line, placed.kind, grey=GREY if placed.kind is LABEL else INK)
        for rule in page.rules:
            sheet.rule(rule.x, rule.y, rule.width, weight=0.3, grey=GREY)
        draw_foot(sheet, f"evidence page {number} of {len(pages)}")
        sheet.write_lines(MARGIN, FOOT_LINE, foot_lines(facts, verify_url), FOOT, grey=GREY)
        sheet.showPage()
    return sheet.to_bytes()


def _qr(sheet: PageCanvas, address: str, x: float, y: float) -> None:
    """Draw the address as a QR code, `QR_SIDE` points wide, with its lower left corner at (x, y)."""
    code: Any = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(address)
    code.make()
    count = code.getModuleCount()
    module = QR_SIDE / count
    sheet.setFillGray(INK)
    path = sheet.beginPath()
    for row in range(count):
        for column in range(count):
            if code.isDark(row, column):
                path.rect(x + column * module, y + QR_SIDE - (row + 1) * module, module, module)
    sheet.drawPath(path, stroke=0, fill=1)


class _Table:
    """Rows from the top of the first page; a row that does not fit continues on the next page."""

    def __init__(self) -> None:
        self.pages = [_Page()]
        self._y = TOP

    def skip(self, height: float) -> None:
        self._y -= height

    def heading(self, text: str) -> None:
        self._add_cells([_Cell(MARGIN, set_paragraph(text, MEASURE, HEADING), HEADING)])

    def paragraph(self, text: str, room: float) -> None:
        self._add_cells([_Cell(MARGIN, set_paragraph(text, room, VALUE), VALUE)])

    def section(self, text: str) -> None:
        """Add a heading with a rule below it, never alone at the foot of a page."""
        self.skip(7)
        if self._y - 4 * VALUE.leading < BOTTOM:
            self._new_page()
        self._add_cells([_Cell(MARGIN, set_paragraph(text, MEASURE, SECTION), SECTION)])
        self.pages[-1].rules.append(Rule(MARGIN, self._y + SECTION.leading - 4, MEASURE))
        self.skip(1)

    def row(self, label: str, value: str, *, narrow: bool = False) -> None:
        """Add a label and its value; `narrow` leaves space for the QR code."""
        room = MEASURE - LABEL_WIDTH - (QR_SIDE + 16 if narrow else 0)
        self._add_cells(
            [
                _Cell(MARGIN, set_paragraph(label, LABEL_WIDTH, LABEL), LABEL),
                _Cell(MARGIN + LABEL_WIDTH, set_paragraph(value, room, VALUE), VALUE),
            ]
        )
        self.skip(1.5)

    def digest(self, value: str) -> None:
        lines = set_paragraph(f"SHA-256 {value}", MEASURE - LABEL_WIDTH, DIGEST)
        self._add_cells([_Cell(MARGIN + LABEL_WIDTH, lines, DIGEST)])
        self.skip(2)

    def event(self, when: str, what: str, by: str) -> None:
        room = MEASURE - TIME_WIDTH - ACTOR_WIDTH
        self._add_cells(
            [
                _Cell(MARGIN, set_paragraph(when, TIME_WIDTH, VALUE), VALUE),
                _Cell(MARGIN + TIME_WIDTH, set_paragraph(what, room - 10, VALUE), VALUE),
                _Cell(MARGIN + TIME_WIDTH + room, set_paragraph(by, ACTOR_WIDTH, VALUE), VALUE),
            ]
        )

    def _add_cells(self, cells: list[_Cell]) -> None:
        """Add cells side by side, line by line, and start a new page when one is full."""
        leading = max(cell.kind.leading for cell in cells)
        for at in range(max(len(cell.lines) for cell in cells)):
            if self._y < BOTTOM:
                self._new_page()
            for cell in cells:
                if at < len(cell.lines):
                    self.pages[-1].lines.append(Placed(cell.x, self._y, cell.lines[at], cell.kind))
            self._y -= leading

    def _new_page(self) -> None:
        self.pages.append(_Page())
        self._y = TOP
