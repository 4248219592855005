"""Whether two names mean the same person. Pure."""

import re
import unicodedata

from proceedings.bibtex.names import Name

# Letters that do not decompose into a plain letter and a mark.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ß": "ss"})


def plain_words(text: str) -> list[str]:
    """Returns the words of `text` without case, accents and punctuation."""
    return re.findall(r"[^\W_]+", re.sub("['’`]", "", plain_letters(text)))


def plain_letters(text: str) -> str:
    """Returns `text` without case and accents."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(char for char in letters if not unicodedata.combining(char))


def identical(one: Name, other: Name) -> bool:
    return one == other


def same_words(one: Name, other: Name) -> bool:
    """Whether both have the same words, in any order, case and accents."""
    return sorted(plain_words(str(one))) == sorted(plain_words(str(other)))


def same_letters(one: Name, other: Name) -> bool:
    """Whether both have the same letters: ``Amir Reza`` is ``AmirReza``; also with the family name first."""
    first, last = "".join(plain_words(other.given)), "".join(plain_words(f"{other.particle} {other.family}"))
    return "".join(plain_words(str(one))) in {first + last, last + first}


def compatible(one: Name, other: Name) -> bool:
    """Whether the family names are equal and the given names do not contradict each other; initials are allowed."""
    words, family = plain_words(str(one)), plain_words(f"{other.particle} {other.family}")
    rest = list(words)
    for word in family:
        if word not in rest:
            return False
        rest.remove(word)
    given = plain_words(f"{other.given} {other.suffix}")
    if not rest or not given:
        return False
    if len(rest) == 1 and rest[0] == "".join(word[0] for word in given):  # JL for Jean-Luc
        return True
    shorter, longer = sorted((rest[1:], given[1:]), key=len)
    left = iter(longer)
    return _alike(rest[0], given[0]) and all(any(_alike(word, theirs) for theirs in left) for word in shorter)


def _alike(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])
