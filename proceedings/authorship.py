"""A paper's authors before and after an import: who stays the same person, and who answers for the paper. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from proceedings.contacts import compatible, identical, same_letters, same_words
from proceedings.names import Name


@dataclass(frozen=True, slots=True)
class AuthorState:
    """One author as the database has or shall have them. `pk` is None for somebody new."""

    name: Name
    email: str = ""
    affiliation: str = ""
    orcid: str = ""
    is_contact: bool = False
    pk: int | None = None

    @property
    def address(self) -> str:
        """``Mike Lewis <mike@author.example>``."""
        return f"{self.name} <{self.email}>"


def carry_over(before: Sequence[AuthorState], names: Sequence[Name]) -> tuple[AuthorState, ...]:
    """The authors called `names`, in that order; whoever was there before keeps address, affiliation and ORCID iD.

    A person is recognised by the same name, else by the same words apart from case, accents and order, else, in the
    same place of the list, by initials. Each earlier author is used once.
    """
    found: dict[int, AuthorState] = {}
    left = list(enumerate(before))
    passes: tuple[tuple[Callable[[Name, Name], bool], bool], ...] = (
        (identical, True),
        (identical, False),
        (same_words, False),
        (same_letters, False),
        (compatible, True),
    )
    for same, in_place in passes:
        for index, name in enumerate(names):
            if index in found:
                continue
            fitting = [(at, old) for at, old in left if (at == index or not in_place) and same(old.name, name)]
            if fitting:
                found[index] = replace(fitting[0][1], name=name)
                left.remove(fitting[0])
        if not left:
            break
    return tuple(found.get(index) or AuthorState(name) for index, name in enumerate(names))


def with_contact(authors: Iterable[AuthorState], index: int, email: str) -> tuple[AuthorState, ...]:
    """`authors` with the one at `index` as the corresponding author; the others keep their addresses."""
    return tuple(
        replace(author, is_contact=True, email=email) if at == index else replace(author, is_contact=False)
        for at, author in enumerate(authors)
    )


def contact_of(authors: Iterable[AuthorState]) -> AuthorState | None:
    """The corresponding author, if there is one."""
    return next((author for author in authors if author.is_contact), None)
