"""What an import would do, as plain values: made by `planner`, shown to an editor, then applied. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from proceedings.bibtex.findings import Finding, errors
from proceedings.bibtex.records import PaperRecord, VolumeFile, VolumeRecord
from proceedings.importing.authorship import AuthorState, contact_of
from proceedings.importing.contacts import ContactTable


class Change(StrEnum):
    """What happens to an entry."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class NothingToApplyError(ValueError):
    """The file names no volume, so the papers cannot be imported."""


class PlanOutdatedError(RuntimeError):
    """The database has changed since the plan was made. Make and review a new plan."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of the volume or of a paper, before and after."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PaperPlan:
    """What happens to one entry. `record` is None for a rejected one; `pk` is None for a new one."""

    key: str
    line: int
    change: Change
    record: PaperRecord | None = None
    authors: tuple[AuthorState, ...] = ()
    differences: tuple[Difference, ...] = ()
    pk: int | None = None

    @property
    def touches_authors(self) -> bool:
        return self.pk is None or any(
            difference.field in ("authors", "contact", "addresses") for difference in self.differences
        )


@dataclass(frozen=True, slots=True)
class ContactCounts:
    """Counts of the contacts table: `rows` = `to_set` + `unchanged` + `refused`."""

    rows: int = 0
    to_set: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """Both files, read once. A plan that is made again in the transaction uses the same content."""

    bib: str
    file: VolumeFile
    contacts_file: str
    table: ContactTable


@dataclass(frozen=True)
class Plan:
    """Everything that an import would do. Two plans are equal if they would do and report the same."""

    source: Input
    volume: VolumeRecord | None
    volume_change: Change
    volume_differences: tuple[Difference, ...]
    papers: tuple[PaperPlan, ...]
    gone: tuple[str, ...]
    contacts: ContactCounts
    findings: tuple[Finding, ...]

    def of(self, change: Change) -> list[PaperPlan]:
        """The entries with this `change`."""
        return [paper for paper in self.papers if paper.change is change]

    @cached_property
    def counts(self) -> dict[Change, int]:
        """Number of entries for each change; the sum is the number of entries in the file."""
        return {change: len(self.of(change)) for change in Change}

    @property
    def without_contact(self) -> list[str]:
        """Keys of the accepted papers that have no corresponding author after this plan."""
        return [paper.key for paper in self.papers if paper.record and contact_of(paper.authors) is None]

    @property
    def changes_anything(self) -> bool:
        return self.volume_change in (Change.NEW, Change.CHANGED) or bool(
            self.of(Change.NEW) or self.of(Change.CHANGED)
        )

    @property
    def refused_anything(self) -> bool:
        """Whether an entry, a row or a whole file was rejected."""
        return bool(errors(self.findings))
