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

    @property
    def address(self) -> str:
        """Name and address: ``Mike Lewis <mike@author.example>``."""
        return f"{self.name} <{self.email}>"


def carry_over(before: Sequence[AuthorState], names: Sequence[Name]) -> tuple[AuthorState, ...]:
    """Returns the authors with these `names`. Existing authors keep address, affiliation and ORCID iD.

    An author is matched by the same name, then by the same words in any order, case and accents, then by initials in
    the same position. Each existing author is used once; of two equal names the one in the same position.
    """
    found: dict[int, AuthorState] = {}
    left = dict(enumerate(before))
    for index, name in enumerate(names):
        if index in left and left[index].name == name:
            found[index] = left.pop(index)
    for key in _KEYS if left else ():  # most imports bring new papers, with nobody left to match
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for at, old in left.items():
            waiting[key(old.name)].append(at)
        for index, name in enumerate(names):
            if index not in found and (fitting := waiting[key(name)]):
                found[index] = left.pop(fitting.pop(0))
    for index, name in enumerate(names):
        if index not in found and index in left and compatible(left[index].name, name):
            found[index] = left.pop(index)
    return tuple(
        replace(found[index], name=name) if index in found else AuthorState(name) for index, name in enumerate(names)
    )


# What two spellings of one name share, from strict to loose.
_KEYS: tuple[Callable[[Name], Hashable], ...] = (
    lambda name: name,
    lambda name: tuple(sorted(plain_words(str(name)))),
    lambda name: "".join(plain_words(f"{name.given} {name.particle} {name.family}")),
)


def with_details(authors: Sequence[AuthorState], details: Sequence[Details]) -> tuple[AuthorState, ...]:
    """Adds what `details` know and the database does not. Overwrites nothing."""
    if len(details) != len(authors):
        return tuple(authors)
    return tuple(
        replace(author, email=author.email or known.email, affiliation=author.affiliation or known.affiliation)
        for author, known in zip(authors, details, strict=True)
    )


def with_contact(authors: Iterable[AuthorState], index: int, email: str) -> tuple[AuthorState, ...]:
    """Makes the author at `index` the corresponding author. The others keep their addresses."""
    return tuple(
        replace(author, is_corresponding=True, email=email) if at == index else replace(author, is_corresponding=False)
        for at, author in enumerate(authors)
    )


def with_address(authors: Iterable[AuthorState], index: int, email: str) -> tuple[AuthorState, ...]:
    """Sets the address of the author at `index`, who stays corresponding author or not."""
    return tuple(replace(author, email=email) if at == index else author for at, author in enumerate(authors))


def contact_of(authors: Iterable[AuthorState]) -> AuthorState | None:
    """Returns the corresponding author, or None."""
    return next((author for author in authors if author.is_corresponding), None)
