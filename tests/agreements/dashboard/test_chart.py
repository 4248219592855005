"""The progress picture stays inside its frame."""

import re
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agreements.dashboard import chart

START = date(2026, 11, 1)


@given(
    steps=st.lists(st.integers(0, 40), min_size=1, max_size=60),
    more=st.integers(0, 100),
    deadline=st.none() | st.integers(-30, 90),
)
def test_every_point_lies_inside_the_frame(steps: list[int], more: int, deadline: int | None) -> None:
    days = tuple(START + timedelta(days=d) for d in range(len(steps)))
    signed = tuple(sum(steps[: d + 1]) for d in range(len(steps)))

    drawn = chart.build_chart(
        days, signed, signed[-1] + more, START + timedelta(days=deadline) if deadline is not None else None
    )

    for x, y in re.findall(r"([\d.]+),([\d.]+)", f"{drawn.area} {drawn.needed}"):
        assert drawn.left <= float(x) <= drawn.right
        assert drawn.top <= float(y) <= drawn.bottom


def test_the_needed_pace_runs_from_today_to_everything_at_the_deadline() -> None:
    drawn = chart.build_chart((START,), (0,), 10, START + timedelta(days=10))

    assert drawn.needed == f"{float(drawn.left)},{float(drawn.bottom)} {float(drawn.right)},{float(drawn.top)}"


def test_nothing_is_needed_once_all_have_signed_or_the_deadline_has_passed() -> None:
    assert chart.build_chart((START,), (10,), 10, START + timedelta(days=10)).needed == ""
    assert chart.build_chart((START,), (0,), 10, START - timedelta(days=1)).needed == ""
