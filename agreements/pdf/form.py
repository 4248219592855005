"""The form: the publisher's two pages with title and corresponding author on their lines, not yet signed."""

from agreements.facts import Facts
from agreements.pdf.layout import Page, arrange
from agreements.pdf.paragraph import Type, set_paragraph
from agreements.pdf.sheet import GREY, MARGIN, MEASURE, WIDTH, Sheet
from agreements.wording import Wording

FOOT = Type(size=8, leading=10)
FOOT_LINE = 46.0
PAGE_ROOM = 96.0


def form(facts: Facts, wording: Wording, verify_url: str) -> bytes:
    """The unsigned form as PDF, two letter pages: what the author is shown (v0). Same arguments, same bytes.

    Raises UnprintableError for characters that no bundled font has and DoesNotFitError for texts beyond the form's room.
    """
    arrangement = arrange(facts, wording)
    sheet = Sheet(f"{wording.title}: {facts.title}", f"Agreement {facts.reference}, paper {facts.paper_key}")
    for number, page in enumerate(arrangement.pages, start=1):
        draw(sheet, page)
        foot(sheet, facts, f"form page {number} of {len(arrangement.pages)}", verify_url)
        sheet.showPage()
    return sheet.finished()


def draw(sheet: Sheet, page: Page) -> None:
    """Put a page's lines and rules on the paper."""
    for placed in page.lines:
        sheet.write(placed.x, placed.y, placed.line, placed.kind)
    for rule in page.rules:
        sheet.rule(rule.x, rule.y, rule.width)


def foot(sheet: Sheet, facts: Facts, page: str, verify_url: str) -> None:
    """The running foot, so that no page can be parted from its agreement unnoticed."""
    sheet.rule(MARGIN, FOOT_LINE + 12, MEASURE, weight=0.3, grey=GREY)
    left = f"{facts.reference}  ·  paper {facts.paper_key}  ·  text {facts.text_version}"
    address = f"Check this document at {verify_url}"
    lines = set_paragraph(left, MEASURE - PAGE_ROOM, FOOT) + set_paragraph(address, MEASURE, FOOT)
    sheet.write_lines(MARGIN, FOOT_LINE, lines, FOOT, grey=GREY)
    (line,) = set_paragraph(page, MEASURE, FOOT)
    sheet.write(WIDTH - MARGIN - line.width(FOOT.size), FOOT_LINE, line, FOOT, grey=GREY)
