"""Matches a paper's authors before and after an import, and finds the corresponding author. Pure."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from proceedings.bibtex.name_matching import compatible, plain_words
from proceedings.bibtex.names import Name
from proceedings.bibtex.records import Details


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
    before: Sequence[AuthorState],
    names: Sequence[Name],
    details: Sequence[Details] = (),
    *,
    called: Sequence[tuple[int, Name]] = (),
) -> tuple[AuthorState, ...]:
    """Returns the authors with these `names`. Existing authors keep address, affiliation, ORCID iD and profile.

    An author is matched by the same name, then by the name that the last import read (`called`: primary keys and
    names), then by the same words in any order, case and accents, then by initials in the same position. Each existing
    author is used once. Namesakes are told apart by `details` of the source, which are as long as `names` or empty,
    else by their order.
    """
    if [author.name for author in before] == list(names) and len(set(names)) == len(names):
        return tuple(before)
    left = dict(enumerate(before))
    found = {place: left.pop(old) for place, old in _equal_names(before, names, details).items()}
    if left:  # most imports bring new papers, with nobody left to match
        _match_by_last_name(names, called, found, left)
        for key in _KEYS:
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


def unsure_namesakes(
    before: Sequence[AuthorState], names: Sequence[Name], details: Sequence[Details] = ()
) -> list[Name]:
    """Returns the names of authors of one paper that `carry_over` may have confused.

    They have different details, the source does not tell them apart, and their number or places changed.
    """
    unsure = []
    for name, old in _places([author.name for author in before]).items():
        new = [place for place, one in enumerate(names) if one == name]
        known = {(before[place].email, before[place].affiliation, before[place].orcid) for place in old}
        told_apart = len(details) == len(names) and len({details[place].email for place in new} - {""}) == len(new)
        if len(old) > 1 and new and len(known) > 1 and old != new and not told_apart:
            unsure.append(name)
    return unsure


def _places(names: Iterable[Name]) -> dict[Name, list[int]]:
    places: dict[Name, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        places[name].append(place)
    return places


def _equal_names(before: Sequence[AuthorState], names: Sequence[Name], details: Sequence[Details]) -> dict[int, int]:
    """Returns place now -> place before, for authors whose name is the same."""
    found: dict[int, int] = {}
    known = _places(author.name for author in before)
    for name, places in _places(names).items():
        new, old = places, known.get(name, [])
        if len(old) > 1 or len(new) > 1:
            same = _by_details(before, old, new, details) if len(details) == len(names) else {}
            if len(old) != len(new):  # somebody joined or left: those who stand where they stood stay
                same |= {at: at for at in new if at in old and at not in same and at not in same.values()}
            found |= same
            new, old = [at for at in new if at not in same], [at for at in old if at not in same.values()]
        found |= dict(zip(new, old, strict=False))
    return found


def _by_details(
    before: Sequence[AuthorState], old: Sequence[int], new: Sequence[int], details: Sequence[Details]
) -> dict[int, int]:
    """Matches namesakes by their addresses, then by their affiliations, as far as these are unique."""
    found: dict[int, int] = {}
    for part in ("email", "affiliation"):
        for place in new:
            value = getattr(details[place], part).casefold()
            same = [at for at in old if at not in found.values() and getattr(before[at], part).casefold() == value]
            if value and len(same) == 1 and place not in found:
                found[place] = same[0]
    return found


# What two spellings of one name share, from strict to loose.
_KEYS: tuple[Callable[[Name], Hashable], ...] = (
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
