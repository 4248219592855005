"""Reads personal names by BibTeX's rules. Pure.

Names are read in LaTeX, as in the file; the caller converts the parts to Unicode. BibTeX's reading is not always what
the author meant. So `read_name` also returns doubts, with a suggested name if there is one. It changes nothing itself.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from proceedings.bibtex.name_doubts import (
    Confidence,
    Doubt,
    Name,
    doubts_in_braces,
    doubts_without_comma,
    ends_in_suffix,
    find_doubts,
)

__all__ = ["Confidence", "Doubt", "Name", "NotANameError", "Reading", "find_doubts", "people_in", "read_name"]
__all__ += ["split_names", "write_name"]


class NotANameError(ValueError):
    """The text is not a name. The message tells an editor what to write."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A name as BibTeX reads it, and the doubts about it."""

    name: Name
    doubts: tuple[Doubt, ...] = ()


_MARKS = re.compile(r"\\(?:[A-Za-z]+|.)|[{}]", re.DOTALL)
# Macros that are letters themselves. All others are accents or fonts, followed by the letter.
_LETTER_MACRO = re.compile(
    r"\\(aa|AA|ae|AE|oe|OE|ss|SS|o|O|l|L|i|j|dh|DH|dj|DJ|th|TH|ng|NG|[ou]horn|[OU]HORN)(?![A-Za-z])"
)
_MARKS_AND_SEPARATORS = re.compile(
    r"\\[A-Za-z]+[ \t\n]?|\\[`'^\"~=.][ \t\n]+(?=[A-Za-z])|\\.|[{},;&~\s\u00a0]", re.DOTALL
)
# The blank after these belongs to the macro: an accent and its letter, or a letter in the middle of a word.
_GOES_ON = re.compile(
    r"\\(?:[uvHcdkbrhGftm]|textcommabelow)(?![A-Za-z])|\\[`'^\"~=.]"
    r"|\\(?:aa|AA|ae|AE|oe|OE|ss|SS|o|O|l|L|i|j|dh|DH|dj|DJ|th|TH|ng|NG|[ou]horn|[OU]HORN)\s+[^\W\d_A-Z]"
)
_ENDS_IN_LETTER = re.compile(rf"{_LETTER_MACRO.pattern}\Z")
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


def people_in(text: str, *, natural: bool = False) -> list[str]:
    """Returns the names in one part of `split_names`: several if somebody wrote commas, ``;`` or ``&`` for ``and``.

    Commas separate names only if each part has at least two words, or if there are too many of them for one name. A
    single comma does so only if another name of the field is in the `natural` order, First Last.
    """
    for separator in (";", "&"):
        parts = _split(text.replace(r"\&", "&"), separator)
        if len(parts) > 1:
            return [part for part in parts if part]
    parts = _split(text, ",")
    several = len(parts) >= (2 if natural else 3) and all(len(_words(part)) > 1 for part in parts)
    if several and not _is_lower(_words(parts[0])[0]) and not (len(parts) == 2 and ends_in_suffix(parts[0])):
        return parts
    if len(parts) > 3 and all(parts):
        whole = len(parts) % 2 == 0 and not any(len(_words(part)) > 1 for part in parts[::2])
        return [", ".join(pair) for pair in zip(parts[::2], parts[1::2], strict=True)] if whole else parts
    return [text]


def read_name(text: str, convert: Callable[[str], str] = str) -> Reading:
    """Reads one name by BibTeX's rules, and returns it with doubts. `convert` makes text of the LaTeX of each part.

    Accepts ``First von Last``, ``von Last, First`` and ``von Last, Jr, First``; a name in braces is a family name only.
    One difference to BibTeX: a comma at the end (``Jiang, Yiheng,``) would make the given name a suffix, so it is
    ignored and reported as a doubt.

    Raises NotANameError for an empty text, more than two commas or a missing family name.
    """
    parts, name = _read(text)
    in_braces = name.family.startswith("{") and not (name.given or name.particle)
    name = name.map(convert)
    found = [Doubt("has an extra comma, which we ignored")] if not all(_split(text.strip(), ",")) else []
    if len(parts) == 1 and in_braces:
        found += doubts_in_braces(name)
    elif len(parts) == 1:
        found += doubts_without_comma(name)
    known = {doubt.proposal for doubt in found}
    if len(parts) > 1 or name.given or name.particle:
        found += [doubt for doubt in find_doubts(name) if not (found and doubt.proposal in known)]
    return Reading(name, tuple(found))


def _read(text: str) -> tuple[list[str], Name]:
    """Returns the parts between commas, and the name."""
    parts = [words for part in _split(text.strip(), ",") if (words := " ".join(_words(part)))]
    if not parts or not _words(_split(text.strip(), ",")[0]):
        msg = "a name is missing: remove one 'and', or write the name"
        raise NotANameError(msg)
    if len(parts) > 3:
        msg = f"'{text.strip()}' has too many commas: separate names with 'and', and write each as Last, First"
        raise NotANameError(msg)
    return parts, _natural(parts[0]) if len(parts) == 1 else _inverted(parts)


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
        _, again = _read(text)
    except NotANameError:
        return False
    return again == name and split_names(text) == [text]


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


def _split(text: str, separators: str) -> list[str]:
    """Splits `text` at any of `separators` outside braces and macros. A separator behind a backslash is an accent."""
    pieces: list[str] = []
    depth = start = 0
    for mark in _MARKS_AND_SEPARATORS.finditer(text):
        sign = mark[0]
        if sign in "{}":
            depth += 1 if sign == "{" else -1
        elif depth == 0 and (sign in separators or (" " in separators and _ends_word(sign, text, mark.start()))):
            macro = len(sign) > 2
            pieces.append(text[start : mark.end() if macro else mark.start()].strip())
            start = mark.end()
    pieces.append(text[start:].strip())
    return pieces


def _ends_word(sign: str, text: str, at: int) -> bool:
    """Whether `sign` is a macro with a blank after it that separates words: ``\\ `` or ``Pawe\\l Nowak``."""
    return sign[0] == "\\" and sign[-1].isspace() and not _GOES_ON.match(text, at)


def _words(text: str) -> list[str]:
    """Splits a part of a name into words at blanks and ties. A letter macro at the end of a word gets braces, because
    it would swallow the blank.
    """
    words = [word for word in _split(text, " \t\n\r\f\v~\u00a0") if word]
    return [f"{word}{{}}" if _ENDS_IN_LETTER.search(word) and not word.startswith("{") else word for word in words]


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
    depth = 0
    for mark in _MARKS.finditer(word, start):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    return len(word)
