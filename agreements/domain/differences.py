"""What a change request would change in a snapshot, as before and after. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agreements.domain.facts import Snapshot


@dataclass(frozen=True, slots=True)
class Difference:
    fact: str
    """``title``, ``authors``, ``author`` or ``signer``."""
    before: str
    after: str
    place: int | None = None
    """Position in the list of authors, counted from 1, if one author changes."""

    @property
    def what(self) -> str:
        return self.fact if self.place is None else f"{self.fact} {self.place}"

    def __str__(self) -> str:
        return f"{self.what}: “{self.before}” shall be “{self.after}”"


def differences(facts: Snapshot, wanted: dict[str, Any]) -> list[Difference]:
    """List the values of the snapshot that `wanted` changes: ``title``, ``authors``, or the signer's ``name`` and
    ``email``.
    """
    found = []
    if wanted.get("title", facts.title) != facts.title:
        found.append(Difference("title", facts.title, wanted["title"]))
    if "authors" in wanted:
        found += names_that_differ(facts.authors, wanted["authors"])
    if "name" in wanted:
        before, after = f"{facts.signer} <{facts.signer_email}>", f"{wanted['name']} <{wanted['email']}>"
        found.append(Difference("signer", before, after))
    return found


def names_that_differ(before: Sequence[str], after: Sequence[str]) -> list[Difference]:
    """List one difference per respelled name, or one for the whole list if its order or length changes."""
    if list(before) == list(after):
        return []
    if len(before) == len(after) and not set(after) & (set(before) - unchanged(before, after)):
        return [
            Difference("author", old, new, place)
            for place, (old, new) in enumerate(zip(before, after, strict=True), start=1)
            if old != new
        ]
    return [Difference("authors", "; ".join(before), "; ".join(after))]


def unchanged(before: Sequence[str], after: Sequence[str]) -> set[str]:
    return {old for old, new in zip(before, after, strict=True) if old == new}
