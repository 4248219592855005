"""The publisher's words: one immutable file per version in `texts/`, parsed once to a structure.

The PDF and the signing page both draw what `load` returns, so neither can say anything else. A version is never
edited: its SHA-256 stands in `texts/digests.json`, and a file that no longer matches is refused. A changed letter
is a new version with a new file and a new line in that register.
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
"""Stands in a paragraph where the publisher calls the footnote; pages may draw it as a link."""

_NUMBERED = re.compile(r"( *)(\d+)\. +(.*)")
_FOOTNOTE = re.compile(r"\[\^(\w+)\]: +(.*)", re.DOTALL)


class AgreementTextError(ValueError):
    """The text asked for is unknown, was changed after it was registered, or cannot be read as an agreement."""


class Blank(Enum):
    """A line of the form that is filled in by the facts."""

    TITLE = "title"
    AUTHOR = "corresponding author"


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered term, with the numbered terms nested in it."""

    number: str
    text: str
    parts: tuple["Clause", ...] = ()


@dataclass(frozen=True, slots=True)
class AgreementWording:
    """One version of the agreement's text, word for word, in the order in which it is read."""

    version: str
    digest: str
    """SHA-256 of the registered file."""
    source: str
    """The registered file's text, untouched."""
    title: str
    subtitle: str
    preamble: tuple[str | Blank, ...]
    """Paragraphs and the two blanks between them."""
    clauses: tuple[Clause, ...]
    agreement: str
    """The line directly above the signature."""
    footnote: str
    author_label: str
    signed_label: str
    date_label: str

    def paragraphs(self) -> Iterator[str]:
        """Every sentence of the printed form in reading order, without numbers and without what is filled in."""
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
    """The text `version`; raises WordingError if it is not registered or its file is not the registered one."""
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
    """What is wrong with the registered texts and the files beside them; an empty list means nothing."""
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
    """Read the publisher's Markdown as a Wording; raises WordingError when a part of the form is missing.

    Only what the publisher's form uses is understood: a YAML head, paragraphs, two rules as blanks, numbered
    clauses one level deep, one list of signature lines and one footnote. Anything else is an error, because text
    that is silently dropped would be text that nobody signed.
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
    """The body's blank-line-separated blocks, sorted by what they are."""

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
        """One block may hold several items: a new one starts on each numbered line, others continue it."""
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
    """The words as they are printed: single spaces, the footnote's mark, and the publisher's curly apostrophe."""
    words = " ".join(text.split())
    return re.sub(r"\[\^\w+\]", FOOTNOTE_MARK, words).replace("'", "’")
