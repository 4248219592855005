"""Dates written by hand: which days each can mean. Pure."""

import re
from collections.abc import Iterator
from datetime import date

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = re.compile(r"\D*(\d{1,4})\D+(\d{1,2})\D+(\d{1,4})\D*")
_WORD = re.compile(r"[a-z]{3,}")
_NUMBER = re.compile(r"\d+")


def readings(written: str) -> list[date]:
    """List every day that `written` can mean, in order; empty if it cannot be read.

    ``06/09/2021`` can mean two days. An English month name, or the year first, makes it one.
    """
    return sorted(set(find_date(written.lower())))


def find_date(written: str) -> Iterator[date]:
    months = [MONTHS.index(word[:3]) + 1 for word in _WORD.findall(written) if word[:3] in MONTHS]
    numbers = _NUMBER.findall(written)
    if months and len(numbers) == 2:
        for day, year in (numbers, numbers[::-1]):
            if len(day) < 3:
                yield from build_date(year, months[0], int(day))
    elif parts := _NUMBERS.fullmatch(written):
        first, second, third = parts.groups()
        if len(first) == 4:
            yield from build_date(first, int(second), int(third))
        else:
            yield from build_date(third, int(second), int(first))
            yield from build_date(third, int(first), int(second))


def build_date(year: str, month: int, day: int) -> Iterator[date]:
    """Yield the day if it exists. A year of two digits is in this century."""
    if len(year) not in (2, 4):
        return
    try:
        yield date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    except ValueError:
        return
