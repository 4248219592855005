"""The unsigned form: the publisher's two pages, with the title and the corresponding author filled in."""

from collections.abc import Sequence
from functools import lru_cache

from agreements.documents.pdf.canvas import GREY, INK, MARGIN, MEASURE, WIDTH, PageCanvas
from agreements.documents.pdf.layout import DoesNotFitError, FieldPosition, Part, Shape, lay_out, set_fields
from agreements.documents.pdf.paragraph import SetLine, Type, set_paragraph
from agreements.documents.pdf.shaping import normalize_text, set_line
from agreements.documents.pdf.template import Template, make_template
from agreements.domain.agreement_text import AgreementWording
from agreements.domain.facts import Snapshot

FOOT = Type(size=8, leading=10)
FOOT_LINE = 46.0
PAGE_NUMBER_WIDTH = 96.0
"""Space at the right of the page footer for the page number."""
FIELDS = ("title", "author", "name", "foot")

_LETTERS = (range(0x21, 0x7F), range(0xA1, 0xAD), range(0xAE, 0x180), range(0x1EA0, 0x1EFA))
COMMON_CHARACTERS = "ƠơƯưȘșȚțẞ‘’“”–—… " + "".join(chr(code) for block in _LETTERS for code in block)
"""The characters of most titles and names. Their glyphs are in every form, so that filling it embeds nothing more."""
LIGATURES = ("ff", "fi", "fj", "fl", "ft", "ffi", "ffj", "ffl", "fft")


def render_form(facts: Snapshot, wording: AgreementWording, verify_url: str) -> bytes:
    """Return the unsigned form as PDF, as the author is shown it. The same arguments give the same bytes.

    Raises UnprintableError for characters that no bundled font has, DoesNotFitError for texts too long.
    """
    filled = set_fields(facts, wording)
    lines = filled.lines | {"foot": foot_lines(facts, verify_url)}
    slots = lay_out(wording, filled.shape).fields | {"foot": FieldPosition(MARGIN, FOOT_LINE, FOOT)}
    template = _template(wording, filled.shape)
    needed = tuple(line for name in FIELDS for line in lines[name])
    if not all(template.fonts.has_glyphs_of(line.line) for line in needed):
        template = _draw_template(wording, filled.shape, needed)
    operators = {
        name: _write_field(template, slots[name], lines[name], GREY if name == "foot" else INK) for name in FIELDS
    }
    return template.fill(
        operators,
        title=f"{wording.title}: {normalize_text(facts.printed_title or facts.title)}",
        subject=f"Agreement {normalize_text(facts.reference)}, paper {normalize_text(facts.paper_key)}",
    )


def foot_lines(facts: Snapshot, verify_url: str) -> tuple[SetLine, ...]:
    """The footer of every page, which identifies its agreement."""
    identity = f"{facts.reference}  ·  paper {facts.paper_key}  ·  text {facts.text_version}"
    address = f"Check it at {verify_url}"
    lines = set_paragraph(identity, MEASURE - PAGE_NUMBER_WIDTH, FOOT) + set_paragraph(address, MEASURE, FOOT)
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
    return _draw_template(wording, shape, tuple(SetLine(set_line(text)) for text in (*COMMON_CHARACTERS, *LIGATURES)))


def _draw_template(wording: AgreementWording, shape: Shape, reserved: Sequence[SetLine]) -> Template:
    """Return the form with empty fields, and with fonts that contain the glyphs of the `reserved` lines."""
    sheet = PageCanvas()
    pages = lay_out(wording, shape).pages
    for number, page in enumerate(pages, start=1):
        for part in page:
            _draw_part(sheet, part)
        with sheet.tag("Artifact"):
            draw_foot(sheet, f"form page {number} of {len(pages)}")
            sheet.reserve_field("foot")
        sheet.showPage()
    for line in reserved:
        sheet.fonts.reserve(line.line)
    return make_template(sheet, FIELDS)


def _draw_part(sheet: PageCanvas, part: Part) -> None:
    if part.rules:
        with sheet.tag("Artifact"):
            for rule in part.rules:
                sheet.rule(rule.x, rule.y, rule.width)
    with sheet.tag(part.role):
        for placed in part.lines:
            sheet.write(placed.x, placed.y, placed.line, placed.kind)
        if part.blank:
            sheet.reserve_field(part.blank)


def _write_field(template: Template, slot: FieldPosition, lines: Sequence[SetLine], grey: float) -> str:
    return "\n".join(
        template.fonts.write(slot.x, slot.y - at * slot.kind.leading, line, slot.kind, grey)
        for at, line in enumerate(lines)
    )
