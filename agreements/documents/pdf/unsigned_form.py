"""The unsigned form: the publisher's two pages, with the title and the corresponding author filled in."""

from collections.abc import Sequence
from functools import lru_cache

from agreements.documents.pdf.canvas import GREY, INK, MARGIN, MEASURE, WIDTH, PageCanvas
from agreements.documents.pdf.layout import DoesNotFitError, Part, Shape, Slot, arrange, filling
from agreements.documents.pdf.paragraph import Set, Type, set_paragraph
from agreements.documents.pdf.shaping import clean, set_line
from agreements.documents.pdf.template import Template, bind
from agreements.domain.agreement_text import AgreementWording
from agreements.domain.facts import Snapshot

FOOT = Type(size=8, leading=10)
FOOT_LINE = 46.0
PAGE_ROOM = 96.0
"""Space at the right of the page footer for the page number."""
FIELDS = ("title", "author", "name", "foot")

_LETTERS = (range(0x21, 0x7F), range(0xA1, 0xAD), range(0xAE, 0x180), range(0x1EA0, 0x1EFA))
COMMON = "ƠơƯưȘșȚțẞ‘’“”–—… " + "".join(chr(code) for block in _LETTERS for code in block)
"""The characters of most titles and names. Their glyphs are in every form, so that filling it embeds nothing more."""
LIGATURES = ("ff", "fi", "fj", "fl", "ft", "ffi", "ffj", "ffl", "fft")


def form(facts: Snapshot, wording: AgreementWording, verify_url: str) -> bytes:
    """Return the unsigned form as PDF, as the author is shown it. The same arguments give the same bytes.

    Raises UnprintableError for characters that no bundled font has, DoesNotFitError for texts too long.
    """
    filled = filling(facts, wording)
    lines = filled.lines | {"foot": foot_lines(facts, verify_url)}
    slots = arrange(wording, filled.shape).slots | {"foot": Slot(MARGIN, FOOT_LINE, FOOT)}
    template = _template(wording, filled.shape)
    needed = tuple(line for name in FIELDS for line in lines[name])
    if not all(template.fonts.know(line.line) for line in needed):
        template = _drawn(wording, filled.shape, needed)
    operators = {name: _written(template, slots[name], lines[name], GREY if name == "foot" else INK) for name in FIELDS}
    return template.fill(
        operators,
        title=f"{wording.title}: {clean(facts.title)}",
        subject=f"Agreement {clean(facts.reference)}, paper {clean(facts.paper_key)}",
    )


def foot_lines(facts: Snapshot, verify_url: str) -> tuple[Set, ...]:
    """The footer of every page, which identifies its agreement."""
    identity = f"{facts.reference}  ·  paper {facts.paper_key}  ·  text {facts.text_version}"
    address = f"Check it at {verify_url}"
    lines = set_paragraph(identity, MEASURE - PAGE_ROOM, FOOT) + set_paragraph(address, MEASURE, FOOT)
    if len(lines) > 4:
        raise DoesNotFitError("The agreement's reference, paper key and address are too long for the foot of a page.")
    return lines


def draw_foot(sheet: PageCanvas, page: str) -> None:
    """Draw the constant part of the footer: its rule and the page number."""
    sheet.rule(MARGIN, FOOT_LINE + 12, MEASURE, weight=0.3, grey=GREY)
    (line,) = set_paragraph(page, MEASURE, FOOT)
    sheet.write(WIDTH - MARGIN - line.width(FOOT.size), FOOT_LINE, line, FOOT, grey=GREY)


@lru_cache(maxsize=64)
def _template(wording: AgreementWording, shape: Shape) -> Template:
    return _drawn(wording, shape, tuple(Set(set_line(text)) for text in (*COMMON, *LIGATURES)))


def _drawn(wording: AgreementWording, shape: Shape, reserved: Sequence[Set]) -> Template:
    """Return the form with empty fields, and with fonts that contain the glyphs of the `reserved` lines."""
    sheet = PageCanvas()
    pages = arrange(wording, shape).pages
    for number, page in enumerate(pages, start=1):
        for part in page:
            _draw(sheet, part)
        with sheet.part("Artifact"):
            draw_foot(sheet, f"form page {number} of {len(pages)}")
            sheet.leave("foot")
        sheet.showPage()
    for line in reserved:
        sheet.fonts.reserve(line.line)
    return bind(sheet, FIELDS)


def _draw(sheet: PageCanvas, part: Part) -> None:
    if part.rules:
        with sheet.part("Artifact"):
            for rule in part.rules:
                sheet.rule(rule.x, rule.y, rule.width)
    with sheet.part(part.role):
        for placed in part.lines:
            sheet.write(placed.x, placed.y, placed.line, placed.kind)
        if part.blank:
            sheet.leave(part.blank)


def _written(template: Template, slot: Slot, lines: Sequence[Set], grey: float) -> str:
    return "\n".join(
        template.fonts.write(slot.x, slot.y - at * slot.kind.leading, line, slot.kind, grey)
        for at, line in enumerate(lines)
    )
