"""English text that keeps its pattern and values, so that a page can translate it. Pure.

The English itself is what is agreed to, stored, sealed and sent to machines. Only a page that shows it translates it
(the template filter `translated`); the stored text does not change.
"""

from typing import Any, Self


class Sentence(str):
    """A text made from `pattern` and its values, such as ``Sentence("%(count)s bytes are missing.", count=3)``.

    `make languages` collects the patterns by the name of this class. A value may be a Sentence too.
    """

    __slots__ = ("pattern", "values")

    pattern: str
    values: dict[str, Any]

    def __new__(cls, pattern: str, **values: Any) -> Self:
        made = super().__new__(cls, pattern % values if values else pattern)
        made.pattern, made.values = pattern, values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.pattern,), self.values
