"""Form letters: what a mail to many says is rendered once, with blanks, and filled in for each. Pure.

To render a translated template takes longer than all the rest of sending a mail.
"""

import re
import secrets
from collections.abc import Mapping

MARK = secrets.token_hex(16)
"""In nobody's words; without a letter that HTML escapes."""


def blank(name: str) -> str:
    """What a template is given in place of a value that each mail has of its own."""
    return f"{MARK}-{name}-"


class FormLetter:
    """A rendered text with blanks."""

    def __init__(self, rendered: str) -> None:
        self.pieces = re.split(rf"{MARK}-(\w+)-", rendered)

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with each value in its blank, as it is: for HTML the values are escaped before."""
        pieces = self.pieces.copy()
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        return "".join(pieces)
