"""Reads the fields of one entry: each is checked, mended where only one reading is plausible, and reported. Pure."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.latex import (
    Reading,
    UnmappedError,
    ascii_latex,
    describe,
    fold,
    read_latex,
    to_latex,
    without_escapes,
)
from proceedings.bibtex.names import (
    Confidence,
    Doubt,
    Name,
    NotANameError,
    people_in,
    read_name,
    split_names,
    write_name,
)
from proceedings.bibtex.parser import Entry

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
CUT = "…"
"""Last character of a value that was too long for its column. The publisher's rules find it."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.]?\s+", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?")
_DAY_NAMED_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s.,-]+([A-Za-z]{3,9})[\s.,-]+(\d{4})")
_MONTH_NAMED_DAY = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")


class FieldReader:
    """The fields of one entry. Each is read once and checked; unread fields form the rest."""

    def __init__(self, entry: Entry, file: str) -> None:
        self.entry = entry
        self.file = file
        self.findings: list[Finding] = []
        self.doubts: list[tuple[Name, Doubt]] = []
        self._left = dict(entry.fields)
        self._ascii: dict[str, str] = {}

    def add_finding(
        self,
        rule: str,
        name: str,
        message: str,
        severity: Severity = Severity.ERROR,
        fix: str = "",
        person: str = "",
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
            person=person,
        )
        self.findings.append(finding)

    def fitting(self, name: str, value: str) -> str:
        """Returns `value`, cut if it is longer than its column."""
        limit = LIMITS.get(name, len(value))
        if len(value) <= limit:
            return value
        message = f"is {len(value)} characters long and was cut; the limit is {limit}: shorten it"
        self.add_finding("length", name, message)
        return value[: limit - 1] + CUT

    def key(self, name: str) -> str:
        """Returns the key of the entry."""
        if not self.entry.key:
            self.add_finding("key", "", f"the entry has no key: write one after @{self.entry.kind}{{")
        return self.fitting(name, self.entry.key)

    def title(self) -> tuple[str, str]:
        """Returns the title in Unicode and in LaTeX. A title that cannot be read stays as it is written."""
        latex = self.latex("title")
        reading = read_latex(latex)
        text = reading.text or latex
        self._add_problems("title", reading)
        if reading.problems and not reading.unknown:
            with suppress(UnmappedError):
                latex = to_latex(text)
        return self.fitting("title", text), latex

    def _add_problems(self, name: str, reading: Reading, what: str = "", person: str = "") -> None:
        """Reports the problems in the LaTeX of a field: errors if a macro is left in the text."""
        for problem in reading.problems:
            left = [macro for macro in reading.unknown if macro in problem]
            severity = Severity.ERROR if left else Severity.WARNING
            self.add_finding("latex", name, what + problem, severity, reading.proposal, person)

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
        reading = read_latex(self.latex(name))
        self._add_problems(name, reading)
        if required and not reading.text:
            self.add_finding("required", name, "is missing or empty: add it")
        return self.fitting(name, reading.text)

    def url(self, name: str) -> str:
        """Returns a URL unchanged; ``~`` and ``%`` in it are not LaTeX."""
        value = self._left.pop(name, "").replace(r"\_", "_").replace(r"\%", "%").replace(r"\~{}", "~")
        return self.fitting(name, value)

    def number(self, name: str, largest: int, pattern: str = r"\d+") -> int:
        """Returns a whole number, or 0 after a finding. It may be the only one in a text: ``Volume 247``."""
        value = self._left.pop(name, "")
        found = re.findall(pattern, value, re.ASCII)
        number = int(found[0][:12]) if len(found) == 1 else 0
        if not 0 < number <= largest:
            self.add_finding("required", name, f"'{value[:40]}' is not a {name}: write a whole number in braces")
            return 0
        if found[0] != value:
            self.add_finding(
                "number", name, f"'{value[:40]}' was read as {number}: write the number only", fix=str(number)
            )
        return number

    def day(self, name: str) -> date | None:
        """Returns a date, or None. A text that is no date, or two, is kept as an extra field."""
        if name not in self._left:
            return None
        value = self._left.pop(name)
        days = read_day(value)
        if len(days) == 1:
            if value != days[0].isoformat():
                message = f"'{value[:40]}' was read as {days[0]}: write it as YYYY-MM-DD"
                self.add_finding("dates", name, message, Severity.WARNING, days[0].isoformat())
            return days[0]
        what = f"'{value[:40]}' is not a date" if value else "is empty"
        if days:
            what = f"'{value[:40]}' may be {' or '.join(map(str, days))}"
        self.add_finding("dates", name, f"{what}: write it as YYYY-MM-DD", Severity.WARNING)
        self.keep(name)
        return None

    def keep(self, *names: str) -> None:
        """Adds fields without a suitable column to the rest."""
        for name in names:
            if self.entry.fields.get(name):
                self._left[name] = self.entry.fields[name]

    def names(self, name: str) -> tuple[Name, ...]:
        """Returns the names in the field. A name that cannot be read with certainty is in `doubts` too."""
        found: list[Name] = []
        texts = split_names(self._left.pop(name, ""))
        natural = any(" " in text and not {",", "{"} & {*text} for text in texts)
        for place, text in enumerate(texts, 1):
            people = people_in(text, natural=natural)
            read = (self._name(name, place, one, text if len(people) > 1 else "") for one in people)
            found += [person for person in read if person]
        if len(found) > MAX_AUTHORS:
            self.add_finding("length", name, f"has {len(found)} names, and we read {MAX_AUTHORS}, which is the limit")
        return tuple(found[:MAX_AUTHORS])

    def _name(self, name: str, place: int, text: str, list_of_names: str) -> Name | None:
        """Reads one name, at `place` in the field. `list_of_names` is the text that we split at commas, if we did."""
        if text.lower() in ("others", "et al", "et al."):
            self.add_finding("author", name, f"ends in 'and {text}': list every author by name")
            return None
        readings: list[Reading] = []

        def convert(part: str) -> str:
            readings.append(read_latex(part))
            return fold(readings[-1].text.replace("\u00a0", " "))

        try:
            reading = read_name(text, convert)
        except NotANameError as error:
            self.add_finding("author", name, f"name {place}: {error}")
            return None
        has_family = reading.name.family.strip("{}() ")
        person = reading.name if has_family else self._without_family(name, place, text, reading.name)
        if person is None:
            return None
        for part in readings:
            self._add_problems(name, part, f"name {place}, '{text[:100]}': ", write_name(person))
        return self._fitting_name(
            name, place, person, [*_other_doubts(person, readings, list_of_names), *reading.doubts]
        )

    def _without_family(self, name: str, place: int, text: str, person: Name) -> Name | None:
        message = f"name {place}, '{text[:100]}', has no family name: write it as Last, First"
        self.add_finding("author", name, message)
        whole = " ".join(part for part in (person.given, person.suffix) if part)
        return Name(whole) if whole.strip("{}() ") else None

    def _fitting_name(self, name: str, place: int, person: Name, doubts: list[Doubt]) -> Name:
        """Reports the doubts about a name, and returns it with parts that fit their columns."""
        for part in ("given", "particle", "family", "suffix"):
            if len(value := getattr(person, part)) > LIMITS[part]:
                message = f"name {place}: its {part} part was cut at {LIMITS[part]} characters: shorten it"
                self.add_finding("length", name, message)
                person = replace(person, **{part: value[: LIMITS[part] - 1] + CUT})
                doubts.append(Doubt(f"has a {part} part that is too long", None, Confidence.LIKELY))
        for doubt in doubts:
            fix = f"{write_name(doubt.proposal)} ({doubt.confidence})" if doubt.proposal else ""
            message = f"name {place}, '{person}', {doubt.reason}"
            self.add_finding("doubtful-name", name, message, Severity.WARNING, fix, write_name(person))
            self.doubts.append((person, doubt))
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


def _other_doubts(person: Name, readings: Sequence[Reading], list_of_names: str) -> Iterator[Doubt]:
    """Yields the doubts that only the text shows: separators other than ``and``, and macros that cannot be read."""
    if list_of_names:
        reason = f"was set apart by a comma, ; or & instead of 'and' in '{list_of_names[:100]}'"
        yield Doubt(reason, None, Confidence.LIKELY)
    if unknown := [macro for reading in readings for macro in reading.unknown]:
        mended = person.map(lambda part: fold(Reading(part, unknown=tuple(unknown)).proposal))
        yield Doubt(f"has the macro {', '.join(unknown)}, which we do not know", mended, Confidence.LIKELY)
    elif any(reading.problems for reading in readings):
        yield Doubt(f"has LaTeX that is no name: {'; '.join(p for one in readings for p in one.problems)[:200]}")


def read_day(text: str) -> list[date]:
    """Returns the days that `text` may mean: none if it is no date, two if day and month may be swapped."""
    text = _WEEKDAY.sub("", text.strip(), count=1)
    if found := _YEAR_FIRST.fullmatch(text):
        return _days((int(found[1]), int(found[2]), int(found[3])))
    if found := _DAY_NAMED_MONTH.fullmatch(text):
        return _days((int(found[3]), _month(found[2]), int(found[1])))
    if found := _MONTH_NAMED_DAY.fullmatch(text):
        return _days((int(found[3]), _month(found[1]), int(found[2])))
    if found := _YEAR_LAST.fullmatch(text):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        return _days((year, second, first), (year, first, second))
    return []


def _month(name: str) -> int:
    """Returns the number of an English month, also abbreviated; 0 if it is none."""
    short = name[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


def _days(*candidates: tuple[int, int, int]) -> list[date]:
    found = []
    for year, month, day in candidates:
        try:
            found.append(date(year, month, day))
        except ValueError:
            continue
    return list(dict.fromkeys(found))
