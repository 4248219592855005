"""Splits a cell of authors into people, and each into name, affiliation, address and mark. Pure.

Forms and systems write the cell in many ways: ``Ann Lee (MIT), Bo Kim (ETH)``, ``Lee, Ann*; Kim, Bo``,
``A. Lee, B. Kim and C. Wu``, one person per line. Brackets are read first, because an affiliation may hold every
separator.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from proceedings.bibtex.latex import fold

_FULL_WIDTH = str.maketrans("；，、（）［］＊＆：　﹐﹔", ";,;()[]*&: ,;")
_CLOSING = {")": "(", "]": "[", "}": "{", ">": "<"}
_CLOSING_SIGN = re.compile(r"[)\]}>]")
_AND = re.compile(r"(?:(?<=[\s,;)\]}*>\d])|^)(?:and|AND|\\?&)(?=\s)")
_SUFFIX = re.compile(r"(?:jr|sr|junior|senior|i{1,3}|iv|vi{0,3}|2nd|3rd)\.?\Z", re.IGNORECASE)
_DEGREE = re.compile(r"(?:ph\.?\s?d|m\.?d|d\.?phil|m\.?sc|b\.?sc|dvm|dds|ing|esq)\.?\Z", re.IGNORECASE)
_INSTITUTION = re.compile(
    r"\b(?:univ\w*|institut\w*|college|school|lab|labs|laborator\w*|academy|department|dept|faculty|hospital|centre|center"
    r"|research|ministry|inc|ltd|llc|gmbh|corp\w*|company|polytechni\w*|politecnico|école|ecole|hochschule)\b",
    re.IGNORECASE,
)
_ACRONYM = re.compile(r"[A-Z]{3,}(?:\s[A-Z]\w+)*\Z")
_RAISED = re.compile(r"\$\s*\^\s*(?:\{[^{}$]*\}|[^{}$]*)\s*\$|\\textsuperscript\s*\{[^{}]*\}|\^\{[^{}]*\}")
_SIGNS = "*†‡§¶∗⋆✱✉📧🖂#^"
_RAISED_LETTERS = "¹²³⁰-⁹ᵃ-ᶻ"
_MARK_AT_END = re.compile(
    rf"(?:[\s,]*(?:[{re.escape(_SIGNS)}{_RAISED_LETTERS}]|(?<=[^\W\d_]|[.)\]])\d{{1,2}}(?:\s*,\s*\d{{1,2}}\b)*(?!\w)))+\Z"
)
_ONLY_MARKS = re.compile(rf"[\s\d.,;{re.escape(_SIGNS)}{_RAISED_LETTERS}]*\Z")
_NUMBERING = re.compile(rf"\s*(?:\(?\d{{1,3}}[.):]\s+|[{re.escape(_SIGNS)}¹²³⁰-⁹]+\s*)(?=\S)")
_CONTACT_SIGNS = frozenset("*∗⋆✱✉📧🖂")
_CONTACT_WORDS = re.compile(r"(?:corresponding|contact)(?:\s+author)?\Z", re.IGNORECASE)


# Names in these letters have no blank between their parts.
_CJK_NAME = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff々·]{2,}\Z")


class Style(StrEnum):
    """How a column of authors sets people apart, where one of its cells alone does not show it."""

    SEMICOLONS = "semicolons"
    COMMAS = "commas"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AuthorText:
    """One person of a cell. `name` is as written, ``First Last`` or ``Last, First``."""

    name: str
    affiliation: str = ""
    email: str = ""
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """The texts of a cell's people. `doubt` says what may be wrong with the split; empty if nothing."""

    texts: tuple[str, ...]
    doubt: str = ""


def column_style(cells: Iterable[str]) -> Style:
    """Returns how a column sets people apart: by semicolons if any cell has them, by commas if a list of three or more
    full names has them.
    """
    style = Style.UNKNOWN
    for cell in cells:
        text = _plain(cell)
        if len(_split(text, ";")) > 1:
            return Style.SEMICOLONS
        fields = _fields(text)
        if len(fields) > 2 and all(field.is_full for field in fields):
            style = Style.COMMAS
    return style


def split_people(cell: str, *, style: Style = Style.UNKNOWN, emails: int = 0) -> People:
    """Splits a cell at semicolons, line breaks, ``and`` and commas outside brackets.

    `style` is that of the column, and `emails` the number of the paper's addresses. They decide where the cell alone
    allows two answers, such as ``Ann Lee, Bo Kim``.
    """
    text = _plain(cell)
    parts = _split(text, ";")
    if len(parts) == 1:
        parts = _split_lines(text)
    if len(parts) > 1:
        style = Style.SEMICOLONS
    doubts: list[str] = []
    texts: list[str] = []
    for part in parts:
        pieces = [_fields(piece) for piece in _split_and(part)]
        if _are_inverted(pieces):
            texts += [_joined(fields) for fields in pieces]
            continue
        for fields in pieces:
            texts += _split_fields(fields, Style.COMMAS if len(pieces) > 1 else style, emails, doubts)
    people = tuple(fold(text) for one in texts if (text := one.strip(" ,;\n")) and not _ONLY_MARKS.match(text))
    return People(people, doubts[0] if doubts and len(people) != emails else "")


def read_author(text: str) -> AuthorText:
    """Reads one person's text: numbering, marks, brackets with an affiliation or an address, and the name."""
    rest, signs = _without_raised(_plain(text))
    if start := _NUMBERING.match(rest):
        signs += start[0]
        rest = rest[start.end() :]
    affiliations: list[str] = []
    email = ""
    while True:
        rest = rest.rstrip(" ,;\n")
        if marks := _MARK_AT_END.search(rest):
            signs += marks[0]
            rest = rest[: marks.start()].rstrip(" ,;\n")
        if (opened := _bracket_at_end(rest)) is None:
            break
        inner, rest = fold(rest[opened + 1 : -1]), rest[:opened]
        if "@" in inner:
            email = inner
        elif _CONTACT_WORDS.match(inner):
            signs += "*"
        elif _ONLY_MARKS.match(inner):
            signs += inner
        else:
            affiliations.insert(0, inner)
    name, affiliation = _without_institution(fold(rest))
    if affiliation:
        affiliations.insert(0, affiliation)
    return AuthorText(_with_suffix_inside(name), "; ".join(affiliations), email, bool(_CONTACT_SIGNS & set(signs)))


def _plain(text: str) -> str:
    return text.translate(_FULL_WIDTH).replace("\r\n", "\n").replace("\r", "\n")


def _inside_brackets(text: str) -> list[bool]:
    """Returns for each character whether it is in brackets. A bracket without its partner is a plain character."""
    inside = [False] * len(text)
    if not _CLOSING_SIGN.search(text):
        return inside
    opened: list[int] = []
    for at, sign in enumerate(text):
        if sign in "([{<":
            opened.append(at)
        elif sign in _CLOSING:
            start = next((place for place in reversed(opened) if text[place] == _CLOSING[sign]), None)
            if start is None or (sign == ">" and "@" not in text[start:at]):
                continue
            opened = [place for place in opened if place < start]
            inside[start : at + 1] = [True] * (at + 1 - start)
    return inside


def _bracket_at_end(text: str) -> int | None:
    """Returns where the bracket begins that ends `text`; None if there is none. Braces belong to the name."""
    if text[-1:] not in (")", "]", ">"):
        return None
    inside = _inside_brackets(text)
    if not inside or not inside[-1]:
        return None
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += {text[-1]: 1, _CLOSING[text[-1]]: -1}.get(text[at], 0)
        if depth == 0:
            return at
    return None


def _split(text: str, separator: str | re.Pattern[str]) -> list[str]:
    """Splits `text` at `separator` outside brackets; without empty parts."""
    pattern = re.compile(re.escape(separator)) if isinstance(separator, str) else separator
    inside = _inside_brackets(text) if pattern.search(text) else []
    parts = []
    start = 0
    for found in pattern.finditer(text):
        if not inside[found.start()]:
            parts.append(text[start : found.start()])
            start = found.end()
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip(" ,\t\n")]


def _split_and(text: str) -> list[str]:
    return [part for one in _split(text, _AND) if (part := one.strip(" ,\n"))]


def _split_lines(text: str) -> list[str]:
    """Splits at line breaks if each line can be a person; else they only wrap the text."""
    lines = [_fields(line) for line in _split(text, "\n")]
    if len(lines) > 1 and all(len(fields) > 1 or fields[0].is_full for fields in lines):
        return [_joined(fields) for fields in lines]
    return [text.replace("\n", " ")]


@dataclass(frozen=True, slots=True)
class _Field:
    """A text between commas. `ends_person` is whether marks, an affiliation or a suffix after it show its end."""

    text: str
    ends_person: bool

    @property
    def words(self) -> list[str]:
        """The words of the name, without brackets and marks."""
        cut = len(self.text)
        while cut and (start := _bracket_at_end(_without_marks(self.text[:cut]))) is not None:
            cut = start
        return [word for word in self.text[:cut].replace("~", " ").split() if not _ONLY_MARKS.match(word)]

    @property
    def is_full(self) -> bool:
        """Whether it can be a whole name: two words, or a name in Chinese, Japanese or Korean letters."""
        return len(self.words) > 1 or self.is_cjk

    @property
    def is_cjk(self) -> bool:
        words = self.words
        return bool(words) and all(_CJK_NAME.match(_without_marks(word)) for word in words)

    @property
    def is_family(self) -> bool:
        """Whether it reads like a family name before a comma: one word, perhaps after particles."""
        words = self.words
        return bool(words) and all(word[:1].islower() for word in words[:-1])


def _fields(text: str) -> list[_Field]:
    """Splits at commas. Marks (``Lee1,2``), a suffix and a degree belong to the name before them."""
    fields: list[_Field] = []
    for part in _split(text, ","):
        last = fields[-1] if fields else None
        if last and _ONLY_MARKS.match(part):
            fields[-1] = _Field(f"{last.text},{part}", True)
        elif last and _DEGREE.match(part):
            fields[-1] = _Field(last.text, True)
        elif last and _SUFFIX.match(part) and len(last.words) > 1:
            fields[-1] = _Field(f"{last.text}, {part}", True)
        else:
            fields.append(_Field(part, bool(_MARK_AT_END.search(part) or _RAISED.search(part)) or _has_brackets(part)))
    return fields


def _has_brackets(part: str) -> bool:
    return _bracket_at_end(_without_marks(part)) is not None


def _without_marks(text: str) -> str:
    return _MARK_AT_END.sub("", text).rstrip()


def _joined(fields: Iterable[_Field]) -> str:
    return ", ".join(field.text for field in fields)


def _are_inverted(pieces: Sequence[Sequence[_Field]]) -> bool:
    """Whether the pieces between ``and`` are ``Last, First``: if all have one comma, and not all are full names."""
    all_paired = len(pieces) > 1 and all(len(fields) == 2 for fields in pieces)
    return all_paired and not all(field.is_full for fields in pieces for field in fields)


def _split_fields(fields: Sequence[_Field], style: Style, emails: int, doubts: list[str]) -> Iterator[str]:
    """Splits fields where one shows that a person ends, ``Lee, Ann (MIT), Kim, Bo (ETH)``, then decides on the rest."""
    has_end = any(field.ends_person for field in fields)
    if len(fields) == 2 and not has_end and _names_institution(fields[0].words, fields[1].text):
        yield _joined(fields)
        return
    group: list[_Field] = []
    for at, field in enumerate(fields):
        group.append(field)
        if field.ends_person and at + 1 < len(fields):
            style, emails = Style.COMMAS if style is Style.UNKNOWN else style, 0
            yield from _group(group, style, emails, doubts)
            group = []
    yield from _group(group, style, emails, doubts)


def _group(fields: Sequence[_Field], style: Style, emails: int, doubts: list[str]) -> list[str]:
    """Decides whether fields between commas are people, or family and given names in turn."""
    people = [field.text for field in fields]
    joined = _joined(fields)
    if len(fields) < 2 or all(field.is_cjk for field in fields):
        return people
    all_full = all(field.is_full for field in fields)
    if len(fields) == 2 and (style is not Style.COMMAS or not all_full):
        if style is Style.SEMICOLONS or not all_full or emails == 1:
            return [joined]
        doubts.append(f"'{joined[:80]}' reads as two people or as one, Last, First: we took two")
        return people
    if len(fields) == 3 and fields[0].is_family and any(_SUFFIX.match(field.text) for field in fields[1:]):
        return [joined]
    if all_full:
        return people
    pairs = [_joined(fields[at : at + 2]) for at in range(0, len(fields), 2)]
    if len(fields) % 2 == 0 and all(field.is_family for field in fields[::2]):
        if not any(field.is_full for field in fields):
            doubts.append(f"'{joined[:80]}' reads as Last, First in turn: we took {len(pairs)} people")
        return pairs
    doubts.append(f"'{joined[:80]}' has names of one word: we took {len(fields)} people")
    return people


def _without_raised(text: str) -> tuple[str, str]:
    """Returns the text without raised marks in LaTeX (``Lee$^{1,*}$``), and the marks."""
    return _RAISED.sub(" ", text), "".join(_RAISED.findall(text))


def _names_institution(name: Sequence[str], other: str) -> bool:
    return len(name) > 1 and not _SUFFIX.match(other) and bool(_INSTITUTION.search(other) or _ACRONYM.match(other))


def _without_institution(name: str) -> tuple[str, str]:
    """Splits ``Ann Lee, MIT`` into the name and the affiliation."""
    fields = _split(name, ",")
    if len(fields) > 1 and _names_institution(fields[0].split(), ", ".join(fields[1:])):
        return fields[0], ", ".join(fields[1:])
    return name, ""


def _with_suffix_inside(name: str) -> str:
    """Writes ``Ann Lee, Jr.`` as ``Lee, Jr., Ann``, the form for names with a suffix; drops academic degrees."""
    fields = [field for field in _split(name, ",") if not _DEGREE.match(field)]
    words = fields[0].split() if fields else []
    if len(fields) == 2 and _SUFFIX.match(fields[1]) and len(words) > 1:
        at = next((place for place, word in enumerate(words[:-1]) if place and word[:1].islower()), len(words) - 1)
        return f"{' '.join(words[at:])}, {fields[1]}, {' '.join(words[:at])}"
    return ", ".join(fields)
