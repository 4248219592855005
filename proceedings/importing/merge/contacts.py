"""Finds the author that each row of the contacts table means, and counts the rows. Pure, but for Django's validator."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from proceedings.bibtex.findings import Finding
from proceedings.bibtex.records import LIMITS, PaperRecord
from proceedings.importing.authorship import AuthorState
from proceedings.importing.contacts import Contact as Row
from proceedings.importing.contacts import NoMatchError, match
from proceedings.importing.merge.authors import Contact
from proceedings.importing.plan import ContactCounts, Input


@dataclass
class Found:
    """The corresponding author of a paper by the table, if any, and what is wrong with the row."""

    contact: Contact = None
    findings: list[Finding] = field(default_factory=list)


class ContactMatcher:
    def __init__(self, source: Input) -> None:
        self.file = source.contacts_file
        self.rows = {row.paper: row for row in source.table.contacts}
        self.counts = ContactCounts(source.table.rows, 0, 0, source.table.rows)

    def find(self, record: PaperRecord, theirs: Sequence[AuthorState], old: AuthorState | None) -> Found:
        """Returns the corresponding author that the table has for a paper; `old` is the present one."""
        row = self.rows.pop(record.key, None)
        if row is None:
            return Found()
        try:
            if len(row.email) > LIMITS["email"]:
                raise ValidationError("")
            validate_email(row.email)
        except ValidationError:
            message = f"'{row.email[:80]}' is not an email address: correct it"
            return Found(findings=[self._rejected(row, "email", message)])
        try:
            at = match(row, record.authors)
        except NoMatchError as error:
            return Found(findings=[self._rejected(row, "author" if row.author else "name", str(error))])
        same = old is not None and old.pk == theirs[at].pk and old.email == row.email
        counts = self.counts
        self.counts = replace(
            counts,
            to_set=counts.to_set + (not same),
            unchanged=counts.unchanged + same,
            refused=counts.refused - 1,
        )
        return Found((at, row.email))

    def leftover(self, in_file: Collection[str], source: Input) -> list[Finding]:
        """Returns a finding for each row whose paper was not imported."""
        return [
            self._rejected(row, "paper", "the paper was rejected (see above): correct it and import again")
            if row.paper in in_file
            else self._rejected(row, "paper", f"{source.bib} has no paper '{row.paper[:80]}': correct the key")
            for row in self.rows.values()
        ]

    def _rejected(self, row: Row, field: str, message: str) -> Finding:
        paper = row.paper[:80]
        return Finding(rule="contact", message=message, file=self.file, line=row.line, paper=paper, field=field)
