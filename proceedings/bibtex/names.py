"""Reads personal names by BibTeX's rules. Pure.

Names are read in LaTeX, as in the file; the caller converts the parts to Unicode. BibTeX's reading is not always what
the author meant. So `read_name` also returns doubts, with a suggested name if there is one. It changes nothing itself.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from proceedings.bibtex.surnames import COMMON


@dataclass(frozen=True, slots=True)
class Name:
    """A name in BibTeX's four parts. A person with one name, or a group, has only `family`."""

    family: str
    given: str = ""
    particle: str = ""
    suffix: str = ""

    def __str__(self) -> str:
        """The name in the usual order: ``First von Last, Jr``."""
        words = " ".join(part for part in (self.given, self.particle, self.family) if part)
        return f"{words}, {self.suffix}" if self.suffix else words

    def map(self, convert: Callable[[str], str]) -> "Name":
        """Returns the name with each part converted, for example from LaTeX to Unicode."""
        return Name(convert(self.family), convert(self.given), convert(self.particle), convert(self.suffix))


class NotANameError(ValueError):
    """The text is not a name. The message tells an editor what to write."""


class Confidence(StrEnum):
    """How certain a suggestion is. Neither is applied without an editor."""

    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a name may be read wrongly, and what may be meant instead."""

    reason: str
    proposal: Name | None = None
    confidence: Confidence = Confidence.POSSIBLE


@dataclass(frozen=True, slots=True)
class Reading:
    """A name as BibTeX reads it, and the doubts about it."""

    name: Name
    doubts: tuple[Doubt, ...] = ()


# Words that are part of a family name more often than of a given name, spelled as in family names.
_PARTICLES = frozenset(
    {"af", "al", "ap", "auf", "ben", "bin", "da", "dal", "de", "degli", "dei", "del", "della", "den", "der", "di", "do"}
    | {"dos", "du", "el", "ibn", "la", "le", "lo", "ten", "ter", "van", "vom", "von", "zu", "zum", "zur"}
)
_MARKS = re.compile(r"\\(?:[A-Za-z]+|.)|[{}]", re.DOTALL)
# Macros that are letters themselves. All others are accents or fonts, followed by the letter.
_LETTER_MACRO = re.compile(
    r"\\(aa|AA|ae|AE|oe|OE|ss|SS|o|O|l|L|i|j|dh|DH|dj|DJ|th|TH|ng|NG|[ou]horn|[OU]HORN)(?![A-Za-z])"
)
_MACRO = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
_AND_OR_MARK = re.compile(r"(?P<and>\s+and(?=\s))|\\(?:[a-z]+|.)|[{}]", re.IGNORECASE | re.DOTALL)


def split_names(field: str) -> list[str]:
    """Splits an author or editor field at ``and`` outside braces, in any case, as BibTeX does.

    A name may be empty (``A and and B``); the caller reports it.
    """
    names: list[str] = []
    start = depth = 0
    padded = f" {field} "
    for found in _AND_OR_MARK.finditer(padded):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if found["and"] and depth == 0:
            names.append(padded[start : found.start()].strip())
            start = found.end()
    names.append(padded[start:].strip())
    return names if field.strip() else []


def read_name(text: str) -> Reading:
    """Reads one name by BibTeX's rules, and returns it with doubts.

    Accepts ``First von Last``, ``von Last, First`` and ``von Last, Jr, First``; a name in braces is a family name only.
    One difference to BibTeX: a comma at the end (``Jiang, Yiheng,``) would make the given name a suffix, so it is
    ignored and reported as a doubt.

    Raises NotANameError for an empty text, more than two commas or a missing family name.
    """
    parts = [" ".join(_words(part)) for part in _split(text.strip(), ",")]
    found: list[Doubt] = []
    if len(parts) > 1 and not all(parts):
        parts = [part for part in parts if part]
        found.append(Doubt("has an extra comma, which we ignored"))
    if not parts or not parts[0]:
        msg = "a name is missing: remove one 'and', or write the name"
        raise NotANameError(msg)
    if len(parts) > 3:
        msg = f"'{text.strip()}' has too many commas: separate names with 'and', and write each as Last, First"
        raise NotANameError(msg)
    if len(parts) == 1:
        name = _natural(parts[0])
        return Reading(name, (*found, *_doubt_without_comma(name)))
    name = _inverted(parts)
    return Reading(name, (*found, *find_doubts(name)))


def find_doubts(name: Name) -> list[Doubt]:
    """Returns the doubts about the parts of `name`, whatever their source."""
    return [doubt for check in _CHECKS if (doubt := check(name))]


def write_name(name: Name) -> str:
    """Writes `name` as ``von Last, Jr, First``, with braces where BibTeX would otherwise read another name.

    A name with only a family part gets braces, as the publisher requires for groups and single names.
    """
    if not (name.given or name.particle or name.suffix):
        return f"{{{name.family}}}"
    plain = _inverted_form(name)
    if name.given and _reads_as(plain, name):
        return plain
    protected = replace(_braced(name), particle=name.particle)  # in braces a particle would be part of the family name
    return _inverted_form(protected, empty_given="{}")


def _braced(name: Name) -> Name:
    return name.map(lambda part: f"{{{part}}}" if part else "")


def _inverted_form(name: Name, empty_given: str = "") -> str:
    last = " ".join(part for part in (name.particle, name.family) if part)
    return ", ".join(part for part in (last, name.suffix, name.given or empty_given) if part)


def _reads_as(text: str, name: Name) -> bool:
    try:
        reading = read_name(text)
    except NotANameError:
        return False
    return reading.name == name and split_names(text) == [text]


def _inverted(parts: list[str]) -> Name:
    """Reads ``von Last, First`` or ``von Last, Jr, First``. The particle ends with the last lower-case word, except the
    last word of the family name.
    """
    words = _words(parts[0])
    ends = [index + 1 for index, word in enumerate(words[:-1]) if _is_lower(word)]
    cut = ends[-1] if ends else 0
    suffix = parts[1] if len(parts) == 3 else ""
    return Name(" ".join(words[cut:]), parts[-1], " ".join(words[:cut]), suffix)


def _natural(text: str) -> Name:
    """Reads ``First von Last``. The particle is from the first to the last lower-case word, without the last word of
    the name.
    """
    words = _words(text)
    lower = [index for index, word in enumerate(words[:-1]) if _is_lower(word)]
    start, end = (lower[0], lower[-1] + 1) if lower else (len(words) - 1, len(words) - 1)
    return Name(" ".join(words[end:]), " ".join(words[:start]), " ".join(words[start:end]))


def _depth(text: str, end: int) -> int:
    """Returns how many braces are open at `end`. Escaped braces do not count."""
    depth = 0
    for mark in _MARKS.finditer(text, 0, end):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
    return depth


def _split(text: str, separators: str) -> list[str]:
    """Splits `text` at any of `separators` outside braces and macros."""
    pieces: list[str] = []
    depth = start = index = 0
    while index < len(text):
        char = text[index]
        if char == "\\" and text[index + 1 : index + 2] not in ("", *separators):
            index += 1
        elif char in "{}":
            depth += 1 if char == "{" else -1
        elif depth == 0 and char in separators:
            pieces.append(text[start:index].strip())
            start = index + 1
        index += 1
    pieces.append(text[start:].strip())
    return pieces


def _words(text: str) -> list[str]:
    """Splits a part of a name into words at blanks and ties."""
    return [word for word in _split(text, " \t\n\r\f\v~\u00a0") if word]


def _is_lower(word: str) -> bool:
    """Whether BibTeX reads `word` as a particle: its first letter outside braces is lower case.

    A group that starts with a macro counts as the letter it prints. Any other group has no case, so ``{van Maaten}`` is
    a family name.
    """
    index = 0
    while index < len(word):
        char = word[index]
        if char == "{" and word[index + 1 : index + 2] != "\\":
            index = _end_of_group(word, index)
        elif letter := _LETTER_MACRO.match(word, index):
            return letter[1][0].islower()
        elif macro := _MACRO.match(word, index):
            # The accented letter counts, with or without braces. BibTeX would read \'{E}cole as a particle, people
            # would not.
            index = macro.end() + len(word[macro.end() :]) - len(word[macro.end() :].lstrip("{ "))
        elif char.isalpha():
            return char.islower()
        else:
            index += 1
    return False


def _end_of_group(word: str, start: int) -> int:
    for index in range(start + 1, len(word) + 1):
        if _depth(word, index) == 0:
            return index
    return len(word)


def _doubt_without_comma(name: Name) -> list[Doubt]:
    if name.given or name.particle:
        return [_doubt_order(name)]
    if name.family.startswith("{"):
        return []
    proposal = joined.proposal if (joined := _doubt_joined(name)) else None
    return [Doubt("is a single word: write Last, First, or put it in braces if it is the whole name", proposal)]


def _doubt_joined(name: Name) -> Doubt | None:
    """``YanjunXu``: two names without a blank."""
    joined = re.fullmatch(r"([A-Z][a-z]+)([A-Z][a-z]+)", name.family)
    if joined is None or name.given or name.particle:
        return None
    return Doubt("looks like two names without a space", Name(joined[2], joined[1]))


def _doubt_order(name: Name) -> Doubt:
    """A name without a comma: an editor must decide which word is the family name."""
    first = name.given.split(" ")[0]
    if first.endswith(".") and len(first) > 3:  # "Lechner. Tosca": a full stop instead of the comma
        swapped = Name(first.rstrip("."), " ".join([*name.given.split(" ")[1:], name.family]), name.particle)
        return Doubt("has a full stop where a comma should be", swapped, Confidence.LIKELY)
    middle_initial = re.search(r"\s[A-Z]\.?$", name.given)
    sure = Confidence.LIKELY if middle_initial or name.particle else Confidence.POSSIBLE
    return Doubt("has no comma, so we took its last word for the family name: write Last, First", name, sure)


def _doubt_small_letters(name: Name) -> Doubt | None:
    if name.given.islower() and not name.family.islower() and name.given.isascii():
        return Doubt(
            "has a given name in lower case: check the order of the names",
            replace(name, given=_capitalised(name.given)),
        )
    if name.family.islower() and not name.particle and name.family.isascii():
        return Doubt(
            "has a family name in lower case",
            name.map(_capitalised) if name.given.islower() else _capital_family(name),
        )
    return None


def _doubt_capitals(name: Name) -> Doubt | None:
    loud = [part for part in (name.family, *name.given.split()) if part.isupper() and sum(map(str.isalpha, part)) > 1]
    if name.family not in loud and not any(len(part) > 3 and "." not in part for part in loud):
        return None
    quiet = name.map(
        lambda part: _capitalised(part.lower()) if part in loud or (part.isupper() and len(part) > 3) else part
    )
    return Doubt("is in capital letters", quiet)


def _doubt_two_capitals(name: Name) -> Doubt | None:
    slip = re.search(r"\b[A-Z]{2}[a-z]{2,}", name.family)
    return Doubt("has two capital letters in a row") if slip else None


def _doubt_trailing_particle(name: Name) -> Doubt | None:
    words = name.given.split()
    tail = [word for word in words[1:] if word.lower() in _PARTICLES]
    if not tail or words[-len(tail) :] != tail:
        return None
    given = " ".join(words[: -len(tail)])
    if tail[0].islower():
        moved = replace(name, given=given, particle=" ".join([*tail, name.particle]).strip())
    else:
        moved = replace(name, given=given, family=" ".join([*tail, name.family]))
    return Doubt(
        f"has '{' '.join(tail)}' with the given names: it may belong to the family name", moved, Confidence.LIKELY
    )


def _doubt_reversed(name: Name) -> Doubt | None:
    """``Jianhua, Hu``: a common family name is the given name, and the family name is none.

    Requires at least two syllables, because two names of one syllable each can be in either order.
    """
    family, given = name.family.lower(), name.given.lower()
    if given not in COMMON or family in COMMON or name.particle or name.suffix:
        return None
    if not re.fullmatch(r"[a-z]*[aeiou]+[^aeiou\W]+[aeiou]+[a-z]*", family) or len(family) < 5:
        return None
    return Doubt("may have given name and family name swapped", Name(name.given, name.family))


def _doubt_given_in_family(name: Name) -> Doubt | None:
    """``Whye Teh, Yee``: a given name in the family name."""
    *first, last = name.family.split() or [""]
    if len(first) != 1 or last.lower() not in COMMON or first[0].lower() in COMMON or " " in name.given:
        return None
    return Doubt(
        "may have a given name in the family name",
        replace(name, family=last, given=f"{name.given} {first[0]}"),
    )


def _doubt_mc(name: Name) -> Doubt | None:
    """``Mcallester``: the wrong capitals that a program makes of McAllester."""
    slip = re.match(r"Mc([a-z])", name.family)
    if slip is None:
        return None
    return Doubt(
        "may lack a capital letter", replace(name, family=f"Mc{slip[1].upper()}{name.family[3:]}"), Confidence.LIKELY
    )


def _doubt_signs(name: Name) -> Doubt | None:
    if re.search(r"[0-9*@;]", str(name)):
        return Doubt("contains a digit or sign that does not belong in a name")
    return None


def _capitalised(words: str) -> str:
    """Capitalises each word, and each half of a hyphenated one."""
    return re.sub(r"(?:^|(?<=[\s-]))\w", lambda first: first[0].upper(), words)


def _capital_family(name: Name) -> Name:
    return replace(name, family=_capitalised(name.family))


_CHECKS = (
    _doubt_joined,
    _doubt_small_letters,
    _doubt_capitals,
    _doubt_two_capitals,
    _doubt_trailing_particle,
    _doubt_reversed,
    _doubt_given_in_family,
    _doubt_mc,
    _doubt_signs,
)
