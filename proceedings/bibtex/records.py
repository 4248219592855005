"""Plain records of a volume and its papers: the entries of a BibTeX file in the terms of the database. Pure.

Importer, publisher check and delivery use these records, so the same rules apply to a file, a folder and the database.
Text is in Unicode, except where a name says LaTeX.

One bad field costs a finding, never the paper: what can be read is read. An error blocks the delivery.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count, product
from string import ascii_lowercase

from proceedings.bibtex.fields import CUT, KEY, LARGEST_NUMBER, LIMITS, MAX_AUTHORS, FieldReader
from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.forum_ids import with_bare_forum_id
from proceedings.bibtex.name_matching import plain_letters
from proceedings.bibtex.names import Doubt, Name, write_name
from proceedings.bibtex.parser import Entry, read_bibtex

__all__ = ["CUT", "KEY", "LARGEST_NUMBER", "LIMITS", "MAX_AUTHORS", "NO_TITLE", "Details", "PaperEntry", "PaperRecord"]
__all__ += ["VolumeFile", "VolumeRecord", "read_volume_file"]

NO_TITLE = "(title missing)"
"""Title of a paper whose file has none. Such a paper gets no agreement and is not delivered."""
_PAGES = re.compile(r"\{?\s*([0-9]+|[ivxlcdm]+)\s*(?:-{1,3}|\u2013|\u2014)\s*([0-9]+|[ivxlcdm]+)\s*\}?\Z")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRecord:
    """The @Proceedings entry. `extra` holds fields without a column, in LaTeX.

    `number` and `year` are 0 and texts are empty if the file does not say them; an editor must add them.
    """

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

    `key` is the key of the record; `source_key` is the key in the file if that one cannot be used.
    """

    key: str
    line: int
    record: PaperRecord | None
    source_key: str = ""


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
    papers = [entry for entry in bibliography.entries if entry.kind != "proceedings"]
    reader = _PaperReader(file, papers, volume.year if volume else 0)
    entries = tuple(reader.read())
    findings += reader.findings
    return VolumeFile(volume, entries, tuple(sorted(findings, key=lambda finding: finding.line or 0)))


def _read_volume(entry: Entry, file: str) -> tuple[VolumeRecord, list[Finding]]:
    source = FieldReader(entry, file)
    number = source.number("volume", LARGEST_NUMBER)
    written_year = source.number("year", 9999, _YEAR.pattern)
    start, end, published = source.day("start"), source.day("end"), source.day("published")
    if start and end and end < start:
        source.add_finding(
            "dates", "start", "the conference ends before it starts: check start and end", Severity.WARNING
        )
        source.keep("start", "end")
        start = end = None
    record = VolumeRecord(
        number=number,
        bib_key=source.key("bib_key"),
        name=source.text("name", required=True),
        shortname=source.text("shortname", required=True),
        booktitle=source.text("booktitle", required=True),
        year=written_year or _year_elsewhere(entry, start, published),
        start=start,
        end=end,
        address=source.text("address"),
        conference_url=source.url("conference_url"),
        published=published,
        editor_names=tuple(write_name(name) for name in source.names("editor")),
        sections=tuple(name for part in source.text("sections").split("|") if (name := part.strip())),
        extra=source.rest(),
    )
    if not record.bib_key:
        record = replace(record, bib_key=re.sub(r"[^A-Za-z0-9-]", "", f"{record.shortname}{record.year or ''}")[:100])
    return record, source.findings


def _year_elsewhere(entry: Entry, start: date | None, published: date | None) -> int:
    """Returns the year that the dates, the key or a title of a volume name; 0 if none does."""
    if day := start or published:
        return day.year
    texts = [entry.key, *(entry.fields.get(name, "") for name in ("year", "shortname", "name", "booktitle"))]
    years = [found[0] for text in texts if (found := _YEAR.search(text))]
    return int(years[0]) if years else 0


class _PaperReader:
    """Reads the papers of one file, and gives each a key of its own."""

    def __init__(self, file: str, entries: Sequence[Entry], year: int) -> None:
        self.file = file
        self.entries = entries
        self.year = f"{year % 100:02}" if year else ""
        self.findings: list[Finding] = []
        self.written = {entry.key.lower() for entry in entries}
        self.taken: dict[str, Entry] = {}
        self.first: dict[str, Entry] = {}

    def read(self) -> list[PaperEntry]:
        found: list[PaperEntry] = []
        for entry in self.entries:
            first = self.first.setdefault(entry.key.lower(), entry)
            if entry.key and first is not entry and first.fields == entry.fields:
                message = f"the entry is the same as in line {first.line}, and we read it once: remove one"
                self._add_finding(entry, "duplicate-key", message)
                continue
            found.append(self._paper(entry, len(found) + 1))
        return found

    def _paper(self, entry: Entry, position: int) -> PaperEntry:
        source = FieldReader(entry, self.file)
        title, title_latex = source.title()
        authors = source.names("author")
        if not (entry.key or title or authors):
            message = f"the @{entry.kind} has no key, no title and no author, so it is no paper: add them, or remove it"
            self._add_finding(entry, "required", message)
            return PaperEntry("", entry.line, None)
        if entry.kind != "inproceedings":
            source.add_finding("kind", "", f"the publisher does not accept @{entry.kind}: write @InProceedings")
        key = self._key(entry, source, authors, title, position)
        record = PaperRecord(
            key=key,
            position=position,
            title=title or NO_TITLE,
            title_latex=title_latex,
            authors=authors,
            abstract=source.latex("abstract"),
            pages=_pages(source),
            section=source.text("section"),
            extra=with_bare_forum_id(source.rest()),
            line=entry.line,
            doubts=tuple(source.doubts),
        )
        if not title:
            source.add_finding("required", "title", "is missing or empty: add it")
        if r"\$" in record.title:
            source.add_finding(
                "dollar", "title", r"\$ prints a dollar sign: write mathematics between plain $", Severity.WARNING
            )
        if not authors and not any(finding.field == "author" for finding in source.findings):
            source.add_finding("author", "author", "the paper has no authors: add them, each as Last, First")
        self.findings += [replace(one, paper=one.paper or key) for one in source.findings]
        self.taken[key.lower()] = entry
        return PaperEntry(key, entry.line, record, entry.key if entry.key != key else "")

    def _key(self, entry: Entry, source: FieldReader, authors: Sequence[Name], title: str, position: int) -> str:
        """Returns the entry's key, or one that can name files and that no other entry has."""
        if KEY.match(entry.key) and len(entry.key) <= LIMITS["key"] and entry.key.lower() not in self.taken:
            return entry.key
        stem = _plain(authors[0].family) if authors else _plain(title.partition(" ")[0])
        wanted = _plain(entry.key)[: LIMITS["key"] - 4] or f"{stem[:60] or f'paper{position}'}{self.year}"
        key = wanted if not self._is_taken(wanted) else next(filter(self._is_free, _with_letters(wanted)))
        if not entry.key:
            message = f"the entry has no key, so we call it {key}: write a key after @{entry.kind}{{"
        elif first := self.taken.get(entry.key.lower()):
            message = (
                f"the key appears twice, first in line {first.line}, so we call this paper {key}: change this key, or "
                "remove the entry"
            )
            self._add_finding(entry, "duplicate-key", message, fix=key)
            return key
        elif len(entry.key) > LIMITS["key"]:
            message = f"the key is {len(entry.key)} characters long, so we cut it; the limit is {LIMITS['key']}"
        else:
            message = (
                f"the key names the paper's files, so we call it {key}: use ASCII letters, digits and hyphens only"
            )
        source.add_finding("key", "", message, fix=key)
        return key

    def _is_taken(self, key: str) -> bool:
        return key.lower() in self.taken or key.lower() in self.written

    def _is_free(self, key: str) -> bool:
        return not self._is_taken(key)

    def _add_finding(self, entry: Entry, rule: str, message: str, fix: str = "") -> None:
        self.findings.append(
            Finding(
                rule=rule,
                message=message,
                file=self.file,
                line=entry.line,
                paper=entry.key,
                fix=fix,
            )
        )


def _pages(source: FieldReader) -> str:
    """Returns a page range as the publisher prints it: ``1--13`` for ``1 - 13``. Anything else stays."""
    pages = source.latex("pages")
    span = _PAGES.match(pages)
    if span is None:
        if pages:
            source.add_finding("pages", "pages", f"'{pages[:40]}' is not a page range: write it as 1--10")
        return source.fitting("pages", pages)
    if re.fullmatch(r"\w+--?\w+", pages):
        return source.fitting("pages", pages)
    mended = f"{span[1]}--{span[2]}"
    source.add_finding("pages", "pages", f"'{pages[:40]}' was read as {mended}", Severity.WARNING, mended)
    return source.fitting("pages", mended)


def _plain(text: str) -> str:
    """Returns `text` as keys have it: lower-case ASCII letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9-]", "", plain_letters(text))


def _with_letters(key: str) -> Iterator[str]:
    """Yields the key with b, c, … z, aa, ab, … in place of its last letter, as papers of one name and year have it."""
    stem = re.sub(r"(?<=\d)[a-z]+\Z", "", key)
    for size in count(1):
        yield from (f"{stem}{''.join(letters)}" for letters in product(ascii_lowercase, repeat=size))
