"""The progress chart: signatures over time and the deadline, as coordinates for an SVG. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 16, 34
"""Margins in SVG units: counts are at the left, days at the bottom."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled position on an axis."""

    at: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Chart:
    signed: str
    """Points of the line of signatures."""
    area: str
    """The same line, closed along the bottom."""
    needed: str
    """The line from today to all papers signed at the deadline; empty after the deadline or if all are signed."""
    deadline: float | None
    """x of the deadline."""
    days: tuple[Mark, ...]
    counts: tuple[Mark, ...]
    today_x: float
    today_y: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    label: int = LEFT - 8
    """Right end of the counts at the left."""
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def build_chart(days: tuple[date, ...], signed: tuple[int, ...], total: int, deadline: date | None) -> Chart:
    """Build the chart. `days` are consecutive and not empty, `signed` is cumulative, `total` counts all papers."""
    first, today = days[0], days[-1]
    last = max(today, deadline or today, first + timedelta(days=1))
    span = (last - first).days

    def x(day: date) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (day - first).days / span, 1)

    def y(count: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / max(total, 1), 1)

    points = " ".join(f"{x(day)},{y(count)}" for day, count in zip(days, signed, strict=True))
    needed = ""
    if deadline and deadline > today and signed[-1] < total:
        needed = f"{x(today)},{y(signed[-1])} {x(deadline)},{y(total)}"
    marks = [Mark(x(first), format_day(first), "start"), Mark(x(last), format_day(last), "end")]
    if LEFT + 90 < x(today) < WIDTH - RIGHT - 90:
        marks.insert(1, Mark(x(today), "today"))
    return Chart(
        signed=points,
        area=f"{x(first)},{y(0)} {points} {x(today)},{y(0)}",
        needed=needed,
        deadline=x(deadline) if deadline and first <= deadline <= last else None,
        days=tuple(marks),
        today_x=x(today),
        today_y=y(signed[-1]),
        counts=tuple(Mark(y(count), str(count)) for count in sorted({0, round(total / 2), total})),
    )


def format_day(day: date) -> str:
    return f"{day.day} {day:%b}"
