"""Questions of an import that only a person can answer: encodings, columns, and unclear decisions."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from proceedings.bibtex.source import ENCODINGS, Source
from proceedings.importing.remembered import known_columns, known_decisions, remember_columns, remember_decisions
from proceedings.importing.submissions import Question
from proceedings.importing.tables.decisions import normal_decision
from proceedings.importing.tables.layouts import COLUMNS, guess_columns
from proceedings.models import Volume

ACCEPTED, NOT_ACCEPTED = "accepted", "not accepted"


COLUMN_HELP = {
    "number": "The paper’s number in the submission system. Later imports use it to find the paper.",
    "authors": "Names, separated by semicolons, commas, “and” or line breaks. Affiliations stand in brackets.",
    "emails": "One for each author, in the same order.",
    "contact": "The corresponding author: position, name or email address.",
    "decision": "We import accepted papers only, and ask about decisions that are unclear.",
    "openreview": "The forum’s id or address.",
}


class ColumnsForm(forms.Form):
    """Which column of the table holds which field."""

    def __init__(self, head: list[str], before: Mapping[str, str], data: Any = None) -> None:
        super().__init__(data)
        choices = [("", "not in this table"), *((name, name) for name in head)]
        guessed = guess_columns(head) | {ours: theirs for ours, theirs in before.items() if theirs in ("", *head)}
        for name in COLUMNS:
            self.fields[name] = forms.ChoiceField(
                choices=choices,
                required=name in ("title", "authors"),
                initial=guessed.get(name, ""),
                label=name.capitalize(),
                help_text=COLUMN_HELP.get(name, ""),
            )

    @property
    def columns(self) -> dict[str, str]:
        return dict(self.cleaned_data)


class EncodingForm(forms.Form):
    """The encoding of a file that is not in UTF-8."""

    encoding = forms.ChoiceField(widget=forms.RadioSelect, label="Encoding")

    def __init__(self, source: Source, data: Any = None) -> None:
        super().__init__(data)
        possible = source.doubtful[0].readings if source.doubtful else {}
        field: Any = self.fields["encoding"]
        field.choices = [(name, ENCODINGS[name]) for name in possible]


class DecisionsForm(forms.Form):
    """Whether each unclear decision is an acceptance. Fields are named by the decision, not by its place."""

    def __init__(self, questions: Sequence[Question], known: Mapping[str, bool], data: Any = None) -> None:
        super().__init__(data)
        self.values = {_field_name(question.value): question.value for question in questions}
        for question in questions:
            answer = known.get(normal_decision(question.value))
            papers = "1 paper" if question.count == 1 else f"{question.count} papers"
            self.fields[_field_name(question.value)] = forms.ChoiceField(
                choices=[(ACCEPTED, "accepted: import"), (NOT_ACCEPTED, "not accepted: skip")],
                widget=forms.RadioSelect,
                initial=None if answer is None else ACCEPTED if answer else NOT_ACCEPTED,
                label=f"“{question.value[:80]}” ({papers})",
            )

    @property
    def answers(self) -> dict[str, bool]:
        """The decision as the table writes it -> whether it is an acceptance."""
        return {self.values[name]: answer == ACCEPTED for name, answer in self.cleaned_data.items()}


def _field_name(value: str) -> str:
    return f"decision-{hashlib.sha256(normal_decision(value).encode()).hexdigest()[:16]}"


class QuestionNeededError(Exception):
    """An import must know something first. `field` and `value` are what the page posts with an answer."""

    template = title = field = value = ""

    def form(self, data: Any = None) -> Any:
        """The form of the question, filled in with `data`."""
        raise NotImplementedError

    @property
    def context(self) -> dict[str, Any]:
        """What the page needs beside the form."""
        return {}

    def keep(self, form: Any, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Stores the answer, and returns what the session keeps of it. `kept` is what it has."""
        raise NotImplementedError


class EncodingNeededError(QuestionNeededError):
    """A file is not in UTF-8."""

    template, title = "admin/proceedings/encoding.html", "Choose the encoding"
    field, value = "question", "encoding"

    def __init__(self, which: str, source: Source) -> None:
        super().__init__()
        self.which = which
        self.source = source

    def form(self, data: Any = None) -> EncodingForm:
        return EncodingForm(self.source, data)

    @property
    def context(self) -> dict[str, Any]:
        lines = [
            (line.line, ENCODINGS[name], reading)
            for line in self.source.doubtful
            for name, reading in line.readings.items()
        ]
        return {"source": self.source, "lines": lines}

    def keep(self, form: EncodingForm, kept: Mapping[str, Any]) -> dict[str, Any]:
        return {"encodings": {**kept.get("encodings", {}), self.which: form.cleaned_data["encoding"]}}


class ColumnsNeededError(QuestionNeededError):
    """The columns of a table are not known."""

    template, title = "admin/proceedings/columns.html", "Choose the columns"
    field, value = "columns", "said"

    def __init__(self, head: list[str], volume: Volume) -> None:
        super().__init__()
        self.head = head
        self.volume = volume

    def form(self, data: Any = None) -> ColumnsForm:
        return ColumnsForm(self.head, known_columns(self.volume), data)

    def keep(self, form: ColumnsForm, kept: Mapping[str, Any]) -> dict[str, Any]:
        remember_columns(self.volume, form.columns)
        return {"columns": form.columns}


class DecisionsNeededError(QuestionNeededError):
    """A table has decisions of which nobody has said whether they are an acceptance."""

    template, title = "admin/proceedings/decisions.html", "Unclear decisions"
    field, value = "question", "decisions"

    def __init__(self, questions: Sequence[Question], volume: Volume) -> None:
        super().__init__()
        self.questions = questions
        self.volume = volume

    def form(self, data: Any = None) -> DecisionsForm:
        return DecisionsForm(self.questions, known_decisions(self.volume), data)

    def keep(self, form: DecisionsForm, kept: Mapping[str, Any]) -> dict[str, Any]:
        remember_decisions(self.volume, form.answers)
        return {}
