"""Reads HotCRP's exports: data.json, and the table of authors with their papers' titles. Pure.

Source of the fields: HotCRP's own writers of ``data.json`` and ``authors.csv``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.latex import fold
from proceedings.bibtex.names import NotANameError
from proceedings.email_address import address_key
from proceedings.importing.submissions import Person, Question, Submission, Submissions, read_person, strip_invisible
from proceedings.importing.tables.authors import AuthorTable, read_full_name
from proceedings.importing.tables.decisions import Verdict, normal_decision, read_decision

_PID = re.compile(r'"pid"\s*:')


def is_hotcrp_json(text: str) -> bool:
    """Whether the JSON in `text` looks like HotCRP's: its papers have a ``pid``."""
    return bool(_PID.search(text[:20_000])) and '"forum"' not in text[:20_000]


def read_hotcrp_json(
    text: str, file: str, answers: Mapping[str, bool], authors: AuthorTable | None = None
) -> Submissions:
    """Reads the accepted papers in ``data.json``. Raises nothing. `authors` is used for papers without authors."""
    try:
        data = json.loads(strip_invisible(text))
    except (ValueError, RecursionError) as error:
        finding = Finding(rule="json", message=f"the file is not JSON ({error}): export it again", file=file)
        return Submissions((), 0, (finding,))
    papers = data.get("papers", [data]) if isinstance(data, dict) else data
    if not isinstance(papers, list):
        finding = Finding(rule="json", message="the file has no list of papers: export data.json again", file=file)
        return Submissions((), 0, (finding,))
    return _Papers(file, answers, authors).read(papers)


def read_author_papers(authors: AuthorTable, file: str) -> Submissions:
    """Returns the papers of ``authors.csv``, which has their titles. HotCRP lists the papers that were selected."""
    found = tuple(
        Submission(line=authors.lines[number], number=number, title=authors.titles[number], people=tuple(people))
        for number, people in authors.of.items()
    )
    note = Finding(
        rule="columns",
        message="the table has no decisions and no abstracts: all its papers come in. data.json has both",
        severity=Severity.WARNING,
        file=file,
        line=1,
    )
    return Submissions(found, authors.rows, (note, *authors.findings))


class _Papers:
    def __init__(self, file: str, answers: Mapping[str, bool], authors: AuthorTable | None) -> None:
        self.file = file
        self.answers = answers
        self.authors = authors
        self.findings: list[Finding] = list(authors.findings) if authors else []
        self.unclear: dict[str, Question] = {}
        self.has_decisions = False
        self.seen: set[str] = set()

    def add_finding(
        self, place: int, rule: str, message: str, severity: Severity = Severity.ERROR, paper: str = ""
    ) -> None:
        message = f"paper {place} of the file: {message}"
        self.findings.append(Finding(rule=rule, message=message, severity=severity, file=self.file, paper=paper))

    def read(self, papers: list[Any]) -> Submissions:
        self.has_decisions = any(
            isinstance(paper, dict) and read_decision(_text(paper, "decision")) is not Verdict.EMPTY for paper in papers
        )
        found = [one for place, paper in enumerate(papers, 1) if (one := self._paper(place, paper))]
        return Submissions(tuple(found), len(papers), tuple(self.findings), tuple(self.unclear.values()))

    def _paper(self, place: int, paper: Any) -> Submission | None:
        if not isinstance(paper, dict) or not ({"pid", "title"} & paper.keys()):
            self.add_finding(place, "json", "was skipped: it has neither a pid nor a title")
            return None
        number = _text(paper, "pid")
        if (reason := self._why_not(paper)) is not None:
            self.add_finding(place, "not-accepted", f"skipped: {reason}", Severity.NOTE, number)
            return None
        if number and number in self.seen:
            self.add_finding(place, "duplicate", f"the number {number} appears twice: keep one", paper=number)
            return None
        self.seen.add(number)
        people = tuple(self._people(place, number, paper))
        if not people and self.authors:
            people = self.authors.people(number, ())
        return Submission(
            line=0,
            number=number,
            title=fold(_text(paper, "title")),
            abstract=fold(_text(paper, "abstract")),
            people=people,
        )

    def _why_not(self, paper: Mapping[str, Any]) -> str | None:
        """Returns why a paper is left out; None if it is accepted, or if the file has no decisions."""
        status = _text(paper, "status")
        if paper.get("withdrawn") or normal_decision(status) == "withdrawn":
            return "it is withdrawn"
        # Older versions write the decision as the status.
        decision = _text(paper, "decision") or (status if not self.has_decisions else "")
        verdict = read_decision(decision)
        if verdict is Verdict.ACCEPTED:
            return None
        if verdict is Verdict.EMPTY:
            return "it has no decision, and other papers have one" if self.has_decisions else None
        if verdict is Verdict.UNCLEAR:
            value = normal_decision(decision)
            if (answer := self.answers.get(value)) is None:
                before = self.unclear.get(value, Question(decision, 0))
                self.unclear[value] = Question(before.value, before.count + 1)
                return f"it is not known whether '{decision[:40]}' is an acceptance"
            if answer:
                return None
        return f"its decision is '{decision[:40]}'"

    def _people(self, place: int, number: str, paper: Mapping[str, Any]) -> Iterator[Person]:
        held = paper.get("contacts")
        contacts = {
            address_key(_text(one, "email") if isinstance(one, dict) else str(one))
            for one in (held if isinstance(held, list) else [])
        }
        authors = paper.get("authors")
        for at, author in enumerate(authors if isinstance(authors, list) else [], 1):
            known = author if isinstance(author, dict) else {"name": author}
            first, last, name = (fold(_text(known, part)) for part in ("first", "last", "name"))
            try:
                reading = read_full_name(first, last) if first or last else read_person(name)
            except NotANameError as error:
                self.add_finding(place, "author", f"name {at}: {error}", paper=number)
                continue
            email = _text(known, "email")
            is_contact = known.get("contact") is True or (bool(email) and address_key(email) in contacts)
            affiliation, orcid = fold(_text(known, "affiliation")), fold(_text(known, "orcid"))
            yield Person(reading.name, email, affiliation, is_contact, reading.doubts, orcid)


def _text(held: Mapping[str, Any], name: str) -> str:
    value = held.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
