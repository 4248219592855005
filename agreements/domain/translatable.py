"""English that knows how it was made, so that a page can show it in another language. Pure.

What is agreed to, stored, sealed or told to machines is the English itself. Only whoever shows it to a person
translates it (`translated`), and the English stays where it was.
"""

from typing import Any, Self


class Sentence(str):
    """`pattern` with its values, such as ``Sentence("%(count)s bytes are missing.", count=3)``.

    Catalogues collect the patterns by the name of this class. A value may be a sentence too.
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
