"""Doubts about names: why a name may be read wrongly, and what may be meant. Pure.

A doubt costs an editor a question, so a name that has only one plausible reading raises none.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from proceedings.bibtex.surnames import COMMON, IBERIAN


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


# Words that are part of a family name more often than of a given name, spelled as in family names.
_PARTICLES = frozenset(
    {"af", "al", "ap", "auf", "ben", "bin", "da", "dal", "de", "degli", "dei", "del", "della", "den", "der", "di", "do"}
    | {"dos", "du", "el", "ibn", "la", "le", "lo", "ten", "ter", "van", "vom", "von", "zu", "zum", "zur"}
)


_SUFFIX = re.compile(
    r"(?:jr|sr|[ivx]+|[2-9](?:nd|rd|th)|filho|neto|júnior|junior|senior|esq|m\.?d|ph\.?d)\.?", re.IGNORECASE
)
# Without V, VI and the like, which are family names as well.
_FAMILY_SUFFIX = re.compile(r"\S (?:jr|sr|ii|iii|iv)\.?\Z", re.IGNORECASE)
_GROUP = re.compile(
    r"\b(?:groups?|collaborations?|consortium|teams?|projects?|labs?|networks?|committee|association|society|institute"
    r"|university|inc|initiative|community|authors|developers|contributors|and|of|the)\b",
    re.IGNORECASE,
)
_TITLE = re.compile(r"(?:dr|prof|mr|mrs|ms|mx|dott|ing|professor|doctor)\.?", re.IGNORECASE)
# A word with a full stop that is a name and not an initial or one of the usual short forms.
_STOPPED = re.compile(r"(?!(?:mohd|alex|thos|theo|chas|phil|fred|prof|benj|matt)\.)[^\W\d_]{4,}\.", re.IGNORECASE)
_INITIAL = re.compile(r"[^\W\d_]\.?")
_SYLLABLE = r"(?:[czs]h|[bcdfghjklmnpqrstwxyz])?[yw]?[aeiou]{1,3}(?:ng|[nmklh])?"
_TWO_SYLLABLES = re.compile(rf"{_SYLLABLE}-?{_SYLLABLE}")


def find_doubts(name: Name) -> list[Doubt]:
    """Returns the doubts about the parts of `name`, whatever their source."""
    return [doubt for check in _CHECKS if (doubt := check(name))]


def doubts_without_comma(name: Name) -> Iterator[Doubt]:
    """Yields the doubt about a name without a comma, such as ``Mike Lewis``, of which `name` is BibTeX's reading.

    Two words are read the same by everybody unless the first is a common family name, so they raise none.
    """
    if not name.given and not name.particle:
        joined = _doubt_joined(name)
        reason = "is a single word: write Last, First, or put it in braces if it is the whole name"
        yield Doubt(reason, joined.proposal if joined else None)
        return
    for check in _CHECKS_WITHOUT_COMMA:
        if doubt := check(name):
            yield doubt
            return


def doubts_in_braces(name: Name) -> Iterator[Doubt]:
    """Yields the doubt about a whole name in braces: a group, a person with one name, or a person by mistake."""
    if " " in name.family and not _GROUP.search(name.family):
        yield Doubt("stands in braces as one name: write Last, First if it is a person")


def _doubt_full_stop(name: Name) -> Doubt | None:
    """``Lechner. Tosca``: a full stop instead of the comma."""
    first, *others = name.given.split(" ")
    if not _STOPPED.fullmatch(first):
        return None
    swapped = Name(first.rstrip("."), " ".join([*others, name.family]), name.particle)
    return Doubt("has a full stop where a comma should be", swapped, Confidence.LIKELY)


def _doubt_suffix_as_family(name: Name) -> Doubt | None:
    """``Martin Luther King Jr.``: BibTeX takes the suffix for the family name."""
    first, *others = name.given.split(" ")
    if not _SUFFIX.fullmatch(name.family) or not others or name.particle:
        return None
    proposal = Name(others[-1], " ".join([first, *others[:-1]]), "", name.family)
    return Doubt(f"ends in '{name.family}', which is no family name", proposal, Confidence.LIKELY)


def _doubt_title(name: Name) -> Doubt | None:
    first, *others = name.given.split(" ")
    if not _TITLE.fullmatch(first):
        return None
    proposal = replace(name, given=" ".join(others)) if others else None
    return Doubt(f"begins with the title '{first}'", proposal, Confidence.LIKELY)


def _doubt_particle(name: Name) -> Doubt | None:
    """``José Ortega y Gasset``, ``anna rossi``: words in lower case that are no particles."""
    first, *others = name.given.split(" ")
    if name.particle in ("y", "e", "i") and others:
        family = f"{others[-1]} {name.particle} {name.family}"
        return Doubt("may have two family names", Name(family, " ".join([first, *others[:-1]])), Confidence.LIKELY)
    if any(word.lower() not in _PARTICLES for word in name.particle.split()):
        proposal = Name(_capitalised(name.family), _capitalised(f"{name.given} {name.particle}".strip()))
        return Doubt("has a given name in lower case", proposal, Confidence.LIKELY)
    return Doubt("has no given name") if name.particle and not name.given else None


def _doubt_order(name: Name) -> Doubt | None:
    """``Ana Cruz Vidal``, ``Kim Min Jun``: the last word may not be the whole family name, or not the family name."""
    first, *others = name.given.split(" ")
    if not others or name.particle:
        return None
    if others[-1].lower() in IBERIAN:
        proposal = Name(f"{others[-1]} {name.family}", " ".join([first, *others[:-1]]))
        return Doubt("has no comma and may have two family names: write Last, First", proposal)
    syllables = all(re.fullmatch(_SYLLABLE, word.lower()) for word in (*others, name.family))
    if syllables and first.lower() in COMMON and name.family.lower() not in COMMON:
        proposal = Name(first, " ".join([*others, name.family]))
        return Doubt("may begin with its family name: write Last, First", proposal)
    return None


def _doubt_joined(name: Name) -> Doubt | None:
    """``YanjunXu``: two names without a blank."""
    joined = re.fullmatch(r"([A-Z][a-z]+)([A-Z][a-z]+)", name.family)
    if joined is None or name.given or name.particle:
        return None
    return Doubt("looks like two names without a space", Name(joined[2], joined[1]))


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
    if tail[0].islower() or name.particle:
        moved = replace(name, given=given, particle=" ".join([*tail, name.particle]).strip())
    else:
        moved = replace(name, given=given, family=" ".join([*tail, name.family]))
    return Doubt(
        f"has '{' '.join(tail)}' with the given names: it may belong to the family name", moved, Confidence.LIKELY
    )


def _doubt_reversed(name: Name) -> Doubt | None:
    """``Jianhua, Hu``: a common family name is the given name, and the family name is none.

    Requires two syllables, because two names of one syllable each can be in either order.
    """
    family, given = name.family.lower(), name.given.lower()
    if given not in COMMON or family in COMMON or name.particle or name.suffix:
        return None
    if len(family) < 5 or not _TWO_SYLLABLES.fullmatch(family):
        return None
    return Doubt("may have given name and family name swapped", Name(name.given, name.family))


def _doubt_given_in_family(name: Name) -> Doubt | None:
    """``Whye Teh, Yee``, ``J. Mayo, Jack``: a given name or an initial in the family name."""
    *first, last = name.family.split() or [""]
    if first and name.given and re.fullmatch(r"[^\W\d_]\.", first[0]):
        moved = replace(name, family=" ".join([*first[1:], last]), given=f"{name.given} {first[0]}")
        return Doubt("has an initial in the family name", moved)
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


def _doubt_suffix(name: Name) -> Doubt | None:
    """``Smith, Bob, Jr``: the suffix in the last place; ``Smith, Ann, Lee``: no suffix at all."""
    if not name.suffix or _SUFFIX.fullmatch(name.suffix):
        return None
    if _SUFFIX.fullmatch(name.given):
        proposal = replace(name, given=name.suffix, suffix=name.given)
        return Doubt(f"has the suffix '{name.given}' in the last place", proposal, Confidence.LIKELY)
    proposal = replace(name, given=f"{name.suffix} {name.given}".strip(), suffix="")
    return Doubt(f"has '{name.suffix}' between two commas, which is no suffix", proposal, Confidence.LIKELY)


def ends_in_suffix(family: str) -> bool:
    """Whether a family name of several words ends in a suffix that is no family name, as in ``King Jr.``."""
    return bool(_FAMILY_SUFFIX.search(family))


def _doubt_suffix_in_family(name: Name) -> Doubt | None:
    """``King Jr., Martin Luther``: the suffix without its comma."""
    if name.suffix or not name.given or not ends_in_suffix(name.family):
        return None
    family, _, suffix = name.family.rpartition(" ")
    return Doubt(f"has the suffix '{suffix}' in the family name", replace(name, family=family, suffix=suffix))


def _doubt_two_people(name: Name) -> Doubt | None:
    """``Omar Adan, Yuri Bell``: two names with a comma for ``and``, or one with two family and two given names."""
    families, given = name.family.split(" "), name.given.split(" ")
    if len(families) < 2 or len(given) < 2 or name.suffix or name.family.startswith("{") or ends_in_suffix(name.family):
        return None
    initial = _INITIAL.fullmatch(families[-1])
    if not initial and all(map(_INITIAL.fullmatch, given[1:])):  # Garcia Marquez, Gabriel J.
        return None
    sure = Confidence.LIKELY if initial else Confidence.POSSIBLE
    return Doubt("has several words on both sides of the comma: it may be two people", None, sure)


def _doubt_signs(name: Name) -> Doubt | None:
    if re.search(r"[0-9*@;&]", str(name)):
        return Doubt("contains a digit or sign that does not belong in a name")
    return None


def _capitalised(words: str) -> str:
    """Capitalises each word, and each half of a hyphenated one."""
    return re.sub(r"(?:^|(?<=[\s-]))\w", lambda first: first[0].upper(), words)


def _capital_family(name: Name) -> Name:
    return replace(name, family=_capitalised(name.family))


_CHECKS = (
    _doubt_suffix,
    _doubt_suffix_in_family,
    _doubt_two_people,
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
_CHECKS_WITHOUT_COMMA = (_doubt_full_stop, _doubt_suffix_as_family, _doubt_title, _doubt_particle, _doubt_order)
