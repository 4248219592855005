"""The table of corresponding authors and other authors' addresses, matched to a paper's authors. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from proceedings.bibtex.findings import Finding
from proceedings.bibtex.latex import LatexError, to_unicode
from proceedings.bibtex.name_matching import compatible, identical, same_letters, same_words
from proceedings.bibtex.names import Name, NotANameError, read_name
from proceedings.importing.submissions import UnreadableFileError
from proceedings.importing.tables.authors import MAX_TITLE_ROWS, plain_number
from proceedings.importing.tables.grid import Columns, Grid, Row, headings

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "paper": (
        *("key", "paper", "paperkey", "bibtexkey", "paperid", "submission", "submissionid", "submission#"),
        *("papernumber", "number", "paper#", "id", "pid", "#"),
    ),
    "email": (
        "email",
        "emailaddress",
        "mail",
        "mailaddress",
        "authoremail",
        "contactemail",
        "correspondingauthoremail",
    ),
    "name": ("name", "authorname", "fullname", "contactname"),
    "author": ("author",),
    "first": ("firstname", "first", "givenname"),
    "last": ("lastname", "last", "familyname", "surname"),
    "corresponding": ("corresponding", "contact", "iscontact", "correspondingauthor", "contactauthor"),
}
_YES = ("yes", "y", "x", "1", "true", "✓", "✔", "*")
_NO = ("", "no", "n", "0", "false", "-")


@dataclass(frozen=True, slots=True)
class Contact:
    """One row: the address of an author of `paper`, a key or a submission's number.

    `author` is a name as in the BibTeX file, a position from 1, or empty.
    """

    line: int
    paper: str
    email: str
    name: str
    author: str = ""
    is_corresponding: bool = True


@dataclass(frozen=True, slots=True)
class ContactTable:
    """The readable rows, the number of all rows, and the findings about the others."""

    contacts: tuple[Contact, ...] = ()
    rows: int = 0
    findings: tuple[Finding, ...] = ()
    file: str = ""
    grid: Grid | None = None


class NoMatchError(ValueError):
    """A contact matches no author, or several. The message says what to write."""


def read_contacts(grids: Sequence[Grid], file: str = "") -> ContactTable:
    """Reads the first of `grids` that is a table of contacts. A bad row becomes a finding, and the others are read.

    Raises UnreadableFileError if none has the columns for paper, email address and name.
    """
    for grid in grids:
        if (at := _find_head(grid)) is not None:
            return _Table(file, grid, at).read()
    rows = grids[0].rows if grids else ()
    shown = ", ".join(rows[0].cells)[:200] if rows else "empty"
    msg = (
        f"{file} is no table of corresponding authors: its first line is {shown}. It needs the columns paper, email "
        "and name; 'author' has the position if a name is ambiguous, and 'corresponding' marks one of several authors"
    )
    raise UnreadableFileError(msg)


def _find_head(grid: Grid) -> int | None:
    for at, row in enumerate(grid.rows[: MAX_TITLE_ROWS + 1]):
        columns = Columns(headings(row))
        found = {ours for ours, names in _COLUMNS.items() if columns.first(names)}
        if {"paper", "email"} <= found and {"name", "author", "last", "corresponding"} & found:
            return at
    return None


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
    """A table of contacts, whose headings are its row `head`."""

    def __init__(self, file: str, grid: Grid, head: int) -> None:
        self.file = file
        self.grid = grid
        self.findings: list[Finding] = []
        self.rows = grid.rows[head + 1 :]
        self.width = len(grid.rows[head].cells)
        self.columns = Columns(headings(grid.rows[head]))
        self.names = {ours: self.columns.first(names) for ours, names in _COLUMNS.items()}

    def _add_finding(self, rule: str, message: str, line: int, paper: str = "", field: str = "") -> None:
        self.findings.append(Finding(rule=rule, message=message, file=self.file, line=line, paper=paper, field=field))

    def read(self) -> ContactTable:
        for line, message in self.grid.problems:
            self._add_finding("csv", message, line)
        marks = [self._cell(row, "corresponding").casefold() for row in self.rows]
        # "Corresponding author" heads a column of marks in some tables, and of names in others.
        has_marks = self.names["corresponding"] is not None and all(mark in (*_YES, *_NO) for mark in marks)
        if not has_marks and not (self.names["name"] or self.names["author"] or self.names["last"]):
            self.names["name"] = self.names["corresponding"]
        contacts = [
            replace(contact, is_corresponding=mark in _YES)
            for row, mark in zip(self.rows, marks, strict=True)
            for contact in self._row(row)
        ]
        kept = tuple(self._with_one_mark(contacts, has_marks=has_marks))
        count = len(self.rows) + len(self.grid.problems)
        return ContactTable(kept, count, tuple(self.findings), self.file, self.grid)

    def _cell(self, row: Row, ours: str) -> str:
        return self.columns.cell(row, self.names[ours])

    def _row(self, row: Row) -> Iterator[Contact]:
        if len(row.cells) > self.width:
            message = f"has {len(row.cells)} cells, the headings are {self.width}: check separators and quotes"
            self._add_finding("columns", message, row.line)
            return
        values = {ours: self._cell(row, ours) for ours in _COLUMNS}
        if not values["name"] and values["last"]:
            values["name"] = ", ".join(part for part in (values["last"], values["first"]) if part)
        paper = plain_number(values["paper"])
        for ours in ("paper", "email", "name", "author"):
            if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", values[ours]):
                message = "contains a line break or control character: write it on one line"
                self._add_finding("line-break", message, row.line, _shown(paper), ours)
                return
        for ours in ("paper", "email", "name"):
            if not values[ours] and not (ours == "name" and values["author"]):
                message = f"is empty: fill in the {ours}, or remove the row"
                self._add_finding("columns", message, row.line, paper, ours)
                return
        yield Contact(row.line, paper, values["email"], values["name"], values["author"])

    def _with_one_mark(self, contacts: Sequence[Contact], *, has_marks: bool) -> Iterator[Contact]:
        """Yields the contacts, at most one of each paper marked as corresponding.

        Without a column for the mark, the only row of a paper is the corresponding author. If the table leaves it open,
        no author is marked, and a finding asks.
        """
        by_paper: dict[str, list[Contact]] = defaultdict(list)
        for contact in contacts:
            by_paper[contact.paper].append(contact)
        chosen: dict[str, Contact | None] = {}
        for paper, rows in by_paper.items():
            marked = [row for row in rows if row.is_corresponding] if has_marks else rows
            chosen[paper] = marked[0] if len(marked) == 1 else None
            if len(marked) > 1 or (not marked and len(rows) > 1):
                self._ask(paper, rows, marked)
        for contact in contacts:
            yield replace(contact, is_corresponding=contact is chosen[contact.paper])

    def _ask(self, paper: str, rows: Sequence[Contact], marked: Sequence[Contact]) -> None:
        lines = ", ".join(str(row.line) for row in rows)
        has = f"{len(marked)} corresponding authors" if marked else "no corresponding author"
        message = (
            f"the paper has {has}, in lines {lines}: write yes for one of them in a column 'corresponding'. We set the "
            "addresses and no corresponding author"
        )
        self._add_finding("two-contacts", message, rows[0].line, paper)


def _shown(text: str) -> str:
    return text if text.isprintable() else ascii(text)
