"""Converts notes exported from OpenReview (API version 2, JSON) to submissions. Pure.

Raises nothing: an unreadable note becomes a finding with its position, and the others are read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.latex import fold
from proceedings.bibtex.names import NotANameError
from proceedings.importing.submissions import Person, Submission, Submissions, read_person, strip_invisible


def read_openreview(text: str, file: str) -> Submissions:
    """Reads the accepted papers among the notes in `text`."""
    return _Notes(file).read(text)


class _Notes:
    """Notes as the API returns them, as a list or under ``notes``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def add_finding(
        self, place: int, rule: str, message: str, severity: Severity = Severity.ERROR, paper: str = ""
    ) -> None:
        message = f"note {place}: {message}"
        self.findings.append(Finding(rule=rule, message=message, severity=severity, file=self.file, paper=paper))

    def read(self, text: str) -> Submissions:
        try:
            data = json.loads(strip_invisible(text))
        except (ValueError, RecursionError) as error:
            finding = Finding(rule="json", message=f"the file is not JSON ({error}): export it again", file=self.file)
            return Submissions((), 0, (finding,))
        notes = data.get("notes") if isinstance(data, dict) else data
        if not isinstance(notes, list):
            finding = Finding(
                rule="json", message="the file has no list of notes: export the submissions as JSON", file=self.file
            )
            return Submissions((), 0, (finding,))
        found = [one for place, note in enumerate(notes, 1) if (one := self._note(place, note))]
        return Submissions(tuple(found), len(notes), tuple(self.findings))

    def _note(self, place: int, note: Any) -> Submission | None:
        content = note.get("content") if isinstance(note, dict) else None
        if not isinstance(content, dict):
            self.add_finding(place, "json", "was skipped: it has no content")
            return None
        number = str(note.get("number") or note.get("id") or "")
        decision = self._decision(note) or _text(content, "venueid")
        if re.search("reject|withdraw", decision, re.IGNORECASE):
            self.add_finding(
                place, "not-accepted", f"skipped: its decision is '{decision[:60]}'", Severity.NOTE, number
            )
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
        """Returns the decision among the replies of the note."""
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
                reading = read_person(strip_invisible(str(name)).strip())
            except NotANameError as error:
                self.add_finding(place, "author", f"name {at + 1}: {error}", paper=number)
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
