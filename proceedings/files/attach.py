"""A folder of papers' files -> private storage. Every file is accounted for: taken in, or refused and why.

Files find their papers by key: ``smith24.pdf``, ``smith24-supp.zip``. A file that cannot be the paper is refused; one
that may not be is taken in with a warning, and `check_volume` repeats it until somebody has looked.
"""

import hashlib
import os
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import IntegrityError, transaction

from proceedings.bibtex.findings import Finding, Severity
from proceedings.files import pdf_reader
from proceedings.models import Paper, PaperFile, Volume
from proceedings.models.as_records import paper_records
from proceedings.publisher import pdf_rules
from proceedings.publisher.filenames import FileName, Kind, read_name

_CHUNK = 1 << 20
_LONGEST_NAME = 255


class Outcome(StrEnum):
    """What became of a file."""

    ATTACHED = "attached"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    IGNORED = "ignored"
    HELD = "held for review"


@dataclass(frozen=True, slots=True)
class Digest:
    """A file's size in bytes and checksums, read once."""

    size: int
    crc32: int
    sha256: str


@dataclass(slots=True)
class Intake:
    """What became of every file of a folder, what to look at, and which papers still have none."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    without: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter[Outcome]:
        return Counter(self.outcomes.values())


class _Refused(Exception):
    """Why a file is not taken in, with a stable name of the rule and what to do instead."""

    def __init__(self, rule: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.fix = fix


DOUBTS = frozenset({"first-page", "pdf-title", "pdf-authors"})
"""Rules by which a PDF may be another paper."""


def attach(
    volume: Volume,
    folder: Path,
    *,
    progress: Callable[[Sequence[str]], Iterable[str]] = iter,
    sure_of: Collection[str] | None = None,
    look: Callable[[Path], pdf_rules.PdfFacts] = pdf_reader.look,
) -> Intake:
    """Take the files of `folder` in for the accepted papers of `volume`. Raises OSError if the folder cannot be read.

    With `sure_of` a PDF that may be another paper is held back, unless somebody is sure of it by name. `look`
    reads a PDF: strangers' files are better read by `confined.reader`.

    Each file is complete in storage before its row says so, so a crash leaves whole files and no half ones; running it
    again finds the rest. Bytes that were replaced stay in storage.
    """
    intake = Intake()
    attacher = _Attacher(volume, folder, sure_of, look)
    for name in progress(attacher.names):
        try:
            intake.outcomes[name] = attacher.take(name, intake.findings)
        except _Refused as refusal:
            intake.outcomes[name] = Outcome.REJECTED
            finding = Finding(
                rule=refusal.rule, message=str(refusal), fix=refusal.fix, file=name, paper=attacher.key(name)
            )
            intake.findings.append(replace(finding, field="file"))
        except OSError as error:
            intake.outcomes[name] = Outcome.REJECTED
            message = f"cannot be read or stored: {error.strerror or error}"
            intake.findings.append(Finding(rule="file", message=message, file=name, field="file"))
    intake.without = [paper.key for paper in attacher.papers.values() if (paper.pk, Kind.PAPER) not in attacher.files]
    return intake


class _Attacher:
    """The papers of a volume with what is attached already, while a folder is taken in."""

    def __init__(
        self,
        volume: Volume,
        folder: Path,
        sure_of: Collection[str] | None,
        look: Callable[[Path], pdf_rules.PdfFacts],
    ) -> None:
        self.volume = volume
        self.look = look
        self.sure_of = sure_of
        self.folder = folder
        self.storage: Storage = storages["private"]
        self.names = sorted(file_names(folder))
        rows = list(volume.papers.filter(status=Paper.Status.ACCEPTED).prefetch_related("authors"))
        self.papers = {paper.key: paper for paper in rows}
        self.records = {record.key: record for record in paper_records(rows)}
        self.withdrawn = set(volume.papers.exclude(status=Paper.Status.ACCEPTED).values_list("key", flat=True))
        kept = PaperFile.objects.filter(paper__volume=volume).select_related("paper")
        self.files = {(file.paper_id, Kind(file.kind)): file for file in kept}
        self.owners: dict[str, tuple[str, Kind]] = {
            file.sha256: (file.paper.key, Kind(file.kind)) for file in self.files.values()
        }
        self.supplements = self._supplements()

    def _supplements(self) -> Mapping[str, list[str]]:
        found: Mapping[str, list[str]] = defaultdict(list)
        for name in self.names:
            known = read_name(name) if "/" not in name else None
            if known and known.kind is Kind.SUPPLEMENT:
                found[known.key].append(name)
        return found

    def key(self, name: str) -> str:
        known = read_name(PurePosixPath(name).name)
        return known.key if known and known.key in self.papers else ""

    def take(self, name: str, findings: list[Finding]) -> Outcome:
        """Take one file in; what is doubtful about it is added to `findings`. Raises _Refused and OSError."""
        known = self._identify(name)
        if known is None:
            return Outcome.IGNORED
        paper = self.papers[known.key]
        digest = read_digest(self.folder / name)
        old = self.files.get((paper.pk, known.kind))
        if old and old.sha256 == digest.sha256 and old.extension == known.extension:
            return Outcome.UNCHANGED
        facts = self._look(name, known, digest)
        if known.kind is Kind.PAPER:
            found = list(pdf_rules.check_pdf(self.records[known.key], facts, name))
            findings += found
            if self.sure_of is not None and name not in self.sure_of and DOUBTS & {one.rule for one in found}:
                return Outcome.HELD
        self._keep(paper, known, name, digest, facts, old)
        return Outcome.REPLACED if old else Outcome.ATTACHED

    def _identify(self, name: str) -> FileName | None:
        """Whose file it is; None for the BibTeX file, which may lie beside the papers."""
        base = PurePosixPath(name).name
        if "permission" in base.lower():
            raise _Refused(
                "permission-mixed", "is a permission, not a paper: we create permissions ourselves, so leave it out"
            )
        known = read_name(base)
        if known is None:
            if base.endswith(".bib"):
                return None
            raise _Refused("file-name", "is not named <key>.pdf or <key>-supp.<ext>: rename it")
        if "/" in name:
            raise _Refused(
                "stranded", f"is in the folder {PurePosixPath(name).parent}: move it out of the folder", base
            )
        if known.key in self.withdrawn:
            raise _Refused("withdrawn", f"the paper {known.key} is withdrawn")
        if known.key not in self.papers:
            near = next((key for key in self.papers if key.lower() == known.key.lower()), "")
            fix = f"{near}{base[len(known.key) :]}" if near else ""
            raise _Refused("extra-file", f"v{self.volume.number} has no paper with the key {known.key}", fix)
        if len(base) > _LONGEST_NAME:
            raise _Refused("file-name", "has a name that is too long: shorten it")
        if known.kind is Kind.SUPPLEMENT and len(self.supplements[known.key]) > 1:
            others = " and ".join(self.supplements[known.key])
            raise _Refused("supplement", f"{known.key} has several supplements, {others}: keep one")
        return known

    def _look(self, name: str, known: FileName, digest: Digest) -> pdf_rules.PdfFacts:
        if digest.size == 0:
            raise _Refused("pdf", "is empty: upload it again")
        owner = self.owners.get(digest.sha256)
        if owner and owner[0] != known.key:
            raise _Refused("duplicate-file", f"is the same file as that of {owner[0]}: replace the wrong one")
        if known.extension != "pdf":
            return pdf_rules.PdfFacts()
        facts = self.look(self.folder / name)
        if refusal := pdf_rules.refuse(facts):
            raise _Refused("pdf", refusal)
        return facts

    def _keep(
        self, paper: Paper, known: FileName, name: str, digest: Digest, facts: pdf_rules.PdfFacts, old: PaperFile | None
    ) -> None:
        """The bytes first, then the row that names them."""
        row = old or PaperFile(paper=paper, kind=known.kind)
        if old:
            self.owners.pop(old.sha256, None)
        row.extension, row.original_name = known.extension, name
        row.size, row.crc32, row.sha256 = digest.size, digest.crc32, digest.sha256
        row.pages, row.first_page, row.own_title = facts.pages, facts.first_page, facts.title
        row.stored_as = self._store(name, row)
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as error:
            raise _Refused(
                "busy", "another user uploaded a file for this paper at the same time: upload it again"
            ) from error
        self.files[paper.pk, known.kind] = row
        self.owners[digest.sha256] = (known.key, known.kind)

    def _store(self, name: str, row: PaperFile) -> str:
        """The name holds the digest: the same bytes are stored once, and no name ever changes its content."""
        wanted = f"papers/v{self.volume.number}/{row.paper.key}-{row.kind}-{row.sha256[:32]}.{row.extension}"
        if self.storage.exists(wanted) and self.storage.size(wanted) == row.size:
            return wanted
        with (self.folder / name).open("rb") as file:
            return self.storage.save(wanted, File(file))


def read_digest(path: Path) -> Digest:
    """Size, CRC-32 and SHA-256 of the file at `path`, in one pass and flat memory. Raises OSError."""
    sha256, crc32, size = hashlib.sha256(), 0, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            crc32 = zlib.crc32(chunk, crc32)
            size += len(chunk)
    return Digest(size, crc32, sha256.hexdigest())


def to_look_at(intake: Intake) -> list[Finding]:
    """The findings about files that were taken in all the same."""
    return [one for one in intake.findings if intake.outcomes.get(one.file) is not Outcome.REJECTED]


def rejections(intake: Intake) -> list[Finding]:
    """Why files were refused."""
    return [
        one
        for one in intake.findings
        if intake.outcomes.get(one.file) is Outcome.REJECTED and one.severity is Severity.ERROR
    ]


def file_names(folder: Path) -> Iterator[str]:
    """All files below `folder`, relative to it; hidden ones are none of the package's."""
    for where, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                yield (Path(where) / name).relative_to(folder).as_posix()


def _raise(error: OSError) -> None:
    raise error
