"""Finds the authors that the rows of the contacts table mean, and counts the rows."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

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
    """What the table says about one paper: its corresponding author, and other addresses by index."""

    contact: Contact = None
    addresses: dict[int, str] = field(default_factory=dict)


class ContactMatcher:
    def __init__(self, source: Input) -> None:
        self.source = source
        self.rows: dict[str, list[Row]] = defaultdict(list)
        for row in source.table.contacts:
            self.rows[row.paper].append(row)
        self.to_set = self.unchanged = 0
        self.findings: list[Finding] = []

    @property
    def counts(self) -> ContactCounts:
        rows = self.source.table.rows
        return ContactCounts(rows, self.to_set, self.unchanged, rows - self.to_set - self.unchanged)

    def find(self, record: PaperRecord, theirs: Sequence[AuthorState], before: Sequence[AuthorState]) -> Found:
        """Returns what the table has for a paper, by its key or its number. `before` are the present authors."""
        present = {author.pk: author for author in before}
        found = Found()
        chosen: dict[int, Row] = {}
        for row in self._rows_of(record):
            at = self._author(row, record)
            if at is None:
                continue
            if (other := chosen.setdefault(at, row)).email != row.email:
                message = f"{record.authors[at]} has another address in line {other.line}: keep one row"
                self._reject(row, "email", message)
                continue
            if row.is_corresponding:
                found.contact = (at, row.email)
            found.addresses[at] = row.email
            old = present.get(theirs[at].pk)
            if old and old.email == row.email and (old.is_corresponding or not row.is_corresponding):
                self.unchanged += 1
            else:
                self.to_set += 1
        return found

    def _rows_of(self, record: PaperRecord) -> Iterator[Row]:
        yield from self.rows.pop(record.key, [])
        if record.submission:
            yield from self.rows.pop(record.submission, [])

    def _author(self, row: Row, record: PaperRecord) -> int | None:
        """Returns the author that `row` means, or None after a finding."""
        try:
            if len(row.email) > LIMITS["email"]:
                raise ValidationError("")
            validate_email(row.email)
        except ValidationError:
            self._reject(row, "email", f"'{row.email[:80]}' is not an email address: correct it")
            return None
        try:
            return match(row, record.authors)
        except NoMatchError as error:
            self._reject(row, "author" if row.author else "name", str(error))
            return None

    def reject_others(self, in_file: Collection[str]) -> None:
        """Adds a finding for each row whose paper was not imported."""
        for row in (row for rows in self.rows.values() for row in rows):
            if row.paper in in_file:
                self._reject(row, "paper", "the paper was rejected (see above): correct it and import again")
            else:
                self._reject(row, "paper", f"{self.source.bib} has no paper '{row.paper[:80]}': correct the key")

    def _reject(self, row: Row, field: str, message: str) -> None:
        file, paper = self.source.contacts_file, row.paper[:80]
        finding = Finding(rule="contact", message=message, file=file, line=row.line, paper=paper, field=field)
        self.findings.append(finding)
