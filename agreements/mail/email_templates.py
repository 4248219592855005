"""Check and fill a volume's own email texts. Pure."""

import re
import secrets
from collections.abc import Iterator, Mapping

PLACEHOLDERS = {
    "signer": "the name of the one who is to sign",
    "title": "the paper’s title",
    "deadline": "the last day to sign, with its zone",
    "link": "the link to sign",
    "volume": "the volume’s name",
}
"""Placeholders that are written in braces, with their meaning."""
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def template_errors(body: str, needed: tuple[str, ...]) -> Iterator[str]:
    """Yield what prevents a text from being sent, as sentences that say what to do."""
    used = PLACEHOLDER.findall(body)
    for name in sorted(set(used) - set(PLACEHOLDERS)):
        yield f"{{{name}}} means nothing here. Use {', '.join(f'{{{place}}}' for place in PLACEHOLDERS)}."
    if re.search(r"[{}]", PLACEHOLDER.sub("", body)):
        yield "A brace stands alone. Write each place with both, such as {deadline}."
    for name in needed:
        if used.count(name) != 1:
            yield f"Write {{{name}}} exactly once, where {PLACEHOLDERS[name]} shall stand: no author can do without."
    yield from stray_links(body)


def stray_links(text: str) -> Iterator[str]:
    """Yield an error if the text contains a personal signing link, because everybody would get it."""
    if re.search(r"https?://\S+/sign/", text):
        yield "There is somebody’s link to sign in it. Write {link} in the mail’s words: everybody gets their own."


def fill(body: str, values: Mapping[str, str]) -> str:
    """Fill in the placeholders. Raises KeyError for one that `template_errors` reports."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], body)


def paragraphs(text: str) -> list[str]:
    """Split the text into paragraphs at blank lines."""
    return [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part.strip()]


MARK = secrets.token_hex(16)
"""Random, so that it is in no text. Hexadecimal, so that HTML escaping does not change it."""


def blank(name: str) -> str:
    """Return the mark that a template renders in place of a value that differs between emails."""
    return f"{MARK}-{name}-"


class BatchTemplate:
    """A rendered text with marks, to be filled for each email."""

    def __init__(self, rendered: str) -> None:
        self.pieces = re.split(rf"{MARK}-(\w+)-", rendered)

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the text with the values in place of the marks. Values for HTML must be escaped."""
        pieces = self.pieces.copy()
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        return "".join(pieces)
