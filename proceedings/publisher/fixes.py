r"""Applies the proposed fixes of findings that need a decision to the stored records. Pure.

What needs no decision is in `mending`. A fix changes only the fields of its rule. A record without a fix is returned as
it is.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from proceedings.bibtex.forum_ids import read_forum_id
from proceedings.bibtex.latex import LatexError, UnmappedError, fold, read_latex, to_latex, to_unicode
from proceedings.bibtex.latex_tables import LOOK_OF_ARGUMENT, LOOK_OF_REST, MACROS, MATHEMATICS
from proceedings.bibtex.parser import unbalanced
from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.bibtex.writer import title_in_latex, unread_title
from proceedings.publisher.rules import family_in_capitals, proposed_pages
from proceedings.publisher.section_rules import declared_sections, proposed_sections
from proceedings.publisher.title_words import LISTED, brace, unlisted_capitals
from proceedings.publisher.wrap_hyphens import Vocabulary, keep_hyphens, mend_wraps, vocabulary

_FORMULA = re.compile(r"\$(?:[^$\\]|\\.)+\$")
_TABLE = re.compile(r"\\begin\s*\{[a-z]*(?:array|matrix|cases|align|tabular|split)\*?\}|\\cr\b")
_FORMULA_MACROS = {latex[1:] for latex in MATHEMATICS.values() if latex[1:].isalpha()} | {
    "frac",
    "sqrt",
    "log",
    "mathrm",
}
_TEXT_MACROS = {word for word in MACROS if word.isalpha()} | LOOK_OF_ARGUMENT | LOOK_OF_REST
_OTHER_MACROS = frozenset(
    {"textcolor", "color", "mathcal", "mathbb", "mathbf", "mathsf", "operatorname", "bot", "top", "cdots", "dots", "in"}
    | {"hat", "tilde", "bar", "left", "right", "log", "exp", "min", "max", "sup", "inf", "le", "ge", "tfrac", "dfrac"}
)
_PRINTED_BACKSLASH = re.compile(r"\\textbackslash(?:\{\}|[ ]+(?=[A-Za-z])|[ ]*)(?P<word>[A-Za-z]*)")
_BREAK = re.compile(r"\\{2,}(?:\[[^\]]*\])?(?P<word>[A-Za-z]*)")
_IN_DOLLARS = re.compile(r"\\\$(?P<inside>[^$\\]*(?:\\(?!\$)[^$\\]*)*)\\\$")
_COLOUR = re.compile(r"\\color\s*\{[^{}]*\}\s*|\\textcolor\s*\{[^{}]*\}\s*(?=\{)")
_URL = re.compile(r"https?://[^\s,;|{}]+")


class Fixer:
    """The proposed fixes for one volume with all its papers, whose words decide how wrap hyphens are joined."""

    def __init__(self, volume: VolumeRecord, papers: Sequence[PaperRecord], words: Iterable[str] = LISTED) -> None:
        self._volume = volume
        self._papers = papers
        self._words = frozenset(words)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return vocabulary(text for paper in self._papers for text in (paper.title, paper.abstract))

    @cached_property
    def _sections(self) -> dict[str, str]:
        return dict(proposed_sections(self._volume, self._papers))

    def paper(self, paper: PaperRecord, rule: str) -> PaperRecord:
        """Returns `paper` with the proposed fix for `rule`."""
        match rule:
            case "sections":
                return replace(paper, section=self._sections.get(paper.key, paper.section))
            case "pages":
                return replace(paper, pages=proposed_pages(paper.pages) or paper.pages)
            case "names":
                return replace(paper, authors=tuple(map(family_in_capitals, paper.authors)))
            case "links":
                return replace(paper, extra={name: _link(name, value) for name, value in paper.extra.items()})
            case "wrap-hyphen":
                return self._joined(paper)
            case "capitals":
                return _with_texts(paper, lambda text: brace(text, unlisted_capitals(text, self._words)), ("title",))
            case "latex":
                return _with_texts(paper, _known_macros, ("title",))
            case _:
                change = _TEXT_FIXES.get(rule)
                return _with_texts(paper, change) if change else paper

    def volume(self, rule: str) -> VolumeRecord:
        """Returns the volume's own record with the proposed fix for `rule`."""
        volume = self._volume
        match rule:
            case "sections":
                papers = [self.paper(paper, rule) for paper in self._papers]
                return replace(volume, sections=declared_sections(volume, papers))
            case "wrap-hyphen":
                names = ("booktitle", "name", "address")
                texts: dict[str, Any] = {name: self._join(getattr(volume, name)) for name in names}
                extra = {name: self._join(value) for name, value in volume.extra.items()}
                editors = tuple(re.sub("-+(?=,)", "", keep_hyphens(name)) for name in volume.editor_names)
                sections = tuple(map(self._join, volume.sections))
                return replace(volume, **texts, extra=extra, editor_names=editors, sections=sections)
            case "shortname":
                return replace(volume, shortname=re.sub(r"\b(?:19|20)\d{2}\b", "", volume.shortname).strip(" '’-"))
            case _:
                return volume

    def _join(self, text: str) -> str:
        return mend_wraps(text, self._vocabulary, unsure=True)

    def _joined(self, paper: PaperRecord) -> PaperRecord:
        authors = tuple(name.map(keep_hyphens) for name in paper.authors)
        extra = {name: self._join(value) for name, value in paper.extra.items()}
        fixed = replace(paper, authors=authors, extra=extra, section=self._join(paper.section))
        return _with_texts(fixed, self._join)


def _with_texts(
    paper: PaperRecord, change: Callable[[str], str], fields: Iterable[str] = ("title", "abstract")
) -> PaperRecord:
    """Returns `paper` with title and abstract changed; without a change of the title if it could not be read then."""
    if "abstract" in fields and (abstract := fold(change(paper.abstract))) != fold(paper.abstract):
        paper = replace(paper, abstract=abstract)
    try:
        before = unread_title(paper) or title_in_latex(paper)
        latex = fold(change(before))
        return paper if latex == before else replace(paper, title_latex=latex, title=to_unicode(latex))
    except (LatexError, UnmappedError):
        return paper


def _link(name: str, value: str) -> str:
    if name == "openreview":
        return read_forum_id(value) or value
    if name in ("software", "video") and (found := _URL.search(value)):
        return found[0]
    return value


def _by_formula(text: str, change: Callable[[str, bool], str]) -> str:
    """Applies `change` to formulas (True) and to the text between them (False)."""
    pieces: list[str] = []
    at = 0
    for formula in _FORMULA.finditer(text):
        pieces += [change(text[at : formula.start()], False), change(formula[0], True)]
        at = formula.end()
    return "".join([*pieces, change(text[at:], False)])


def _known_macros(text: str) -> str:
    """Returns LaTeX without macros that nobody knows. Raises UnmappedError."""
    reading = read_latex(text)
    return to_latex(reading.proposal) if reading.unknown else text


def _backslashes(text: str) -> str:
    r"""``\textbackslash alpha`` -> ``\alpha``: another program has escaped a macro. Others print ``$\backslash$``."""
    return _by_formula(
        text, lambda part, formula: _PRINTED_BACKSLASH.sub(lambda one: _macro(one["word"], formula), part)
    )


def _macro(word: str, formula: bool) -> str:
    if formula:
        return f"\\{word}" if word in _FORMULA_MACROS else rf"\backslash {word}"
    if word in _FORMULA_MACROS and word not in _TEXT_MACROS:
        return f"$\\{word}$"
    return f"\\{word}" if word in _TEXT_MACROS else rf"$\backslash${word}"


def _line_breaks(text: str) -> str:
    r"""``\\textbf`` -> ``\textbf``; ``\cr`` between the rows of a matrix; a blank for any other line break."""

    def change(part: str, formula: bool) -> str:
        table = formula and bool(_TABLE.search(part))
        known = _FORMULA_MACROS | _TEXT_MACROS if formula else _TEXT_MACROS
        return _BREAK.sub(lambda one: _row_end(one["word"], known, table), part)

    return re.sub(r" {2,}", " ", _by_formula(_unescaped(text), change)).strip()


def _unescaped(text: str) -> str:
    r"""Returns a text that a program has escaped, such as ``\\textit\{so\}`` or ``\$x\$``, as it was before.

    Returns it as it is if most words after two backslashes are no macros, or if the result would not balance.
    """
    words = re.findall(r"\\\\([A-Za-z]{2,})", text)
    known = [word for word in words if word in _FORMULA_MACROS | _TEXT_MACROS | _OTHER_MACROS]
    if not words or _TABLE.search(text) or 2 * len(known) < len(words):
        return text
    plain = re.sub(r"\\\\(?=[A-Za-z]{2})", r"\\", text)
    plain = re.sub(r"\\lbrace\b(?:\{\}| ?)|\\\{", "{", plain)
    plain = re.sub(r"\\rbrace\b(?:\{\}| ?)|\\\}", "}", plain).replace(r"\$", "$")
    return text if unbalanced(plain) or plain.count("$") % 2 else plain


def _row_end(word: str, known: set[str], table: bool) -> str:
    if table:
        return rf"\cr {word}"
    return f"\\{word}" if word in known else f" {word}"


def _dollars(text: str) -> str:
    r"""``\$x^2\$`` -> ``$x^2$`` where it looks like mathematics; any other ``\$`` prints a dollar sign."""
    text = _unescaped(text)
    at = 0
    while found := _IN_DOLLARS.search(text, at):
        if _is_formula(found["inside"]):
            text = f"{text[: found.start()]}${found['inside']}${text[found.end() :]}"
        at = found.start() + 1
    return re.sub(r"\\\$(?= )", r"\\textdollar{}", text).replace(r"\$", r"\textdollar ").rstrip()


def _is_formula(text: str) -> bool:
    return bool(re.search(r"[\\^_=<>]|\A[A-Za-z]\Z", text)) and text.strip() == text and not unbalanced(text)


def _balanced(text: str) -> str:
    """Returns `text` without the braces that have no partner."""
    braces = list(re.finditer(r"(?<!\\)[{}]", text))
    opened: list[int] = []
    lone: set[int] = set()
    for brace_ in braces:
        if brace_[0] == "{":
            opened.append(brace_.start())
        elif opened:
            opened.pop()
        else:
            lone.add(brace_.start())
    lone.update(opened)
    return "".join(sign for at, sign in enumerate(text) if at not in lone)


def _without_colour(text: str) -> str:
    return _COLOUR.sub("", text)


_TEXT_FIXES: dict[str, Callable[[str], str]] = {
    "textbackslash": _backslashes,
    "double-backslash": _line_breaks,
    "escapes": _dollars,
    "braces": _balanced,
    "color": _without_colour,
}
"""By rule: how title and abstract are changed."""
