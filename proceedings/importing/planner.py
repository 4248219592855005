"""Plans an import of BibTeX and contacts, and applies it. The plan is shown before it is applied.

Each entry of the file is new, changed, unchanged or rejected. Papers missing from the file are reported and kept,
because a paper may have an agreement and nothing is ever deleted.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.names import write_name
from proceedings.bibtex.records import MAX_AUTHORS, PaperEntry, PaperRecord, VolumeFile, VolumeRecord, read_volume_file
from proceedings.bibtex.source import Source
from proceedings.email_address import AddressError
from proceedings.importing import name_review
from proceedings.importing.authorship import AuthorState, carry_over, contact_of, with_contact, with_details
from proceedings.importing.contacts import Contact, ContactTable, NoMatchError, match, read_contacts
from proceedings.importing.mapping import map_submissions
from proceedings.importing.plan import (
    Change,
    ContactCounts,
    Difference,
    Input,
    NothingToApplyError,
    PaperPlan,
    Plan,
    PlanOutdatedError,
)
from proceedings.importing.submissions import Submissions
from proceedings.models import Author, Paper, Volume
from proceedings.models.address_field import clean_address
from proceedings.models.as_records import paper_records, volume_record

# The columns that a file fills; records and models use the same names.
_VOLUME_FIELDS = (
    *("number", "bib_key", "name", "shortname", "booktitle", "year", "start", "end", "address"),
    *("conference_url", "published", "editor_names", "sections", "extra"),
)
_PAPER_FIELDS = ("position", "title", "title_latex", "abstract", "pages", "section", "extra", "submission")
_AUTHOR_FIELDS = (
    *("paper", "position", "given", "particle", "family", "suffix"),
    *("email", "affiliation", "orcid", "is_corresponding"),
)


def make_plan(bib: Source, contacts: Source | None = None) -> Plan:
    """Returns what importing `bib`, and `contacts` if given, would do now. Only reads the database."""
    file = read_volume_file(bib.text, bib.name) if bib.text is not None else VolumeFile(None, (), ())
    table = ContactTable() if contacts is None or contacts.text is None else read_contacts(contacts.text, contacts.name)
    unread = [source.finding for source in (bib, contacts) if source and source.finding]
    file = VolumeFile(file.volume, file.papers, (*unread, *file.findings))
    return _Planner(Input(bib.name, file, contacts.name if contacts else "", table)).plan()


def make_table_plan(submissions: Submissions, file: str, volume: Volume) -> Plan:
    """Returns what importing `submissions`, read from `file`, into `volume` would do now. Only reads the database."""
    known = paper_records(volume.papers.all())
    adopted = map_submissions(submissions, volume_record(volume), known, file, smtputf8=settings.EMAIL_SMTPUTF8)
    return _Planner(Input(file, adopted, "", ContactTable())).plan()


def apply(plan: Plan, *, leave_out: Collection[str] = (), volume_too: bool = True) -> Volume:
    """Applies `plan` in one transaction, except for the papers whose keys are in `leave_out`.

    Without `volume_too` an existing volume keeps its own fields.

    Raises NothingToApplyError if the plan has no volume, and PlanOutdatedError if the database has changed since the
    plan was made. In both cases nothing is written.
    """
    if plan.volume is None:
        msg = "The file has no readable volume, so nothing was changed. Correct its @Proceedings entry."
        raise NothingToApplyError(msg)
    with transaction.atomic():
        if _Planner(plan.source, lock=True).plan() != plan:
            msg = "Another user changed the volume, so nothing was imported. Check the new plan."
            raise PlanOutdatedError(msg)
        change = plan.volume_change if volume_too or plan.volume_change is Change.NEW else Change.UNCHANGED
        volume = _write_volume(plan.volume, change)
        chosen = [paper for paper in plan.papers if paper.key not in leave_out]
        _write_papers(volume, [paper for paper in chosen if paper.change in (Change.NEW, Change.CHANGED)])
        name_review.queue_names(volume, [paper.record for paper in chosen if paper.record])
    return volume


class _Planner:
    """Compares the files with the database, in four queries."""

    def __init__(self, source: Input, *, lock: bool = False) -> None:
        self.source = source
        self.findings = list(source.file.findings)
        self.contacts = {contact.paper: contact for contact in source.table.contacts}
        self.to_set = self.unchanged = 0
        self.last_position = 0
        volumes, papers, authors = Volume.objects.all(), Paper.objects.all(), Author.objects.all()
        if lock:
            volumes, papers, authors = (rows.select_for_update() for rows in (volumes, papers, authors))  # type: ignore[assignment]
        wanted = source.file.volume
        self.volume = volumes.filter(number=wanted.number).first() if wanted else None
        self.papers = {paper.key: paper for paper in papers.filter(volume=self.volume)} if self.volume else {}
        self.answers = name_review.resolved_names(self.volume)
        self.authors: dict[int, list[AuthorState]] = defaultdict(list)
        if self.papers:
            for author in authors.filter(paper__volume=self.volume).order_by("paper_id", "position"):
                self.authors[author.paper_id].append(_state(author))

    def plan(self) -> Plan:
        wanted = self.source.file.volume
        papers = tuple(self._paper(entry) for entry in self.source.file.papers)
        in_file = {entry.key for entry in self.source.file.papers}
        self._leftover_contacts(in_file)
        differences = _differences(self.volume, wanted, _VOLUME_FIELDS) if self.volume and wanted else ()
        table = self.source.table
        return Plan(
            source=self.source,
            volume=wanted,
            volume_change=_change(self.volume, wanted, differences),
            volume_differences=differences,
            papers=papers,
            gone=tuple(
                key
                for key, paper in self.papers.items()
                if key not in in_file and paper.status != Paper.Status.WITHDRAWN
            ),
            contacts=ContactCounts(table.rows, self.to_set, self.unchanged, table.rows - self.to_set - self.unchanged),
            findings=self._in_order([*self.findings, *table.findings]),
        )

    def _in_order(self, findings: list[Finding]) -> tuple[Finding, ...]:
        """Sorts findings by file, then by line."""
        return tuple(sorted(findings, key=lambda finding: (finding.file != self.source.bib, finding.line or 0)))

    def _paper(self, entry: PaperEntry) -> PaperPlan:
        record = entry.record
        if record and self.source.file.volume is None:
            self._add_finding(
                "volume", "the file has no readable volume: correct the @Proceedings entry", record, Severity.ERROR
            )
        if record is None or self.source.file.volume is None:
            return PaperPlan(entry.key, entry.line, Change.REJECTED)
        row = self.papers.get(record.key)
        submission = record.submission or (row.submission if row else "")
        authors = tuple(self.answers.get(name, name) for name in record.authors)
        record = replace(record, position=self._position(record, row), submission=submission, authors=authors)
        before = tuple(self.authors[row.pk]) if row else ()
        after = self._resolve_contact(record, before)
        differences = _differences(row, record, _PAPER_FIELDS) + _author_differences(before, after) if row else ()
        if row and row.status == Paper.Status.WITHDRAWN:
            self._add_finding("withdrawn", "is withdrawn and stays withdrawn", record, Severity.NOTE)
        change = _change(row, record, differences)
        return PaperPlan(record.key, entry.line, change, record, after, differences, row.pk if row else None)

    def _position(self, record: PaperRecord, row: Paper | None) -> int:
        """Returns the paper's position. Only the order counts: a gap that another paper left moves nobody."""
        position = row.position if row else record.position
        self.last_position = max(position, self.last_position + 1)
        return self.last_position

    def _resolve_contact(self, record: PaperRecord, before: tuple[AuthorState, ...]) -> tuple[AuthorState, ...]:
        after = with_details(carry_over(before, record.authors), record.details)
        if record.contact is not None and contact_of(after) is None and after[record.contact].email:
            after = with_contact(after, record.contact, after[record.contact].email)
        contact = self.contacts.pop(record.key, None)
        if contact and (chosen := self._find_author(contact, record)) is not None:
            settled = with_contact(after, chosen, _address(contact.email, after[chosen].email))
            if settled == after:
                self.unchanged += 1
            else:
                self.to_set += 1
            after = settled
        old = contact_of(before)
        if old and contact_of(after) is None:
            message = f"{old.address} was the corresponding author and is no longer an author: choose another one"
            self._add_finding("contact-lost", message, record, Severity.WARNING)
        return after

    def _find_author(self, contact: Contact, record: PaperRecord) -> int | None:
        """Returns the author that `contact` means, or None after adding a finding."""
        try:
            clean_address(contact.email)
        except AddressError as error:
            self._reject_contact(contact, "email", str(error))
            return None
        try:
            return match(contact, record.authors)
        except NoMatchError as error:
            self._reject_contact(contact, "author" if contact.author else "name", str(error))
            return None

    def _leftover_contacts(self, in_file: set[str]) -> None:
        for contact in self.contacts.values():
            if contact.paper in in_file:
                self._reject_contact(
                    contact, "paper", "the paper was rejected (see above): correct it and import again"
                )
            else:
                self._reject_contact(
                    contact, "paper", f"{self.source.bib} has no paper '{contact.paper[:80]}': correct the key"
                )

    def _reject_contact(self, contact: Contact, field: str, message: str) -> None:
        file, paper = self.source.contacts_file, contact.paper[:80]
        finding = Finding(rule="contact", message=message, file=file, line=contact.line, paper=paper, field=field)
        self.findings.append(finding)

    def _add_finding(self, rule: str, message: str, record: PaperRecord, severity: Severity) -> None:
        finding = Finding(
            rule=rule, message=message, severity=severity, file=self.source.bib, line=record.line, paper=record.key
        )
        self.findings.append(finding)


def _address(typed: str, known: str) -> str:
    """Returns the typed address, or the known one if it is only another spelling of the same."""
    address = clean_address(typed)
    try:
        return known if known and clean_address(known) == address else address
    except AddressError:
        return address


def _state(author: Author) -> AuthorState:
    return AuthorState(author.name, author.email, author.affiliation, author.orcid, author.is_corresponding, author.pk)


def _change(row: object, record: object, differences: Sequence[Difference]) -> Change:
    if record is None:
        return Change.REJECTED
    if row is None:
        return Change.NEW
    return Change.CHANGED if differences else Change.UNCHANGED


def _plain(value: object) -> object:
    """Converts tuples of a record to the lists of JSON columns."""
    return list(value) if isinstance(value, tuple) else value


def _differences(row: object, record: object, fields: Iterable[str]) -> tuple[Difference, ...]:
    pairs = ((name, getattr(row, name), _plain(getattr(record, name))) for name in fields)
    return tuple(Difference(name, _shown(old), _shown(new)) for name, old, new in pairs if old != new)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else str(value)


def _author_differences(before: Sequence[AuthorState], after: Sequence[AuthorState]) -> tuple[Difference, ...]:
    found = []
    old, new = ("; ".join(write_name(author.name) for author in authors) for authors in (before, after))
    if old != new:
        found.append(Difference("authors", old, new))
    was, will_be = (contact.address if (contact := contact_of(authors)) else "" for authors in (before, after))
    if was != will_be:
        found.append(Difference("contact", was, will_be))
    known, will_know = ("; ".join(_details(author) for author in authors) for authors in (before, after))
    if known != will_know and old == new and was == will_be:
        found.append(Difference("addresses", known, will_know))
    return tuple(found)


def _details(author: AuthorState) -> str:
    return " ".join(part for part in (author.email, author.affiliation) if part)


def _values(record: object, fields: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(getattr(record, name)) for name in fields}


def _write_volume(record: VolumeRecord, change: Change) -> Volume:
    values = _values(record, _VOLUME_FIELDS)
    if change is Change.NEW:
        try:
            return Volume.objects.create(**values)
        except IntegrityError as error:  # two simultaneous imports of a new volume: there was no row to lock
            msg = (
                f"Volume {record.number} was just created by another user, so nothing was imported. Import the "
                "file again."
            )
            raise PlanOutdatedError(msg) from error
    if change is Change.CHANGED:
        Volume.objects.filter(number=record.number).update(**values)
    return Volume.objects.get(number=record.number)


def _write_papers(volume: Volume, plans: Sequence[PaperPlan]) -> None:
    """Writes all papers and authors of `plans`, in a constant number of statements."""
    rows = [Paper(pk=plan.pk, volume=volume, key=plan.key, **_values(plan.record, _PAPER_FIELDS)) for plan in plans]
    known = [row for row in rows if row.pk]
    Paper.objects.bulk_create([row for row in rows if not row.pk])
    Paper.objects.bulk_create(known, update_conflicts=True, unique_fields=["id"], update_fields=_PAPER_FIELDS)
    touched = [(paper, plan) for paper, plan in zip(rows, plans, strict=True) if plan.touches_authors]
    authors = [
        _author_row(paper, position, author)
        for paper, plan in touched
        for position, author in enumerate(plan.authors, 1)
    ]
    # First move all authors away. Two authors who swap positions, or the flag of the corresponding author, would
    # violate a unique constraint within one statement. Authors who are still moved away afterwards were removed from
    # the paper.
    moved = [plan.pk for _, plan in touched if plan.pk]
    Author.objects.filter(paper__in=moved).update(position=F("position") + MAX_AUTHORS, is_corresponding=False)
    kept = [author for author in authors if author.pk]
    Author.objects.bulk_create(kept, update_conflicts=True, unique_fields=["id"], update_fields=_AUTHOR_FIELDS)
    Author.objects.filter(paper__volume=volume, position__gt=MAX_AUTHORS).delete()
    Author.objects.bulk_create([author for author in authors if not author.pk])


def _author_row(paper: Paper, position: int, author: AuthorState) -> Author:
    name = author.name
    return Author(
        pk=author.pk,
        paper=paper,
        position=position,
        given=name.given,
        particle=name.particle,
        family=name.family,
        suffix=name.suffix,
        email=author.email,
        affiliation=author.affiliation,
        orcid=author.orcid,
        is_corresponding=author.is_corresponding,
    )
