"""Where everything on the form stands: title, blanks, clauses, footnote and the two lines that are signed.

Pure arrangement, nothing is drawn here. The form draws it, and the signature page asks it for the signed lines, so
the two can never disagree about a place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agreements.facts import Facts
from agreements.pdf.faces import Style
from agreements.pdf.paragraph import Set, Type, set_paragraph
from agreements.pdf.script import clean
from agreements.pdf.sheet import HEIGHT, MARGIN, MEASURE, WIDTH
from agreements.wording import Blank, Clause, Wording

BODY = Type(size=10.5, leading=13.6, justified=True, hyphenated=True)
PLAIN = Type(size=10.5, leading=13.6)
TITLE = Type(size=19, leading=24)
SUBTITLE = Type(Style.ITALIC, size=11, leading=15)
FOOTNOTE = Type(size=8.5, leading=10.6, justified=True, hyphenated=True)
AGREED = Type(Style.SEMIBOLD, size=10.5, leading=14)
SIGN_LEADING = 27.0
FILLED = (Type(size=11.5, leading=17), Type(size=10, leading=15), Type(size=9, leading=13.5))
"""Tried in this order until the filled text fits its lines; type below 8 pt is never set."""

TITLE_LIMIT = 500
NAME_LIMIT = 200
"""Characters. The printed form has room for these; the record of a paper rarely has a tenth."""

TOP = HEIGHT - 84.0
BOTTOM = 84.0
GAP = 7.5
INDENT = 24.0
NUMBER_ROOM = 7.0
"""Between a clause's number, which is set to the right, and its text."""


class DoesNotFitError(ValueError):
    """A text is longer than the form has room for."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One line at its place on a page: `x`, `y` in points from the lower left corner."""

    x: float
    y: float
    line: Set
    kind: Type


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line at its place."""

    x: float
    y: float
    width: float


@dataclass(slots=True)
class Page:
    """What stands on one page."""

    lines: list[Placed] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)


@dataclass(slots=True)
class Arrangement:
    """The form's pages, and where the signature and its date are written on the last of them."""

    pages: list[Page]
    signed: tuple[float, float, float]
    """x, baseline and room of the signature line, in points."""
    dated: tuple[float, float, float]


def arrange(facts: Facts, wording: Wording) -> Arrangement:
    """Lay the form out on its pages."""
    title = _filled(facts.title, TITLE_LIMIT, "title")
    author = _filled(facts.signer, NAME_LIMIT, "name of the corresponding author")
    footnote = set_paragraph(f"¹ {wording.footnote}", MEASURE, FOOTNOTE)
    flow = _Flow(floor=BOTTOM + 14 + len(footnote) * FOOTNOTE.leading)
    flow.centred(wording.title, TITLE)
    flow.centred(wording.subtitle, SUBTITLE)
    flow.skip(22)
    for part in wording.preamble:
        if isinstance(part, Blank):
            flow.blank(*(title if part is Blank.TITLE else author))
        else:
            flow.paragraph(part, BODY)
    for clause in wording.clauses:
        if clause.parts:
            flow.keep_together(flow.height(clause, 0))
        flow.clause(clause, 0)
    _place_footnote(flow.pages[0], footnote)
    return _close(flow, wording, author)


def _filled(text: str, limit: int, what: str) -> tuple[tuple[Set, ...], Type]:
    """The lines that a blank is filled with: in the largest type that needs at most three, else the smallest."""
    cleaned = clean(text)
    if not cleaned or len(cleaned) > limit:
        raise DoesNotFitError(f"The {what} has {len(cleaned)} characters; the form takes 1 to {limit}.")
    for kind in FILLED[:-1]:
        lines = set_paragraph(cleaned, MEASURE - 2 * INDENT, kind)
        if len(lines) <= 3:
            return lines, kind
    return set_paragraph(cleaned, MEASURE - 2 * INDENT, FILLED[-1]), FILLED[-1]


def _place_footnote(page: Page, lines: Sequence[Set]) -> None:
    """At the foot of page 1 under a short rule, as the publisher has it."""
    y = BOTTOM + (len(lines) - 1) * FOOTNOTE.leading
    page.rules.append(Rule(MARGIN, y + FOOTNOTE.leading + 1, MEASURE * 0.38))
    for line in lines:
        page.lines.append(Placed(MARGIN, y, line, FOOTNOTE))
        y -= FOOTNOTE.leading


def _close(flow: "_Flow", wording: Wording, author: tuple[tuple[Set, ...], Type]) -> Arrangement:
    """The line above the signature, the corresponding author once more, and the two lines to be signed."""
    flow.keep_together(AGREED.leading + 5 * SIGN_LEADING)
    flow.skip(8)
    flow.paragraph(wording.agreement, AGREED)
    flow.skip(6)
    flow.label(wording.author_label, "•", 0)
    lines, _ = author
    words = " ".join(line.line.text for line in lines)
    flow.beside(set_paragraph(words, flow.room, PLAIN))
    signed = flow.to_be_signed(wording.signed_label)
    dated = flow.to_be_signed(wording.date_label)
    return Arrangement(flow.pages, signed, dated)


class _Flow:
    """Fills pages from the top; the first page keeps room for the footnote."""

    def __init__(self, floor: float) -> None:
        self.pages = [Page()]
        self.room = 0.0
        self._floor = floor
        self._y = TOP
        self._x = MARGIN

    def skip(self, height: float) -> None:
        self._y -= height

    def centred(self, text: str, kind: Type) -> None:
        for line in set_paragraph(text, MEASURE, kind):
            self._place((WIDTH - line.width(kind.size)) / 2, line, kind)
            self._y -= kind.leading

    def paragraph(self, text: str, kind: Type, indent: float = 0.0) -> None:
        lines = set_paragraph(text, MEASURE - indent, kind)
        left = int((self._y - self._floor) // kind.leading) + 1
        if left < len(lines) and (left < 2 or len(lines) - left < 2):
            # A single line at the foot or head of a page is not left alone.
            left = max(min(left, len(lines) - 2), 0)
            left = 0 if left < 2 else left
        for at, line in enumerate(lines):
            if at == left:
                self._turn()
            self._place(MARGIN + indent, line, kind)
            self._y -= kind.leading
        self._y -= GAP

    def blank(self, lines: Sequence[Set], kind: Type) -> None:
        """Each filled line on a ruled line of its own, as one writes on a form."""
        self.skip(3)
        for line in lines:
            self._place(MARGIN + INDENT, line, kind)
            self.pages[-1].rules.append(Rule(MARGIN + INDENT, self._y - 3.6, MEASURE - 2 * INDENT))
            self._y -= kind.leading
        self._y -= GAP

    def clause(self, clause: Clause, depth: int) -> None:
        indent = INDENT * (depth + 1)
        lines = set_paragraph(clause.text, MEASURE - indent, BODY)
        self.keep_together(min(len(lines), 2) * BODY.leading)
        (number,) = set_paragraph(f"{clause.number}.", MEASURE, PLAIN)
        self._place(MARGIN + indent - NUMBER_ROOM - number.width(PLAIN.size), number, PLAIN)
        self.paragraph(clause.text, BODY, indent)
        for part in clause.parts:
            self.clause(part, depth + 1)

    def height(self, clause: Clause, depth: int) -> float:
        """How many points a clause with its parts takes."""
        lines = set_paragraph(clause.text, MEASURE - INDENT * (depth + 1), BODY)
        return len(lines) * BODY.leading + GAP + sum(self.height(part, depth + 1) for part in clause.parts)

    def keep_together(self, height: float) -> None:
        """Turn the page now if `height` points are no longer free on it."""
        if self._y - height < self._floor:
            self._turn()

    def label(self, text: str, mark: str, indent: float) -> None:
        """A signature label; text that belongs beside it starts at the current place, in `room` points."""
        for words, x in ((mark, MARGIN + indent + 8), (text, MARGIN + indent + INDENT)):
            (line,) = set_paragraph(words, MEASURE, PLAIN)
            self._place(x, line, PLAIN)
        self._x = MARGIN + indent + INDENT + line.width(PLAIN.size) + 6
        self.room = WIDTH - MARGIN - self._x

    def beside(self, lines: Sequence[Set]) -> None:
        for line in lines:
            self._place(self._x, line, PLAIN)
            self._y -= PLAIN.leading
        self._y -= SIGN_LEADING - PLAIN.leading

    def to_be_signed(self, text: str) -> tuple[float, float, float]:
        """A labelled ruled line, left empty: its x, baseline and room."""
        self.label(text, "–", INDENT)
        place = (self._x, self._y, self.room)
        self.pages[-1].rules.append(Rule(self._x, self._y - 3.6, self.room))
        self._y -= SIGN_LEADING
        return place

    def _place(self, x: float, line: Set, kind: Type) -> None:
        self.pages[-1].lines.append(Placed(x, self._y, line, kind))

    def _turn(self) -> None:
        self.pages.append(Page())
        self._y = TOP
        self._floor = BOTTOM
