"""Plain records of a volume and its papers: the entries of a BibTeX file in the terms of the database. Pure.

Importer, publisher check and delivery use these records, so the same rules apply to a file, a folder and the database.
Text is in Unicode, except where a name says LaTeX.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from proceedings.bibtex.findings import Finding, Severity, errors
from proceedings.bibtex.forum_ids import with_bare_forum_id
from proceedings.bibtex.latex import LatexError, ascii_latex, describe, fold, to_unicode, without_escapes
from proceedings.bibtex.names import Doubt, Name, NotANameError, read_name, split_names, write_name
from proceedings.bibtex.parser import Entry, read_bibtex

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*\Z")
# The widths of the database columns; tests compare them with the models.
LIMITS = {
    "bib_key": 100,
    "name": 300,
    "shortname": 60,
    "booktitle": 300,
    "address": 300,
    "conference_url": 300,
    "key": 80,
    "title": 500,
    "pages": 40,
    "section": 200,
    "given": 200,
    "particle": 60,
    "family": 200,
    "suffix": 30,
    "email": 254,
    "affiliation": 300,
    "submission": 120,
    "licence": 200,
    "profile": 120,
}
LARGEST_NUMBER = 2_147_483_647
MAX_AUTHORS = 9_999
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRecord:
    """The @Proceedings entry. `extra` holds fields without a column, in LaTeX."""

    number: int
    bib_key: str
    name: str
    shortname: str
    booktitle: str
    year: int
    start: date | None = None
    end: date | None = None
    address: str = ""
    conference_url: str = ""
    published: date | None = None
    editor_names: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    unsaid: frozenset[str] = field(default=frozenset(), compare=False)
    """Fields that the source does not have, or that could not be read. An import leaves them as they are."""


@dataclass(frozen=True, slots=True)
class Details:
    """What a submission system knows about an author besides the name."""

    email: str = ""
    affiliation: str = ""
    orcid: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRecord:
    """One @InProceedings entry. `abstract` and `extra` are in LaTeX; `line` is where the entry begins in a file."""

    key: str
    position: int
    title: str
    title_latex: str
    authors: tuple[Name, ...]
    abstract: str = ""
    pages: str = ""
    section: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    line: int = field(default=0, compare=False)
    submission: str = ""
    """The number in the submission system; BibTeX files have none."""
    licence: str = field(default="", repr=False)
    """The licence that the submission system states; BibTeX files have none. Not delivered, so no part of a package's
    fingerprint."""
    details: tuple[Details, ...] = ()
    """As long as `authors`, or empty."""
    doubts: tuple[tuple[Name, Doubt], ...] = field(default=(), compare=False)
    """Doubts about names when they were read."""
    contact: int | None = None
    """Index of the corresponding author in `authors`, from 0, if the source names one."""
    unsaid: frozenset[str] = field(default=frozenset(), compare=False)
    """As in VolumeRecord."""


@dataclass(frozen=True, slots=True)
class PaperEntry:
    """An entry of the file that is, or should be, a paper. Without a record it was rejected; the findings say why.

    `under_wrong_key` is the content of an entry that was rejected only for its key, so that a check can go on.
    """

    key: str
    line: int
    record: PaperRecord | None
    under_wrong_key: PaperRecord | None = None


@dataclass(frozen=True, slots=True)
class VolumeFile:
    """The content of a file. Every entry but the volume's own is in `papers`."""

    volume: VolumeRecord | None
    papers: tuple[PaperEntry, ...]
    findings: tuple[Finding, ...]


def read_volume_file(text: str, file: str = "") -> VolumeFile:
    """Returns the records in a BibTeX file. Raises nothing: every problem becomes a finding with line and advice."""
    bibliography = read_bibtex(text, file)
    findings = list(bibliography.findings)
    volumes = [entry for entry in bibliography.entries if entry.kind == "proceedings"]
    volume = None
    if volumes:
        volume, found = _read_volume(volumes[0], file)
        findings += found
    else:
        message = "the file has no @Proceedings entry: add one with the volume's number, name and dates"
        findings.append(Finding(rule="volume", message=message, file=file))
    for second in volumes[1:]:
        message = (
            f"a second @Proceedings entry, after the first in line {volumes[0].line}: a file has one volume, so "
            "remove one entry"
        )
        findings.append(Finding(rule="volume", message=message, file=file, line=second.line, paper=second.key))
    papers = []
    for position, entry in enumerate((entry for entry in bibliography.entries if entry.kind != "proceedings"), 1):
        record, found = _read_paper(entry, position, file)
        findings += found
        wrong = {finding.rule for finding in errors(found)}
        papers.append(
            PaperEntry(entry.key, entry.line, None if wrong else record, record if wrong == {"key"} else None)
        )
    return VolumeFile(volume, tuple(papers), tuple(sorted(findings, key=lambda finding: finding.line or 0)))


def _read_volume(entry: Entry, file: str) -> tuple[VolumeRecord | None, list[Finding]]:
    source = _Source(entry, file)
    number = source.number("volume", LARGEST_NUMBER)
    year = source.number("year", 9999)
    start, end, published = source.day("start"), source.day("end"), source.day("published")
    if start and end and end < start:
        source.add_finding(
            "dates", "start", "the conference ends before it starts: check start and end", Severity.WARNING
        )
        source.keep("start", "end")
        start = end = None
    record = VolumeRecord(
        number=number,
        bib_key=source.key(),
        name=source.text("name", required=True),
        shortname=source.text("shortname", required=True),
        booktitle=source.text("booktitle", required=True),
        year=year,
        start=start,
        end=end,
        address=source.text("address"),
        conference_url=source.url("conference_url"),
        published=published,
        editor_names=tuple(write_name(name) for name in source.names("editor")),
        sections=tuple(name for part in source.text("sections").split("|") if (name := part.strip())),
        extra=source.rest(),
    )
    return (None if entry.broken or errors(source.findings) else record), source.findings


def _read_paper(entry: Entry, position: int, file: str) -> tuple[PaperRecord | None, list[Finding]]:
    if entry.broken:
        return None, []
    source = _Source(entry, file)
    if entry.kind != "inproceedings":
        source.add_finding("kind", "", f"the publisher does not accept @{entry.kind}: write @InProceedings")
        return None, source.findings
    key = source.key()
    if not KEY.match(key):
        source.add_finding(
            "key",
            "",
            "the key names the paper's files: use ASCII letters, digits and hyphens only",
            fix=_plain_key(key),
        )
    title_latex = source.latex("title")
    record = PaperRecord(
        key=key,
        position=position,
        title=source.text("title", required=True),
        title_latex=title_latex,
        authors=source.names("author"),
        abstract=source.latex("abstract"),
        pages=source.latex("pages"),
        section=source.text("section"),
        extra=with_bare_forum_id(source.rest()),
        line=entry.line,
        doubts=tuple(source.doubts),
    )
    if len(record.pages) > LIMITS["pages"]:
        source.too_long("pages", record.pages)
    if r"\$" in record.title:
        source.add_finding(
            "dollar", "title", r"\$ prints a dollar sign: write mathematics between plain $", Severity.WARNING
        )
    if not record.authors and not any(finding.field == "author" for finding in errors(source.findings)):
        source.add_finding("author", "author", "the paper has no authors: add them, each as Last, First")
    return record, source.findings


def _unicode(part: str) -> str:
    """Converts a part of a suggested name to Unicode. Returns it unchanged if it cannot be read."""
    try:
        return fold(to_unicode(part).replace("\u00a0", " "))
    except LatexError:
        return part


def _plain_key(key: str) -> str:
    """Returns a valid key close to `key`, as a suggestion."""
    letters = unicodedata.normalize("NFKD", key.replace("ß", "ss"))
    return re.sub(r"[^a-z0-9-]", "", letters.lower())


class _Source:
    """The fields of one entry. Each is read once and checked; unread fields form the rest."""

    def __init__(self, entry: Entry, file: str) -> None:
        self.entry = entry
        self.file = file
        self.findings: list[Finding] = []
        self.doubts: list[tuple[Name, Doubt]] = []
        self._left = dict(entry.fields)
        self._ascii: dict[str, str] = {}

    def add_finding(
        self, rule: str, name: str, message: str, severity: Severity = Severity.ERROR, fix: str = ""
    ) -> None:
        line = self.entry.lines.get(name, self.entry.line)
        finding = Finding(
            rule=rule,
            message=message,
            severity=severity,
            file=self.file,
            line=line,
            paper=self.entry.key,
            field=name,
            fix=fix,
        )
        self.findings.append(finding)

    def too_long(self, name: str, value: str) -> None:
        self.add_finding("length", name, f"is {len(value)} characters long; the limit is {LIMITS[name]}: shorten it")

    def key(self) -> str:
        name = "bib_key" if self.entry.kind == "proceedings" else "key"
        if not self.entry.key:
            self.add_finding("key", "", f"the entry has no key: write one after @{self.entry.kind}{{")
        if len(self.entry.key) > LIMITS[name]:
            self.too_long(name, self.entry.key)
        return self.entry.key

    def latex(self, name: str) -> str:
        """Returns the field as ASCII LaTeX. A character without a LaTeX form stays and is reported."""
        if name in self._ascii:
            return self._ascii[name]
        written = ascii_latex(self._left.pop(name, ""))
        if written.unmapped:
            self.add_finding(
                "unmapped",
                name,
                f"we know no LaTeX form for {', '.join(map(describe, written.unmapped))}: write it in LaTeX before you "
                "deliver the volume",
                Severity.WARNING,
            )
        self._ascii[name] = without_escapes(written.text)
        return self._ascii[name]

    def text(self, name: str, *, required: bool = False) -> str:
        """Returns the field in Unicode."""
        try:
            value = to_unicode(self.latex(name))
        except LatexError as error:
            self.add_finding("latex", name, str(error))
            return ""
        if required and not value and not self.entry.broken:
            self.add_finding("required", name, "is missing or empty: add it")
        if len(value) > LIMITS.get(name, len(value)):
            self.too_long(name, value)
        return value

    def url(self, name: str) -> str:
        """Returns a URL unchanged; ``~`` and ``%`` in it are not LaTeX."""
        value = self._left.pop(name, "").replace(r"\_", "_").replace(r"\%", "%").replace(r"\~{}", "~")
        if len(value) > LIMITS[name]:
            self.too_long(name, value)
        return value

    def number(self, name: str, largest: int) -> int:
        value = self._left.pop(name, "")
        if not (value.isascii() and value.isdigit() and 0 < int(value[:12]) <= largest):
            self.add_finding("required", name, f"'{value[:40]}' is not a {name}: write a whole number in braces")
            return 0
        return int(value)

    def day(self, name: str) -> date | None:
        """Returns a date, or None. An invalid date is kept as an extra field."""
        if name not in self._left:
            return None
        value = self._left.pop(name)
        try:
            if _DATE.match(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        what = f"'{value[:40]}' is not a date" if value else "is empty"
        self.add_finding("dates", name, f"{what}: write it as YYYY-MM-DD", Severity.WARNING)
        self.keep(name)
        return None

    def keep(self, *names: str) -> None:
        """Adds fields without a suitable column to the rest."""
        for name in names:
            if self.entry.fields.get(name):
                self._left[name] = self.entry.fields[name]

    def names(self, name: str) -> tuple[Name, ...]:
        texts = split_names(self._left.pop(name, ""))
        if len(texts) > MAX_AUTHORS:
            self.add_finding("length", name, f"has {len(texts)} names; the limit is {MAX_AUTHORS}")
            return ()
        read = [self._name(name, place, text) for place, text in enumerate(texts, 1)]
        return tuple(person for person in read if person)

    def _name(self, name: str, place: int, text: str) -> Name | None:
        if text.lower() == "others":
            self.add_finding("author", name, "ends in 'and others': list every author by name")
            return None
        try:
            reading = read_name(text)
            person = reading.name.map(lambda part: fold(to_unicode(part).replace("\u00a0", " ")))
        except NotANameError as error:
            self.add_finding("author", name, f"name {place}: {error}")
            return None
        except LatexError as error:
            self.add_finding("latex", name, f"name {place}, '{text}': {error}")
            return None
        for doubt in reading.doubts:
            fix = f"{write_name(doubt.proposal)} ({doubt.confidence})" if doubt.proposal else ""
            self.add_finding("doubtful-name", name, f"name {place}, '{text}', {doubt.reason}", Severity.WARNING, fix)
            self.doubts.append((person, replace(doubt, proposal=doubt.proposal and doubt.proposal.map(_unicode))))
        return self._fitting(name, place, text, person)

    def _fitting(self, name: str, place: int, text: str, person: Name) -> Name | None:
        """Returns `person` if the name fits the columns, else None after a finding."""
        if not person.family:
            self.add_finding("author", name, f"name {place}, '{text}', has no family name: write it as Last, First")
            return None
        for part in ("given", "particle", "family", "suffix"):
            if len(getattr(person, part)) > LIMITS[part]:
                self.add_finding(
                    "length",
                    name,
                    f"name {place}: its {part} part is longer than {LIMITS[part]} characters: shorten it",
                )
                return None
        if lost := ascii_latex(str(person)).unmapped:
            shown = ", ".join(map(describe, lost))
            message = (
                f"name {place}, {person}: we know no LaTeX form for {shown}: change it before you deliver the volume"
            )
            self.add_finding("unmapped", name, message, Severity.WARNING)
        return person

    def rest(self) -> dict[str, str]:
        """Returns the unread fields in ASCII LaTeX, sorted by name."""
        return {name: self.latex(name) for name in sorted(self._left) if self._left[name]}
