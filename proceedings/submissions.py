"""What submission systems export -> submissions: EasyChair, CMT, OpenReview, and any table with columns named. Pure.

The columns are those seen in real exports (notes on the workflow, end of section 3); they vary by conference, so they
are found by name. Nothing is raised: a row that cannot be read is a finding with its line, and the others are read.
"""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from proceedings.findings import Finding, Severity
from proceedings.latex import LatexError, fold, to_unicode
from proceedings.names import Doubt, Name, NotANameError, Reading, read_name

# Control characters and half characters: no database takes some of them, nobody means any.
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\u200b\u2060\ufeff]")
_NO = ("", "no", "false", "0", "n", "-")
_AUTHOR = re.compile(r"^(?P<name>[^()]*?)\s*(?:\((?P<affiliation>.*)\))?\s*(?P<contact>\*?)\s*$", re.DOTALL)


class Format(StrEnum):
    """Where a file comes from."""

    BIBTEX = "bibtex"
    EASYCHAIR = "easychair"
    CMT = "cmt"
    OPENREVIEW = "openreview"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Person:
    """An author as the system has them. Text is in Unicode."""

    name: Name
    email: str = ""
    affiliation: str = ""
    is_contact: bool = False
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One accepted paper. `title` and `abstract` are as typed: Unicode with some LaTeX in it."""

    line: int
    number: str
    title: str
    abstract: str = ""
    people: tuple[Person, ...] = ()
    section: str = ""
    pages: str = ""
    key: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submissions:
    """All that a file says: `rows` = the submissions + those set aside + those refused, each of which is a finding."""

    submissions: tuple[Submission, ...] = ()
    rows: int = 0
    findings: tuple[Finding, ...] = ()


COLUMNS = ("number", "title", "authors", "abstract", "emails", "contact", "section", "pages", "key", "decision")
"""What a table may say; ``title`` and ``authors`` it must. Names in ``authors`` are set apart by semicolons."""
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


def detect(name: str, text: str) -> Format | None:
    """The format of a file, where it is plain from its beginning; None where somebody has to say it."""
    start = text.lstrip("\ufeff \t\r\n")
    if name.lower().endswith(".bib") or re.match(r"[@%]", start):
        return Format.BIBTEX
    if start[:1] in ("[", "{"):
        return Format.OPENREVIEW
    heads = [_head(row) for _, row in _rows(text, [])][:3]
    for head in heads:
        if {"paper id", "paper title"} <= set(head):
            return Format.CMT
        if {"#", "title", "authors"} <= set(head):
            return Format.EASYCHAIR
    return Format.CSV if heads and {"title", "authors"} <= set(heads[0]) else None


def head_of(text: str) -> list[str]:
    """What a table calls its columns, as it writes them; empty for what is no table."""
    first = next((cells for _, cells in _rows(text, [])), [])
    return [cell for cell in first if cell] if len(first) > 1 else []


def guess_columns(head: Sequence[str]) -> dict[str, str]:
    """Ours -> the table's, where a name says it: the same word, or ours within theirs."""
    found: dict[str, str] = {}
    for ours in COLUMNS:
        wanted = ours.rstrip("s")
        same = [theirs for theirs in head if fold(theirs).casefold().rstrip("s") == wanted]
        within = [theirs for theirs in head if wanted in fold(theirs).casefold() and theirs not in found.values()]
        if same or within:
            found[ours] = (same or within)[0]
    return found


def read(
    kind: Format, text: str, file: str, *, authors: str = "", columns: Mapping[str, str] | None = None
) -> Submissions:
    """The accepted papers in `text`. `authors` is EasyChair's second table; `columns` maps ours to a table's own."""
    if kind is Format.OPENREVIEW:
        return _OpenReview(file).read(text)
    if kind is Format.EASYCHAIR:
        return _Table(file, _EASYCHAIR, _easychair_people(authors, file)).read(text)
    if kind is Format.CMT:
        return _Table(file, _CMT).read(text)
    return _Table(file, {name: name for name in COLUMNS} | dict(columns or {})).read(text)


# --- tables


def _rows(text: str, problems: list[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with their lines. Commas, semicolons or tabs: whichever the first line has most of."""
    text = text.removeprefix("\ufeff").replace("\x00", "")
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    start = 1
    try:
        for row in rows:
            line, start = start, rows.line_num + 1
            if any(cell.strip() for cell in row):
                yield line, [_clean(cell) for cell in row]
    except csv.Error as error:
        problems.append(
            (start, f"the table cannot be read from here on ({error}): look for a quote without its partner")
        )


def _head(cells: Sequence[str]) -> list[str]:
    return [fold(cell).casefold() for cell in cells]


def _clean(text: str) -> str:
    return _UNSEEN.sub("", text).strip()


class _Table:
    """A table with one row per paper."""

    def __init__(self, file: str, columns: Mapping[str, str], people: "_People | None" = None) -> None:
        self.file = file
        self.columns = {ours: theirs.casefold() for ours, theirs in columns.items()}
        self.people = people
        self.findings: list[Finding] = list(people.findings) if people else []

    def say(self, line: int, rule: str, message: str, severity: Severity = Severity.ERROR, **where: str) -> None:
        self.findings.append(Finding(rule=rule, message=message, severity=severity, file=self.file, line=line, **where))

    def read(self, text: str) -> Submissions:
        problems: list[tuple[int, str]] = []
        rows = list(_rows(text, problems))
        head_at = self._find_head(rows)
        if head_at is None:
            wanted = " and ".join(f"'{self.columns[name]}'" for name in ("title", "authors"))
            first = ", ".join(rows[0][1])[:200] if rows else "empty"
            self.say(
                1, "columns", f"there are no columns {wanted}: the first line is {first}. Name them with --columns"
            )
            return Submissions((), 0, tuple(self.findings))
        head = _head(rows[head_at][1])
        found: list[Submission] = []
        seen: set[str] = set()
        for line, cells in rows[head_at + 1 :]:
            if submission := self._row(line, dict(zip(head, cells, strict=False)), seen):
                found.append(submission)
        for line, message in problems:
            self.say(line, "csv", message)
        return Submissions(tuple(found), len(rows) - head_at - 1 + len(problems), tuple(self.findings))

    def _find_head(self, rows: Sequence[tuple[int, list[str]]]) -> int | None:
        """CMT's older export has two lines of titles above the names of the columns."""
        wanted = {self.columns["title"]} | ({self.columns["authors"]} if self.people is None else set())
        return next((at for at, (_, cells) in enumerate(rows[:3]) if wanted <= set(_head(cells))), None)

    def _row(self, line: int, cells: Mapping[str, str], seen: set[str]) -> Submission | None:
        values = {ours: cells.get(theirs, "") for ours, theirs in self.columns.items()}
        number = values.get("number", "")
        decision = values.get("decision", "")
        if decision and not re.search("accept|camera", decision, re.IGNORECASE):
            self.say(line, "not-accepted", f"set aside: its decision is '{decision[:40]}'", Severity.NOTE, paper=number)
            return None
        if cells.get("deleted?", "").casefold() not in _NO:
            self.say(line, "not-accepted", "set aside: it is marked as deleted", Severity.NOTE, paper=number)
            return None
        if number and number in seen:
            self.say(line, "duplicate", f"the number {number} stands twice: keep one row", paper=number)
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
        """``First Last (Affiliation)*; …`` with addresses in the same order, if there are any."""
        texts = split_people(values.get("authors", ""))
        emails = [part.strip() for part in re.split("[;,]", values.get("emails", "")) if part.strip()]
        if emails and len(emails) != len(texts):
            message = f"{len(texts)} authors, but {len(emails)} addresses: none was taken"
            self.say(line, "emails", message, Severity.WARNING, paper=number)
            emails = []
        contact = values.get("contact", "").strip().casefold()
        for place, text in enumerate(texts):
            found = _AUTHOR.match(text)
            name, affiliation, star = (
                (found["name"], found["affiliation"] or "", found["contact"]) if found else (text, "", "")
            )
            email = emails[place].strip("*") if emails else ""
            marked = bool(star) or (bool(emails) and emails[place].endswith("*"))
            chosen = contact and contact in (str(place + 1), email.casefold(), name.strip(" *").casefold())
            try:
                reading = read_person(name.strip(" *"))
            except NotANameError as error:
                self.say(line, "author", f"name {place + 1}: {error}", paper=number, field="authors")
                continue
            yield Person(reading.name, email, fold(affiliation), marked or bool(chosen), reading.doubts)


def split_people(text: str) -> list[str]:
    """The names in a cell: set apart by semicolons, else by ``and`` and, where no name can hold one, commas.

    An affiliation in brackets may hold semicolons of its own.
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


def read_person(text: str) -> Reading:
    """A name typed into a form: Unicode, sometimes LaTeX, mostly without a comma. Raises NotANameError."""
    reading = read_name(fold(text))
    try:
        name = reading.name.map(lambda part: fold(to_unicode(part)))
    except LatexError:
        return reading
    return Reading(name, reading.doubts) if name.family else reading


# --- EasyChair's second table


@dataclass(frozen=True, slots=True)
class _People:
    of: Mapping[str, tuple[Person, ...]]
    findings: tuple[Finding, ...]


def _easychair_people(text: str, file: str) -> _People | None:
    """``author.csv``, the only export that has given and family names apart; None without it."""
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
        message = "the table of authors has no columns 'submission #' and 'last name'"
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


# --- OpenReview, version 2


class _OpenReview:
    """Notes as the API returns them, as a list or under ``notes``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def say(self, place: int, rule: str, message: str, severity: Severity = Severity.ERROR, paper: str = "") -> None:
        message = f"note {place}: {message}"
        self.findings.append(Finding(rule=rule, message=message, severity=severity, file=self.file, paper=paper))

    def read(self, text: str) -> Submissions:
        try:
            data = json.loads(_UNSEEN.sub("", text))
        except (ValueError, RecursionError) as error:
            finding = Finding(rule="json", message=f"the file is no JSON: {error}", file=self.file)
            return Submissions((), 0, (finding,))
        notes = data.get("notes") if isinstance(data, dict) else data
        if not isinstance(notes, list):
            finding = Finding(rule="json", message="the file has no list of notes", file=self.file)
            return Submissions((), 0, (finding,))
        found = [one for place, note in enumerate(notes, 1) if (one := self._note(place, note))]
        return Submissions(tuple(found), len(notes), tuple(self.findings))

    def _note(self, place: int, note: Any) -> Submission | None:
        content = note.get("content") if isinstance(note, dict) else None
        if not isinstance(content, dict):
            self.say(place, "json", "has no content: it is no submission")
            return None
        number = str(note.get("number") or note.get("id") or "")
        decision = self._decision(note) or _text(content, "venueid")
        if re.search("reject|withdraw", decision, re.IGNORECASE):
            self.say(place, "not-accepted", f"set aside: its decision is '{decision[:60]}'", Severity.NOTE, number)
            return None
        people = tuple(self._people(place, number, content))
        forum = str(note.get("forum") or note.get("id") or "")
        extra = {"openreview": f"https://openreview.net/forum?id={forum}"} if re.fullmatch(r"[\w-]+", forum) else {}
        return Submission(
            line=0,
            number=fold(number),
            title=fold(_text(content, "title")),
            abstract=fold(_text(content, "abstract")),
            people=people,
            extra=extra,
        )

    @staticmethod
    def _decision(note: Mapping[str, Any]) -> str:
        """The decision among the replies that came with the note."""
        details = note.get("details")
        replies = details.get("directReplies") if isinstance(details, dict) else None
        for reply in replies if isinstance(replies, list) else []:
            content = reply.get("content") if isinstance(reply, dict) else None
            if isinstance(content, dict) and (decision := _text(content, "decision")):
                return decision
        return ""

    def _people(self, place: int, number: str, content: Mapping[str, Any]) -> Iterator[Person]:
        authors, ids = _values(content, "authors"), _values(content, "authorids")
        for at, author in enumerate(authors):
            name = author.get("fullname", "") if isinstance(author, dict) else author
            known = str(ids[at]) if len(ids) == len(authors) else ""
            try:
                reading = read_person(_clean(str(name)))
            except NotANameError as error:
                self.say(place, "author", f"name {at + 1}: {error}", paper=number)
                continue
            yield Person(reading.name, known if "@" in known else "", doubts=reading.doubts)


def _value(content: Mapping[str, Any], name: str) -> Any:
    held = content.get(name)
    return held.get("value") if isinstance(held, dict) else held


def _text(content: Mapping[str, Any], name: str) -> str:
    held = _value(content, name)
    return held if isinstance(held, str) else ""


def _values(content: Mapping[str, Any], name: str) -> list[Any]:
    held = _value(content, name)
    return held if isinstance(held, list) else []
