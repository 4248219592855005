"""The signature page: an otherwise empty page that is laid over the form's last page."""

from datetime import UTC, datetime

from agreements.facts import Facts, Signature
from agreements.pdf.faces import Style
from agreements.pdf.layout import NAME_LIMIT, PLAIN, DoesNotFitError, arrange, filling
from agreements.pdf.paragraph import Set, Type, set_paragraph
from agreements.pdf.script import clean
from agreements.pdf.sheet import Sheet
from agreements.wording import Wording

SIGNED = tuple(Type(Style.ITALIC, size=size, leading=size + 2) for size in (15, 13, 11, 9.5, 8))
"""Tried in this order until the typed name fits its line."""

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
)  # whatever the locale


def signature(facts: Facts, wording: Wording, sig: Signature) -> bytes:
    """A one-page PDF with only the typed name and the date of signing, at their places on the form's last page.

    Raises UnprintableError and DoesNotFitError as the form does.
    """
    arrangement = arrange(wording, filling(facts, wording).shape)
    sheet = Sheet()
    x, y, room = arrangement.signed
    line, kind = _typed(sig.typed_name, room)
    sheet.write(x, y, line, kind)
    x, y, room = arrangement.dated
    (line,) = set_paragraph(f"{day(sig.signed_at)} ({moment(sig.signed_at)})", room, PLAIN)
    sheet.write(x, y, line, PLAIN)
    sheet.showPage()
    return sheet.finished()


def moment(at: datetime) -> str:
    """``2026-11-21 12:14 UTC``."""
    return f"{_utc(at):%Y-%m-%d %H:%M} UTC"


def day(at: datetime) -> str:
    """``21 November 2026``, the one form of a date that no country reads otherwise."""
    at = _utc(at)
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("A time without a zone cannot be printed.")
    return at.astimezone(UTC)


def _typed(name: str, room: float) -> tuple[Set, Type]:
    cleaned = clean(name)
    if not cleaned or len(cleaned) > NAME_LIMIT:
        raise DoesNotFitError(f"The typed name has {len(cleaned)} characters; the form takes 1 to {NAME_LIMIT}.")
    for kind in SIGNED:
        lines = set_paragraph(cleaned, room, kind)
        if len(lines) == 1:
            return lines[0], kind
    raise DoesNotFitError(f"The typed name {cleaned[:40]!r} is too long for the signature line.")
