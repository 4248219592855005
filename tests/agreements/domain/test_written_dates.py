"""Dates as people write them by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.domain.written_dates import possible_dates

NINTH_OF_JUNE, SIXTH_OF_SEPTEMBER = date(2021, 6, 9), date(2021, 9, 6)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("06/09/2021", [NINTH_OF_JUNE, SIXTH_OF_SEPTEMBER]),
        ("6.9.21", [NINTH_OF_JUNE, SIXTH_OF_SEPTEMBER]),
        ("09-06-2021", [NINTH_OF_JUNE, SIXTH_OF_SEPTEMBER]),
        ("2021-06-09", [NINTH_OF_JUNE]),
        ("2021年6月9日", [NINTH_OF_JUNE]),
        ("13/09/2021", [date(2021, 9, 13)]),
        ("09/13/2021", [date(2021, 9, 13)]),
        ("06/06/2021", [date(2021, 6, 6)]),
        ("June 9, 2021", [NINTH_OF_JUNE]),
        ("9th June 2021", [NINTH_OF_JUNE]),
        ("9-Jun-21", [NINTH_OF_JUNE]),
        ("Wed., 9 June 2021", [NINTH_OF_JUNE]),
        ("31/02/2021", []),
        ("45/45/2021", []),
        ("yesterday", []),
        ("9 giugno 2021", []),
        ("06/09/021", []),
        ("", []),
    ],
)
def test_a_written_date_has_these_readings(written: str, meant: list[date]) -> None:
    assert possible_dates(written) == meant


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_day_is_among_the_readings_of_every_way_to_write_it(day: date) -> None:
    for form in ("%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d.%m.%y", "%d %B %Y", "%b %d, %Y"):
        assert day in possible_dates(day.strftime(form))
    assert possible_dates(day.isoformat()) == possible_dates(day.strftime("%d %B %Y")) == [day]


@given(st.text(max_size=40))
def test_whatever_is_written_is_read_or_not_and_never_breaks(written: str) -> None:
    assert possible_dates(written) == sorted(set(possible_dates(written)))
