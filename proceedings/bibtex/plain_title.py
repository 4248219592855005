"""How a title reads where nothing sets formulas: ``$\\alpha$-Former`` is ``α-Former``. Pure.

A formula without a plain form, such as a fraction, stays as its source. What is stored and delivered stays LaTeX.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from pylatexenc.latex2text import LatexNodes2Text, get_default_latex_context_db
from pylatexenc.latexwalker import (
    LatexCharsNode,
    LatexGroupNode,
    LatexMacroNode,
    LatexSpecialsNode,
    LatexWalker,
    LatexWalkerError,
)

_FORMULA = re.compile(
    r"(?P<math>\$\$(?:[^$\\]|\\.)+\$\$|\$(?:[^$\\]|\\.)+\$|\\\(.+?\\\)|\\\[.+?\\\])|(?P<dollar>\\\$)", re.DOTALL
)
_PROTECTED = re.compile(r"\{(?! )([^{}$\\,;]*[^\W\d_a-zß-öø-ÿ][^{}$\\,;]*)(?<! )\}")
_RELATION = re.compile(r"\s*([←-⇿∈-∌∼-⊋⊑-⊒⊢-⊣≪≫×±∓∘∧∨∩∪])\s*")
_TIGHT = re.compile(r"(?<=[(\[{⌊⌈⟨]) | (?=[)\]}⌋⌉⟩,;])")
_SIGN = re.compile(r"(^|[(\[{,;|]) ?([±∓]) ")
_BLANKS = re.compile(r"[ \t\n\r\f\v]+")
_SIMPLE = re.compile(r"[\w∞⊤⊥*′†‡+]+")

_SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW⊤′*",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵀ′*",
        strict=True,
    )
)
_SUBSCRIPTS = dict(zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))

_NAMES = frozenset(["log", "ln", "exp", "sin", "cos", "tan", "min", "max", "inf", "sup", "lim", "det", "dim", "deg"])
_NAMES |= {"gcd", "ker", "arg", "argmin", "argmax", "Pr"}
_LAYOUT = ["left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "textstyle", "limits"]
_LAYOUT += ["nolimits", "bm", "boldsymbol", "pmb", "!", "/"]
_BLANK_MACROS = [",", ":", ";", " ", "quad", "qquad"]
_FIXED = {
    **{name: name for name in _NAMES},
    **dict.fromkeys(_LAYOUT, ""),
    **dict.fromkeys(_BLANK_MACROS, " "),
    "top": "⊤",
    "intercal": "⊤",
    "prime": "′",
    "ast": "*",
    "star": "*",
    "colon": ":",
    "mid": "|",
    "vert": "|",
    "|": "‖",
    "Vert": "‖",
    "_": "_",
    "&": "&",
    "#": "#",
    "{": "{",
    "}": "}",
    "%": "%",
    "$": "$",
}
"""Macros without arguments that read as this text."""
_UPRIGHT = frozenset(["text", "mathrm", "mathit", "mathnormal", "operatorname", "textrm", "textit", "textbf", "emph"])
_UPRIGHT |= {"textsc", "textsf", "texttt", "mbox", "hbox"}
_ACCENTS = {
    "widetilde": "\u0303",
    "tilde": "\u0303",
    "widehat": "\u0302",
    "hat": "\u0302",
    "bar": "\u0304",
    "overline": "\u0304",
    "vec": "\u20d7",
    "dot": "\u0307",
    "ddot": "\u0308",
    "check": "\u030c",
    "mathring": "\u030a",
}
_ALPHABETS = frozenset(["mathbb", "mathcal", "mathscr", "mathfrak", "mathbf", "mathsf", "mathtt", "mathds", "not"])
"""Macros whose letters `pylatexenc` knows. All others with arguments, such as fractions, have no plain form."""
_STYLED = frozenset("ℊℋℌℐℑℒℛℜℨℬℭℰℱℳ")

_DATABASE: Any = get_default_latex_context_db()
_TEXT: Any = LatexNodes2Text(latex_context=_DATABASE, math_mode="text", strict_latex_spaces=False)


class _NoPlainFormError(ValueError):
    pass


@lru_cache(maxsize=8192)
def plain_title(title: str) -> str:
    """Returns the title as text on one line: formulas in Unicode, ``\\$`` as ``$``, no braces that protect capitals.

    `title` is as a record has it: Unicode, with formulas as LaTeX. Raises nothing; what it cannot read stays.
    """
    pieces, at = [], 0
    for found in _FORMULA.finditer(title):
        pieces += [_without_protection(title[at : found.start()]), "$" if found["dollar"] else _formula(found[0])]
        at = found.end()
    return _BLANKS.sub(" ", "".join([*pieces, _without_protection(title[at:])])).strip(" ")


def _without_protection(text: str) -> str:
    while "{" in text and (shorter := _PROTECTED.sub(r"\1", text)) != text:
        text = shorter
    return text


def _formula(source: str) -> str:
    inner = source.strip("$") if source[0] == "$" else source[2:-2]
    try:
        nodes, _, _ = LatexWalker(inner, tolerant_parsing=False).get_latex_nodes()
        text = "".join(_plain(nodes))
    except (_NoPlainFormError, LatexWalkerError, IndexError, RecursionError):
        return source
    shown = _BLANKS.sub(" ", _RELATION.sub(r" \1 ", text)).strip()
    shown = _SIGN.sub(r"\1\2", _TIGHT.sub("", shown))
    return shown if shown and shown.isprintable() else source


def _plain(nodes: Sequence[Any]) -> Iterator[str]:
    """Yields the text of a formula's parts. Raises _NoPlainFormError."""
    atoms = list(_atoms(nodes))
    at = 0
    while at < len(atoms):
        atom = atoms[at]
        if _is_script(atom):
            at = next((one for one in range(at + 1, len(atoms)) if not _is_blank(atoms[one])), len(atoms))
            if at == len(atoms) or _is_script(atoms[at]):
                raise _NoPlainFormError
            yield _script(atom, _text(atoms[at]))
            at += 1
            continue
        text = _text(atom)
        is_name = isinstance(atom, LatexMacroNode) and atom.macroname in _NAMES
        if is_name and at and _is_word(atoms[at - 1]):
            yield " "
        yield text
        if is_name and at + 1 < len(atoms) and _is_word(atoms[at + 1]):
            yield " "
        at += 1


def _is_script(atom: Any) -> bool:
    return isinstance(atom, str) and atom in "^_"


def _is_blank(atom: Any) -> bool:
    return isinstance(atom, str) and atom == " "


def _atoms(nodes: Sequence[Any]) -> Iterator[Any]:
    """Yields nodes, and single characters in place of text: a script belongs to one of them. Blanks do not count."""
    for node in nodes:
        if isinstance(node, LatexCharsNode):
            yield from (char for char in node.chars if not (char.isspace() and char != " "))
        else:
            yield node
            if isinstance(node, LatexMacroNode) and node.macroname in _NAMES and node.macro_post_space:
                yield " "


def _is_word(atom: Any) -> bool:
    return (isinstance(atom, str) and atom.isalnum()) or (
        isinstance(atom, LatexMacroNode) and atom.macroname.isalpha() and atom.macroname not in _LAYOUT
    )


def _text(atom: Any) -> str:
    if isinstance(atom, str):
        return "′" if atom == "'" else atom
    if isinstance(atom, LatexGroupNode):
        return "".join(_plain(atom.nodelist))
    if isinstance(atom, LatexSpecialsNode):
        if atom.specials_chars in ("&", "#"):
            raise _NoPlainFormError
        return str(_TEXT.node_to_text(atom))
    if isinstance(atom, LatexMacroNode):
        return _macro(atom)
    raise _NoPlainFormError


def _macro(node: Any) -> str:
    name = node.macroname
    if name in _FIXED:
        return _FIXED[name]
    arguments = [one for one in (node.nodeargd.argnlist if node.nodeargd else ()) if one is not None]
    if not arguments:
        return _symbol(node)
    inner = "".join(_plain(arguments))
    if name in _UPRIGHT:
        return inner
    if name in _ACCENTS and len(inner) == 1:
        return unicodedata.normalize("NFC", inner + _ACCENTS[name])
    if name == "sqrt" and len(arguments) == 1:
        return f"√{inner}" if len(inner) == 1 else f"√({inner})"
    if (name in _ALPHABETS and not any(sign in inner for sign in "^_") and inner.isascii()) or name == "not":
        return _letters(str(_TEXT.node_to_text(node)))
    raise _NoPlainFormError


def _symbol(node: Any) -> str:
    """Returns the text of a macro without arguments, such as a Greek letter."""
    spec = _DATABASE.get_macro_spec(node.macroname)
    text = _letters(str(_TEXT.node_to_text(node)).strip()) if spec is not None and spec.macroname else ""
    if not text:
        raise _NoPlainFormError
    return text


def _letters(text: str) -> str:
    """Returns letters of mathematical alphabets as plain ones, but double-struck ones as they are."""
    return "".join(_letter(char) for char in text)


def _letter(char: str) -> str:
    styled = "\U0001d400" <= char <= "\U0001d7ff" and not "\U0001d538" <= char <= "\U0001d56b"
    return unicodedata.normalize("NFKC", char) if styled or char in _STYLED else char


def _script(sign: str, text: str) -> str:
    """Returns a raised or lowered text: ``²``, or ``^(1/2)`` and ``_∞`` where Unicode has no small characters."""
    small = _SUPERSCRIPTS if sign == "^" else _SUBSCRIPTS
    text = _BLANKS.sub("", text)
    if text and all(char in small for char in text):
        return "".join(small[char] for char in text)
    return f"{sign}{text}" if _SIMPLE.fullmatch(text) else f"{sign}({text})"
