"""Reads LaTeX from left to right: letters, accents and the macros of our tables. Pure.

A strict reader raises at the first macro that it does not know. A lenient one goes on: it reads what people mean, notes
each problem, and leaves in the text a macro that nobody can know.
"""

import re
from functools import cache

from pylatexenc.latex2text import get_default_latex_context_db

from proceedings.bibtex.latex_tables import (
    ACCENTS,
    ALIASES,
    ARGUMENT_KEPT,
    DROPPED,
    ESCAPES,
    LIGATURES,
    LOOK_OF_ARGUMENT,
    LOOK_OF_REST,
    MACROS,
    MATH_ARGUMENTS,
    NOTHING,
)

# ``$...$`` and ``$$...$$``, with escaped characters inside.
MATH = r"\$\$(?:[^$\\]|\\.)+\$\$|\$(?:[^$\\]|\\.)+\$"
_TOKEN = re.compile(
    rf"(?P<math>{MATH}|\\\(.+?\\\))"
    r"|\\(?P<word>[A-Za-z]+) *"
    r"|\\(?P<sign>.)"
    r"|(?P<brace>[{}])"
    r"|(?P<ligature>---|--|``|''|!`|\?`|`|~)"
    r"|(?P<text>[^\\${}\-`'!?~]+|[^\\])",
    re.DOTALL,
)
_FIRST = re.compile(r".[\u0300-\u036f]*", re.DOTALL)
# Subscripts and superscripts of a macro that belongs into mathematics.
_SCRIPTS = re.compile(r"(?:[_^](?:\{[^{}]*\}|\\[A-Za-z]+|\w))*")
_BLANKS = re.compile(r" *")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_NEXT_WORD = re.compile(r"[A-Za-z]+")


_MAX_DEPTH = 80
"""Of groups and accents, one in another. Python's own limit is not far above."""


class LatexError(ValueError):
    """LaTeX cannot be read as text. The message tells an editor what to write instead."""


class LatexReader:
    """Reads ASCII LaTeX (and unmapped characters). `problems` and `unknown` are filled by a lenient reader only."""

    def __init__(self, source: str, *, lenient: bool = False) -> None:
        self.source = source
        self.at = 0
        self.lenient = lenient
        self.depth = 0
        self.problems: list[str] = []
        self.unknown: list[str] = []

    def read(self) -> str:
        """Returns the text. Raises LatexError if the reader is strict."""
        pieces = [self._until(end_of_group=False)]
        while self.at < len(self.source):
            pieces.append(self._problem("a closing brace has no opening one", ""))
            self.at += 1
            pieces.append(self._until(end_of_group=False))
        return "".join(pieces)

    def _problem(self, message: str, text: str) -> str:
        """Notes a problem and returns `text`, how a lenient reader reads the place."""
        if not self.lenient:
            raise LatexError(message)
        self.problems.append(message)
        return text

    def _until(self, *, end_of_group: bool) -> str:
        """Reads up to the closing brace of the group, which is consumed, or up to the end."""
        pieces: list[str] = []
        while self.at < len(self.source):
            if self.source[self.at] == "}":
                self.at += end_of_group
                return "".join(pieces)
            pieces.append(self._token())
        if end_of_group:
            pieces.append(self._problem("an opening brace has no closing one", ""))
        return "".join(pieces)

    def _token(self) -> str:
        token = _TOKEN.match(self.source, self.at)
        if token is None:
            self.at = len(self.source)
            return self._problem("ends in a lone backslash", "")
        self.at = token.end()
        self.depth += 1
        try:
            return self._text_of(token) if self.depth < _MAX_DEPTH else self._too_deep()
        finally:
            self.depth -= 1

    def _too_deep(self) -> str:
        rest, self.at = self.source[self.at :], len(self.source)
        return self._problem("braces or accents are nested too deeply", re.sub(r"[\\{}$]", "", rest))

    def _text_of(self, token: re.Match[str]) -> str:
        if token["math"]:
            return self._math(token["math"])
        if token["word"]:
            return self._macro(token["word"])
        if token["sign"]:
            return self._sign(token["sign"])
        if token["brace"]:
            return self._until(end_of_group=True)
        if token["ligature"]:
            return LIGATURES[token["ligature"]]
        if token[0] == "$":
            return self._problem(r"a $ has no matching $: write \$ for a dollar sign, or close the mathematics", r"\$")
        return token[0]

    @staticmethod
    def _math(formula: str) -> str:
        return f"${formula[2:-2]}$" if formula.startswith(r"\(") else formula

    def _sign(self, sign: str) -> str:
        if sign in ESCAPES:
            return ESCAPES[sign]
        if sign in ACCENTS:
            return self._accented(sign)
        if sign != "\\":
            message = f"the macro \\{sign} is not allowed here: write the characters themselves"
            return self._left_in(message, f"\\{sign}")
        word = _NEXT_WORD.match(self.source, self.at)
        if self.lenient and word and _is_known(word[0]):  # a program escaped the backslash
            self.at = _BLANKS.match(self.source, word.end()).end()  # type: ignore[union-attr]
            return self._problem(f"\\\\{word[0]} has one backslash too many", "") + self._macro(word[0])
        return self._problem("a line break \\\\ is not allowed here: write a blank", " ")

    def _macro(self, word: str) -> str:
        if word in ACCENTS:
            return self._accented(word)
        if word in MACROS:
            return MACROS[word]
        if word in LOOK_OF_ARGUMENT:
            return self._argument(word)
        if word in LOOK_OF_REST:
            return ""
        if word == "ensuremath":
            formula = self._source_of_argument(word)
            self._note("\\ensuremath{} is for macros: write the formula between $")
            return formula if formula.startswith("$") else f"${formula}$"
        if word in ("textsuperscript", "textsubscript"):
            script = self._argument(word)
            sign = "^" if word == "textsuperscript" else "_"
            return f"${sign}{{{script}}}$" if script.isdigit() else rf"${sign}{{\mathrm{{{script}}}}}$"
        message = f"we do not know the macro \\{word}: write the characters themselves"
        return self._meant(word, message) if self.lenient else self._problem(message, "")

    def _note(self, message: str) -> None:
        """Notes a problem that does not stop a strict reader."""
        if self.lenient:
            self.problems.append(message)

    def _meant(self, word: str, message: str) -> str:
        """Reads a macro that a strict reader rejects."""
        if word in ALIASES:
            known = ALIASES[word]
            return self._problem(f"{message}; we read {MACROS[known]}", MACROS[known])
        if word in NOTHING:
            return self._problem(f"the macro \\{word} has no meaning here: remove it", NOTHING[word])
        if word in ARGUMENT_KEPT:
            count, kept = ARGUMENT_KEPT[word]
            sources = [self._source_of_argument(word) for _ in range(count)]
            inner = LatexReader(sources[kept], lenient=True)
            text = inner.read()
            self.unknown += inner.unknown
            return self._problem(f"the macro \\{word} is not for this field: write its text only", text)
        if word in DROPPED:
            quoted = self._source_of_argument(word)[:100]
            return self._problem(f"\\{word}{{{quoted}}} does not belong here, and we left it out: remove it", "")
        if word in MATH_ARGUMENTS or _symbol(word) or self.source[self.at : self.at + 1] in ("_", "^"):
            formula = f"\\{word}"
            blank = " " if self.source[self.at - 1] == " " else ""
            for _ in range(MATH_ARGUMENTS.get(word, 0)):
                formula += f"{{{self._source_of_argument(word)}}}"
            scripts = _SCRIPTS.match(self.source, self.at)
            self.at = scripts.end() if scripts else self.at
            formula += scripts[0] if scripts else ""
            return self._problem(f"\\{word} is mathematics: write it between $", f"${formula}${blank}")
        start = self.at
        while self.source[self.at : self.at + 1] == "{":
            self._source_of_argument(word)
        return self._left_in(message, f"\\{word}", self.source[start : self.at])

    def _left_in(self, message: str, macro: str, arguments: str = "") -> str:
        text = self._problem(message, macro)
        self.unknown.append(macro)
        blank = " " if not arguments and self.source[self.at - 1 : self.at] == " " else ""
        return text + arguments + blank

    def _source_of_argument(self, macro: str) -> str:
        """Reads the argument of a macro and returns it as it is written, without its braces."""
        self.at = _BLANKS.match(self.source, self.at).end()  # type: ignore[union-attr]
        start = self.at
        if self.source[start : start + 1] != "{":
            if self.source[start : start + 1] in ("", "}"):
                return self._problem(f"the macro \\{macro} has no argument: add it", "")
            token = _TOKEN.match(self.source, start)
            self.at = token.end() if token and token["word"] else start + 1
            return self.source[start : self.at].rstrip()
        depth = 0
        for mark in _BRACE.finditer(self.source, start):
            depth += mark[0] == "{"
            depth -= mark[0] == "}"
            if depth == 0:
                self.at = mark.end()
                return self.source[start + 1 : mark.start()]
        self.at = len(self.source)
        return self._problem("an opening brace has no closing one", self.source[start + 1 :])

    def _argument(self, macro: str) -> str:
        """Reads the argument of a macro: a group, or the next token."""
        while self.source[self.at : self.at + 1] == " ":
            self.at += 1
        if self.at >= len(self.source) or self.source[self.at] == "}":
            return self._problem(f"the macro \\{macro} has no argument: add it", "")
        if self.source[self.at] in "{\\":
            return self._token()
        self.at += 1
        return self.source[self.at - 1]

    def _accented(self, accent: str) -> str:
        base = self._argument(accent)
        if not base and accent in "^~":
            return accent  # the usual way to print the character alone
        first = _FIRST.match(base)
        if first is None or not first[0][0].isalpha():
            return self._problem(f"the accent \\{accent} has no letter: add the letter", base)
        return first[0] + ACCENTS[accent] + base[first.end() :]


def _is_known(word: str) -> bool:
    tables = (MACROS, ACCENTS, LOOK_OF_ARGUMENT, ARGUMENT_KEPT, MATH_ARGUMENTS, ALIASES)
    return any(word in table for table in tables) or bool(_symbol(word))


@cache
def _symbol(word: str) -> str:
    """Returns the character that the macro prints in mathematics; '' if it is no symbol."""
    spec = get_default_latex_context_db().get_macro_spec(word)
    text = getattr(spec, "simplify_repl", None)
    return text if isinstance(text, str) and len(text) == 1 and not text.isascii() else ""
