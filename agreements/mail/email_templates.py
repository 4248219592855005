"""Check and fill a volume's own email texts. Pure."""

import re
import secrets
from collections.abc import Iterator, Mapping

PLACEHOLDERS = {
    "signer": "the signer’s name",
    "title": "the paper’s title",
    "deadline": "the last day to sign, with its time zone",
    "link": "the signing link",
    "volume": "the volume’s name",
}
"""Placeholders that are written in braces, with their meaning."""
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def template_errors(body: str, required: tuple[str, ...]) -> Iterator[str]:
    """Yield what prevents a text from being sent, as sentences that say what to do."""
    used = PLACEHOLDER.findall(body)
    for name in sorted(set(used) - set(PLACEHOLDERS)):
        allowed = ", ".join(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS)
        yield f"{{{name}}} is not a placeholder. Use only {allowed}."
    if re.search(r"[{}]", PLACEHOLDER.sub("", body)):
        yield "A brace has no partner. Write each placeholder with both braces, such as {deadline}."
    for name in required:
        if used.count(name) != 1:
            yield f"{{{name}}} must occur exactly once. Write it where {PLACEHOLDERS[name]} should appear."
    yield from signing_link_errors(body)


def signing_link_errors(text: str) -> Iterator[str]:
    """Yield an error if the text contains a personal signing link, because everybody would get it."""
    if re.search(r"https?://\S+/sign/", text):
        yield "The text contains one person’s signing link. Write {link} instead: each signer gets a personal link."


def fill(body: str, values: Mapping[str, str]) -> str:
    """Fill in the placeholders. Raises KeyError for one that `template_errors` reports."""
    return PLACEHOLDER.sub(lambda match: values[match[1]], body)


def paragraphs(text: str) -> list[str]:
    """Split the text into paragraphs at blank lines."""
    return [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part.strip()]


MARK = secrets.token_hex(16)
"""Random, so that it is in no text. Hexadecimal, so that HTML escaping does not change it."""


def mark_for(name: str) -> str:
    """Return the mark that a template renders in place of a value that differs between emails."""
    return f"{MARK}-{name}-"


class BatchTemplate:
    """A rendered text with marks, to be filled for each email."""

    def __init__(self, rendered: str) -> None:
        self.pieces = re.split(rf"{MARK}-(\w+)-", rendered)

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with the values in place of the marks. Values for HTML must be escaped."""
        pieces = self.pieces.copy()
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        return "".join(pieces)
