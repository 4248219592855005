"""Applies all rules to the rows of a volume, or to any folder for the publisher."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.raw_entries import RawEntry, lines_of
from proceedings.bibtex.records import PaperRecord, VolumeRecord, read_volume_file
from proceedings.bibtex.scanner import scan
from proceedings.bibtex.source import Source
from proceedings.bibtex.writer import UnwritableError, write_volume_file
from proceedings.delivery.decisions import apply_decisions
from proceedings.files import pdf_reader
from proceedings.files.attach import file_names
from proceedings.importing import name_review
from proceedings.models import Author, LeftFinding, Paper, PaperFile, Volume
from proceedings.models.as_records import paper_records, volume_record
from proceedings.models.checks import title_words
from proceedings.publisher import filenames, pdf_rules, rules, text_rules
from proceedings.publisher.identity_rules import PaperPeople, bearers_of, check_people
from proceedings.publisher.mending import Mended, Mender

# Rules on the text and on the records report these more precisely.
_REPORTED_ELSEWHERE = frozenset({"doubtful-name", "unmapped", "dates", "comment", "dollar"})
# A record no longer shows on which lines these are.
_OF_LINES = frozenset({"wrap-hyphen"})

_NO_VOLUME = VolumeRecord(number=0, bib_key="", name="", shortname="", booktitle="", year=0)

Progress = Callable[[Sequence[str]], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked, and the findings. `left` are those that an editor left as they are, with the decision.

    Overview, packages page and `check_volume` all show the counts of this report.
    """

    what: str
    papers: int
    findings: tuple[Finding, ...]
    left: tuple[tuple[Finding, LeftFinding], ...] = ()

    def of(self, severity: Severity) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity is severity]

    @property
    def errors(self) -> list[Finding]:
        return self.of(Severity.ERROR)

    @property
    def papers_with_errors(self) -> Counter[str]:
        """Number of errors by key, without a missing PDF, which is counted apart. The volume's own have its own key."""
        return Counter(finding.paper for finding in self.errors if finding.rule != "missing-file")

    @property
    def counts(self) -> str:
        """How many papers, errors and warnings, as every place shows it."""
        errors, warnings = len(self.errors), len(self.of(Severity.WARNING))
        return f"{self.papers} papers, {errors} errors, {warnings} warnings"


def check_rows(volume: Volume) -> Report:
    """Checks the accepted papers of `volume` and their files, as stored in the database."""
    return check_loaded(volume, load_papers(volume))


def load_papers(volume: Volume) -> list[Paper]:
    """Returns the accepted papers of `volume` in their order, with all that the checks need."""
    papers = volume.papers.filter(status=Paper.Status.ACCEPTED).select_related("volume")
    return list(papers.prefetch_related("authors", "files").order_by("position", "key"))


def check_loaded(volume: Volume, papers: Sequence[Paper]) -> Report:
    """Checks `papers`, which are all accepted papers of `volume`, with their authors and files prefetched.

    Judged is what would be exported: what is mended without a decision is a note.
    """
    braced, known = title_words()
    records = paper_records(papers)
    mended = Mender(records, braced).all(volume_record(volume))
    found = [*mended.notes, *rules.check_all(mended.volume, mended.papers, known)]
    found = name_review.without_settled(found, name_review.settled_names(volume))
    found += file_findings(papers, mended.papers)
    people = [_people_of(paper) for paper in papers]
    bearers = bearers_of(people)
    found += [finding for paper in people for finding in check_people(paper, bearers)]
    found += _unwritable(mended, found)
    kept, left = apply_decisions(volume, papers, found)
    return Report(str(volume), len(papers), tuple(kept), tuple(left))


def _unwritable(mended: Mended, found: Iterable[Finding]) -> list[Finding]:
    """Returns what has no form in the publisher's file and no other finding names."""
    try:
        write_volume_file(mended.volume, mended.papers)
    except UnwritableError as error:
        known = {(one.paper, one.field) for one in found if one.severity is Severity.ERROR}
        return [one for one in error.findings if (one.paper, one.field) not in known]
    return []


def check_one(paper: Paper) -> list[Finding]:
    """Checks one paper with its file, and its authors' ORCID iDs and licence, without the other rules that compare."""
    braced, known = title_words()
    mended, notes = Mender(paper_records([paper]), braced).paper(paper_records([paper])[0])
    found = [*notes, *rules.check_paper(volume_record(paper.volume), mended, known), *file_findings([paper], [mended])]
    found = name_review.without_settled(found, name_review.settled_names(paper.volume))
    return apply_decisions(paper.volume, [paper], [*found, *identity_findings(paper)])[0]


def file_findings(papers: Sequence[Paper], records: Sequence[PaperRecord]) -> list[Finding]:
    """Checks the files of `papers`. `records` are the same papers as records, in the same order."""
    with_facts = [(record, pdf_facts_of(paper)) for paper, record in zip(papers, records, strict=True)]
    digests = {}
    for paper in papers:
        for file in paper.files.all():
            file.paper = paper
            digests[file.name] = file.sha256
    return [*pdf_rules.findings_of(with_facts), *pdf_rules.duplicates(digests)]


def identity_findings(paper: Paper) -> list[Finding]:
    """Checks the ORCID iDs and the licence of one paper, the iDs also against its volume. Expects its ``authors``."""
    own = _people_of(paper)
    held = {orcid for _, orcid in own.authors if orcid}
    same = Author.objects.filter(paper__volume=paper.volume_id, paper__status=Paper.Status.ACCEPTED, orcid__in=held)
    others = same.exclude(paper=paper.pk).select_related("paper").order_by("paper__position", "position")
    bearers = bearers_of(PaperPeople(one.paper.key, "", ((one.name, one.orcid),)) for one in others)
    return list(check_people(own, bearers))


def _people_of(paper: Paper) -> PaperPeople:
    return PaperPeople(paper.key, paper.licence, tuple((author.name, author.orcid) for author in paper.authors.all()))


def pdf_facts_of(paper: Paper) -> pdf_rules.PdfFacts | None:
    """Returns the stored facts of the paper's PDF; None without a PDF."""
    found = next((file for file in paper.files.all() if file.kind == filenames.Kind.PAPER), None)
    return stored_pdf_facts(found) if found else None


def stored_pdf_facts(file: PaperFile) -> pdf_rules.PdfFacts:
    """Returns the facts stored with `file`. Encrypted files and agreements are never attached."""
    return pdf_rules.PdfFacts(pages=file.pages, first_page=file.first_page, title=file.own_title)


def check_folder(folder: Path, progress: Progress = iter) -> Report:
    """Checks the package in `folder`. Raises OSError if the folder cannot be listed; a bad file is a finding."""
    names = sorted(file_names(folder))
    bibs = [name for name in names if "/" not in name and filenames.is_bibliography(name)]
    records: list[PaperRecord] = []
    keys: list[str] = []
    found: list[Finding] = []
    if bibs:
        text = _BibFile(folder / bibs[0])
        records, keys = text.records, text.keys
        found += text.findings
    found += filenames.check_names(names, keys)
    found += _check_files(folder, names, records, progress)
    permissions = folder.parent / f"{folder.resolve().name}permissions"
    if permissions.is_dir():
        found += filenames.check_permission_names(sorted(file_names(permissions)), keys)
    return Report(str(folder), len(keys), tuple(found))


def check_text(path: Path) -> Report:
    """Checks one BibTeX file without the papers' files. Raises OSError."""
    text = _BibFile(path)
    return Report(str(path), len(text.keys), tuple(text.findings))


class _BibFile:
    """A BibTeX file, its entries as records, and the findings of all rules about both."""

    def __init__(self, path: Path) -> None:
        self.records: list[PaperRecord] = []
        self.keys: list[str] = []
        source = Source.read(str(path), path.read_bytes())
        if source.text is None or source.utf_8_finding:
            self.findings = [source.utf_8_finding] if source.utf_8_finding else []
            return
        entries = scan(source.text)
        read = read_volume_file(source.text, source.name)
        # The files of the package have the keys that are in the text.
        records = ((entry.record, entry.source_key) for entry in read.papers if entry.record)
        self.records = [replace(record, key=key) if key else record for record, key in records]
        self.keys = [entry.key for entry in entries if entry.kind != "proceedings"]
        judge = rules.check_all if read.volume else rules.check_papers
        judged = [one for one in judge(read.volume or _NO_VOLUME, self.records) if one.rule not in _OF_LINES]
        self.findings = _merge(
            [finding for finding in read.findings if finding.rule not in _REPORTED_ELSEWHERE],
            text_rules.check_text(source.text, source.name),
            _with_lines(judged, source.name, entries),
        )


def _with_lines(findings: Iterable[Finding], file: str, entries: list[RawEntry]) -> list[Finding]:
    """Adds file and lines to `findings` about records."""
    lines = dict(lines_of(entries))
    return [
        replace(one, file=file, line=lines.get((one.paper, one.field), lines.get((one.paper, "")))) for one in findings
    ]


def _merge(*sources: Iterable[Finding]) -> list[Finding]:
    """Returns all findings by line. Leaves out those whose rule and subject an earlier source has reported."""
    said: set[tuple[str, str, str]] = set()
    kept: list[Finding] = []
    for source in sources:
        new = [one for one in source if _subject(one) not in said]
        said |= {_subject(one) for one in new}
        kept += new
    return sorted(kept, key=lambda finding: finding.line or 0)


def _subject(finding: Finding) -> tuple[str, str, str]:
    """What a finding is about. A finding about the key is about the entry."""
    return finding.rule, finding.paper, "" if finding.field == "key" else finding.field


def _check_files(
    folder: Path, names: Sequence[str], records: Sequence[PaperRecord], progress: Progress
) -> Iterator[Finding]:
    """Checks all PDFs: papers, supplements and others."""
    papers = {record.key: record for record in records}
    top = [name for name in names if "/" not in name and name.lower().endswith(".pdf")]
    digests = {}
    for name in progress(top):
        try:
            facts = pdf_reader.read_pdf(folder / name)
            digests[name] = _digest(folder / name)
        except OSError as error:
            yield Finding(rule="pdf", message=f"cannot be read: {error.strerror}", file=name, field="file")
            continue
        known = filenames.read_name(name)
        record = papers.get(known.key) if known and known.kind is filenames.Kind.PAPER else None
        if record:
            yield from pdf_rules.check_pdf(record, facts, name)
        elif refusal := pdf_rules.rejection_reason(facts):
            yield Finding(rule="pdf", message=refusal, file=name, paper=pdf_rules.key_of(name), field="file")
    yield from pdf_rules.duplicates(digests)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
