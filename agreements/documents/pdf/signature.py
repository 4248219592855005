"""Additions to the form's last page: the typed name and the date on their lines, and the stamp of the seal."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from agreements.documents.pdf.canvas import GREY, INK, MARGIN, MEASURE, PageCanvas
from agreements.documents.pdf.fonts import ITALIC
from agreements.documents.pdf.layout import (
    INDENT,
    NAME_LIMIT,
    PLAIN,
    STAMP_HEIGHT,
    DoesNotFitError,
    arrange,
    filling,
    room_to_sign,
)
from agreements.documents.pdf.paragraph import Set, Type, set_paragraph
from agreements.documents.pdf.shaping import clean, made_visible
from agreements.domain import drawn_signature
from agreements.domain.agreement_text import AgreementWording
from agreements.domain.facts import HandSignature, Signature, Snapshot, Stamp

SIGNED = tuple(Type(ITALIC, size=size, leading=size + 2) for size in (15, 13, 11, 9.5, 8))
"""Tried in this order until the typed name fits its line."""

DRAWN_WIDTH, DRAWN_HEIGHT = 99.0, 33.0
DRAWN_DROP = 9.0
"""How far a drawn signature may reach below the baseline; it stays clear of the lines above and below."""
DRAWN_ROOM = DRAWN_WIDTH + 8.0
LARGEST_SCALE = 0.3
"""Points per step of the grid: limits the size of a single dot."""

BY_HAND = Type(ITALIC, size=10.5, leading=13.8)
STAMP = Type(ITALIC, size=8.5, leading=11)
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)  # independent of the locale


def signature(facts: Snapshot, wording: AgreementWording, sig: Signature) -> bytes:
    """Return a one-page PDF with only the typed name and the date of signing, at their places on the form's last page.

    A drawn signature is placed at the end of the typed name's line. Raises UnprintableError, DoesNotFitError and
    DrawingError.
    """
    arrangement = arrange(wording, filling(facts, wording).shape)
    sheet = PageCanvas()
    x, y, room = arrangement.signed
    line, kind = _typed(sig.typed_name, room - DRAWN_ROOM * bool(sig.drawn))
    sheet.write(x, y, line, kind)
    if sig.drawn:
        _draw(sheet, drawn_signature.parse_drawing(sig.drawn), right=x + room, baseline=y)
    x, y, room = arrangement.dated
    (line,) = set_paragraph(f"{day(sig.signed_at)} ({moment(sig.signed_at)})", room, PLAIN)
    sheet.write(x, y, line, PLAIN)
    sheet.showPage()
    return sheet.finished()


def signed_on_paper(facts: Snapshot, wording: AgreementWording, sig: HandSignature) -> bytes:
    """The same for a signed form: where to find the signature, and its date as the editor read it."""
    arrangement = arrange(wording, filling(facts, wording).shape)
    sheet = PageCanvas()
    x, y, room = arrangement.signed
    (line,) = set_paragraph("by hand: see the pages at the end of this file", room, BY_HAND)
    sheet.write(x, y, line, BY_HAND)
    x, y, room = arrangement.dated
    (line,) = set_paragraph(day(sig.dated), room, PLAIN)
    sheet.write(x, y, line, PLAIN)
    sheet.showPage()
    return sheet.finished()


def stamp(facts: Snapshot, wording: AgreementWording, owner: str, officer: str = "") -> Stamp:
    """Return the visible part of the seal: who seals, which `officer` signs, and a hint for readers.

    It contains no time: that is inside the seal. Raises DoesNotFitError if the names are too long.
    """
    arrangement = arrange(wording, filling(facts, wording).shape)
    left, top = arrangement.stamped
    width = MARGIN + MEASURE - left
    lines = _stamped(owner, officer, width)
    height = len(lines) * STAMP.leading + 2
    sheet = PageCanvas((width, height))
    sheet.setFillGray(GREY)
    sheet.rect(0, 0, 1.2, height, stroke=0, fill=1)
    sheet.write_lines(8, height - 9, lines, STAMP, grey=GREY)
    sheet.showPage()
    box = (left, top - height, left + width, top)
    return Stamp(sheet.finished(), len(arrangement.pages) - 1, box)


def fits_the_stamp(owner: str, officer: str = "") -> bool:
    """Whether the names fit on the stamp of the seal. Check it before sealing."""
    try:
        _stamped(owner, officer, MEASURE - INDENT)
    except DoesNotFitError:
        return False
    return True


def _stamped(owner: str, officer: str, width: float) -> tuple[Set, ...]:
    by = f"{made_visible(owner)}, for which {made_visible(officer)} signs" if officer else made_visible(owner)
    words = f"Sealed electronically by {by}. A PDF reader shows whether this file was changed since."
    lines = set_paragraph(words, width - 10, STAMP)
    if len(lines) * STAMP.leading + 2 > STAMP_HEIGHT:
        raise DoesNotFitError("The names of the seal's owner and officer are too long for the stamp.")
    return lines


def moment(at: datetime) -> str:
    """Format a time as ``2026-11-21 12:14 UTC``."""
    return f"{_utc(at):%Y-%m-%d %H:%M} UTC"


def day(at: date) -> str:
    """Format a date as ``21 November 2026``, which is unambiguous in every country."""
    at = _utc(at) if isinstance(at, datetime) else at
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("A time without a zone cannot be printed.")
    return at.astimezone(UTC)


def fits_the_line(name: str, wording: AgreementWording, *, drawn: bool = False) -> bool:
    """Whether `name` fits on the form's signature line, beside a drawn signature if there is one.

    Check it before signing, because sealing would fail. Raises UnprintableError for characters that no bundled font
    has.
    """
    try:
        _typed(name, room_to_sign(wording) - DRAWN_ROOM * drawn)
    except DoesNotFitError:
        return False
    return True


def _draw(sheet: PageCanvas, strokes: Sequence[drawn_signature.Stroke], *, right: float, baseline: float) -> None:
    """Draw the strokes as large as their area allows, with the right edge at `right`, around the baseline."""
    points = [point for stroke in strokes for point in stroke]
    (left_edge, right_edge), (top, bottom) = ((min(places), max(places)) for places in zip(*points, strict=True))
    scale = min(DRAWN_WIDTH / max(right_edge - left_edge, 1), DRAWN_HEIGHT / max(bottom - top, 1), LARGEST_SCALE)
    floor = baseline - DRAWN_DROP + (DRAWN_HEIGHT - (bottom - top) * scale) / 2
    path = sheet.beginPath()
    for stroke in strokes:
        for at, (x, y) in enumerate((*stroke, stroke[-1])):  # the last point twice: a dot is a line of length zero
            place = (right - (right_edge - x) * scale, floor + (bottom - y) * scale)
            (path.lineTo if at else path.moveTo)(*place)
    sheet.setStrokeGray(INK)
    sheet.setLineWidth(0.9)
    sheet.setLineCap(1)
    sheet.setLineJoin(1)
    sheet.drawPath(path, stroke=1, fill=0)


def _typed(name: str, room: float) -> tuple[Set, Type]:
    cleaned = clean(name)
    if not cleaned or len(cleaned) > NAME_LIMIT:
        raise DoesNotFitError(f"The typed name has {len(cleaned)} characters; the form takes 1 to {NAME_LIMIT}.")
    for kind in SIGNED:
        lines = set_paragraph(cleaned, room, kind)
        if len(lines) == 1:
            return lines[0], kind
    raise DoesNotFitError(f"The typed name {cleaned[:40]!r} is too long for the signature line.")
