"""The layout of the form: title, blanks, clauses, footnote and the two lines to sign.

It depends on the agreement text and on how many lines each blank needs, not on their content, so it is computed once
per shape. Nothing is drawn here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from agreements.documents.pdf.canvas import HEIGHT, MARGIN, MEASURE, WIDTH
from agreements.documents.pdf.fonts import ITALIC, SEMIBOLD
from agreements.documents.pdf.paragraph import SetLine, Type, set_paragraph
from agreements.documents.pdf.shaping import normalize_text
from agreements.domain.agreement_text import AgreementWording, Blank, Clause
from agreements.domain.facts import Snapshot

BODY = Type(size=10.5, leading=13.8, justified=True, hyphenated=True)
PLAIN = Type(size=10.5, leading=13.8)
TITLE = Type(size=20, leading=25)
SUBTITLE = Type(ITALIC, size=11, leading=15)
FOOTNOTE = Type(size=8.5, leading=10.8, justified=True, hyphenated=True)
AGREEMENT_LINE = Type(SEMIBOLD, size=10.5, leading=14)
BLANK_TYPES = (
    (3, Type(size=11.5, leading=17.5)),
    (4, Type(size=10, leading=15)),
    (7, Type(size=9, leading=13.5)),
    (99, Type(size=8, leading=11.4)),
)
"""Filled-in text is set in the largest type that needs at most this many lines; never below 8 pt."""

MAX_TITLE_LENGTH = 500
MAX_NAME_LENGTH = 200
"""Limits in characters. The printed form has space for these; papers rarely need a tenth."""

TOP = HEIGHT - 92.0
BOTTOM = 84.0
GAP = 8.0
INDENT = 24.0
NUMBER_ROOM = 7.0
"""Between a clause's right-aligned number and its text."""
SIGN_LEADING = 27.0
LABEL_GAP = 6.0
"""Between a signature label and what is written beside it."""
STAMP_HEIGHT = 34.0
RULE_DROP = 3.8
"""Distance of a ruled line below the baseline of the text on it."""


class DoesNotFitError(ValueError):
    """A text is too long for the form."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One line with its position on a page: `x`, `y` in points from the lower left corner."""

    x: float
    y: float
    line: SetLine
    kind: Type


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line with its position."""

    x: float
    y: float
    width: float


@dataclass(slots=True)
class Part:
    """A paragraph, heading or blank. `role` is its PDF structure type."""

    role: str
    lines: list[Placed] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    blank: str = ""
    """The field that is written here, if any."""


@dataclass(frozen=True, slots=True)
class FieldPosition:
    """The position of a field's lines: the first baseline, and the type."""

    x: float
    y: float
    kind: Type


@dataclass(slots=True)
class FormLayout:
    """The form's pages, the positions of its fields, and of the signature: (x, baseline, width) on the last page."""

    pages: list[list[Part]]
    fields: dict[str, FieldPosition]
    signed: tuple[float, float, float]
    dated: tuple[float, float, float]
    stamp: tuple[float, float]
    """Left and top of the area for the seal's stamp, below the lines."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many lines of which type each field has; forms of one shape differ only in the content of these lines."""

    title: tuple[int, Type]
    author: tuple[int, Type]
    name: int


@dataclass(frozen=True, slots=True)
class Filling:
    """The content of one form's fields, as set lines."""

    shape: Shape
    lines: dict[str, tuple[SetLine, ...]]


def set_fields(facts: Snapshot, wording: AgreementWording) -> Filling:
    """Set the lines for the blanks; raises UnprintableError and DoesNotFitError."""
    title, title_kind = _set_title(facts)
    author, author_kind = _set_blank(facts.signer, MAX_NAME_LENGTH, "name of the corresponding author")
    name = set_paragraph(facts.signer, _width_beside(wording.author_label), PLAIN)
    shape = Shape((len(title), title_kind), (len(author), author_kind), len(name))
    return Filling(shape, {"title": title, "author": author, "name": name})


def _set_title(facts: Snapshot) -> tuple[tuple[SetLine, ...], Type]:
    """Return the title as people read it, with its LaTeX where that differs; only the LaTeX if both do not fit."""
    if len(normalize_text(facts.title_in_full)) <= MAX_TITLE_LENGTH:
        return _set_blank(facts.title_in_full, MAX_TITLE_LENGTH, "title")
    return _set_blank(facts.title, MAX_TITLE_LENGTH, "title")


def _set_blank(text: str, limit: int, what: str) -> tuple[tuple[SetLine, ...], Type]:
    """Return the lines of a blank, and their type."""
    cleaned = normalize_text(text)
    if not cleaned or len(cleaned) > limit:
        raise DoesNotFitError(f"The {what} has {len(cleaned)} characters; the form takes 1 to {limit}.")
    for max_lines, kind in BLANK_TYPES:
        lines = set_paragraph(cleaned, MEASURE - 2 * INDENT, kind)
        if len(lines) <= max_lines:
            return lines, kind
    raise DoesNotFitError(f"The {what} needs {len(lines)} lines, which the form has no room for.")


@lru_cache(maxsize=64)
def lay_out(wording: AgreementWording, shape: Shape) -> FormLayout:
    """Lay out the form of this shape."""
    footnote = set_paragraph(f"¹ {wording.footnote}", MEASURE, FOOTNOTE)
    flow = _Flow(floor=BOTTOM + 14 + len(footnote) * FOOTNOTE.leading)
    flow.centred(wording.title, TITLE, "H1")
    flow.centred(wording.subtitle, SUBTITLE, "P")
    flow.skip(26)
    for part in wording.preamble:
        if isinstance(part, Blank):
            name, (count, kind) = ("title", shape.title) if part is Blank.TITLE else ("author", shape.author)
            flow.blank(name, count, kind)
        else:
            flow.paragraph(part, BODY)
    for clause in wording.clauses:
        if clause.parts:
            flow.keep_together(flow.height(clause, 0))
        flow.clause(clause, 0)
    flow.pages[0].append(_footnote(footnote))
    signing = GAP + len(set_paragraph(wording.agreement, MEASURE, AGREEMENT_LINE)) * AGREEMENT_LINE.leading + GAP + GAP
    flow.keep_together(
        signing + (shape.name - 1) * PLAIN.leading + 3 * SIGN_LEADING + STAMP_HEIGHT - AGREEMENT_LINE.leading
    )
    flow.skip(GAP)
    flow.paragraph(wording.agreement, AGREEMENT_LINE)
    flow.skip(GAP)
    flow.named(wording.author_label, shape.name)
    signed = flow.to_be_signed(wording.signed_label)
    dated = flow.to_be_signed(wording.date_label)
    return FormLayout(flow.pages, flow.fields, signed, dated, (MARGIN + INDENT, dated[1] - SIGN_LEADING))


def _footnote(lines: Sequence[SetLine]) -> Part:
    """Place the footnote at the foot of page 1 below a short rule, as in the publisher's form."""
    top = BOTTOM + (len(lines) - 1) * FOOTNOTE.leading
    placed = [Placed(MARGIN, top - at * FOOTNOTE.leading, line, FOOTNOTE) for at, line in enumerate(lines)]
    return Part("Note", placed, [Rule(MARGIN, top + FOOTNOTE.leading + 1, MEASURE * 0.38)])


def signature_line_width(wording: AgreementWording) -> float:
    """Return the length of the signature line in points; it is the same for all shapes."""
    (line,) = set_paragraph(wording.signed_label, MEASURE, PLAIN)
    return MEASURE - 2 * INDENT - line.width(PLAIN.size) - LABEL_GAP


def _width_beside(label: str) -> float:
    """Return the width that remains on the line of a signature label."""
    (line,) = set_paragraph(label, MEASURE, PLAIN)
    return MEASURE - INDENT - line.width(PLAIN.size) - LABEL_GAP


class _Flow:
    """Fills pages from the top; the first page leaves space for the footnote."""

    def __init__(self, floor: float) -> None:
        self.pages: list[list[Part]] = [[]]
        self.fields: dict[str, FieldPosition] = {}
        self._floor = floor
        self._y = TOP

    def skip(self, height: float) -> None:
        self._y -= height

    def centred(self, text: str, kind: Type, role: str) -> None:
        part = self._part(role)
        for line in set_paragraph(text, MEASURE, kind):
            part.lines.append(Placed((WIDTH - line.width(kind.size)) / 2, self._y, line, kind))
            self._y -= kind.leading

    def paragraph(self, text: str, kind: Type, indent: float = 0.0, number: SetLine | None = None) -> None:
        """Add a paragraph, with its number before it. A page break leaves no single line on either page."""
        lines = set_paragraph(text, MEASURE - indent, kind)
        here = int((self._y - self._floor) // kind.leading) + 1
        if here < len(lines):
            here = min(here, len(lines) - 2)
            if here < 2:
                self._new_page()
                here = len(lines)
        part = self._part("P")
        if number is not None:
            x = MARGIN + indent - NUMBER_ROOM - number.width(kind.size)
            part.lines.append(Placed(x, self._y, number, PLAIN))
        for at, line in enumerate(lines):
            if at == here:
                self._new_page()
                part = self._part("P")
            part.lines.append(Placed(MARGIN + indent, self._y, line, kind))
            self._y -= kind.leading
        self._y -= GAP

    def blank(self, name: str, count: int, kind: Type) -> None:
        """Reserve a blank, with a ruled line below each filled line."""
        self.skip(4)
        self.fields[name] = FieldPosition(MARGIN + INDENT, self._y, kind)
        part = self._part("P", name)
        for _ in range(count):
            part.rules.append(Rule(MARGIN + INDENT, self._y - RULE_DROP, MEASURE - 2 * INDENT))
            self._y -= kind.leading
        self._y -= GAP

    def clause(self, clause: Clause, depth: int) -> None:
        (number,) = set_paragraph(f"{clause.number}.", MEASURE, PLAIN)
        self.paragraph(clause.text, BODY, INDENT * (depth + 1), number)
        for part in clause.parts:
            self.clause(part, depth + 1)

    def height(self, clause: Clause, depth: int) -> float:
        """Return the height of a clause with its parts, in points."""
        lines = set_paragraph(clause.text, MEASURE - INDENT * (depth + 1), BODY)
        return len(lines) * BODY.leading + GAP + sum(self.height(part, depth + 1) for part in clause.parts)

    def keep_together(self, height: float) -> None:
        """Start a new page if less than `height` points are free."""
        if self._y - height < self._floor:
            self._new_page()

    def named(self, label: str, count: int) -> None:
        """Add the label with the corresponding author's name beside it, in `count` lines."""
        end = self._label(label, "•", 0)
        self.fields["name"] = FieldPosition(end + LABEL_GAP, self._y, PLAIN)
        self._part("P", "name")
        self._y -= (count - 1) * PLAIN.leading + SIGN_LEADING

    def to_be_signed(self, label: str) -> tuple[float, float, float]:
        """Add a label with an empty ruled line; returns the line's x, baseline and width."""
        x = self._label(label, "–", INDENT) + LABEL_GAP
        place = (x, self._y, WIDTH - MARGIN - x)
        self.pages[-1][-1].rules.append(Rule(x, self._y - RULE_DROP, place[2]))
        self._y -= SIGN_LEADING
        return place

    def _label(self, text: str, mark: str, indent: float) -> float:
        """Add a signature label with its bullet; returns where it ends."""
        part = self._part("P")
        end = 0.0
        for words, x in ((mark, MARGIN + indent + 8), (text, MARGIN + indent + INDENT)):
            (line,) = set_paragraph(words, MEASURE, PLAIN)
            part.lines.append(Placed(x, self._y, line, PLAIN))
            end = x + line.width(PLAIN.size)
        return end

    def _part(self, role: str, blank: str = "") -> Part:
        self.pages[-1].append(Part(role, blank=blank))
        return self.pages[-1][-1]

    def _new_page(self) -> None:
        self.pages.append([])
        self._y = TOP
        self._floor = BOTTOM
