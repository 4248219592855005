r"""Mends what the publisher's check rejects and needs no decision, as the papers are exported. Pure.

Stored records stay as they are. The title for people stays the same, because only its LaTeX is mended. Every mend is a
note, so that an editor can see what differs from the record.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.forum_ids import read_forum_id
from proceedings.bibtex.latex import LatexError, UnmappedError, to_unicode, without_escapes
from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.bibtex.writer import title_in_latex
from proceedings.publisher.title_words import LISTED, protect, unprotected
from proceedings.publisher.wrap_hyphens import Vocabulary, find_wraps, has_wraps, mend_wraps, vocabulary

_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
LIGATURES = dict(zip(map(chr, range(0xFB00, 0xFB07)), ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True))
_MATHEMATICS = re.compile(r"\$\$(?:[^$\\]|\\.)+\$\$|\$(?:[^$\\]|\\.)+\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL)
_TABLE = re.compile(r"\\begin\s*\{[a-z]*(?:array|matrix|cases|align|tabular|split)\*?\}")
_MONEY = re.compile(r"\\\$(?=\d)")
_WORDS = re.compile(r"\\text(?:rm|tt|sf|bf|it)?\s*\{[^{}]*\}")
# Wrap hyphens are not mended here: the author agreed to title and names, and a section must equal its list.
_NOT_REFLOWED = frozenset({"title", "author", "section", "pages", "openreview", "software", "video"})


@dataclass(frozen=True, slots=True)
class Mended:
    """A volume and papers as they are exported, and a note for each mend."""

    volume: VolumeRecord
    papers: list[PaperRecord]
    notes: list[Finding]


class Mender:
    """Mends the papers of one volume. Its words decide how wrap hyphens are joined."""

    def __init__(self, papers: Sequence[PaperRecord], words: Iterable[str] = LISTED) -> None:
        self._papers = papers
        self.words = frozenset(words)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Read only when a wrap hyphen is found: most volumes have none."""
        return vocabulary(text for paper in self._papers for text in (paper.title, paper.abstract))

    def title(self, latex: str) -> str:
        """Returns the LaTeX of a title with the listed words in braces."""
        return protect(latex, self.words)

    def all(self, volume: VolumeRecord) -> Mended:
        """Returns `volume` and all papers as they are exported."""
        owner = self.volume(volume)
        done = [self.paper(paper) for paper in self._papers]
        return Mended(
            owner[0], [paper for paper, _ in done], [*owner[1], *(note for _, notes in done for note in notes)]
        )

    def paper(self, paper: PaperRecord) -> tuple[PaperRecord, list[Finding]]:
        """Returns `paper` as it is exported, and the notes."""
        notes: list[Finding] = []
        values = {
            "title": self._title(paper),
            "abstract": paper.abstract,
            "pages": paper.pages,
            "section": paper.section,
            **paper.extra,
        }
        changed = {}
        for name, value in values.items():
            text, said = self._field(name, value)
            if text != (paper.title_latex if name == "title" else value):
                changed[name] = text
            notes += [_note(rule, paper.key, name, message) for rule, message in said]
        if any(_CONTROL.search(str(name)) for name in paper.authors):
            paper = replace(paper, authors=tuple(name.map(_without_control) for name in paper.authors))
            notes.append(_note("control", paper.key, "author", "control characters were removed"))
        if not changed:
            return paper, notes
        title_latex = changed.pop("title", paper.title_latex)
        columns: dict[str, Any] = {
            name: changed.pop(name) for name in ("abstract", "pages", "section") if name in changed
        }
        title = _title_of(title_latex, paper.title)
        mended = replace(paper, title=title, title_latex=title_latex, **columns, extra={**paper.extra, **changed})
        return mended, notes

    def volume(self, volume: VolumeRecord) -> tuple[VolumeRecord, list[Finding]]:
        """Returns the volume's entry as it is exported, and the notes. Its writer adds the braces of `booktitle`."""
        notes: list[Finding] = []
        texts = {name: getattr(volume, name) for name in ("booktitle", "name", "shortname", "address")}
        clean: dict[str, Any] = {name: _without_control(value) for name, value in texts.items()}
        for name, value in texts.items():
            if clean[name] != value:
                notes.append(_note("control", volume.bib_key, name, "control characters were removed"))
        if listed := unprotected(volume.booktitle, self.words):
            notes.append(_note("title-words", volume.bib_key, "booktitle", _braced(listed)))
        extra = {}
        for name, value in volume.extra.items():
            extra[name], said = self._field(name, value)
            notes += [_note(rule, volume.bib_key, name, message) for rule, message in said]
        return replace(volume, **clean, extra=extra), notes

    def _title(self, paper: PaperRecord) -> str:
        """Returns the LaTeX that is exported; the stored one if the title has no form, which the rules report."""
        try:
            return title_in_latex(paper)
        except UnmappedError:
            return paper.title_latex

    def _field(self, name: str, value: str) -> tuple[str, list[tuple[str, str]]]:
        """Returns a field's text as it is exported, and rule and message of each mend."""
        said: list[tuple[str, str]] = []
        for rule, mend, message in _MENDS:
            if (text := mend(name, value)) != value:
                said.append((rule, message))
                value = text
        if name not in _NOT_REFLOWED and has_wraps(value):
            joined = [one for one in find_wraps(value, self.vocabulary) if one.sure]
            value = mend_wraps(value, self.vocabulary)
            said += [("wrap-hyphen", f"'{one.found}' -> '{one.proposal}'") for one in joined]
        if name.endswith("title") and (listed := unprotected(value, self.words)):
            said.append(("title-words", _braced(listed)))
            value = protect(value, self.words)
        return value, said


def plain_pages(pages: str) -> str:
    """Returns page numbers without braces around them and without blanks: ``{1 - 13}`` -> ``1-13``."""
    text = pages.strip()
    while text.startswith("{") and text.endswith("}"):
        text = text[1:-1].strip()
    return re.sub(r"\s*(-+)\s*", r"\1", text)


def _title_of(latex: str, title: str) -> str:
    """Returns the title that `latex` prints, so that the writer takes this LaTeX; `title` if it cannot be read."""
    try:
        return to_unicode(latex)
    except LatexError:
        return title


def _braced(words: Sequence[str]) -> str:
    return f"{', '.join(words)}: braces keep the capitals"


def _note(rule: str, paper: str, field: str, message: str) -> Finding:
    message = f"{message} (mended on export)"
    return Finding(rule=rule, message=message, severity=Severity.NOTE, paper=paper, field=field)


def _pages(name: str, value: str) -> str:
    return plain_pages(value) if name == "pages" else value


def _openreview(name: str, value: str) -> str:
    return (read_forum_id(value) or value) if name == "openreview" else value


def _control(_name: str, value: str) -> str:
    return _without_control(value)


def _without_control(text: str) -> str:
    return _CONTROL.sub("", text)


def _ligatures(_name: str, value: str) -> str:
    return _LIGATURE.sub(lambda sign: LIGATURES[sign[0]], value)


def _percent(name: str, value: str) -> str:
    return re.sub(r"(?<!\\)%", r"\\%", value) if _is_prose(name) else value


def _ampersand(name: str, value: str) -> str:
    r"""Escapes ``&``, but not between the columns of a table or matrix."""
    if not _is_prose(name) or "&" not in value or _TABLE.search(value):
        return value
    return _outside_mathematics(value, lambda text: re.sub(r"(?<!\\)&", r"\\&", text))


def _money(name: str, value: str) -> str:
    r"""Writes ``\$5`` as ``\textdollar 5``, if every ``\$`` stands before a figure. Others may be mathematics."""
    if not _is_prose(name) or value.count(r"\$") != len(_MONEY.findall(value)) or re.search(r"\S\\\$(?=\d+\\)", value):
        return value
    return _MONEY.sub(r"\\textdollar ", value)


def _underscore(name: str, value: str) -> str:
    r"""Writes ``\_`` in mathematics as text: ``$x_{a\_b}$`` -> ``$x_{a\text{_}b}$``. Outside, the writer does."""
    if not _is_prose(name) or r"\_" not in value:
        return value
    return _MATHEMATICS.sub(
        lambda formula: _WORDS.sub(lambda text: text[0].replace(r"\_", "_"), formula[0]).replace(r"\_", r"\text{_}"),
        value,
    )


def _is_prose(name: str) -> bool:
    return name in ("title", "abstract")


def _escapes(name: str, value: str) -> str:
    return without_escapes(value) if _is_prose(name) else value


def _outside_mathematics(text: str, change: Callable[[str], str]) -> str:
    pieces: list[str] = []
    at = 0
    for formula in _MATHEMATICS.finditer(text):
        pieces += [change(text[at : formula.start()]), formula[0]]
        at = formula.end()
    return "".join([*pieces, change(text[at:])])


_MENDS: tuple[tuple[str, Callable[[str, str], str], str], ...] = (
    ("control", _control, "control characters were removed"),
    ("ligature", _ligatures, "ligature characters were written as letters"),
    ("page-braces", _pages, "braces and blanks were removed"),
    ("links", _openreview, "the address was reduced to the forum id"),
    ("percent", _percent, r"% was written as \%"),
    ("ampersand", _ampersand, r"& was written as \&"),
    ("escapes", _money, r"\$ before a price was written as \textdollar"),
    ("escapes", _underscore, r"\_ in mathematics was written as \text{_}"),
    ("escapes", _escapes, r"\{ and \} were written as \lbrace and \rbrace, \_ as _"),
)
"""Rule, function of a field's name and text, and what the note says; in this order."""
