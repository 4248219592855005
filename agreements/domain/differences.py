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
    position: int | None = None
    """Position in the list of authors, counted from 1, if one author changes."""

    @property
    def what(self) -> str:
        return self.fact if self.position is None else f"{self.fact} {self.position}"

    def __str__(self) -> str:
        return f"{self.what}: “{self.before}” becomes “{self.after}”"


def compare_snapshot(snapshot: Snapshot, requested: dict[str, Any]) -> list[Difference]:
    """List the values of the snapshot that `requested` changes: ``title``, ``authors``, or the signer's ``name`` and
    ``email``.
    """
    found = []
    if requested.get("title", snapshot.title) != snapshot.title:
        found.append(Difference("title", snapshot.title, requested["title"]))
    if "authors" in requested:
        found += compare_names(snapshot.authors, requested["authors"])
    if "name" in requested:
        before, after = f"{snapshot.signer} <{snapshot.signer_email}>", f"{requested['name']} <{requested['email']}>"
        found.append(Difference("signer", before, after))
    return found


def compare_names(before: Sequence[str], after: Sequence[str]) -> list[Difference]:
    """List one difference per respelled name, or one for the whole list if its order or length changes."""
    if list(before) == list(after):
        return []
    if len(before) == len(after) and not set(after) & (set(before) - unchanged_names(before, after)):
        return [
            Difference("author", old, new, position)
            for position, (old, new) in enumerate(zip(before, after, strict=True), start=1)
            if old != new
        ]
    return [Difference("authors", "; ".join(before), "; ".join(after))]


def unchanged_names(before: Sequence[str], after: Sequence[str]) -> set[str]:
    return {old for old, new in zip(before, after, strict=True) if old == new}
