"""Writes records as a BibTeX file in the publisher's dialect. Pure.

Pure ASCII, one layout, one order: the same records give the same bytes. Reading the file returns the same records.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from proceedings.bibtex.findings import Finding
from proceedings.bibtex.latex import (
    LatexError,
    UnmappedError,
    ascii_latex,
    describe,
    fold,
    read_latex,
    to_latex,
    to_unicode,
    without_escapes,
)
from proceedings.bibtex.names import Name, NotANameError, read_name, write_name
from proceedings.bibtex.parser import unbalanced, write_entry
from proceedings.bibtex.records import KEY, PaperRecord, VolumeRecord


class UnwritableError(ValueError):
    """Records cannot be written in the publisher's dialect. Each reason is a finding with paper and field."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, findings)))


def write_volume_file(volume: VolumeRecord, papers: Iterable[PaperRecord], protect: Callable[[str], str] = str) -> str:
    """Returns the publisher's file of `volume` with `papers`, in the order of their positions.

    `protect` is applied to the LaTeX of every field whose name ends in "title": it adds the braces that keep capitals.
    Raises UnwritableError with one finding for every value that has no form in ASCII LaTeX.
    """
    writer = _Writer(protect)
    entries = [writer.volume(volume)]
    entries += [writer.paper(paper) for paper in sorted(papers, key=lambda paper: (paper.position, paper.key))]
    if writer.findings:
        raise UnwritableError(writer.findings)
    return "\n".join(entries)


def title_in_latex(paper: PaperRecord) -> str:
    """Returns the title's LaTeX if it still prints the title, else the converted title.

    Raises UnmappedError if the title must be converted and cannot be.
    """
    latex = fold(paper.title_latex)
    try:
        if latex.isascii() and to_unicode(latex) == paper.title:
            return latex
    except LatexError:
        pass
    return to_latex(fold(paper.title))


def unread_title(paper: PaperRecord) -> str:
    """Returns the title's LaTeX if a macro in it is unknown, so that the title shows the macro; else an empty text."""
    latex = fold(paper.title_latex)
    reading = read_latex(latex)
    return latex if reading.unknown and reading.text == paper.title else ""


def name_in_latex(name: Name) -> str:
    """Returns ``von Last, Jr, First`` in LaTeX. Raises UnmappedError."""
    return write_name(name.map(to_latex))


def editor_in_latex(text: str) -> str:
    """Reads a volume editor's name from text and writes it in LaTeX.

    Raises NotANameError, LatexError and UnmappedError.
    """
    return name_in_latex(read_name(text).name.map(to_unicode))


class _Writer:
    def __init__(self, protect: Callable[[str], str]) -> None:
        self.protect = protect
        self.findings: list[Finding] = []
        self.paper_key = ""

    def volume(self, record: VolumeRecord) -> str:
        self.paper_key = record.bib_key
        known = [
            ("booktitle", self._text("booktitle", record.booktitle)),
            ("name", self._text("name", record.name)),
            ("shortname", self._text("shortname", record.shortname)),
            ("year", str(record.year)),
            ("editor", self._editors(record.editor_names)),
            ("volume", str(record.number)),
            ("start", _day(record.start)),
            ("end", _day(record.end)),
            ("published", _day(record.published)),
            ("address", self._text("address", record.address)),
            ("conference_url", self._latex("conference_url", record.conference_url)),
            ("sections", "|".join(self._text("sections", section) for section in record.sections)),
        ]
        return write_entry("Proceedings", record.bib_key, self._with_extra(known, record.extra))

    def paper(self, record: PaperRecord) -> str:
        self.paper_key = record.key
        if not KEY.match(record.key):
            self._add_finding("key", "the key may contain ASCII letters, digits and hyphens only")
        known = [
            ("title", self._title(record)),
            ("author", self._authors(record.authors)),
            ("pages", self._latex("pages", record.pages)),
            ("section", self._text("section", record.section)),
            ("abstract", self._latex("abstract", record.abstract)),
        ]
        return write_entry("InProceedings", record.key, self._with_extra(known, record.extra))

    def _with_extra(self, known: list[tuple[str, str]], extra: Mapping[str, str]) -> list[tuple[str, str]]:
        """Returns the known fields, then the extra ones. A field that has a column now is not written twice."""
        fields = [(name, value) for name, value in known if value]
        taken = {name for name, _ in fields}
        fields += [(name, self._latex(name, extra[name])) for name in sorted(extra) if name not in taken]
        return [(name, self.protect(value) if name.endswith("title") else value) for name, value in fields]

    def _add_finding(self, field: str, message: str) -> None:
        self.findings.append(Finding(rule="unwritable", message=message, paper=self.paper_key, field=field))

    def _text(self, field: str, value: str) -> str:
        try:
            return to_latex(fold(value))
        except UnmappedError as error:
            self._add_finding(field, str(error))
            return ""

    def _latex(self, field: str, value: str) -> str:
        """Returns LaTeX unchanged if it is ASCII and its braces balance."""
        written = ascii_latex(fold(value))
        if written.unmapped:
            self._add_finding(field, f"no LaTeX form for {', '.join(map(describe, written.unmapped))}")
        elif unbalanced(written.text):
            self._add_finding(field, "the braces do not match: correct them")
        return without_escapes(written.text)

    def _title(self, record: PaperRecord) -> str:
        try:
            return self._latex("title", title_in_latex(record))
        except UnmappedError as error:
            unread = read_latex(unread_title(record))
            self._add_finding("title", "; ".join(unread.problems) or str(error))
            return ""

    def _authors(self, authors: Sequence[Name]) -> str:
        written = []
        for place, name in enumerate(authors, 1):
            try:
                written.append(name_in_latex(name))
            except UnmappedError as error:
                self._add_finding("author", f"name {place}, {name}: {error}")
        return " and ".join(written)

    def _editors(self, names: Sequence[str]) -> str:
        written = []
        for text in names:
            try:
                written.append(editor_in_latex(text))
            except (NotANameError, LatexError, UnmappedError) as error:
                self._add_finding("editor", f"'{text}': {error}")
        return " and ".join(written)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
