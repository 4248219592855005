"""Reads tables of submission systems: EasyChair, CMT, and any table whose columns are named. Pure.

The columns are those of real exports (notes on the workflow, end of section 3). They vary by conference, so they are
found by name. Raises nothing: an unreadable row becomes a finding with its line, and the others are read.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.latex import fold
from proceedings.bibtex.names import Name, NotANameError, Reading
from proceedings.email_address import address_key
from proceedings.importing.submissions import Person, Submission, Submissions, read_person, strip_invisible

_NO = ("", "no", "false", "0", "n", "-")
_AUTHOR = re.compile(r"^(?P<name>[^()]*?)\s*(?:\((?P<affiliation>.*)\))?\s*(?P<contact>\*?)\s*$", re.DOTALL)

COLUMNS = ("number", "title", "authors", "abstract", "emails", "contact", "section", "pages", "key", "decision")
"""Columns of a table; only ``title`` and ``authors`` are required. Semicolons separate names in ``authors``."""
_CMT = {
    "number": "paper id",
    "title": "paper title",
    "abstract": "abstract",
    "authors": "author names",
    "emails": "author emails",
    "section": "primary subject area",
    "decision": "status",
}
_EASYCHAIR = {"number": "#", "title": "title", "abstract": "abstract", "authors": "authors", "decision": "decision"}
_EASYCHAIR_NUMBERS = ("submission #", "submission", "#")


def first_rows(text: str) -> list[list[str]]:
    """Returns the first three rows in lower case; any of them may be the header."""
    return [_head(cells) for _, cells in _rows(text, [])][:3]


def column_names(text: str) -> list[str]:
    """Returns the names of the columns as the table writes them; empty if it is not a table."""
    first = next((cells for _, cells in _rows(text, [])), [])
    return [cell for cell in first if cell] if len(first) > 1 else []


def guess_columns(head: Sequence[str]) -> dict[str, str]:
    """Maps our columns to the table's where the names match, in full or in part."""
    found: dict[str, str] = {}
    for ours in COLUMNS:
        wanted = ours.rstrip("s")
        same = [theirs for theirs in head if fold(theirs).casefold().rstrip("s") == wanted]
        within = [theirs for theirs in head if wanted in fold(theirs).casefold() and theirs not in found.values()]
        if same or within:
            found[ours] = (same or within)[0]
    return found


def read_table(text: str, file: str, columns: Mapping[str, str]) -> Submissions:
    """Reads the accepted papers in any table. `columns` maps our names to the table's where they differ."""
    return _Table(file, {name: name for name in COLUMNS} | dict(columns)).read(text)


def read_cmt(text: str, file: str) -> Submissions:
    """Reads the accepted papers in CMT's table of papers."""
    return _Table(file, _CMT).read(text)


def read_easychair(text: str, file: str, authors: str = "") -> Submissions:
    """Reads the accepted papers in EasyChair's table of submissions. `authors` is its second table, ``author.csv``."""
    return _Table(file, _EASYCHAIR, _easychair_people(authors, file)).read(text)


def _rows(text: str, problems: list[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Yields the rows of a table with their lines. The separator is the most frequent of comma, semicolon and tab."""
    text = text.removeprefix("\ufeff").replace("\x00", "")
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    start = 1
    try:
        for row in rows:
            line, start = start, rows.line_num + 1
            if any(cell.strip() for cell in row):
                yield line, [strip_invisible(cell).strip() for cell in row]
    except csv.Error as error:
        problems.append((start, f"the table cannot be read from here on ({error}): add the missing quote"))


def _head(cells: Sequence[str]) -> list[str]:
    return [fold(cell).casefold() for cell in cells]


class _Table:
    """A table with one row per paper."""

    def __init__(self, file: str, columns: Mapping[str, str], people: "_People | None" = None) -> None:
        self.file = file
        self.columns = {ours: theirs.casefold() for ours, theirs in columns.items()}
        self.people = people
        self.findings: list[Finding] = list(people.findings) if people else []

    def add_finding(
        self, line: int, rule: str, message: str, severity: Severity = Severity.ERROR, **where: str
    ) -> None:
        self.findings.append(Finding(rule=rule, message=message, severity=severity, file=self.file, line=line, **where))

    def read(self, text: str) -> Submissions:
        problems: list[tuple[int, str]] = []
        rows = list(_rows(text, problems))
        head_at = self._find_head(rows)
        if head_at is None:
            wanted = " and ".join(f"'{self.columns[name]}'" for name in ("title", "authors"))
            first = ", ".join(rows[0][1])[:200] if rows else "empty"
            self.add_finding(
                1,
                "columns",
                f"the columns {wanted} are missing; the first line is {first}. Name the columns with --columns",
            )
            return Submissions((), 0, tuple(self.findings))
        head = _head(rows[head_at][1])
        found: list[Submission] = []
        seen: set[str] = set()
        for line, cells in rows[head_at + 1 :]:
            if submission := self._row(line, dict(zip(head, cells, strict=False)), seen):
                found.append(submission)
        for line, message in problems:
            self.add_finding(line, "csv", message)
        return Submissions(tuple(found), len(rows) - head_at - 1 + len(problems), tuple(self.findings))

    def _find_head(self, rows: Sequence[tuple[int, list[str]]]) -> int | None:
        """Returns the index of the header. CMT's older export has two title lines above it."""
        wanted = {self.columns["title"]} | ({self.columns["authors"]} if self.people is None else set())
        return next((at for at, (_, cells) in enumerate(rows[:3]) if wanted <= set(_head(cells))), None)

    def _row(self, line: int, cells: Mapping[str, str], seen: set[str]) -> Submission | None:
        values = {ours: cells.get(theirs, "") for ours, theirs in self.columns.items()}
        number = values.get("number", "")
        decision = values.get("decision", "")
        if decision and not re.search("accept|camera", decision, re.IGNORECASE):
            self.add_finding(
                line, "not-accepted", f"skipped: its decision is '{decision[:40]}'", Severity.NOTE, paper=number
            )
            return None
        if cells.get("deleted?", "").casefold() not in _NO:
            self.add_finding(line, "not-accepted", "skipped: it is marked as deleted", Severity.NOTE, paper=number)
            return None
        if number and number in seen:
            self.add_finding(line, "duplicate", f"the number {number} appears twice: keep one row", paper=number)
            return None
        seen.add(number)
        people = self.people.of.get(number, ()) if self.people else tuple(self._people(line, number, values))
        return Submission(
            line=line,
            number=number,
            title=fold(values["title"]),
            abstract=fold(values.get("abstract", "")),
            people=tuple(people),
            section=fold(values.get("section", "")),
            pages=fold(values.get("pages", "")),
            key=fold(values.get("key", "")),
        )

    def _people(self, line: int, number: str, values: Mapping[str, str]) -> Iterator[Person]:
        """Reads ``First Last (Affiliation)*; …``, with addresses in the same order if there are any."""
        texts = split_people(values.get("authors", ""))
        emails = [part.strip() for part in re.split("[;,]", values.get("emails", "")) if part.strip()]
        if emails and len(emails) != len(texts):
            message = f"{len(texts)} authors, but {len(emails)} email addresses: we set none"
            self.add_finding(line, "emails", message, Severity.WARNING, paper=number)
            emails = []
        contact = values.get("contact", "").strip().casefold()
        for place, text in enumerate(texts):
            found = _AUTHOR.match(text)
            name, affiliation, star = (
                (found["name"], found["affiliation"] or "", found["contact"]) if found else (text, "", "")
            )
            email = emails[place].strip("*") if emails else ""
            marked = bool(star) or (bool(emails) and emails[place].endswith("*"))
            chosen = contact and (
                contact in (str(place + 1), name.strip(" *").casefold())
                or (email and address_key(contact) == address_key(email))
            )
            try:
                reading = read_person(name.strip(" *"))
            except NotANameError as error:
                self.add_finding(line, "author", f"name {place + 1}: {error}", paper=number, field="authors")
                continue
            yield Person(reading.name, email, fold(affiliation), marked or bool(chosen), reading.doubts)


def split_people(text: str) -> list[str]:
    """Splits the names in a cell at semicolons, else at ``and`` and, if no name can contain one, at commas.

    An affiliation in parentheses may contain semicolons.
    """
    parts = _outside_brackets(text, ";")
    if len(parts) == 1:
        parts = re.split(r"\s+and\s+", text)
        if len(parts) > 1 or text.count(",") > 1:
            parts = [
                one for part in parts for one in (part.split(",") if " " in part.strip().split(",")[0] else [part])
            ]
    return [fold(part) for part in parts if part.strip()]


def _outside_brackets(text: str, separator: str) -> list[str]:
    parts = [""]
    depth = 0
    for sign in text:
        depth = max(0, depth + {"(": 1, ")": -1}.get(sign, 0))
        if sign == separator and (depth == 0 or text.count("(") != text.count(")")):
            parts.append("")
        else:
            parts[-1] += sign
    return parts


# --- EasyChair's second table


@dataclass(frozen=True, slots=True)
class _People:
    of: Mapping[str, tuple[Person, ...]]
    findings: tuple[Finding, ...]


def _easychair_people(text: str, file: str) -> _People | None:
    """Reads ``author.csv``, the only export with separate given and family names. None without it."""
    if not text.strip():
        return None
    problems: list[tuple[int, str]] = []
    rows = list(_rows(text, problems))
    head = _head(rows[0][1]) if rows else []
    number = next((name for name in _EASYCHAIR_NUMBERS if name in head), "")
    findings = [
        Finding(rule="csv", message=f"table of authors: {message}", file=file, line=line) for line, message in problems
    ]
    if not number or "last name" not in head:
        message = "the table of authors has no columns 'submission #' and 'last name': use EasyChair's author.csv"
        return _People({}, (*findings, Finding(rule="columns", message=message, file=file, line=1)))
    people: dict[str, list[Person]] = defaultdict(list)
    for line, cells in rows[1:]:
        row = dict(zip(head, cells, strict=False))
        first, last = fold(row.get("first name", "")), fold(row.get("last name", ""))
        try:
            reading = read_person(f"{last}, {first}") if first and last else Reading(Name(last or first))
            if not (first or last):
                read_person("")
        except NotANameError as error:
            message = f"table of authors: {error}"
            findings.append(Finding(rule="author", message=message, file=file, line=line, paper=row[number]))
            continue
        contact = row.get("corresponding?", "").casefold() not in _NO
        person = Person(reading.name, row.get("email", ""), fold(row.get("affiliation", "")), contact, reading.doubts)
        people[row[number]].append(person)
    return _People({key: tuple(them) for key, them in people.items()}, tuple(findings))
