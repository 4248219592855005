"""Reads tables with one row per paper, of any layout. Pure.

Raises nothing: an unreadable row becomes a finding with its line, and the others are read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.forum_ids import read_forum_id
from proceedings.bibtex.latex import fold
from proceedings.bibtex.names import Doubt, NotANameError, Reading
from proceedings.email_address import address_key
from proceedings.importing.submissions import Person, Question, Submission, Submissions, read_person
from proceedings.importing.tables.authors import MAX_TITLE_ROWS, AuthorTable, plain_number, read_full_name
from proceedings.importing.tables.decisions import Verdict, normal_decision, read_decision
from proceedings.importing.tables.grid import Columns, Grid, Row, headings
from proceedings.importing.tables.layouts import COLUMNS, Layout
from proceedings.importing.tables.people import AuthorText, People, Style, column_style, read_author, split_people

_NO = ("", "no", "false", "0", "n", "-")
_STARRED = re.compile(r"\*\s*([^*@\s][^*]*)|([^*]*@[^*]+?)\s*\*+")
NUMBERED = re.compile(r"(\d{1,3})(firstname|lastname|email|affiliation)\Z")
"""Headings of a person's own columns, such as ``1: First Name``."""
_BRACKET = re.compile(r"[()\[\]<>|]")


@dataclass(slots=True)
class Context:
    """What a reader knows beside the table: the authors' table, and the answers about decisions that were unclear."""

    file: str
    authors: AuthorTable | None = None
    answers: Mapping[str, bool] = field(default_factory=dict)


def find_head(grid: Grid, wanted: Sequence[str]) -> int | None:
    """Returns the index of the row with all headings `wanted`; it may stand below a few rows of titles."""
    first_rows = grid.rows[: MAX_TITLE_ROWS + 1]
    return next((at for at, row in enumerate(first_rows) if set(wanted) <= set(headings(row))), None)


def read_papers(grids: Sequence[Grid], layout: Layout, context: Context) -> Submissions:
    """Reads the accepted papers of all `grids`, which are the sheets of one file."""
    return _Reader(layout, context, several=len(grids) > 1).read(grids)


class _Sheet:
    """One sheet with the columns of a layout."""

    def __init__(self, grid: Grid, head: int, layout: Layout) -> None:
        self.name = grid.sheet
        self.rows = grid.rows[head + 1 :]
        self.width = len(grid.rows[head].cells)
        self.columns = Columns(headings(grid.rows[head]))
        ours = dict.fromkeys((*layout.columns, *COLUMNS))
        self.names = {name: self.columns.first(layout.columns.get(name, ())) for name in ours}
        self.style = column_style(self.value(row, "authors") for row in self.rows)

    def value(self, row: Row, ours: str) -> str:
        """Returns the cell of one of our columns; empty if the table does not have it."""
        return self.columns.cell(row, self.names[ours])

    def values(self, row: Row) -> dict[str, str]:
        return {ours: self.value(row, ours) for ours in self.names}


class _Reader:
    def __init__(self, layout: Layout, context: Context, *, several: bool) -> None:
        self.layout = layout
        self.context = context
        self.several = several
        self.sheet = ""
        self.rows = 0
        self.findings: list[Finding] = list(context.authors.findings) if context.authors else []
        self.unclear: dict[str, Question] = {}
        self.seen: set[str] = set()
        self.style = Style.UNKNOWN
        self.has_decisions = False

    def add_finding(
        self, line: int, rule: str, message: str, severity: Severity = Severity.ERROR, **where: str
    ) -> None:
        if self.several:
            message = f"sheet {self.sheet}: {message}"
        finding = Finding(rule=rule, message=message, severity=severity, file=self.context.file, line=line, **where)
        self.findings.append(finding)

    def read(self, grids: Sequence[Grid]) -> Submissions:
        sheets = [sheet for grid in grids if (sheet := self._open(grid))]
        self.has_decisions = any(
            read_decision(sheet.value(row, "decision")) is not Verdict.EMPTY for sheet in sheets for row in sheet.rows
        )
        found = [one for sheet in sheets for row in sheet.rows if (one := self._row(sheet, row))]
        return Submissions(tuple(found), self.rows, tuple(self.findings), tuple(self.unclear.values()))

    def _open(self, grid: Grid) -> "_Sheet | None":
        """Finds the columns of a sheet. None, and a finding, if it has not the required ones."""
        self.sheet = grid.sheet
        for line, message in grid.problems:
            self.add_finding(line, "csv", message)
        self.rows += len(grid.problems)
        at = self._find_head(grid)
        if at is None:
            self._report_columns(grid)
            return None
        sheet = _Sheet(grid, at, self.layout)
        for name in sheet.columns.repeated:
            if name in sheet.names.values():
                message = f"the column '{name}' appears twice: we took the first one"
                self.add_finding(grid.rows[at].line, "columns", message, Severity.WARNING)
        self.rows += len(sheet.rows)
        return sheet

    def _find_head(self, grid: Grid) -> int | None:
        for at, row in enumerate(grid.rows[: MAX_TITLE_ROWS + 1]):
            columns = Columns(headings(row))
            wanted = [name for name in self.layout.required if not (name == "authors" and self.context.authors)]
            if all(columns.first(self.layout.columns[name]) for name in wanted):
                return at
        return None

    def _report_columns(self, grid: Grid) -> None:
        wanted = " and ".join(f"'{(self.layout.columns[name] or (name,))[0]}'" for name in self.layout.required)
        first = ", ".join(grid.rows[0].cells)[:200] if grid.rows else "empty"
        message = f"the columns {wanted} are missing; the first line is {first}. Name the columns with --columns"
        self.add_finding(grid.rows[0].line if grid.rows else 1, "columns", message)

    def _row(self, sheet: "_Sheet", row: Row) -> Submission | None:
        self.sheet, self.style, values = sheet.name, sheet.style, sheet.values(row)
        number = plain_number(values["number"])
        if len(row.cells) > sheet.width:
            message = (
                f"has {len(row.cells)} cells under {sheet.width} headings: put cells that contain a separator in quotes"
            )
            self.add_finding(row.line, "columns", message, paper=number)
            return None
        if not self._is_accepted(row.line, number, values):
            return None
        if number and number in self.seen:
            self.add_finding(row.line, "duplicate", f"the number {number} appears twice: keep one row", paper=number)
            return None
        self.seen.add(number)
        return Submission(
            line=row.line,
            number=number,
            title=fold(values["title"]),
            abstract=fold(values["abstract"]),
            people=self._people(sheet, row, values),
            section=fold(values["section"]),
            pages=fold(values["pages"]),
            key=fold(values["key"]),
            extra=self._extra(row.line, number, values["openreview"]),
        )

    def _is_accepted(self, line: int, number: str, values: Mapping[str, str]) -> bool:
        decision = fold(values["decision"])
        verdict = read_decision(decision)
        if values.get("deleted", "").casefold() not in _NO:
            reason = "it is marked as deleted"
        elif verdict is Verdict.ACCEPTED or (verdict is Verdict.EMPTY and not self.has_decisions):
            return True
        elif verdict is Verdict.EMPTY:
            reason = "it has no decision, and other papers have one"
        else:
            reason = f"its decision is '{decision[:40]}'"
            if verdict is Verdict.UNCLEAR and (known := self._answer(decision)) is not False:
                if known:
                    return True
                reason = f"it is not known whether '{decision[:40]}' is an acceptance"
        self.add_finding(line, "not-accepted", f"skipped: {reason}", Severity.NOTE, paper=number)
        return False

    def _answer(self, decision: str) -> bool | None:
        """Returns a person's answer to an unclear decision. None if there is none, and then it is asked."""
        value = normal_decision(decision)
        answer = self.context.answers.get(value)
        if answer is None:
            before = self.unclear.get(value, Question(decision, 0))
            self.unclear[value] = Question(before.value, before.count + 1)
        return answer

    def _extra(self, line: int, number: str, written: str) -> dict[str, str]:
        if not written.strip():
            return {}
        if forum := read_forum_id(written):
            return {"openreview": forum}
        message = f"'{written[:80]}' is no OpenReview forum or its address, and was skipped"
        self.add_finding(line, "openreview", message, Severity.WARNING, paper=number, field="openreview")
        return {}

    # --- people

    def _people(self, sheet: "_Sheet", row: Row, values: Mapping[str, str]) -> tuple[Person, ...]:
        number = plain_number(values["number"])
        if self.layout.numbered_people and (people := tuple(self._numbered_people(sheet, row, number))):
            return self._with_contact(people, values)
        if self.context.authors is None:
            return tuple(self._written_people(row.line, number, values))
        written = tuple(self._written_people(row.line, number, values))
        names = [person.name for person in written]
        known = self.context.authors.people(number, names)
        if len(known) == len(written):
            return known
        if known and written:
            message = f"has {len(written)} authors here, {len(known)} in the table of authors: we took the longer list"
        else:
            message = "the paper is not in the table of authors: we took the names of its row"
        if written:
            self.add_finding(row.line, "authors", message, Severity.WARNING, paper=number, field="authors")
        return self.context.authors.fill_in(number, written) if len(written) > len(known) else known

    def _split(self, values: Mapping[str, str]) -> People:
        emails = len([part for part in re.split("[;,\\s]+", values["emails"]) if "@" in part])
        return split_people(values["authors"], style=self.style, emails=emails)

    def _written_people(self, line: int, number: str, values: Mapping[str, str]) -> Iterator[Person]:
        """Reads the cell of authors, with addresses and affiliations in the same order if other cells have them."""
        split = self._split(values)
        if split.doubt:
            message = f"{split.doubt}. Separate people with semicolons if this is wrong"
            self.add_finding(line, "authors", message, Severity.WARNING, paper=number, field="authors")
        authors = [read_author(text) for text in split.texts]
        emails = self._emails(line, number, values["emails"], len(authors))
        affiliations = self._affiliations(values, len(authors))
        contact = values["contact"].strip().casefold()
        for place, author in enumerate(authors):
            email, starred = read_mark(emails[place]) if emails else (author.email, False)
            beside = affiliations[place] if affiliations else AuthorText("")
            marked = author.is_marked or beside.is_marked or starred
            chosen = bool(contact) and (
                contact in (str(place + 1), author.name.casefold())
                or (bool(email) and address_key(contact) == address_key(email))
            )
            try:
                reading = read_person(author.name)
            except NotANameError as error:
                self.add_finding(line, "author", f"name {place + 1}: {error}", paper=number, field="authors")
                continue
            affiliation = author.affiliation or beside.affiliation
            yield Person(reading.name, email, affiliation, marked or chosen, _doubts(author.name, reading))

    def _emails(self, line: int, number: str, cell: str, count: int) -> list[str]:
        """Returns one address for each author, empty where the cell leaves one out; none if the numbers differ."""
        parts = [part.strip() for part in re.split("[;,\\n]", cell.rstrip(" ;,\n"))]
        if len(parts) != count:
            parts = [part for part in re.split("[;,\\s]+", cell) if part]
        if not parts or not cell.strip():
            return []
        if len(parts) != count:
            message = f"{count} authors, but {len(parts)} email addresses: we set none"
            self.add_finding(line, "emails", message, Severity.WARNING, paper=number)
            return []
        return [re.sub(r".*<([^<>]*)>", r"\1", part) for part in parts]

    def _affiliations(self, values: Mapping[str, str], count: int) -> list[AuthorText]:
        """Returns the people of a second column, ``Ann Lee (MIT)*; …``, which has the affiliations of the first."""
        cell = values.get("affiliations", "")
        if not cell or cell == values["authors"]:
            return []
        people = [read_author(text) for text in split_people(cell, style=Style.SEMICOLONS).texts]
        return people if len(people) == count else []

    def _numbered_people(self, sheet: "_Sheet", row: Row, number: str) -> Iterator[Person]:
        """Reads the columns ``1: First Name``, ``1: Last Name`` …, which START adds for each author."""
        found: dict[int, dict[str, str]] = {}
        for name in sheet.columns:
            if (match := NUMBERED.match(name)) and (value := fold(sheet.columns.cell(row, name))):
                found.setdefault(int(match[1]), {})[match[2]] = value
        for place, parts in sorted(found.items()):
            first, last = parts.get("firstname", ""), parts.get("lastname", "")
            try:
                reading = read_full_name(first, last)
            except NotANameError as error:
                self.add_finding(row.line, "author", f"name {place}: {error}", paper=number, field="authors")
                continue
            yield Person(reading.name, parts.get("email", ""), parts.get("affiliation", ""), False, reading.doubts)

    @staticmethod
    def _with_contact(people: Sequence[Person], values: Mapping[str, str]) -> tuple[Person, ...]:
        """Marks the author whose address or name stands in the column of the corresponding author."""
        contact = fold(values["contact"]).casefold()
        return tuple(
            Person(one.name, one.email, one.affiliation, True, one.doubts)
            if contact
            and (contact == str(one.name).casefold() or (one.email and address_key(contact) == address_key(one.email)))
            else one
            for one in people
        )


def read_mark(email: str) -> tuple[str, bool]:
    """Returns an address without the star of a corresponding author, and whether it has one.

    The stars of a masked address, such as ``****@example.org`` or ``a***@example.org``, belong to the address.
    """
    if found := _STARRED.fullmatch(email.strip()):
        return found[1] or found[2], True
    return email.strip(), False


def _doubts(written: str, reading: Reading) -> tuple[Doubt, ...]:
    """Adds a doubt for a bracket that belongs to nothing, as in ``Ann Lee (MIT``."""
    if not _BRACKET.search(re.sub(r"\([^()]+\)(?=\s\w)", "", written)):
        return reading.doubts
    return (*reading.doubts, Doubt("contains a bracket that does not belong in a name"))
