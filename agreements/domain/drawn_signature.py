"""A signature drawn by hand: strokes on a grid, and the text in which a page sends them. Pure.

The text is kept and digested as it came, so it has one form only: points ``x,y`` with a space between them, strokes
with a semicolon, whole numbers without leading zeros. It is short enough to lie in an event of the history.
"""

import re

WIDTH, HEIGHT = 600, 200
"""The grid; (0, 0) is its upper left corner."""

MAX_STROKES = 60
MAX_POINTS = 2000
"""Of all strokes together. A long name takes some hundred."""

Stroke = tuple[tuple[int, int], ...]

_NUMBER = r"(?:0|[1-9]\d{0,2})"
_POINT = rf"{_NUMBER},{_NUMBER}"
_STROKE = rf"{_POINT}(?: {_POINT})*"
_DRAWING = re.compile(rf"{_STROKE}(?:;{_STROKE})*", re.ASCII)
_LONGEST = MAX_POINTS * len("600,200 ")


class DrawingError(ValueError):
    """The text is none that the page writes, or more than it lets anybody draw."""


def parse_drawing(text: str) -> tuple[Stroke, ...]:
    """The strokes of a drawing; none of an empty text. Raises NotADrawing."""
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
    """The strokes as the ``d`` of an SVG path (SVG 2, 9.3). A stroke of one point is a dot, drawn by its round ends."""
    return "".join(f"M{'L'.join(f'{x} {y}' for x, y in (*stroke, stroke[-1]))}" for stroke in strokes)
