"""Forms of the bulk actions, and the note form."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from agreements.jobs.bulk import Pair
from proceedings.email_address import AddressError, address_key
from proceedings.importing.contacts import Contact, NoMatchError, match
from proceedings.models import Author, Paper
from proceedings.models.address_field import clean_address

MAX_CHOICES = 200
"""Papers for which a page offers a choice; a table takes any number."""

MAX_PROBLEMS = 50


class BulkActionForm(forms.Form):
    """Base of the forms of bulk actions; has no fields."""

    def __init__(self, pairs: Sequence[Pair] = (), data: Any = None) -> None:
        super().__init__(data)
        self.pairs = pairs

    @property
    def reason_given(self) -> str:
        return str(self.cleaned_data.get("reason", ""))

    @property
    def data_of(self) -> Mapping[int, Mapping[str, Any]]:
        """What the action needs for each paper, by the paper's primary key."""
        return {}

    def selected(self, pairs: Sequence[Pair]) -> list[Pair]:
        """The `pairs` that the action applies to."""
        return list(pairs)


class ReasonForm(BulkActionForm):
    """The reason for the action."""

    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}))


class PauseForm(BulkActionForm):
    """The day on which reminders resume; empty until an editor resumes them."""

    until = forms.DateField(
        required=False,
        label="Until",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Reminders resume at the start of this day (UTC). Leave empty to pause until an editor resumes them.",
    )

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until and until <= timezone.now().date():
            raise ValidationError("Enter a future day, or leave this empty.")
        return until

    @property
    def data_of(self) -> Mapping[int, Mapping[str, Any]]:
        until: date | None = self.cleaned_data.get("until")
        moment = datetime(until.year, until.month, until.day, tzinfo=UTC).isoformat() if until else ""
        return {paper.pk: {"until": moment} for paper, _ in self.pairs}


class NoteForm(forms.Form):
    text = forms.CharField(
        label="Note",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        error_messages={"required": "Enter the text of the note."},
    )


class ContactsForm(BulkActionForm):
    """Another corresponding author for each paper, chosen from its authors or given in a table."""

    table = forms.CharField(
        required=False,
        max_length=1_000_000,
        strip=False,  # lines are counted
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60, "spellcheck": "false"}),
        label="Or enter a table",
        help_text="One line for each paper: its key and the email address of one of its authors, separated by a comma. "
        "For a new address, add the author’s name as a third value.",
    )

    def __init__(self, pairs: Sequence[Pair] = (), data: Any = None) -> None:
        super().__init__(pairs, data)
        self.papers = {paper.key: paper for paper, _ in pairs}
        self.chosen: dict[int, dict[str, Any]] = {}
        for paper, _ in pairs[:MAX_CHOICES]:
            known = [(author.pk, f"{author.display} <{author.email}>") for author in authors_of(paper) if author.email]
            self.fields[f"contact_{paper.pk}"] = forms.ChoiceField(
                choices=[("", "do not change"), *known],
                required=False,
                label=f"New corresponding author of {paper.key}",
            )

    @property
    def rows(self) -> list[tuple[Paper, Author | None, forms.BoundField]]:
        """The papers with a choice: paper, current corresponding author, field."""
        return [(paper, contact_of(paper), self[f"contact_{paper.pk}"]) for paper, _ in self.pairs[:MAX_CHOICES]]

    @property
    def data_of(self) -> Mapping[int, Mapping[str, Any]]:
        return self.chosen

    def selected(self, pairs: Sequence[Pair]) -> list[Pair]:
        return [(paper, agreement) for paper, agreement in pairs if paper.pk in self.chosen]

    def clean(self) -> None:
        super().clean()
        for paper, _ in self.pairs[:MAX_CHOICES]:
            if key := self.cleaned_data.get(f"contact_{paper.pk}"):
                author = next(author for author in authors_of(paper) if author.pk == int(key))
                self.chosen[paper.pk] = {"author": author.pk, "email": author.email}
        problems = self.read_table(self.cleaned_data.get("table", ""))
        if problems:
            self.add_error("table", [ValidationError(problem) for problem in problems[:MAX_PROBLEMS]])
        elif not self.chosen:
            self.add_error(None, "Nothing was changed. Choose a corresponding author for at least one paper.")

    def read_table(self, text: str) -> list[str]:
        """Reads the rows of the table. Returns one error message for each bad row."""
        problems = []
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline="")), start=1):
            parts = [cell.strip() for cell in cells]
            if not any(parts) or (number == 1 and parts[0].casefold() in ("paper", "key")):
                continue
            try:
                paper, author, email = self.read_row(parts)
            except ValidationError as error:
                problems.append(f"Line {number}: {error.message}")
            else:
                self.chosen[paper.pk] = {"author": author.pk, "email": email}
        return problems

    def read_row(self, parts: Sequence[str]) -> tuple[Paper, Author, str]:
        """The paper, author and address of a row. Raises ValidationError."""
        key, email, name = (*parts, "", "")[:3]
        if key not in self.papers:
            raise ValidationError(f"paper “{key}” is not among the selected papers, or cannot be changed.")
        try:
            email = clean_address(email)
        except AddressError as error:
            raise ValidationError(f"{error}.") from None
        paper = self.papers[key]
        authors = authors_of(paper)
        if not name:
            named = [author for author in authors if address_key(author.email) == address_key(email)]
            if len(named) != 1:
                raise ValidationError(f"no single author of {key} has this address. Add the author’s name.")
            return paper, named[0], email
        try:
            return paper, authors[match(Contact(0, key, email, name), [author.name for author in authors])], email
        except NoMatchError as error:
            raise ValidationError(f"{error}.") from error


def authors_of(paper: Paper) -> list[Author]:
    return sorted(paper.authors.all(), key=lambda author: author.position)


def contact_of(paper: Paper) -> Author | None:
    return next((author for author in paper.authors.all() if author.is_corresponding), None)
