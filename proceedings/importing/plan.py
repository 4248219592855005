"""What an import would do, as plain values: made by `planner`, shown to an editor, then applied. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from proceedings.bibtex.findings import Finding, errors
from proceedings.bibtex.records import PaperRecord, VolumeFile, VolumeRecord
from proceedings.importing.authorship import AuthorState, contact_of
from proceedings.importing.contacts import ContactTable
from proceedings.importing.tables.grid import Row


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
class SourceText:
    """A file as it was read, so that an editor can correct what an import left out. `format` says how it is read.
    A table has its `rows` instead of its text.
    """

    file: str
    format: str
    text: str = ""
    rows: tuple[Row, ...] = ()


class Origin(StrEnum):
    """Where a field has changed since the last import."""

    FILE = "file"
    HERE = "here"
    BOTH = "both"


class Choice(StrEnum):
    """What an editor decides about a difference. The decision holds until the file changes again."""

    KEEP = "keep"
    TAKE = "take"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of the volume or of a paper that differs between here (`old`) and the file (`new`).

    `base` is what the last import read, in the file and on the day in `since`; None if no import is remembered.
    `binding`: an issued agreement would not follow the change.
    """

    field: str
    old: str
    new: str
    origin: Origin = Origin.FILE
    base: str | None = None
    since: str = ""
    label: str = ""
    binding: bool = False


Choose = Callable[["PaperPlan | None", Difference], Choice | None]
"""Decides a difference of a paper, or of the volume if there is no paper. None: keep ours, and ask again."""


def by_default(paper: "PaperPlan | None", difference: Difference) -> Choice | None:
    """Takes what changed only in the file. A new key is only taken knowingly, as an agreement may name the old one."""
    if difference.origin is Origin.HERE:
        return Choice.KEEP
    return Choice.TAKE if difference.origin is Origin.FILE and difference.field != "key" else None


@dataclass(frozen=True, slots=True)
class PaperPlan:
    """What happens to one entry. `record` is None for a rejected one; `pk` is None for a new one.

    `key` is the file's. `authors` are those after the import if nothing but the default is decided; `theirs` are the
    authors as the file has them, each with the row that it was recognised as. `learns`: the import would remember
    something, even if no field changes.
    """

    key: str
    line: int
    change: Change
    record: PaperRecord | None = None
    authors: tuple[AuthorState, ...] = ()
    differences: tuple[Difference, ...] = ()
    pk: int | None = None
    theirs: tuple[AuthorState, ...] = ()
    learns: bool = False

    @property
    def renamed_from(self) -> str:
        """The paper's key here, if the file has another one."""
        return next((one.old for one in self.differences if one.field == "key"), "")


@dataclass(frozen=True, slots=True)
class ContactCounts:
    """Counts of the contacts table: `rows` = `to_set` + `unchanged` + `refused`."""

    rows: int = 0
    to_set: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """Both files, read once. A plan that is made again in the transaction uses the same content.

    `volume` is the primary key of the volume that the papers go to; without it, `file` names its volume. `whole`: the
    order of the papers in the file is the order of the volume. `texts` has what could become a leftover.
    """

    bib: str
    file: VolumeFile
    contacts_file: str
    table: ContactTable
    volume: int | None = None
    whole: bool = True
    texts: tuple[SourceText, ...] = ()


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
    learns: bool = False
    """As in PaperPlan, for the volume."""

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
    def remembers_anything(self) -> bool:
        """Whether an import would remember what the file says, although no field changes."""
        return self.learns or any(paper.learns for paper in self.papers)

    def differences(self, origin: Origin) -> list[tuple[PaperPlan | None, Difference]]:
        """The differences of one kind with their papers; those of the volume first, without a paper."""
        own = [(None, one) for one in self.volume_differences if one.origin is origin]
        return own + [(paper, one) for paper in self.papers for one in paper.differences if one.origin is origin]

    @property
    def refused_anything(self) -> bool:
        """Whether an entry, a row or a whole file was rejected."""
        return bool(errors(self.findings))
