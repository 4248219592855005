"""Finds the authors that the rows of the contacts table mean, and counts the rows."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from proceedings.bibtex.findings import Finding
from proceedings.bibtex.records import PaperRecord
from proceedings.email_address import AddressError, address_key
from proceedings.importing.authorship import AuthorState
from proceedings.importing.contacts import Contact as Row
from proceedings.importing.contacts import NoMatchError, match
from proceedings.importing.merge.authors import Contact
from proceedings.importing.plan import ContactCounts, Input
from proceedings.models.address_field import clean_address


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
            email = self._address(row)
            at = self._author(row, record) if email else None
            if at is None:
                continue
            if address_key(found.addresses.setdefault(at, email)) != address_key(email):
                other = chosen[at]
                message = f"{record.authors[at]} has another address in line {other.line}: keep one row"
                self._reject(row, "email", message)
                continue
            chosen[at] = row
            if row.is_corresponding:
                found.contact = (at, email)
            old = present.get(theirs[at].pk)
            if (
                old
                and address_key(old.email) == address_key(email)
                and (old.is_corresponding or not row.is_corresponding)
            ):
                self.unchanged += 1
            else:
                self.to_set += 1
        return found

    def _rows_of(self, record: PaperRecord) -> Iterator[Row]:
        yield from self.rows.pop(record.key, [])
        if record.submission:
            yield from self.rows.pop(record.submission, [])

    def _address(self, row: Row) -> str:
        """Returns the address in `row` as it is kept, or an empty text after a finding."""
        try:
            return clean_address(row.email)
        except AddressError as error:
            self._reject(row, "email", str(error))
            return ""

    def _author(self, row: Row, record: PaperRecord) -> int | None:
        """Returns the author that `row` means, or None after a finding."""
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
