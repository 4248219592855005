"""The table of corresponding authors, ``paper,email,name[,author]``, matched to a paper's authors. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proceedings.bibtex.findings import Finding
from proceedings.bibtex.latex import LatexError, to_unicode
from proceedings.bibtex.name_matching import compatible, identical, same_letters, same_words
from proceedings.bibtex.names import Name, NotANameError, read_name

COLUMNS = ("paper", "email", "name")
_OPTIONAL = "author"


@dataclass(frozen=True, slots=True)
class Contact:
    """One row: the corresponding author of `paper`. `author` is a name as in the BibTeX file, a position from 1, or
    empty.
    """

    line: int
    paper: str
    email: str
    name: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class ContactTable:
    """The readable rows, the number of all rows, and the findings about the others."""

    contacts: tuple[Contact, ...] = ()
    rows: int = 0
    findings: tuple[Finding, ...] = ()


class NoMatchError(ValueError):
    """A contact matches no author, or several. The message says what to write."""


def read_contacts(text: str, file: str = "") -> ContactTable:
    """Reads a contacts table. Raises nothing: a bad row becomes a finding with its line, and the others are read."""
    return _Table(file).read(text)


def match(contact: Contact, authors: Sequence[Name]) -> int:
    """Returns the index of the author that `contact` means.

    It compares the exact name, then the same words in any order, case and accents, then initials and omitted middle
    names. The first comparison with any match decides. Raises NoMatchError if there is no match or more than one.
    """
    if contact.author:
        if contact.author.isascii() and contact.author.isdigit():
            return _by_place(int(contact.author[:6]), authors)
        wanted = contact.author
    else:
        wanted = contact.name
    name = _as_name(wanted)
    for same in (identical, same_words, same_letters, compatible):
        matches = [index for index, author in enumerate(authors) if same(name, author)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            places = " and ".join(str(index + 1) for index in matches)
            msg = (
                f"'{wanted}' matches authors {places}: add a column 'author' with the position, such as "
                f"{matches[0] + 1}"
            )
            raise NoMatchError(msg)
    everyone = "; ".join(map(str, authors))
    msg = (
        f"'{wanted}' is not among the authors ({everyone}): correct the name, or add a column 'author' with "
        "the position"
    )
    raise NoMatchError(msg)


def _by_place(place: int, authors: Sequence[Name]) -> int:
    if not 1 <= place <= len(authors):
        msg = f"there is no author {place}; the paper has {len(authors)} authors: correct the position"
        raise NoMatchError(msg)
    return place - 1


def _as_name(text: str) -> Name:
    """Reads a name typed into a table, in Unicode or in LaTeX."""
    try:
        return read_name(text).name.map(to_unicode)
    except (NotANameError, LatexError):
        return Name(text)


class _Table:
    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def _add_finding(self, rule: str, message: str, line: int, paper: str = "", field: str = "") -> None:
        self.findings.append(Finding(rule=rule, message=message, file=self.file, line=line, paper=paper, field=field))

    def read(self, text: str) -> ContactTable:
        lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        header: list[str] | None = None
        contacts: list[Contact] = []
        rows = 0
        start = 1
        try:
            for cells in lines:
                line, start = start, lines.line_num + 1
                if not any(cell.strip() for cell in cells):
                    continue
                if header is None:
                    header = self._header(cells, line)
                    if header is None:
                        return ContactTable((), 0, tuple(self.findings))
                    continue
                rows += 1
                contacts += self._row(header, cells, line)
        except csv.Error as error:
            rows += 1
            self._add_finding("csv", f"the table cannot be read from here on ({error}): add the missing quote", start)
        if header is None and not self.findings:
            self._add_finding("csv", f"the table is empty: write the columns in its first line, {','.join(COLUMNS)}", 1)
        kept, found = _without_duplicates(contacts, self.file)
        return ContactTable(tuple(kept), rows, tuple(self.findings + found))

    def _header(self, cells: list[str], line: int) -> list[str] | None:
        names = [cell.strip().casefold() for cell in cells]
        missing = [name for name in COLUMNS if name not in names]
        unknown = [name for name in names if name not in (*COLUMNS, _OPTIONAL)]
        if not missing and not unknown and len(set(names)) == len(names):
            return names
        hint = ""
        if len(cells) == 1 and re.search("[;\t]", cells[0]):
            hint = " (separate columns with commas, not semicolons or tabs)"
        self._add_finding(
            "columns",
            f"the columns are {', '.join(names)}; the first line must be {','.join(COLUMNS)}, with 'author' as fourth "
            f"column if a name is ambiguous{hint}. We read no corresponding authors",
            line,
        )
        return None

    def _row(self, header: list[str], cells: list[str], line: int) -> Iterable[Contact]:
        if len(cells) != len(header):
            self._add_finding(
                "columns", f"has {len(cells)} cells, the first line has {len(header)}: check commas and quotes", line
            )
            return
        raw = dict(zip(header, cells, strict=True))
        row = {name: cell.strip(" \t") for name, cell in raw.items()}
        for name, cell in row.items():
            if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", cell):
                self._add_finding(
                    "line-break",
                    "contains a line break or control character: write it on one line",
                    line,
                    _shown(row["paper"]),
                    name,
                )
                return
        for name in COLUMNS:
            if not row[name] and not (name == "name" and row.get(_OPTIONAL)):
                self._add_finding(
                    "columns", f"is empty: fill in the {name}, or remove the row", line, row["paper"], name
                )
                return
        yield Contact(line, row["paper"], row["email"], row["name"], row.get(_OPTIONAL, ""))


def _shown(text: str) -> str:
    return text if text.isprintable() else ascii(text)


def _without_duplicates(contacts: Sequence[Contact], file: str) -> tuple[list[Contact], list[Finding]]:
    """Returns the contacts of papers with one row. If a paper has several, none is used, and each is a finding."""
    lines: dict[str, list[int]] = {}
    for contact in contacts:
        lines.setdefault(contact.paper, []).append(contact.line)
    findings = [
        Finding(
            rule="two-contacts",
            message=f"the paper has {len(lines[contact.paper])} corresponding authors, in lines "
            f"{', '.join(map(str, lines[contact.paper]))}: keep one; we set none",
            file=file,
            line=contact.line,
            paper=contact.paper,
        )
        for contact in contacts
        if len(lines[contact.paper]) > 1
    ]
    return [contact for contact in contacts if len(lines[contact.paper]) == 1], findings
