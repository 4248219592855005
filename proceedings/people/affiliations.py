"""Groups spellings of affiliations that probably mean the same institution. Pure, and only a proposal.

Two spellings belong together if they have the same words, whatever their order, case, accents and abbreviations; if one
is the acronym of the other; or if one word differs by a typing error. A department and a country do not count.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from proceedings.bibtex.name_matching import plain_words

# Abbreviations, other languages and frequent mistakes, each after the word that it stands for.
_SAME_WORDS = """
university: univ uni u universitat universitaet universite universita universidad universidade universiteit
university: universitet universitetet uniwersytet universitas
institute: inst institut instituto istituto institutes
technology: tech techn technical technische technological
laboratory: lab labs laboratories laboratoire
center: centre ctr zentrum
department: dept dep
national: natl nat
research: res
science: sci sciences
engineering: eng engr
academy: acad
college: coll
school: sch
zurich: zuerich
munich: munchen muenchen
"""
_PLAIN = {
    word: plain
    for plain, _, words in (line.partition(":") for line in _SAME_WORDS.strip().splitlines())
    for word in words.split()
}
_IGNORED = frozenset(
    re.findall(
        r"\w+",
        "of the at for and in de des du di da do la le der die und et "
        "inc ltd llc corp corporation company co gmbh ag plc",
    )
)
_DEPARTMENTS = frozenset(
    ["department", "school", "faculty", "division", "chair", "group", "fachbereich", "departement"]
)
# Names without blanks and punctuation, as they stand at the end of an affiliation.
_COUNTRIES = frozenset(
    re.findall(
        r"\w+",
        """
        usa us uk china prchina germany deutschland france canada japan india italy spain netherlands
        switzerland austria sweden norway denmark finland belgium israel australia singapore taiwan korea
        southkorea republicofkorea brazil mexico chile argentina ireland portugal poland czechrepublic czechia
        greece turkey turkiye iran russia hongkong unitedstates unitedstatesofamerica unitedkingdom england
        scotland wales vietnam thailand indonesia malaysia newzealand southafrica egypt saudiarabia
        unitedarabemirates uae qatar hungary romania bulgaria ukraine iceland luxembourg estonia latvia
        lithuania slovenia slovakia croatia serbia colombia peru pakistan bangladesh
        """,
    )
)
_PARTS = re.compile(r"[,;/|()\[\]\n]+|\s[-–—]\s")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_STATE = re.compile(r"\s*(?:[A-Z]{2}\s*)?\d{4,6}(?:-\d{4})?\s*\Z|\s*[A-Z]{2}\s*\Z")
_MIN_ACRONYM, _MIN_TYPO = 3, 5
_ALIKE = 0.8


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write an affiliation. `papers` and `authors` count those that have it."""

    text: str
    papers: int
    authors: int
    same_words: bool = False
    """Whether it has all the words of the group's proposal and no others, so that nothing is lost with it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Spellings that probably mean one institution; the most frequent one is the `proposal`."""

    spellings: tuple[Spelling, ...]
    papers: int

    @property
    def proposal(self) -> str:
        return self.spellings[0].text


def group_spellings(uses: Mapping[str, Collection[int]]) -> list[Group]:
    """Returns the groups of at least two spellings, those of most papers first.

    `uses` holds for each spelling the papers of its authors: one entry for each author, so a paper may be there twice.
    """
    groups = _Groups(uses)
    return sorted(
        (make_group({text: uses[text] for text in texts}) for texts in groups.joined() if len(texts) > 1),
        key=lambda group: (-group.papers, group.proposal),
    )


def make_group(uses: Mapping[str, Collection[int]]) -> Group:
    """Returns these spellings as one group, whatever they are; at least one."""
    order = sorted(uses, key=lambda text: (-len(uses[text]), -len(text), text))
    wanted = _words(order[0])
    return Group(
        tuple(Spelling(text, len(set(uses[text])), len(uses[text]), _words(text) == wanted) for text in order),
        len({paper for papers in uses.values() for paper in papers}),
    )


def find_spellings(uses: Iterable[str], query: str) -> list[str]:
    """Returns the spellings that contain every word of `query`, or its beginning."""
    wanted = plain_words(query)
    return [
        text
        for text in uses
        if all(any(word.startswith(one) for word in plain_words(text)) for one in wanted)
    ]  # fmt: skip


def _plain(text: str) -> list[str]:
    return [_PLAIN.get(word, word) for word in plain_words(text) if word not in _IGNORED]


def _words(text: str) -> tuple[str, ...]:
    return tuple(sorted(_plain(text)))


def _institution(text: str) -> list[str]:
    """Returns the words of the institution, in order, without its acronym, department, state and country."""
    parts = [part for part in _PARTS.split(_DOTTED.sub(lambda found: found[0].replace(".", ""), text)) if part.strip()]
    while len(parts) > 1 and ("".join(plain_words(parts[-1])) in _COUNTRIES or _STATE.match(parts[-1])):
        parts.pop()
    kept = [part for part in parts if not _DEPARTMENTS & set(_plain(part)[:2])] or parts
    named = [_plain(part) for part in kept]
    initials = {"".join(word[0] for word in words) for words in named if len(words) >= _MIN_ACRONYM}
    return [word for words in named if len(words) != 1 or words[0] not in initials for word in words]


class _Groups:
    """Joins spellings: a forest in which each knows one that it belongs to."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.parent: dict[str, str] = {}
        by_key: dict[tuple[str, ...], str] = {}
        acronyms: dict[str, str] = {}
        for text in texts:
            self.parent[text] = text
            words = _institution(text)
            key = tuple(sorted(set(words) - ({"institute"} if "technology" in words else set())))
            if not key:
                continue
            self.join(text, by_key.setdefault(key, text))
            if len(words) >= _MIN_ACRONYM:
                acronyms.setdefault("".join(word[0] for word in words), text)
        for key, text in by_key.items():
            if len(key) == 1 and len(key[0]) >= _MIN_ACRONYM and key[0] in acronyms:
                self.join(text, acronyms[key[0]])
        self.join_typos(by_key)

    def join_typos(self, by_key: Mapping[tuple[str, ...], str]) -> None:
        """Joins keys that differ in one word, which begins with the same letter and is nearly the same."""
        nearly: dict[tuple[tuple[str, ...], str], list[tuple[str, str]]] = defaultdict(list)
        for key, text in by_key.items():
            for at, word in enumerate(key):
                if len(word) >= _MIN_TYPO and word.isalpha():
                    nearly[key[:at] + key[at + 1 :], word[:2]].append((word, text))
        for found in nearly.values():
            for at, (word, text) in enumerate(found):
                for other, other_text in found[at + 1 :]:
                    if abs(len(word) - len(other)) <= 2 and SequenceMatcher(None, word, other).ratio() >= _ALIKE:
                        self.join(text, other_text)

    def root(self, text: str) -> str:
        while self.parent[text] != text:
            self.parent[text] = self.parent[self.parent[text]]
            text = self.parent[text]
        return text

    def join(self, one: str, other: str) -> None:
        self.parent[self.root(one)] = self.root(other)

    def joined(self) -> list[list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for text in self.parent:
            found[self.root(text)].append(text)
        return list(found.values())
