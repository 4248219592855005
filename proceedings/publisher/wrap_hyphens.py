r"""Hyphens left from a line break: ``gener- ation``. Pure.

The publisher's check rejects letters, a hyphen, one blank and a small letter anywhere in the file (reference of October
2026, C15). Which spelling is meant is decided by the words of the volume itself; what they do not decide is a question.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

WRAP = re.compile(
    r"(?P<left>[A-Za-z]+(?:-[A-Za-z]+)*)-(?P<blank>[ \t]|[ \t]*\r?\n[ \t]*)(?P<right>[a-z][A-Za-z]*(?:-[A-Za-z]+)*)"
)
_MATHEMATICS = re.compile(r"\$(?:[^$\\]|\\.)+\$")
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*-?")
_CONJUNCTIONS = frozenset({"and", "or", "to", "nor", "but", "versus", "vs", "as", "und", "et"})
_FUNCTION_TEXT = (
    "a about across all also an any are as at based be between both but by can each for from has have how if in into"
    " is it its more most new no nor not of off on one only or other our out over per same so some such than that the"
    " their then there these they this those through to two under up upon via was we what when where which while with"
    " within without"
)
_FUNCTION_WORDS = frozenset(_FUNCTION_TEXT.split())
_PREFIX_TEXT = (
    "anti auto bi co counter cross de ex extra hyper inter intra macro mega meta micro mid mini mono multi near non"
    " off over poly post pre pro pseudo quasi re self semi sub super trans tri ultra un under uni"
)
_PREFIXES = frozenset(_PREFIX_TEXT.split())
# Endings that are no words, so that what is before them is cut.
_ENDINGS = re.compile(
    r"(?:[a-z]{0,3}(?:tion|sion|tions|ation|ations|ization|izations|isation)|ing|ings|ment|ments|ness|ity|ities|ally"
    r"|ical|ically|ular|ive|ively|ous|ously|ed|er|ers|es|ly|ance|ence|ency|ble|bly|ture|tures|rithm|rithms|thm|thms"
    r"|tive|tively|tic|tics|tical|tically|mation|ples|ple|ward|wise|dient|dients|nomial|sian|tor|tors|sor|sors)\Z"
)
_SHORT = 4
_SYMBOL = 2
"""Letters of a symbol in a formula. A longer word between two dollar signs may stand between two prices."""
_ENOUGH_WORDS = 3000
"""A volume with fewer words says little by a word that it does not have."""


@dataclass(slots=True)
class Vocabulary:
    """The words of a volume in lower case, and its words with hyphens."""

    words: set[str] = field(default_factory=set)
    compounds: set[str] = field(default_factory=set)

    def add(self, text: str) -> None:
        """Adds the words of `text`, without those at a hyphen left from a line break."""
        if "- " in text:
            text = WRAP.sub(" ", text)
        for found in _WORD.findall(text.lower()):
            if "-" in found:
                self.compounds.add(found)
                self.words.update(part for part in found.split("-") if len(part) > 1)
            else:
                self.words.add(found)


def vocabulary(texts: Iterable[str]) -> Vocabulary:
    """Returns the words of `texts`."""
    result = Vocabulary()
    for text in texts:
        result.add(text)
    return result


@dataclass(frozen=True, slots=True)
class Joined:
    """What is meant by one hyphen left from a line break. Unless `sure`, a person must decide."""

    found: str
    proposal: str
    sure: bool


def has_wraps(text: str) -> bool:
    """Whether the publisher's check would find a wrap hyphen in `text`."""
    return "- " in text and WRAP.search(text) is not None


def find_wraps(text: str, known: Vocabulary) -> list[Joined]:
    """Returns every wrap hyphen in `text` with the spelling that is meant."""
    formulas = [found.span() for found in _MATHEMATICS.finditer(text)]
    return [
        _in_formula(found)
        if len(found["left"]) <= _SYMBOL >= len(found["right"])
        and any(start < found.start() < end for start, end in formulas)
        else join(found["left"], found["right"], known, text[found.end() :])
        for found in WRAP.finditer(text)
    ]


def mend_wraps(text: str, known: Vocabulary, *, unsure: bool = False) -> str:
    """Returns `text` with the wrap hyphens mended that are sure, and with `unsure` as proposed also the others.

    A mended text may show another one, as in ``a- b- c``, so this looks again until nothing changes.
    """
    while True:
        mended = text
        for one in find_wraps(text, known):
            if one.sure or unsure:
                mended = mended.replace(one.found, one.proposal, 1)
        if mended == text:
            return text
        text = mended


def keep_hyphens(name: str) -> str:
    """Returns a person's name without the blanks after hyphens, and without a hyphen at its end."""
    return re.sub(r"(?<=[A-Za-z])-[ \t]+(?=[a-z])", "-", name).rstrip("-")


def _in_formula(found: re.Match[str]) -> Joined:
    """A blank in mathematics prints nothing."""
    return Joined(found[0], f"{found['left']}-{found['right']}", sure=True)


def join(left: str, right: str, known: Vocabulary, after: str = "") -> Joined:
    """Returns what ``left- right`` means. `after` is the text behind it."""
    found = f"{left}- {right}"
    hyphened, joined, apart = f"{left}-{right}", left + right, f"{left} {right}"
    last, low = left.rpartition("-")[2].lower(), right.lower()
    if low in _CONJUNCTIONS:
        return _suspended(left, right, after)
    if "-" in low:
        # state- of-the-art, but also algo- rithm-independent
        begin = low.partition("-")[0]
        cut = last + begin in known.words and begin not in known.words
        return Joined(found, joined if cut else hyphened, sure=True)
    if last + low in known.words:
        return Joined(found, joined, sure=True)
    if f"{left.lower()}-{low}" in known.compounds:
        return Joined(found, hyphened, sure=True)
    if last in _FUNCTION_WORDS:
        if "-" in left:
            return Joined(found, hyphened, sure=True)
        return Joined(found, apart, sure=low in known.words or low in _FUNCTION_WORDS)
    return _by_parts(left, right, known)


def _by_parts(left: str, right: str, known: Vocabulary) -> Joined:
    """Decides by whether the two halves are words when the volume has neither spelling of the whole."""
    found, hyphened, joined = f"{left}- {right}", f"{left}-{right}", left + right
    last, low = left.rpartition("-")[2].lower(), right.lower()
    both = last in known.words and low in known.words
    if len(last) <= _SHORT and len(low) <= _SHORT:
        return Joined(found, hyphened, sure=both)
    if _ENDINGS.match(low) and low not in known.words and last not in _PREFIXES:
        return Joined(found, joined, sure=True)
    if last in _PREFIXES or both:
        return Joined(found, hyphened, sure=False)
    enough = len(known.words) >= _ENOUGH_WORDS
    return Joined(found, joined, sure=enough and last not in known.words and low not in known.words)


def _suspended(left: str, conjunction: str, after: str) -> Joined:
    """``pre- and post-training`` -> ``pre-training and post-training``, never without a person."""
    found = f"{left}- {conjunction}"
    if ahead := re.match(r"\s+[A-Za-z]+-([A-Za-z]+)", after):
        return Joined(found, f"{left}-{ahead[1]} {conjunction}", sure=False)
    if ahead := re.match(r"\s+([A-Za-z]+)", after):
        for prefix in sorted(_PREFIXES, key=len, reverse=True):
            rest = ahead[1].removeprefix(prefix)
            if rest != ahead[1] and len(rest) > _SHORT - 1:
                return Joined(found, f"{left}{rest} {conjunction}", sure=False)
    return Joined(found, f"{left} {conjunction}", sure=False)
