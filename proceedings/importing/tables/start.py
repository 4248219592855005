"""Reads START's ``metadata.txt``, one record per paper: ``Key#=%=#value``, ``Key#==#value`` over several lines. Pure.

START writes one such file per paper into its archive of final versions; joined to one file they are one export.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest

from proceedings.bibtex.findings import Finding
from proceedings.bibtex.latex import fold
from proceedings.bibtex.names import NotANameError
from proceedings.importing.submissions import Person, Submission, Submissions, strip_invisible
from proceedings.importing.tables.authors import plain_number, read_full_name

_FIELD = re.compile(r"^([A-Za-z][\w ]*(?:\{[^{}#]*\})*)#(?:=%=|==)#", re.MULTILINE)
_AUTHOR = re.compile(r"Author\{(\d{1,4})\}\{(\w+)\}\Z", re.IGNORECASE)
_NUMBER = ("submissionnumber", "submissionid")


def is_start_metadata(text: str) -> bool:
    """Whether `text` begins with a field of START's metadata."""
    return bool(_FIELD.match(text.lstrip("\ufeff \t\r\n")))


def read_start_metadata(text: str, file: str) -> Submissions:
    """Reads all records in `text`. START exports only accepted papers. Raises nothing."""
    findings: list[Finding] = []
    if not _FIELD.search(text):
        message = "the file has no fields such as SubmissionNumber#=%=#7: choose the right file or format"
        findings.append(Finding(rule="columns", message=message, file=file, line=1))
    found = [_submission(line, fields, file, findings) for line, fields in _records(strip_invisible(text))]
    return Submissions(tuple(found), len(found), tuple(findings))


def _records(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yields each record with its line. A record begins with its number."""
    record: dict[str, str] = {}
    start = 1
    marks = list(_FIELD.finditer(text))
    for mark, after in zip_longest(marks, marks[1:]):
        name = mark[1].strip().casefold()
        if name in _NUMBER and any(key in record for key in _NUMBER):
            yield start, record
            record = {}
        if not record:
            start = text.count("\n", 0, mark.start()) + 1
        value = text[mark.end() : after.start() if after else len(text)].rstrip("\r\n")
        # Only a field with "#==#" goes on in the next lines; a line of "=" ends a record.
        value = value.partition("\n")[0] if mark[0].endswith("#=%=#") else re.sub(r"\n={3,}\s*\Z", "", value)
        record.setdefault(name, value.strip())
    if record:
        yield start, record


def _submission(line: int, fields: Mapping[str, str], file: str, findings: list[Finding]) -> Submission:
    number = plain_number(next((fields[name] for name in _NUMBER if fields.get(name)), ""))
    parts: dict[int, dict[str, str]] = {}
    for name, value in fields.items():
        if (match := _AUTHOR.match(name)) and value:
            parts.setdefault(int(match[1]), {})[match[2]] = fold(value)
    people = []
    for place, known in sorted(parts.items()):
        try:
            reading = read_full_name(known.get("firstname", ""), known.get("lastname", ""))
        except NotANameError as error:
            message = f"name {place}: {error}"
            findings.append(
                Finding(rule="author", message=message, file=file, line=line, paper=number, field="authors")
            )
            continue
        people.append(Person(reading.name, known.get("email", ""), known.get("affiliation", ""), False, reading.doubts))
    title = next((fields[name] for name in ("finalpapertitle", "papertitle", "title") if fields.get(name)), "")
    abstract = fields.get("abstract", "")
    return Submission(line=line, number=number, title=fold(title), abstract=fold(abstract), people=tuple(people))
