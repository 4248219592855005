"""Compares files with the database: each entry of a file is new, changed, unchanged or rejected. Only reads.

Each field is compared three ways: what the last import read, what is here, what the file says. Papers missing from the
file are reported and kept, because a paper may have an agreement and nothing is ever deleted.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet

from proceedings.bibtex.findings import Finding, Severity, errors
from proceedings.bibtex.forum_ids import forum_of
from proceedings.bibtex.names import write_name
from proceedings.bibtex.records import KEY, LIMITS, Details, PaperEntry, PaperRecord, VolumeRecord
from proceedings.importing import name_review
from proceedings.importing.authorship import AuthorState, contact_of, unsure_namesakes
from proceedings.importing.merge import order
from proceedings.importing.merge.authors import (
    Contact,
    compare_authors,
    merged,
    recognise,
    stated_authors,
    with_answers,
)
from proceedings.importing.merge.contacts import ContactMatcher
from proceedings.importing.merge.exported import Exported
from proceedings.importing.merge.fields import PAPER_FIELDS, VOLUME_FIELDS, Said, compare, stated, unit_of, values_of
from proceedings.importing.merge.matching import Identity, match_papers
from proceedings.importing.plan import (
    Change,
    Choice,
    Difference,
    Input,
    Origin,
    PaperPlan,
    Plan,
    by_default,
)
from proceedings.models import Author, ImportedRecord, Paper, Volume
from proceedings.models.as_records import volume_record

_AUTHORS = {"author": "authors"}
"""Our names of fields that files call differently."""

REQUIRED = ("number", "bib_key", "name", "shortname", "booktitle", "year")
"""Fields that a known volume never loses. Without its number, a volume cannot be created."""


class Planner:
    """Compares the files with the database, in at most six queries, and keeps the rows for the writer.

    A field with an error is not taken without an editor, even if nothing was corrected here.
    """

    def __init__(self, source: Input, *, lock: bool = False) -> None:
        self.source = source
        self.volume = self._volume(lock=lock)
        self.record = self._record(source.file.volume)
        self.rows: dict[int, Paper] = {}
        self.authors: dict[int, list[AuthorState]] = defaultdict(list)
        self.imported: dict[int | None, ImportedRecord] = {}
        if self.volume:
            papers: QuerySet[Paper] = Paper.objects.filter(volume=self.volume)
            authors: QuerySet[Author] = Author.objects.filter(paper__volume=self.volume)
            if lock:
                papers, authors = papers.select_for_update(), authors.select_for_update()
            self.rows = {paper.pk: paper for paper in papers.order_by("position", "key")}
            self.imported = {one.paper_id: one for one in ImportedRecord.objects.filter(volume=self.volume)}
            for author in authors.order_by("paper_id", "position") if self.rows else ():
                self.authors[author.paper_id].append(state_of(author))
        self.exported = Exported(self.rows.values())
        self.answers = name_review.resolved_names(self.volume)
        settled = {write_name(name) for name in (*self.answers, *self.answers.values())}
        self.findings = name_review.without_settled(source.file.findings, settled)
        self.contacts = ContactMatcher(source)
        self.unread = self._unread_fields()
        self.new_keys: set[str] = set()

    def _volume(self, *, lock: bool) -> Volume | None:
        volumes = Volume.objects.select_for_update() if lock else Volume.objects.all()
        wanted = self.source.file.volume
        if self.source.volume is not None:
            return volumes.filter(pk=self.source.volume).first()
        return volumes.filter(number=wanted.number).first() if wanted and wanted.number else None

    def _record(self, wanted: VolumeRecord | None) -> VolumeRecord | None:
        """The volume's record: the file's, or that of the known volume if the file has none. Else None."""
        if self.volume is None:
            return wanted if wanted and wanted.number else None
        if wanted is None:
            everything = frozenset((*VOLUME_FIELDS, "extra"))
            return replace(volume_record(self.volume), extra={}, unsaid=everything)
        missing = {name for name in REQUIRED if not getattr(wanted, name)}
        return replace(wanted, number=self.volume.number, unsaid=wanted.unsaid | missing)

    def _unread_fields(self) -> Mapping[int, Mapping[str, str]]:
        """By line of an entry: the fields that have an error, and its rule."""
        fields: dict[int, dict[str, str]] = defaultdict(dict)
        lines = sorted({entry.line for entry in self.source.file.papers})
        for finding in errors(self.source.file.findings):
            at = bisect_right(lines, finding.line or 0)
            if finding.field and at and finding.file == self.source.bib:
                fields[lines[at - 1]][_AUTHORS.get(finding.field, finding.field)] = finding.rule
        return fields

    def said(self, pk: int | None) -> Said:
        """What files said so far about a paper, or about the volume."""
        return with_answers(self.imported[pk].said, self.answers) if pk in self.imported else {}

    def plan(self) -> Plan:
        entries = self.source.file.papers
        matched = self._match(entries)
        papers = tuple(self._paper(entry, row) for entry, row in zip(entries, matched, strict=True))
        taken = {paper.pk for paper in papers if paper.pk}
        self.contacts.reject_others({paper.key for paper in papers})
        differences, learns = self._compare_volume(papers)
        return Plan(
            source=self.source,
            volume=self.record,
            volume_change=_change(self.volume, self.record, differences),
            volume_differences=differences,
            papers=papers,
            gone=tuple(
                row.key for row in self.rows.values() if row.pk not in taken and row.status != Paper.Status.WITHDRAWN
            ),
            contacts=self.contacts.counts,
            findings=self._in_order([*self.findings, *self.contacts.findings, *self.source.table.findings]),
            learns=learns,
        )

    def _in_order(self, findings: list[Finding]) -> tuple[Finding, ...]:
        """Sorts findings by file, then by line."""
        return tuple(sorted(findings, key=lambda finding: (finding.file != self.source.bib, finding.line or 0)))

    def _match(self, entries: Sequence[PaperEntry]) -> list[Paper | None]:
        records = [entry.record for entry in entries]
        rows = list(self.rows.values())
        known = []
        for row in rows:
            said = self.said(row.pk).get("key")
            keys = (said["value"], row.key) if said and said["value"] != row.key else (row.key,)
            names = tuple(author.name for author in self.authors[row.pk])
            known.append(Identity(row.title, names, row.submission, keys, forum_of(row.extra)))
        wanted = [
            Identity(record.title, record.authors, record.submission, (record.key,), forum_of(record.extra))
            for record in records
            if record
        ]
        found = iter(match_papers(wanted, known))
        places = [next(found) if record else None for record in records]
        return [None if place is None else rows[place] for place in places]

    def _paper(self, entry: PaperEntry, row: Paper | None) -> PaperPlan:
        record = self._readable(entry, row)
        if record is None:
            return PaperPlan(entry.key, entry.line, Change.REJECTED)
        said = self.said(row.pk if row else None) if row else {}
        record = self._with_answers(record, entry, row)
        before = tuple(self.authors[row.pk]) if row else ()
        theirs = self._authors(record, before, said)
        if row is None:
            return PaperPlan(record.key, entry.line, Change.NEW, record, theirs, theirs=theirs)
        if row.status == Paper.Status.WITHDRAWN:
            self._add_finding("withdrawn", "is withdrawn and stays withdrawn", record, Severity.NOTE)
        unread = self.unread.get(entry.line, {})
        differences = tuple(
            replace(one, origin=Origin.BOTH) if one.field in unread and one.origin is Origin.FILE else one
            for one in (*self._compare_fields(record, row, said), *compare_authors(before, theirs, said))
        )
        self._warn_about_contact(record, before, theirs, differences)
        draft = PaperPlan(record.key, entry.line, Change.UNCHANGED, record, (), differences, row.pk, theirs)
        taken = {one.field for one in differences if by_default(draft, one) is Choice.TAKE}
        return replace(
            draft,
            change=_change(row, record, differences),
            authors=merged(before, theirs, taken),
            learns=self._learns(draft, said),
        )

    def _readable(self, entry: PaperEntry, row: Paper | None) -> PaperRecord | None:
        """The entry's record, or None after a finding if it can be no paper."""
        record = entry.record
        if record is None:
            return None
        if self.record is None:
            self._add_finding(
                "volume", "the file names no volume: choose the volume, or correct the @Proceedings entry", record
            )
            return None
        if row is None and not (record.title and KEY.match(record.key)):
            if not self.unread.get(entry.line):
                self._add_finding("required", "the entry has no key, title or author: add it", record)
            return None
        if row is None and record.key in self.new_keys:
            self._add_finding("duplicate", "a paper above has the same key: give one of them another key", record)
            return None
        self.new_keys.add(record.key)
        return record

    def _with_answers(self, record: PaperRecord, entry: PaperEntry, row: Paper | None) -> PaperRecord:
        """Applies the names that were resolved, and leaves out what the file does not have."""
        authors = tuple(self.answers.get(name, name) for name in record.authors) if self.answers else record.authors
        unread = self.unread.get(entry.line, {})
        unsaid = {name for name, rule in unread.items() if rule == "required" or not getattr(record, name, None)}
        unsaid |= {name for name in ("submission", "licence") if not getattr(record, name)}
        if not KEY.match(record.key) or len(record.key) > LIMITS["key"]:
            unsaid.add("key")
        if row and not record.authors:
            authors = tuple(author.name for author in self.authors[row.pk])
            unsaid.add("authors")
        if "title" in unsaid or not record.title:
            unsaid |= {"title", "title_latex"}
        return replace(record, authors=authors, unsaid=record.unsaid | unsaid)

    def _authors(self, record: PaperRecord, before: Sequence[AuthorState], said: Said) -> tuple[AuthorState, ...]:
        for name in unsure_namesakes(before, record.authors, record.details):
            message = f"has several authors called {name}, and their places changed: check their addresses"
            self._add_finding("namesakes", message, record, Severity.WARNING)
        theirs = recognise(before, record.authors, record.details, None, said)
        contact: Contact = None
        rows = {author.pk: author for author in before}
        if record.contact is not None:
            email = theirs[record.contact].email or getattr(rows.get(theirs[record.contact].pk), "email", "")
            contact = (record.contact, email) if email else None
        found = self.contacts.find(record, theirs, before)
        contact = found.contact or contact
        if not (contact or found.addresses):
            return theirs
        details = list(record.details) if len(record.details) == len(theirs) else [Details()] * len(theirs)
        for at, email in found.addresses.items():
            details[at] = replace(details[at], email=email)
        return recognise(before, record.authors, details, contact, said)

    def _compare_fields(self, record: PaperRecord, row: Paper, said: Said) -> list[Difference]:
        ours = values_of(row, PAPER_FIELDS) | {"key": row.key}
        theirs = stated(record, PAPER_FIELDS, said)
        if "key" not in record.unsaid:
            theirs["key"] = record.key
        if "extra" not in record.unsaid:
            theirs |= {name: "" for name in ours if name.startswith("extra.") and name not in theirs}
        found = compare(said, theirs, ours)
        if any(one.origin is not Origin.HERE for one in found):
            written = self.exported.values(row)
            theirs = {
                name: value
                for name, value in theirs.items()
                if value == ours.get(name, "") or name not in written or value != written[name]
            }
            found = compare(said, theirs, ours)
        if row.delivered_key and any(one.field == "key" for one in found):
            message = f"is {row.delivered_key} at the publisher and keeps that key"
            self._add_finding("key", message, record, Severity.NOTE)
            found = [one for one in found if one.field != "key"]
        return found

    def _warn_about_contact(
        self,
        record: PaperRecord,
        before: Sequence[AuthorState],
        theirs: Sequence[AuthorState],
        differences: Iterable[Difference],
    ) -> None:
        old = contact_of(before)
        stays = old is None or contact_of(theirs) or any(author.pk == old.pk for author in theirs)
        if old and not stays and any(one.field == "authors" and one.origin is not Origin.HERE for one in differences):
            message = f"{old.address} is the corresponding author and not among the file’s authors: choose another one"
            self._add_finding("contact-lost", message, record, Severity.WARNING)

    def _learns(self, paper: PaperPlan, said: Said) -> bool:
        """Whether the file says something that is not remembered, where nothing is to be decided."""
        open_fields = {one.field for one in paper.differences}
        return any(
            unit_of(field) not in open_fields and (field not in said or said[field]["value"] != value)
            for field, value in statement(paper, said, [author.pk for author in paper.theirs]).items()
        )

    def _compare_volume(self, papers: Sequence[PaperPlan]) -> tuple[tuple[Difference, ...], bool]:
        if self.volume is None or self.record is None:
            return (), False
        said = self.said(None)
        theirs = stated(self.record, VOLUME_FIELDS, said)
        ours = values_of(self.volume, VOLUME_FIELDS)
        if "extra" not in self.record.unsaid:
            theirs |= {name: "" for name in ours if name.startswith("extra.") and name not in theirs}
        found = compare(said, theirs, ours)
        in_file = [paper.pk for paper in papers if paper.pk] if self.source.whole else []
        moved = order.compare_order(said, in_file, self.rows) if in_file else None
        known = {one.field for one in found}
        learns = any(
            unit_of(field) not in known and (field not in said or said[field]["value"] != value)
            for field, value in theirs.items()
        ) or (bool(in_file) and moved is None and (said.get("order") or {"value": None})["value"] != in_file)
        return (*found, *([moved] if moved else [])), learns

    def _add_finding(self, rule: str, message: str, record: PaperRecord, severity: Severity = Severity.ERROR) -> None:
        finding = Finding(
            rule=rule, message=message, severity=severity, file=self.source.bib, line=record.line, paper=record.key
        )
        self.findings.append(finding)


def statement(paper: PaperPlan, said: Said, pks: Sequence[int | None]) -> dict[str, Any]:
    """What the file says about a paper whose authors are the rows `pks`, in the terms of ImportedRecord."""
    if paper.record is None:
        return {}
    values = stated(paper.record, PAPER_FIELDS, said)
    if "key" not in paper.record.unsaid:
        values["key"] = paper.record.key
    authors = stated_authors(paper.theirs, pks)
    if "authors" in paper.record.unsaid:
        del authors["authors"]
    return values | authors


def state_of(author: Author) -> AuthorState:
    """Returns a row as plain data."""
    return AuthorState(
        author.name,
        author.email,
        author.affiliation,
        author.orcid,
        author.is_corresponding,
        author.pk,
        author.profile,
    )


def _change(row: object, record: object, differences: Iterable[Difference]) -> Change:
    if record is None:
        return Change.REJECTED
    if row is None:
        return Change.NEW
    return Change.CHANGED if any(one.origin is not Origin.HERE for one in differences) else Change.UNCHANGED
