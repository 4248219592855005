"""Checks and fills a volume's own email templates. Pure."""

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
"""Names that may stand in braces, and what replaces each."""
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def template_errors(body: str, needed: tuple[str, ...]) -> Iterator[str]:
    """The errors in `body`: one text for each, which says what to do. `needed` are the required placeholders."""
    used = PLACEHOLDER.findall(body)
    for name in sorted(set(used) - set(PLACEHOLDERS)):
        allowed = ", ".join(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS)
        yield f"{{{name}}} is not a placeholder. Use only {allowed}."
    if re.search(r"[{}]", PLACEHOLDER.sub("", body)):
        yield "A brace has no partner. Write each placeholder with both braces, such as {deadline}."
    for name in needed:
        if used.count(name) != 1:
            yield f"{{{name}}} must occur exactly once. Write it where {PLACEHOLDERS[name]} should appear."
    yield from stray_links(body)


def stray_links(text: str) -> Iterator[str]:
    """An error if the text contains one person's signing link: every recipient would get it."""
    if re.search(r"https?://\S+/sign/", text):
        yield "The text contains one person’s signing link. Write {link} instead: each signer gets a personal link."


def fill(body: str, values: Mapping[str, str]) -> str:
    """`body` with a value for each placeholder. Raises KeyError for one that `template_errors` would have reported."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], body)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of `text`, which blank lines separate."""
    return [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part.strip()]


MARK = secrets.token_hex(16)
"""Occurs in no text; has no character that HTML escapes."""


def blank(name: str) -> str:
    """Stands in a template for a value that differs between emails."""
    return f"{MARK}-{name}-"


class BatchTemplate:
    """A rendered text with blanks."""

    def __init__(self, rendered: str) -> None:
        self.pieces = re.split(rf"{MARK}-(\w+)-", rendered)

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with each value in its blank. The caller escapes the values for HTML."""
        pieces = self.pieces.copy()
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        return "".join(pieces)
