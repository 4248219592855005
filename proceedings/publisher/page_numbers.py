"""Computes page numbers from the lengths of the PDFs: section by section, without a gap. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from proceedings.publisher.rules import page_range


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper's data for page numbers. `length` is in pages, 0 without a PDF."""

    key: str
    position: int
    section: str
    pages: str
    length: int


@dataclass(frozen=True, slots=True)
class NewPages:
    """A paper's present and new pages."""

    key: str
    old: str
    new: str

    @property
    def changed(self) -> bool:
        """Whether the numbers differ; ``1-10`` and ``1--10`` are the same."""
        return not self.old or page_range(self.old) != page_range(self.new)


class NoLengthError(ValueError):
    """Papers without a PDF, so that those after them cannot be numbered. `keys` names them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        super().__init__(f"{len(keys)} papers have no PDF, so pages cannot be numbered: {' '.join(keys)}")


def number(sheets: Sequence[Sheet], sections: Sequence[str]) -> list[NewPages]:
    """Returns new pages for all `sheets`, in the order of `sections`, within each by position.

    Papers in no section, or in an undeclared one, come last. A paper with Roman pages, such as a preface, keeps Roman
    ones with their own count. A range that differs only in spelling stays unchanged. Raises NoLengthError.
    """
    if without := [sheet.key for sheet in sheets if not sheet.length]:
        raise NoLengthError(without)
    order = {section.partition("=")[0].strip(): place for place, section in enumerate(sections)}
    following = {True: 1, False: 1}
    result = []
    for sheet in sorted(sheets, key=lambda one: (order.get(one.section, len(order)), one.position, one.key)):
        roman = bool(sheet.pages) and not sheet.pages[0].isdigit() and page_range(sheet.pages) is not None
        first = following[roman]
        last = first + sheet.length - 1
        following[roman] = last + 1
        new = f"{to_roman(first)}--{to_roman(last)}" if roman else f"{first}--{last}"
        same = sheet.pages and page_range(sheet.pages) == (first, last)
        result.append(NewPages(sheet.key, sheet.pages, sheet.pages if same else new))
    return result


_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
_SMALL = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def to_roman(value: int) -> str:
    """Returns a whole number from 1 on in lower-case Roman numerals."""
    letters = []
    for worth, letter in (*_ROMAN, *_SMALL):
        count, value = divmod(value, worth)
        letters.append(letter * count)
    return "".join(letters)
