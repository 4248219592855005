"""A volume's own words for a mail -> the words that are sent. Pure: texts in, texts or complaints out."""

import re
import secrets
from collections.abc import Iterator, Mapping

PLACEHOLDERS = {
    "signer": "the name of the signer",
    "title": "the paper’s title",
    "deadline": "the last day to sign, with its time zone",
    "link": "the signing link",
    "volume": "the volume’s name",
}
"""What stands in braces, and what comes in its place."""
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def template_errors(body: str, needed: tuple[str, ...]) -> Iterator[str]:
    """What keeps own words from being sent: a sentence each, which says what to do."""
    used = PLACEHOLDER.findall(body)
    for name in sorted(set(used) - set(PLACEHOLDERS)):
        yield f"{{{name}}} is not a placeholder. Use {', '.join(f'{{{place}}}' for place in PLACEHOLDERS)}."
    if re.search(r"[{}]", PLACEHOLDER.sub("", body)):
        yield "A brace has no partner. Write placeholders with both braces, such as {deadline}."
    for name in needed:
        if used.count(name) != 1:
            yield f"Write {{{name}}} exactly once. It is {PLACEHOLDERS[name]}, which the author needs."
    yield from stray_links(body)


def stray_links(text: str) -> Iterator[str]:
    """Says so where the words hold somebody's own link: everybody would get it."""
    if re.search(r"https?://\S+/sign/", text):
        yield "The text contains a personal signing link. Write {link} instead, so that each author gets their own."


def fill(body: str, values: Mapping[str, str]) -> str:
    """The words with everything in its place. Raises KeyError for a place that `complaints` would have named."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], body)


def paragraphs(text: str) -> list[str]:
    """The text in paragraphs, which blank lines divide."""
    return [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part.strip()]


MARK = secrets.token_hex(16)
"""In nobody's words; without a letter that HTML escapes."""


def blank(name: str) -> str:
    """What a template is given in place of a value that each mail has of its own."""
    return f"{MARK}-{name}-"


class BatchTemplate:
    """A rendered text with blanks."""

    def __init__(self, rendered: str) -> None:
        self.pieces = re.split(rf"{MARK}-(\w+)-", rendered)

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with each value in its blank, as it is: for HTML the values are escaped before."""
        pieces = self.pieces.copy()
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        return "".join(pieces)
