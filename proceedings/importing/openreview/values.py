"""Values of notes and profiles: API version 2 wraps each in an object, version 1 does not. Pure."""

from collections.abc import Mapping
from typing import Any

from proceedings.bibtex.latex import fold
from proceedings.importing.submissions import strip_invisible


def value_of(content: Mapping[str, Any], name: str) -> Any:
    """Returns the value of a field in either version; None if it is missing."""
    held = content.get(name)
    return held.get("value") if isinstance(held, dict) and "value" in held else held


def text_of(content: Mapping[str, Any], *names: str) -> str:
    """Returns the first of these fields that is a text, without invisible characters; else an empty text."""
    for name in names:
        held = value_of(content, name)
        if isinstance(held, str) and (text := fold(strip_invisible(held))):
            return text
    return ""


def strings(value: Any) -> list[str]:
    """Returns a text, or the texts of a list, without invisible characters."""
    held = value if isinstance(value, list) else [value]
    return [fold(strip_invisible(one)) for one in held if isinstance(one, str)]


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Returns the objects of a list; of a single object, a list of it."""
    held = value if isinstance(value, list) else [value]
    return [one for one in held if isinstance(one, dict)]
