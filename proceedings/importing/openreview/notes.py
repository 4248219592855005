"""Converts notes to submissions. Pure.

Raises nothing: an unreadable note becomes a finding with its position and line, and the others are read.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.forum_ids import FIELD
from proceedings.importing.openreview.decisions import Decision, decide
from proceedings.importing.openreview.json_items import read_items
from proceedings.importing.openreview.people import Profiles, read_authors
from proceedings.importing.openreview.values import objects, text_of
from proceedings.importing.submissions import Question, Submission, Submissions, strip_invisible
from proceedings.importing.tables.decisions import Verdict, normal_decision

MAX_EXAMPLES = 10
"""Papers that a finding about many papers names."""

_FORUM = re.compile(r"[\w-]{1,64}\Z", re.ASCII)


def read_openreview(
    text: str, file: str, profiles: Profiles | None = None, answers: Mapping[str, bool] | None = None
) -> Submissions:
    """Reads the accepted papers among the notes in `text`, with the authors' `profiles` if there are any.

    `answers` says which unclear decisions mean acceptance, by `normal_decision`. The notes with other unclear ones are
    left out, with one question for each value.
    """
    return _Notes(file, profiles or Profiles(), answers or {}).read(strip_invisible(text))


class _Notes:
    """Notes as the API returns them: a list, under ``notes``, or one per line."""

    def __init__(self, file: str, profiles: Profiles, answers: Mapping[str, bool]) -> None:
        self.file = file
        self.profiles = profiles
        self.answers = answers
        self.findings: list[Finding] = []
        self.replies: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self.unclear: dict[str, Question] = {}
        self.masked: dict[str, int] = {}
        """Number of authors with only a masked address, by the number of the paper."""
        self.seen: dict[str, int] = {}

    def add_finding(
        self, line: int, rule: str, message: str, severity: Severity = Severity.ERROR, paper: str = "", field: str = ""
    ) -> None:
        self.findings.append(
            Finding(
                rule=rule,
                message=message,
                severity=severity,
                file=self.file,
                line=line or None,
                paper=paper,
                field=field,
            )
        )

    def read(self, text: str) -> Submissions:
        read = read_items(text, ("notes",))
        for line, problem in read.problems:
            self.add_finding(line, "json", problem)
        if len(read.items) == 1 and not isinstance(_content(read.items[0][1]), dict):
            read.items.clear()
            self.add_finding(1, "json", "the file has no list of notes: export the submissions as JSON")
        own = []
        for place, (line, note) in enumerate(read.items, 1):
            if _is_reply(note):
                self.replies[note["forum"]].append(note)
            else:
                own.append((place, line, note))
        found = [one for place, line, note in own if (one := self._note(place, line, note))]
        self._report_masked()
        rows = len(own) + len(read.problems)
        return Submissions(tuple(found), rows, tuple(self.findings), tuple(self.unclear.values()))

    def _note(self, place: int, line: int, note: Any) -> Submission | None:
        content = _content(note)
        if not isinstance(content, dict):
            self.add_finding(line, "json", f"note {place} was skipped: it has no content")
            return None
        forum = next((one for name in ("forum", "id") if _FORUM.match(one := _label(note.get(name)))), "")
        number = _label(note.get("number")) or forum
        if not self._is_accepted(line, number, decide(note, content, self._replies(note, forum))):
            return None
        names = [f"the {what} {one}" for what, one in (("number", number), ("forum", forum)) if one]
        for name in names:
            if name in self.seen:
                message = f"note {place}: {name} appears twice, first in line {self.seen[name]}: keep one"
                self.add_finding(line, "duplicate", message, paper=number)
                return None
        self.seen |= dict.fromkeys(names, line)
        authors = read_authors(content, self.profiles)
        for message in authors.unread:
            self.add_finding(line, "author", message, paper=number, field="authors")
        if authors.mismatch:
            self.add_finding(line, "emails", authors.mismatch, Severity.WARNING, number, "authorids")
        if authors.masked:
            self.masked[number] = authors.masked
        return Submission(
            line=line,
            number=number,
            title=text_of(content, "title"),
            abstract=text_of(content, "abstract"),
            people=tuple(authors.people),
            extra={FIELD: forum} if forum else {},
            licence="; ".join(dict.fromkeys(_licences(note, content))),
        )

    def _replies(self, note: Mapping[str, Any], forum: str) -> Iterator[Mapping[str, Any]]:
        """Yields the replies inside a note, then those that stand beside it."""
        details = note.get("details")
        if isinstance(details, dict):
            for name in ("directReplies", "replies"):
                yield from objects(details.get(name))
        yield from self.replies.get(forum, ())

    def _report_masked(self) -> None:
        if not self.masked:
            return
        papers = ", ".join(list(self.masked)[:MAX_EXAMPLES]) + (" …" if len(self.masked) > MAX_EXAMPLES else "")
        authors, of = sum(self.masked.values()), len(self.masked)
        counts = f"{authors} author{'s' * (authors != 1)} of {of} paper{'s' * (of != 1)}"
        message = (
            f"we left out the masked addresses (****@…) of {counts}: {papers}. Export the notes with the account of "
            "the venue’s organisers, or add a contacts file"
        )
        self.add_finding(0, "masked-email", message, Severity.NOTE, field="authorids")

    def _is_accepted(self, line: int, number: str, decision: Decision) -> bool:
        if decision.verdict is Verdict.ACCEPTED:
            return True
        shown = decision.value[:60]
        reason = f"its decision is '{shown}'" if shown else "it has no decision and no venue"
        if decision.verdict is Verdict.UNCLEAR:
            value = normal_decision(decision.value)
            answer = self.answers.get(value)
            if answer:
                return True
            if answer is None:
                before = self.unclear.get(value, Question(decision.value, 0))
                self.unclear[value] = Question(before.value, before.count + 1)
                reason = f"it is not known whether '{shown}' is an acceptance"
        self.add_finding(line, "not-accepted", f"skipped: {reason}", Severity.NOTE, number)
        return False


def _content(note: Any) -> Any:
    return note.get("content") if isinstance(note, dict) else None


def _is_reply(note: Any) -> bool:
    """Whether a note is a review, a decision or a comment on another one."""
    if not isinstance(note, dict) or not isinstance(note.get("forum"), str):
        return False
    return note["forum"] != note.get("id", note["forum"]) or bool(note.get("replyto"))


def _label(value: Any) -> str:
    """Returns a number or an id as text; empty for anything else."""
    return str(value)[:64].strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""


def _licences(note: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[str]:
    """Yields the licences of a note: of the note itself, and as its venue asks."""
    for holder in (note, content):
        for name in ("license", "licence", "License", "Licence"):
            if text := text_of(holder, name):
                yield text
