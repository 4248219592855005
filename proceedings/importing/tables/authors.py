"""Reads tables with one row per author: EasyChair's author.csv or Authors sheet, HotCRP's authors.csv. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.latex import fold
from proceedings.bibtex.name_matching import same_letters
from proceedings.bibtex.names import Name, NotANameError, Reading
from proceedings.importing.submissions import Person, UnreadableFileError, read_person
from proceedings.importing.tables.grid import Columns, Grid, Row, headings

MAX_TITLE_ROWS = 3
"""Rows above the headings that an export may have, such as CMT's name of the conference."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("submission#", "submission", "submissionid", "paper", "paperid", "paper#", "pid"),
    "first": ("firstname", "first", "givenname", "givennames", "given"),
    "last": ("lastname", "last", "familyname", "surname", "family"),
    "email": ("email", "emailaddress"),
    "affiliation": ("affiliation", "organization", "organisation", "institution", "company"),
    "contact": ("corresponding", "iscontact", "correspondingauthor", "contact", "contactauthor"),
    "title": ("title", "papertitle"),
    "orcid": ("orcid", "orcidid", "orcidnumber", "orcidurl"),
}
_NO = ("", "no", "false", "0", "n", "-")


@dataclass(slots=True)
class AuthorTable:
    """The authors of each paper by its number, in the order of the table; the titles, if the table has them."""

    of: dict[str, list[Person]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    def people(self, number: str, written: Sequence[Name]) -> tuple[Person, ...]:
        """Returns the authors of a paper, in the order of the names in the table of papers if both have the same."""
        people = self.of.get(number, [])
        if len(written) != len(people):
            return tuple(people)
        left = list(people)
        ordered = []
        for name in written:
            same = next((person for person in left if _same(person.name, name)), None)
            if same is None:
                return tuple(people)
            left.remove(same)
            ordered.append(same)
        return tuple(ordered)

    def fill_in(self, number: str, written: Sequence[Person]) -> tuple[Person, ...]:
        """Returns the people of a paper's row, each with what this table knows of a person with the same name."""
        people = self.of.get(number, [])
        return tuple(next((known for known in people if _same(known.name, one.name)), one) for one in written)


def _same(one: Name, other: Name) -> bool:
    return one == other or same_letters(one, other) or str(one).casefold() == str(other).casefold()


def find_author_head(grid: Grid) -> int | None:
    """Returns the index of the row of headings of a table with one row per author; None if it is no such table."""
    for at, row in enumerate(grid.rows[: MAX_TITLE_ROWS + 1]):
        columns = Columns(headings(row))
        if columns.first(COLUMNS["number"]) and columns.first(COLUMNS["last"]) and "authors" not in columns:
            return at
    return None


def read_authors(grid: Grid, file: str) -> AuthorTable:
    """Reads a table with one row per author. Raises UnreadableFileError if it has not the columns."""
    at = find_author_head(grid)
    if at is None:
        first = ", ".join(grid.rows[0].cells)[:200] if grid.rows else "empty"
        msg = (
            f"{file} is no table of authors: its first line is {first}. It needs the columns 'submission #' and "
            "'last name', as EasyChair's author.csv and HotCRP's authors.csv have them. Choose the right file"
        )
        raise UnreadableFileError(msg)
    reader = _Reader(Columns(headings(grid.rows[at])), file)
    for row in grid.rows[at + 1 :]:
        reader.read(row)
    for line, message in grid.problems:
        reader.table.findings.append(Finding(rule="csv", message=f"table of authors: {message}", file=file, line=line))
    reader.table.rows = len(reader.table.of)
    return reader.table


class _Reader:
    def __init__(self, columns: Columns, file: str) -> None:
        self.columns = columns
        self.names = {ours: columns.first(names) for ours, names in COLUMNS.items()}
        self.file = file
        self.table = AuthorTable()

    def read(self, row: Row) -> None:
        values = {ours: self.columns.cell(row, name) for ours, name in self.names.items()}
        number, contact = plain_number(values["number"]), values["contact"].casefold()
        if contact.replace(" ", "_") == "contact_only":
            message = f"{values['email'] or values['last']} is a contact and no author, and was left out"
            self._add_finding(row.line, "contact", message, Severity.NOTE, number)
            return
        self.table.titles.setdefault(number, fold(values["title"]))
        self.table.lines.setdefault(number, row.line)
        people = self.table.of.setdefault(number, [])
        first, last = fold(values["first"]), fold(values["last"])
        try:
            reading = read_full_name(first, last)
        except NotANameError as error:
            self._add_finding(row.line, "author", str(error), Severity.ERROR, number)
            return
        affiliation = fold(values["affiliation"])
        person = Person(
            reading.name, values["email"], affiliation, contact not in _NO, reading.doubts, fold(values["orcid"])
        )
        people.append(person)

    def _add_finding(self, line: int, rule: str, message: str, severity: Severity, paper: str) -> None:
        message = f"table of authors: {message}"
        finding = Finding(rule=rule, message=message, severity=severity, file=self.file, line=line, paper=paper)
        self.table.findings.append(finding)


def read_full_name(first: str, last: str) -> Reading:
    """Reads a name whose parts the system knows. Raises NotANameError if both are empty."""
    if first and last:
        try:
            return read_person(f"{last}, {first}")
        except NotANameError:  # a comma in one part, as in "Lee, PhD"
            return read_person(f"{last.partition(',')[0]}, {first.partition(',')[0]}")
    if not (first or last):
        return read_person("")
    return Reading(Name(last or first))


def plain_number(text: str) -> str:
    """Returns a paper's number without what spreadsheets add: ``12`` for ``12.0`` and ``#12``."""
    text = fold(text).removeprefix("#").strip()
    whole, point, rest = text.partition(".")
    return whole if point and whole.isdigit() and rest and not rest.strip("0") else text
