"""The publisher's agreement text: one immutable file per version in `texts/`, parsed into a structure.

The PDF and the signing page both print what `load` returns, so they always show the same text. A version is never
edited: `texts/digests.json` holds its SHA-256, and `load` rejects a file that does not match. A changed text is a new
version: a new file and a new line in that register.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

from agreements.domain.facts import sha256

TEXTS = Path(__file__).parents[1] / "texts"

FOOTNOTE_MARK = "¹"
"""Where the publisher's text refers to the footnote. Pages may draw it as a link."""

_NUMBERED = re.compile(r"( *)(\d+)\. +(.*)")
_FOOTNOTE = re.compile(r"\[\^(\w+)\]: +(.*)", re.DOTALL)


class AgreementTextError(ValueError):
    """The version is not registered, its file was changed, or the file cannot be parsed."""


class Blank(Enum):
    """A line of the form that is filled in from the snapshot."""

    TITLE = "title"
    AUTHOR = "corresponding author"


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered clause and the clauses nested in it."""

    number: str
    text: str
    parts: tuple["Clause", ...] = ()


@dataclass(frozen=True, slots=True)
class AgreementWording:
    """One version of the agreement text, in reading order."""

    version: str
    digest: str
    """SHA-256 of the registered file."""
    source: str
    """The text of the registered file, unchanged."""
    title: str
    subtitle: str
    preamble: tuple[str | Blank, ...]
    """The paragraphs, with the two blanks between them."""
    clauses: tuple[Clause, ...]
    agreement: str
    """The line directly above the signature."""
    footnote: str
    author_label: str
    signed_label: str
    date_label: str

    def paragraphs(self) -> Iterator[str]:
        """Yield every text of the printed form in reading order, without numbers and without the filled-in blanks."""
        yield self.title
        yield self.subtitle
        yield from (part for part in self.preamble if isinstance(part, str))
        for clause in self.clauses:
            yield clause.text
            yield from (part.text for part in clause.parts)
        yield from (self.agreement, self.author_label, self.signed_label, self.date_label, self.footnote)


@lru_cache(maxsize=1)
def _register() -> dict[str, str]:
    digests: dict[str, str] = json.loads((TEXTS / "digests.json").read_text(encoding="utf-8"))
    return digests


def versions() -> list[str]:
    """All registered versions, oldest first."""
    return list(_register())


@lru_cache(maxsize=16)
def load(version: str) -> AgreementWording:
    """Return the text of `version`. Raises AgreementTextError if it is not registered or its file was changed."""
    expected = _register().get(version)
    if expected is None:
        raise AgreementTextError(f"There is no agreement text {version!r}; registered are {', '.join(versions())}.")
    path = TEXTS / f"{version}.md"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AgreementTextError(f"The agreement text {version} cannot be read: {error.strerror}.") from error
    digest = sha256(data)
    if digest != expected:
        raise AgreementTextError(
            f"The agreement text {version} was changed: its SHA-256 is {digest}, registered is {expected}. "
            "Restore the file; a changed text is a new version."
        )
    return parse(version, data.decode("utf-8"))


def check_all() -> list[str]:
    """List what is wrong with the registered texts and their files; empty if nothing is."""
    findings = []
    for version in versions():
        try:
            load.__wrapped__(version)
        except (AgreementTextError, UnicodeDecodeError) as error:
            findings.append(str(error))
    registered = {f"{version}.md" for version in versions()}
    strays = sorted(path.name for path in TEXTS.glob("*.md") if path.name not in registered)
    return findings + [f"The agreement text {name} has no digest in digests.json." for name in strays]


def parse(version: str, source: str) -> AgreementWording:
    """Parse the publisher's Markdown. Raises AgreementTextError if a part of the form is missing.

    Only what the publisher's form uses is supported: a YAML head, paragraphs, two rules as blanks, numbered clauses one
    level deep, one list of signature lines and one footnote. Anything else raises, because text that the parser dropped
    would be missing from what the author signs.
    """
    try:
        _, head, body = source.split("---\n", 2)
        fields = dict(line.split(": ", 1) for line in head.strip().splitlines())
        blocks = _Blocks.read(body)
        if blocks.blanks or not blocks.footnote:
            raise ValueError("a blank or the footnote is missing")
        author, signed, date = blocks.labels
        (agreement,) = blocks.closing
        return AgreementWording(
            version=version,
            digest=sha256(source.encode("utf-8")),
            source=source,
            title=_typeset(fields["title"]),
            subtitle=_typeset(fields["subtitle"]),
            preamble=tuple(blocks.preamble),
            clauses=tuple(blocks.clauses),
            agreement=agreement,
            footnote=blocks.footnote,
            author_label=author,
            signed_label=signed,
            date_label=date,
        )
    except (LookupError, ValueError) as error:
        raise AgreementTextError(f"The agreement text {version} is not a form that can be drawn: {error}.") from error


class _Blocks:
    """The blocks of the body (separated by blank lines), sorted by kind."""

    def __init__(self) -> None:
        self.preamble: list[str | Blank] = []
        self.clauses: list[Clause] = []
        self.closing: list[str] = []
        self.labels: list[str] = []
        self.footnote = ""
        self.blanks = list(Blank)

    @classmethod
    def read(cls, body: str) -> "_Blocks":
        blocks = cls()
        for block in re.split(r"\n[ \t]*\n", body.strip("\n")):
            if block.strip():
                blocks._take(block.strip("\n"))
        return blocks

    def _take(self, block: str) -> None:
        stripped = block.strip()
        if stripped == "---":
            self.preamble.append(self.blanks.pop(0))
        elif footnote := _FOOTNOTE.fullmatch(stripped):
            self.footnote = _typeset(footnote[2])
        elif _NUMBERED.match(block):
            self._number(block)
        elif stripped.startswith("* "):
            self.labels = [line.strip().removeprefix("* ") for line in stripped.splitlines()]
        elif self.clauses:
            self.closing.append(_typeset(stripped))
        else:
            self.preamble.append(_typeset(stripped))

    def _number(self, block: str) -> None:
        """Add the numbered items of one block. Each numbered line starts an item; other lines continue it."""
        items: list[tuple[bool, str, str]] = []
        for line in block.splitlines():
            if start := _NUMBERED.match(line):
                items.append((bool(start[1]), start[2], start[3]))
            else:
                nested, number, text = items[-1]
                items[-1] = (nested, number, f"{text} {line}")
        for nested, number, text in items:
            clause = Clause(number, _typeset(text))
            if nested:
                last = self.clauses[-1]
                self.clauses[-1] = Clause(last.number, last.text, (*last.parts, clause))
            else:
                self.clauses.append(clause)


def _typeset(text: str) -> str:
    """Normalize the text for print: single spaces, the footnote mark, and the publisher's curly apostrophe."""
    words = " ".join(text.split())
    return re.sub(r"\[\^\w+\]", FOOTNOTE_MARK, words).replace("'", "’")
