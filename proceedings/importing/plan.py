"""What an import would do, as plain values: made by `importing`, shown to an editor, then carried out. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from proceedings.bibtex.findings import Finding, errors
from proceedings.bibtex.records import PaperRecord, VolumeFile, VolumeRecord
from proceedings.importing.authorship import AuthorState, contact_of
from proceedings.importing.contacts import ContactTable


class Change(StrEnum):
    """What becomes of an entry."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class NothingToApplyError(ValueError):
    """The file names no volume, so there is nothing to put papers into."""


class PlanOutdatedError(RuntimeError):
    """The database is no longer as it was when the plan was made. Plan again and look again."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it came in. `text` is None when its bytes are no UTF-8, and `finding` says so."""

    name: str
    text: str | None
    finding: Finding | None = None

    @classmethod
    def read(cls, name: str, data: bytes) -> "Source":
        """`data` as UTF-8 text; a byte order mark is left to whoever reads the text."""
        if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data.count(0) > len(data) // 4:
            return cls(name, None, _encoding(name, "is in UTF-16", None))
        try:
            return cls(name, data.decode())
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            return cls(name, None, _encoding(name, f"is not in UTF-8 (see byte 0x{data[error.start]:02X})", line))


def _encoding(name: str, what: str, line: int | None) -> Finding:
    return Finding(rule="encoding", message=f"the file {what}: save it as UTF-8 and try again", file=name, line=line)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of the volume or of a paper, as it is and as it will be."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PaperPlan:
    """What becomes of one entry. `record` is None for a rejected one; `pk` is None for a new one."""

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
    """The rows of the table of contacts: `rows` = `to_set` + `unchanged` + `refused`."""

    rows: int = 0
    to_set: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """Both files, read once; a plan made again in the transaction does not read them again."""

    bib: str
    file: VolumeFile
    contacts_file: str
    table: ContactTable


@dataclass(frozen=True)
class Plan:
    """All that an import would do. Two plans are equal when they would do and say the same."""

    source: Input
    volume: VolumeRecord | None
    volume_change: Change
    volume_differences: tuple[Difference, ...]
    papers: tuple[PaperPlan, ...]
    gone: tuple[str, ...]
    contacts: ContactCounts
    findings: tuple[Finding, ...]

    def of(self, change: Change) -> list[PaperPlan]:
        """The entries that come to `change`."""
        return [paper for paper in self.papers if paper.change is change]

    @cached_property
    def counts(self) -> dict[Change, int]:
        """How many entries come to each change; they add up to the entries in the file."""
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
        """Whether an entry, a row or a whole file was kept out."""
        return bool(errors(self.findings))
