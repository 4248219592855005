"""Matches a paper's authors before and after an import, and finds the corresponding author. Pure."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from proceedings.bibtex.name_matching import compatible, plain_words
from proceedings.bibtex.names import Name


@dataclass(frozen=True, slots=True)
class AuthorState:
    """One author, as stored or as planned. `pk` is None for a new one."""

    name: Name
    email: str = ""
    affiliation: str = ""
    orcid: str = ""
    is_corresponding: bool = False
    pk: int | None = None
    profile: str = ""

    @property
    def address(self) -> str:
        """Name and address: ``Mike Lewis <mike@author.example>``."""
        return f"{self.name} <{self.email}>"


def carry_over(
    before: Sequence[AuthorState], names: Sequence[Name], called: Sequence[tuple[int, Name]] = ()
) -> tuple[AuthorState, ...]:
    """Returns the authors with these `names`. Existing authors keep address, affiliation, ORCID iD and profile.

    An author is matched by the same name, then by the name that the last import read (`called`: primary keys and
    names), then by the same words in any order, case and accents, then by initials in the same position. Each existing
    author is used once; of two equal names the one in the same position.
    """
    if [author.name for author in before] == list(names):
        return tuple(before)
    found: dict[int, AuthorState] = {}
    left = dict(enumerate(before))
    for index, name in enumerate(names):
        if index in left and left[index].name == name:
            found[index] = left.pop(index)
    if left:  # most imports bring new papers, with nobody left to match
        _match_by(_KEYS[0], names, found, left)
        _match_by_last_name(names, called, found, left)
        for key in _KEYS[1:]:
            _match_by(key, names, found, left)
    for index, name in enumerate(names):
        if index not in found and index in left and compatible(left[index].name, name):
            found[index] = left.pop(index)
    return tuple(
        replace(found[index], name=name) if index in found else AuthorState(name) for index, name in enumerate(names)
    )


Places = dict[int, AuthorState]
"""Authors by their place in a list."""


def _match_by(key: Callable[[Name], Hashable], names: Sequence[Name], found: Places, left: Places) -> None:
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for at, old in left.items():
        waiting[key(old.name)].append(at)
    for index, name in enumerate(names):
        if index not in found and (fitting := waiting[key(name)]):
            found[index] = left.pop(fitting.pop(0))


def _match_by_last_name(names: Sequence[Name], called: Sequence[tuple[int, Name]], found: Places, left: Places) -> None:
    """Matches authors whose names were corrected here, by what the last import read."""
    places = {author.pk: at for at, author in left.items()}
    for index, name in enumerate(names):
        if index in found:
            continue
        same = [pk for pk, known in called if known == name and places.get(pk) in left]
        here = called[index][0] if index < len(called) else None
        if same:
            found[index] = left.pop(places[here if here in same else same[0]])


# What two spellings of one name share, from strict to loose.
_KEYS: tuple[Callable[[Name], Hashable], ...] = (
    lambda name: name,
    lambda name: tuple(sorted(plain_words(str(name)))),
    lambda name: "".join(plain_words(f"{name.given} {name.particle} {name.family}")),
)


def with_contact(authors: Iterable[AuthorState], index: int, email: str) -> tuple[AuthorState, ...]:
    """Makes the author at `index` the corresponding author. The others keep their addresses."""
    return tuple(
        replace(author, is_corresponding=True, email=email) if at == index else replace(author, is_corresponding=False)
        for at, author in enumerate(authors)
    )


def contact_of(authors: Iterable[AuthorState]) -> AuthorState | None:
    """Returns the corresponding author, or None."""
    return next((author for author in authors if author.is_corresponding), None)
