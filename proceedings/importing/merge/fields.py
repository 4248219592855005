"""Three-way comparison of fields: what the last import read, what is here, and what the file says now. Pure.

Values are JSON: text, numbers, lists. A field that the source does not have is left out, and changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from proceedings.bibtex.forum_ids import with_bare_forum_id
from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.importing.plan import Difference, Origin

VOLUME_FIELDS = (
    *("bib_key", "name", "shortname", "booktitle", "year", "start", "end", "address"),
    *("conference_url", "published", "editor_names", "sections"),
)
PAPER_FIELDS = ("title", "title_latex", "abstract", "pages", "section", "submission", "licence")
_UNITS = {"title_latex": "title", "title": "title"}
"""Fields that are decided together: a title in LaTeX belongs to its title."""

Values = Mapping[str, Any]
Said = Mapping[str, Mapping[str, Any]]
"""By field: `value`, `file` and `at` of an ImportedRecord."""


def unit_of(field: str) -> str:
    """The name under which `field` is decided."""
    return _UNITS.get(field, field)


def values_of(row: Any, fields: Iterable[str]) -> dict[str, Any]:
    """The `fields` of a row or record, and each further BibTeX field as ``extra.<name>``."""
    return {name: plain(getattr(row, name)) for name in fields} | {
        f"extra.{name}": value for name, value in with_bare_forum_id(row.extra).items()
    }


def stated(record: PaperRecord | VolumeRecord, fields: Iterable[str], said: Said) -> dict[str, Any]:
    """What a file says: the values of `record` without those that it does not have.

    A further BibTeX field that it had before and no longer has is empty, unless ``extra`` is unsaid: then the file may
    have some of these fields, and says nothing about others.
    """
    unsaid = record.unsaid
    values = {name: value for name, value in values_of(record, fields).items() if name not in unsaid}
    if "extra" in unsaid:
        return values
    return values | {name: "" for name in said if name.startswith("extra.") and name not in values}


def compare(said: Said, theirs: Values, ours: Values) -> list[Difference]:
    """Returns the differences between the file and here, with where each field has changed."""
    groups: dict[str, list[str]] = {}
    for field, value in theirs.items():
        if value != ours.get(field, ""):
            groups.setdefault(unit_of(field), []).append(field)
    found = []
    for unit, fields in groups.items():
        members = [field for field in theirs if unit_of(field) == unit]
        origins = {origin(said, field, theirs[field], ours.get(field, "")) for field in members}
        first = fields[0]
        where, label = _joined(origins), first.removeprefix("extra.")
        # An agreement copies the title, but not its LaTeX.
        binding = first in ("title", "key")
        found.append(
            difference(unit, where, said.get(first), theirs[first], ours.get(first, ""), label=label, binding=binding)
        )
    return found


def difference(
    field: str,
    where: Origin,
    base: Mapping[str, Any] | None,
    theirs: Any,
    ours: Any,
    *,
    label: str,
    binding: bool = False,
) -> Difference:
    """Returns a difference with its values as text."""
    return Difference(
        field=field,
        old=shown(ours),
        new=shown(theirs),
        origin=where,
        base=None if base is None else shown(base["value"]),
        since="" if base is None else ", ".join(part for part in (base["file"], base["at"][:10]) if part),
        label=label,
        binding=binding,
    )


def origin(said: Said, field: str, theirs: Any, ours: Any) -> Origin | None:
    """Returns where `field` has changed since the last import, or None if both sides agree.

    Without a last import, an empty field here is new in the file, and any other difference needs a decision.
    """
    if theirs == ours:
        return None
    base = said.get(field)
    if base is None and said and field.startswith("extra."):
        base = {"value": ""}  # the file did not have this further field
    if base is None:
        return Origin.FILE if ours in ("", None, []) else Origin.BOTH
    if base["value"] == theirs:
        return Origin.HERE
    return Origin.FILE if base["value"] == ours else Origin.BOTH


def _joined(origins: Iterable[Origin | None]) -> Origin:
    different = {one for one in origins if one}
    return different.pop() if len(different) == 1 else Origin.BOTH


def plain(value: Any) -> Any:
    """Converts a column to JSON: tuples to lists, dates to text."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else "" if value is None else value


def shown(value: Any) -> str:
    """Converts a value to text for people."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(map(str, value))
    return "" if value is None else str(value)
