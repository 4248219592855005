"""A hand-drawn signature: strokes on a grid, and the text form in which the page sends them. Pure.

The text is stored and hashed as received, so it has exactly one form: points ``x,y`` separated by a space, strokes
separated by a semicolon, whole numbers without leading zeros. It is short enough to store in an event.
"""

import re

WIDTH, HEIGHT = 600, 200
"""Size of the grid; (0, 0) is its upper left corner."""

MAX_STROKES = 60
MAX_POINTS = 2000
"""Of all strokes together. A long name needs some hundred."""

Stroke = tuple[tuple[int, int], ...]

_NUMBER = r"(?:0|[1-9]\d{0,2})"
_POINT = rf"{_NUMBER},{_NUMBER}"
_STROKE = rf"{_POINT}(?: {_POINT})*"
_DRAWING = re.compile(rf"{_STROKE}(?:;{_STROKE})*", re.ASCII)
_LONGEST = MAX_POINTS * len("600,200 ")


class DrawingError(ValueError):
    """The text has the wrong form or exceeds a limit."""


def parse_drawing(text: str) -> tuple[Stroke, ...]:
    """Parse the text into strokes; an empty text has none. Raises DrawingError."""
    if not text:
        return ()
    if len(text) > _LONGEST or not _DRAWING.fullmatch(text):
        raise DrawingError
    strokes = tuple(tuple(_point(word) for word in stroke.split(" ")) for stroke in text.split(";"))
    if len(strokes) > MAX_STROKES or sum(map(len, strokes)) > MAX_POINTS:
        raise DrawingError
    if any(x > WIDTH or y > HEIGHT for stroke in strokes for x, y in stroke):
        raise DrawingError
    return strokes


def _point(word: str) -> tuple[int, int]:
    x, _, y = word.partition(",")
    return int(x), int(y)


def svg_path(strokes: tuple[Stroke, ...]) -> str:
    """Return the strokes as the ``d`` attribute of an SVG path (SVG 2, 9.3). A stroke of one point becomes a dot."""
    return "".join(f"M{'L'.join(f'{x} {y}' for x, y in (*stroke, stroke[-1]))}" for stroke in strokes)
