"""Which paper of a file is which paper of the volume. Pure.

By submission number, else by the forum at OpenReview, else by key, else by title and authors, without case, accents and
punctuation. Papers whose keys were swapped, or a key that was given to a paper of other people, are recognised by title
and authors first.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

from proceedings.bibtex.name_matching import plain_words
from proceedings.bibtex.names import Name


@dataclass(frozen=True)
class Identity:
    """What tells a paper from others. `keys` begins with the one that files used last."""

    title: str
    authors: tuple[Name, ...]
    number: str = ""
    keys: tuple[str, ...] = ()
    forum: str = ""
    """The bare id of its forum at OpenReview."""

    @cached_property
    def plain_title(self) -> str:
        return " ".join(plain_words(self.title))

    @cached_property
    def people(self) -> tuple[str, ...]:
        """The authors' names in any order, each with its words in any order."""
        return tuple(sorted(" ".join(sorted(plain_words(str(name)))) for name in self.authors))

    @property
    def content(self) -> tuple[str, tuple[str, ...]]:
        return self.plain_title, self.people


def match_papers(wanted: Sequence[Identity], known: Sequence[Identity]) -> list[int | None]:
    """Returns for each of `wanted` the index of its paper in `known`, or None. No paper is used twice."""
    return _Matching(wanted, known).match() if known else [None] * len(wanted)


def _agree(one: Identity, other: Identity) -> bool:
    return not (one.number and other.number and one.number != other.number)


class _Matching:
    def __init__(self, wanted: Sequence[Identity], known: Sequence[Identity]) -> None:
        self.wanted, self.known = wanted, known
        self.found: list[int | None] = [None] * len(wanted)
        self.free = set(range(len(known)))

    def match(self) -> list[int | None]:
        self._by_number()
        self._by_forum()
        by_key = self._holders_of_keys()
        self._by_key(by_key, only_likely=True)
        self._by_content()
        self._by_key(by_key, only_likely=False)
        self._by_title()
        return self.found

    def _left(self) -> list[int]:
        return [at for at, found in enumerate(self.found) if found is None] if self.free else []

    def _pair(self, at: int, place: int) -> None:
        self.found[at] = place
        self.free.discard(place)

    def _by_number(self) -> None:
        numbers = {one.number: place for place, one in enumerate(self.known) if one.number}
        for at, one in enumerate(self.wanted):
            if one.number and (place := numbers.get(one.number)) in self.free and place is not None:
                self._pair(at, place)

    def _by_forum(self) -> None:
        forums = {one.forum: place for place, one in enumerate(self.known) if one.forum}
        for at in self._left() if forums else ():
            if (place := forums.get(self.wanted[at].forum)) in self.free and place is not None:
                self._pair(at, place)

    def _holders_of_keys(self) -> dict[str, list[int]]:
        """By key: papers that files call so, before those that only we call so."""
        holders: dict[str, list[int]] = defaultdict(list)
        for turn in range(max(len(one.keys) for one in self.known)):
            for place, one in enumerate(self.known):
                if turn < len(one.keys) and place not in holders[one.keys[turn]]:
                    holders[one.keys[turn]].append(place)
        return holders

    def _by_key(self, holders: dict[str, list[int]], *, only_likely: bool) -> None:
        for at in self._left():
            one = self.wanted[at]
            for place in (place for key in one.keys for place in holders.get(key, ()) if place in self.free):
                if _agree(one, self.known[place]) and (not only_likely or self._is_likely(one, place)):
                    self._pair(at, place)
                    break

    def _is_likely(self, one: Identity, place: int) -> bool:
        """Whether a paper with the same key may have been retitled: it has the same people, and is no other paper."""
        other = self.known[place]
        if one.title == other.title or one.plain_title == other.plain_title:
            return True
        return one.content not in self.contents and not set(one.people).isdisjoint(other.people)

    @cached_property
    def contents(self) -> frozenset[tuple[str, tuple[str, ...]]]:
        return frozenset(one.content for one in self.known)

    def _by_content(self) -> None:
        left = self._left()
        if not left:
            return
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for place in sorted(self.free):
            waiting[self.known[place].content].append(place)
        for at in left:
            one = self.wanted[at]
            for place in waiting.get(one.content, ()):
                if place in self.free and _agree(one, self.known[place]):
                    self._pair(at, place)
                    break

    def _by_title(self) -> None:
        """By the same title and one author in common, if no second paper has that."""
        choices: dict[int, list[int]] = {}
        by_title: dict[str, list[int]] = defaultdict(list)
        for place in sorted(self.free):
            by_title[self.known[place].plain_title].append(place)
        for at in self._left():
            one = self.wanted[at]
            choices[at] = [
                place
                for place in by_title.get(one.plain_title, ())
                if _agree(one, self.known[place]) and not set(one.people).isdisjoint(self.known[place].people)
            ]
        for at, places in choices.items():
            if len(places) == 1 and sum(places[0] in others for others in choices.values()) == 1:
                self._pair(at, places[0])
