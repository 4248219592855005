"""Converts between LaTeX and Unicode for titles, names and the like. Pure.

The Unicode text keeps mathematics as LaTeX between dollar signs, and writes a dollar sign as ``\\$``. `to_latex` writes
whatever `to_unicode` returns in ASCII, so that `to_unicode` reads the same text. Anything missing in the tables raises
an error that names it.
"""

import re
import unicodedata
from dataclasses import dataclass

from proceedings.bibtex.latex_reader import MATH, LatexError, LatexReader
from proceedings.bibtex.latex_tables import ACCENT_OF, EXACT, MATHEMATICS, SIMPLER

__all__ = ["Ascii", "LatexError", "Reading", "UnmappedError", "ascii_latex", "describe", "fold", "read_latex"]
__all__ += ["to_latex", "to_unicode", "without_escapes"]

_PIECES = re.compile(rf"(?P<math>{MATH})|(?P<dollar>\\\$)|(?P<text>.[\u0300-\u036f]*)", re.DOTALL)
# As above; every other backslash is matched together with its next character.
_PIECES_OF_SOURCE = re.compile(rf"(?P<math>{MATH}|\\\(.+?\\\)|\\\[.+?\\\])|(?:\\[^(\[]|[^\\$])+|.", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)(?=([A-Za-z ])?)", re.DOTALL)
_DOTLESS = {"ı": "i", "ȷ": "j"}
_ABOVE = re.compile("[ıȷ](?=[\u0300-\u0315\u033d-\u0344])")
_GREEK = re.compile("[\u0370-\u03ff]")  # two Greek letters side by side are a word, not a formula
# Any other ASCII character prints itself.
_SPEAKS = re.compile(r"[\\${}`~]|--|''|!`|\?`")
_BLANKS = re.compile(r"[ \t\n\r\f\v]+")
# Characters that LaTeX requires to be escaped in text. The underscore is missing: the publisher's check calls ``\_`` an
# error and requires the plain character.
_SPECIAL = {"&": r"\&", "%": r"\%", "#": r"\#"}
_JOINED = frozenset({"--", "''", "``", "!`", "?`"})


class UnmappedError(ValueError):
    """Characters have no LaTeX form in our tables."""

    def __init__(self, characters: tuple[str, ...]) -> None:
        self.characters = characters
        super().__init__(f"no LaTeX form for {', '.join(map(describe, characters))}")


@dataclass(frozen=True, slots=True)
class Ascii:
    """LaTeX source after `ascii_latex`, and the characters that it could not replace, each once, in order."""

    text: str
    unmapped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, and each problem in its LaTeX. `unknown` are the macros that are still in the text."""

    text: str
    problems: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def proposal(self) -> str:
        """The text without the unknown macros: ``Smith`` for ``\\foo{Smith}``, ``Matthew`` for ``\\Matthew``."""
        text = self.text
        for macro in self.unknown:
            with_argument = re.compile(re.escape(macro) + r" *\{([^{}]+)\}")
            text = (
                with_argument.sub(lambda found: found[1], text).replace(macro + "{}", macro).replace(macro, macro[1:])
            )
        return text


def describe(character: str) -> str:
    """Returns ``U+4E2D 中 (CJK UNIFIED IDEOGRAPH-4E2D)``, without the character if it is not printable."""
    shown = f" {character}" if character.isprintable() else ""
    return f"U+{ord(character):04X}{shown} ({unicodedata.name(character, 'unnamed')})"


def fold(text: str) -> str:
    """Folds runs of ASCII white space to one blank and strips the ends, as BibTeX reads a field."""
    return _BLANKS.sub(" ", text).strip(" \t\n\r\f\v")


def to_unicode(latex: str) -> str:
    """Returns the text that `latex` prints, in NFC.

    Raises LatexError for an unknown macro or accent, for unbalanced braces and for an unpaired dollar sign.
    """
    latex = fold(latex)
    if latex.isascii() and not _SPEAKS.search(latex):
        return latex
    return _composed(LatexReader(ascii_latex(latex).text).read())


def read_latex(latex: str) -> Reading:
    """Returns the text that `latex` prints, as far as it can be read, and what is wrong in it. Raises nothing."""
    latex = fold(latex)
    if latex.isascii() and not _SPEAKS.search(latex):
        return Reading(latex)
    reader = LatexReader(ascii_latex(latex).text, lenient=True)
    text = _composed(reader.read())
    return Reading(text, tuple(dict.fromkeys(reader.problems)), tuple(dict.fromkeys(reader.unknown)))


def _composed(text: str) -> str:
    return fold(unicodedata.normalize("NFC", _ABOVE.sub(lambda dotless: _DOTLESS[dotless[0]], text)))


def to_latex(text: str) -> str:
    """Returns `text` as pure ASCII LaTeX.

    Raises UnmappedError with every character without a LaTeX form. Among them are a backslash outside mathematics and
    ``\\$``, and an unpaired dollar sign.
    """
    pieces: list[str] = []
    unmapped: dict[str, None] = {}
    text = unicodedata.normalize("NFC", text)
    for piece in _PIECES.finditer(text):
        if piece["text"] is None:
            latex = _ascii_math(piece["math"], unmapped) if piece["math"] else piece[0]
        elif piece[0] in ("\\", "$"):
            unmapped[piece[0]] = None
            continue
        elif piece[0].isascii():
            latex = _SPECIAL.get(piece[0]) or (EXACT[piece[0]] if piece[0] in "{}~^`" else piece[0])
        else:
            latex = _ascii_letter(piece[0], text, piece.start(), unmapped)
        if pieces and latex and pieces[-1][-1:] + latex[0] in _JOINED:
            pieces.append("{}")  # or TeX would join the two characters into a third
        pieces.append(latex)
    if unmapped:
        raise UnmappedError(tuple(unmapped))
    return "".join(pieces)


def ascii_latex(source: str) -> Ascii:
    """Replaces non-ASCII characters in LaTeX `source`. Macros, braces and mathematics stay.

    Characters without a LaTeX form stay and are listed.
    """
    if source.isascii():
        return Ascii(source)
    source = unicodedata.normalize("NFC", source)
    unmapped: dict[str, None] = {}
    pieces = [
        _ascii_math(piece[0], unmapped)
        if piece["math"]
        else piece[0]
        if piece[0].isascii()
        else _ascii_letter(piece[0], source, piece.start(), unmapped)
        for piece in _PIECES.finditer(source)
    ]
    return Ascii("".join(pieces), tuple(unmapped))


def without_escapes(latex: str) -> str:
    """Removes ``\\{``, ``\\}`` and ``\\_``, which the publisher's check calls errors (2.4), from LaTeX.

    Inside mathematics an underscore keeps its backslash, because a plain one means a subscript.
    """
    if not _ESCAPED.search(latex):
        return latex
    return "".join(
        _ESCAPED.sub(_plain_macro if piece["math"] else _plain_sign, piece[0])
        for piece in _PIECES_OF_SOURCE.finditer(latex)
    )


def _plain_macro(sign: re.Match[str]) -> str:
    macro = {"{": r"\lbrace", "}": r"\rbrace"}.get(sign[1])
    return sign[0] if macro is None else macro + (" " if sign[2] and sign[2] != " " else "")


def _plain_sign(sign: re.Match[str]) -> str:
    if sign[1] == "_":
        return "_"
    # Outside mathematics TeX swallows a blank behind a macro.
    return _plain_macro(sign) + ("{}" if sign[1] in "{}" and sign[2] == " " else "")


def _ascii_letter(letter: str, text: str, at: int, unmapped: dict[str, None]) -> str:
    """Returns one character and its combining marks as LaTeX."""
    known = EXACT.get(letter) or SIMPLER.get(letter)
    if known is not None:
        return known
    neighbours = text[max(at - 1, 0) : at] + text[at + 1 : at + 2]
    if letter in MATHEMATICS and not (_GREEK.match(letter) and _GREEK.search(neighbours)):
        return f"${MATHEMATICS[letter]}$"
    base, *marks = list(unicodedata.normalize("NFD", letter))
    if base + "\u031b" in ("o\u031b", "O\u031b", "u\u031b", "U\u031b") and "\u031b" in marks:
        marks.remove("\u031b")
        base = unicodedata.normalize("NFC", base + "\u031b")
    written = base if base.isascii() and base.isalpha() else EXACT.get(base, "")
    if not (marks and written and all(mark in ACCENT_OF for mark in marks)):
        unmapped.update(dict.fromkeys(char for char in letter if not char.isascii()))
        return letter
    for mark in marks:
        bare = written.removeprefix("{").removesuffix("}")
        written = (
            f"{{\\{ACCENT_OF[mark]}{bare if len(bare) == 1 and not ACCENT_OF[mark].isalpha() else f'{{{bare}}}'}}}"
        )
    return written


def _ascii_math(formula: str, unmapped: dict[str, None]) -> str:
    """Replaces characters such as α in mathematics by macros."""
    if formula.isascii():
        return formula
    pieces: list[str] = []
    for char in formula:
        latex = char if char.isascii() else MATHEMATICS.get(char) or SIMPLER.get(char)
        if latex is None:
            unmapped[char] = None
            latex = char
        if pieces and latex[0].isalpha() and re.search(r"\\[A-Za-z]+\Z", pieces[-1]) and len(pieces[-1]) > 1:
            pieces.append(" ")
        pieces.append(latex)
    return "".join(pieces)
