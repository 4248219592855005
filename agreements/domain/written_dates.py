"""Dates written by hand: which days each can mean. Pure."""

import re
from collections.abc import Iterator
from datetime import date

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = re.compile(r"\D*(\d{1,4})\D+(\d{1,2})\D+(\d{1,4})\D*")
_WORD = re.compile(r"[a-z]{3,}")
_NUMBER = re.compile(r"\d+")


def possible_dates(text: str) -> list[date]:
    """List every day that `written` can mean, in order; empty if it cannot be read.

    ``06/09/2021`` can mean two days. An English month name, or the year first, makes it one.
    """
    return sorted(set(find_dates(text.lower())))


def find_dates(text: str) -> Iterator[date]:
    months = [MONTHS.index(word[:3]) + 1 for word in _WORD.findall(text) if word[:3] in MONTHS]
    numbers = _NUMBER.findall(text)
    if months and len(numbers) == 2:
        for day, year in (numbers, numbers[::-1]):
            if len(day) < 3:
                yield from build_dates(year, months[0], int(day))
    elif parts := _NUMBERS.fullmatch(text):
        first, second, third = parts.groups()
        if len(first) == 4:
            yield from build_dates(first, int(second), int(third))
        else:
            yield from build_dates(third, int(second), int(first))
            yield from build_dates(third, int(first), int(second))


def build_dates(year: str, month: int, day: int) -> Iterator[date]:
    """Yield the day if it exists. A year of two digits is in this century."""
    if len(year) not in (2, 4):
        return
    try:
        yield date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    except ValueError:
        return
