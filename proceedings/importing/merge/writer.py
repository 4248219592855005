"""Writes a plan by an editor's decisions, in a constant number of statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from proceedings.bibtex.records import MAX_AUTHORS, PaperRecord, VolumeRecord
from proceedings.importing.authorship import AuthorState
from proceedings.importing.merge import order
from proceedings.importing.merge.authors import can_take_contact, merged
from proceedings.importing.merge.comparison import Planner, statement
from proceedings.importing.merge.fields import PAPER_FIELDS, VOLUME_FIELDS, stated, unit_of
from proceedings.importing.plan import Choice, Choose, Difference, PaperPlan, Plan, PlanOutdatedError
from proceedings.models import Author, ImportedRecord, Paper, Volume

_PAPER_COLUMNS = ("key", "position", *PAPER_FIELDS, "extra")
_AUTHOR_COLUMNS = (
    *("paper", "position", "given", "particle", "family", "suffix"),
    *("email", "affiliation", "orcid", "profile", "is_corresponding"),
)


@dataclass
class _Decided:
    """A paper with its row and what was decided about it: fields to take, and fields that stay open."""

    plan: PaperPlan
    record: PaperRecord
    row: Paper
    is_new: bool
    taken: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)


class Writer:
    def __init__(
        self,
        planner: Planner,
        plan: Plan,
        record: VolumeRecord,
        choose: Choose,
        left_out: Collection[str],
        at: str,
    ) -> None:
        self.planner, self.plan, self.record, self.choose, self.at = planner, plan, record, choose, at
        self.papers = [paper for paper in plan.papers if paper.record and paper.key not in left_out]
        self.clashes: list[PaperPlan] = []
        """New papers that were left out because another paper has their key."""

    def write(self) -> Volume:
        """Writes the volume, its papers and authors, and what the file said."""
        volume = self._write_volume()
        decided = [self._decide(paper, paper.record, volume) for paper in self.papers if paper.record is not None]
        decided = self._settle_keys(decided)
        self._write_papers(volume, decided)
        pks = self._write_authors(volume, decided)
        self._remember(volume, decided, pks)
        return volume

    # --- what was decided

    def _sort(self, paper: PaperPlan | None, differences: Sequence[Difference]) -> tuple[set[str], set[str]]:
        """Returns the fields that are taken from the file, and those that stay open."""
        choices = {one.field: self.choose(paper, one) for one in differences}
        taken = {name for name, choice in choices.items() if choice is Choice.TAKE}
        return taken, {name for name, choice in choices.items() if choice is None}

    def _decide(self, paper: PaperPlan, record: PaperRecord, volume: Volume) -> _Decided:
        if paper.pk is None:
            row = Paper(volume=volume, key=paper.key)
            return _Decided(paper, record, row, is_new=True, taken={*PAPER_FIELDS, "extra"})
        taken, still_open = self._sort(paper, paper.differences)
        if "contact" in taken and not can_take_contact(paper.theirs, taken):
            taken.discard("contact")
            still_open.add("contact")
        return _Decided(paper, record, self.planner.rows[paper.pk], is_new=False, taken=taken, open=still_open)

    def _settle_keys(self, decided: list[_Decided]) -> list[_Decided]:
        """Withdraws renamings to a key that another paper keeps, then leaves out new papers with such a key."""
        keys = {pk: row.key for pk, row in self.planner.rows.items()}
        renamed = {one.row.pk: one for one in decided if not one.is_new and "key" in one.taken}
        keys |= {pk: one.record.key for pk, one in renamed.items()}
        while clashing := [pk for pk in renamed if list(keys.values()).count(keys[pk]) > 1]:
            for pk in clashing:
                one = renamed.pop(pk)
                one.taken.discard("key")
                one.open.add("key")
                keys[pk] = one.row.key
        kept = set(keys.values())
        self.clashes = [one.plan for one in decided if one.is_new and one.plan.key in kept]
        return [one for one in decided if not (one.is_new and one.plan.key in kept)]

    # --- the volume

    def _write_volume(self) -> Volume:
        record = self.record
        if self.planner.volume is None:
            values = {name: _column(record, name) for name in ("number", *VOLUME_FIELDS, "extra")}
            try:
                return Volume.objects.create(**values)
            except IntegrityError as error:  # two simultaneous imports of a new volume: there was no row to lock
                msg = (
                    f"Volume {record.number} was just created by another user, so nothing was imported. Import the "
                    "file again."
                )
                raise PlanOutdatedError(msg) from error
        volume = self.planner.volume
        taken, _ = self._sort(None, self.plan.volume_differences)
        if changed := _take(volume, record, taken, VOLUME_FIELDS):
            volume.save(update_fields=changed)
        return volume

    # --- papers and authors

    def _write_papers(self, volume: Volume, decided: Sequence[_Decided]) -> None:
        changed: dict[int, Paper] = {}
        renamed = []
        for one in decided:
            if _take(one.row, one.record, one.taken, PAPER_FIELDS) and not one.is_new:
                changed[one.row.pk] = one.row
            if "key" in one.taken:
                one.row.key = one.record.key
                renamed.append(one.row.pk)
                changed[one.row.pk] = one.row
        for row in self._arrange(decided):
            changed[row.pk] = row
        if renamed:
            # Two papers may swap keys: first move all of them away, to keys that no paper can have.
            away = Concat(Value("~"), Cast("pk", CharField()))
            Paper.objects.filter(pk__in=renamed).update(key=away)
        Paper.objects.bulk_create([one.row for one in decided if one.is_new])
        Paper.objects.bulk_create(
            changed.values(), update_conflicts=True, unique_fields=["id"], update_fields=_PAPER_COLUMNS
        )

    def _arrange(self, decided: Sequence[_Decided]) -> list[Paper]:
        """Sets the positions. Returns the rows that move."""
        moved = next((one for one in self.plan.volume_differences if one.field == "order"), None)
        follow = moved is not None and self.choose(None, moved) is Choice.TAKE
        for one in decided:
            if one.is_new:
                one.row.position = one.record.position if moved is None or follow else 0
        before = {pk: row.position for pk, row in self.planner.rows.items()}
        here = list(self.planner.rows.values())
        order.number(order.arrange([one.row for one in decided], here, follow=follow))
        return [row for pk, row in self.planner.rows.items() if row.position != before[pk]]

    def _write_authors(self, volume: Volume, decided: Sequence[_Decided]) -> Mapping[int, list[int | None]]:
        """Writes the authors. Returns by paper the rows of the file's authors."""
        pks: dict[int, list[int | None]] = {}
        authors: list[Author] = []
        moved: list[int] = []
        new: list[tuple[int, list[Author]]] = []
        for one in decided:
            pks[one.row.pk] = [author.pk for author in one.plan.theirs]
            after = one.plan.theirs
            if not one.is_new:
                before = tuple(self.planner.authors[one.row.pk])
                after = merged(before, one.plan.theirs, one.taken)
                if after == before:
                    continue
                moved.append(one.row.pk)
            rows = [_author_row(one.row, position, author) for position, author in enumerate(after, 1)]
            authors += rows
            if one.is_new or "authors" in one.taken:
                new.append((one.row.pk, rows))
        if moved:
            # First move all authors away. Two authors who swap positions, or the flag of the corresponding author,
            # would violate a unique constraint within one statement. Authors who are still moved away afterwards were
            # removed from the paper.
            Author.objects.filter(paper__in=moved).update(position=F("position") + MAX_AUTHORS, is_corresponding=False)
            kept = [author for author in authors if author.pk]
            Author.objects.bulk_create(kept, update_conflicts=True, unique_fields=["id"], update_fields=_AUTHOR_COLUMNS)
            Author.objects.filter(paper__volume=volume, position__gt=MAX_AUTHORS).delete()
        Author.objects.bulk_create([author for author in authors if not author.pk])
        return pks | {paper: [row.pk for row in rows] for paper, rows in new}

    # --- what the file said

    def _remember(self, volume: Volume, decided: Sequence[_Decided], pks: Mapping[int, Sequence[int | None]]) -> None:
        records: list[ImportedRecord] = []
        file = self.plan.source.bib
        for one in decided:
            record = None if one.is_new else self.planner.imported.get(one.row.pk)
            record = record or ImportedRecord(volume=volume, paper=one.row)
            values = _removed(one.plan.differences) | statement(one.plan, record.said, pks[one.row.pk])
            records += self._updated(record, values, one.open, file)
        own = self.planner.imported.get(None) or ImportedRecord(volume=volume)
        said = _removed(self.plan.volume_differences) | stated(self.record, VOLUME_FIELDS, own.said)
        if self.plan.source.whole:
            said["order"] = [one.row.pk for one in decided]
        _, still_open = self._sort(None, self.plan.volume_differences)
        records += self._updated(own, said, still_open, file)
        new, known = ([one for one in records if bool(one.pk) is there] for there in (False, True))
        ImportedRecord.objects.bulk_create(
            known, batch_size=500, update_conflicts=True, unique_fields=["id"], update_fields=["said"]
        )
        ImportedRecord.objects.bulk_create(new, batch_size=500)

    def _updated(
        self, record: ImportedRecord, values: Mapping[str, Any], still_open: Collection[str], file: str
    ) -> list[ImportedRecord]:
        """Adds to `record` what the file says, but for fields that stay open. Returns it if anything is new."""
        said = record.said
        new = {
            name: {"value": value, "file": file, "at": self.at}
            for name, value in values.items()
            if unit_of(name) not in still_open and (name not in said or said[name]["value"] != value)
        }
        record.said = said | new
        return [record] if new else []


def _take(row: Any, record: PaperRecord | VolumeRecord, taken: Collection[str], fields: Sequence[str]) -> list[str]:
    """Sets the fields of `row` that are taken from `record`. Returns their columns."""
    columns = [name for name in fields if unit_of(name) in taken]
    for name in columns:
        setattr(row, name, _column(record, name))
    if "extra" in taken:
        row.extra = dict(record.extra)
        return [*columns, "extra"]
    names = [name.removeprefix("extra.") for name in taken if name.startswith("extra.")]
    if names:
        left = {name: value for name, value in row.extra.items() if name not in names}
        row.extra = left | {name: record.extra[name] for name in names if name in record.extra}
        columns.append("extra")
    return columns


def _removed(differences: Sequence[Difference]) -> dict[str, str]:
    """The further fields that are only here: the file says that they are empty."""
    return {one.field: "" for one in differences if one.field.startswith("extra.")}


def _column(record: PaperRecord | VolumeRecord, name: str) -> Any:
    value = getattr(record, name)
    return list(value) if isinstance(value, tuple) else value


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
        profile=author.profile,
        is_corresponding=author.is_corresponding,
    )
