"""An accepted paper as a submission system exports it, before it is a record of the volume. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from proceedings.bibtex.findings import Finding
from proceedings.bibtex.latex import LatexError, fold, to_unicode
from proceedings.bibtex.names import Doubt, Name, Reading, read_name

# Control characters and lone surrogates: some databases reject them, and nobody types them on purpose.
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\u200b\u2060\ufeff]")


class UnreadableFileError(ValueError):
    """A file of an import cannot be read at all. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Person:
    """An author as the system exports them, in Unicode."""

    name: Name
    email: str = ""
    affiliation: str = ""
    is_corresponding: bool = False
    doubts: tuple[Doubt, ...] = ()
    orcid: str = ""
    """As exported: an address or a number, not checked."""
    profile: str = ""
    """ID of the profile at OpenReview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One accepted paper. `title` and `abstract` are as typed: Unicode with some LaTeX."""

    line: int
    number: str
    title: str
    abstract: str = ""
    people: tuple[Person, ...] = ()
    section: str = ""
    pages: str = ""
    key: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    """As the system states it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A decision that does not say clearly whether its `count` papers are accepted."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Submissions:
    """The content of a file: `rows` = the submissions + those skipped + those rejected. Each of the latter two is a
    finding. An import needs an answer to each of the `questions` first.
    """

    submissions: tuple[Submission, ...] = ()
    rows: int = 0
    findings: tuple[Finding, ...] = ()
    questions: tuple[Question, ...] = ()


def strip_invisible(text: str) -> str:
    """Returns `text` without invisible characters."""
    return _UNSEEN.sub("", text)


def read_person(text: str) -> Reading:
    """Reads a name typed into a form: Unicode, sometimes LaTeX, mostly without a comma. Raises NotANameError."""
    reading = read_name(fold(text))
    try:
        name = reading.name.map(lambda part: fold(to_unicode(part)))
    except LatexError:
        return reading
    return Reading(name, reading.doubts) if name.family else reading
