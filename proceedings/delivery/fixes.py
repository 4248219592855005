"""Applies the proposed corrections of findings to the rows of a volume: to all papers of a rule, or to one."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from proceedings.bibtex.names import Name
from proceedings.bibtex.records import LIMITS, PaperRecord, VolumeRecord
from proceedings.delivery.volume_check import load_papers
from proceedings.models import Author, Paper, Volume
from proceedings.models.as_records import paper_records, volume_record
from proceedings.models.checks import title_words
from proceedings.publisher.fixes import Fixer

FIXABLE = (
    *("sections", "textbackslash", "latex", "double-backslash", "escapes", "braces", "wrap-hyphen", "capitals"),
    *("names", "links", "color", "shortname", "pages"),
)
"""Rules with proposed corrections, in the order in which they are applied: a correction may show another finding."""

_PAPER_FIELDS = ("title", "title_latex", "abstract", "pages", "section", "extra")
_VOLUME_FIELDS = ("booktitle", "name", "shortname", "address", "editor_names", "sections", "extra")

Held = Callable[[Paper, PaperRecord, PaperRecord], bool]
"""Whether a paper is left out of a bulk correction: gets the row, and the record before and after it."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field as it is and as it would be, for people. `field` is named as in the file."""

    field: str
    old: str
    new: str


@dataclass(slots=True)
class Applied:
    """What a correction changed. `held` are the papers that were left out because people would see the change."""

    papers: list[Paper] = field(default_factory=list)
    held: list[Paper] = field(default_factory=list)
    volume_changed: bool = False


class Corrections:
    """The proposed corrections for one volume. `papers` are all its accepted papers, as `load_papers` returns them."""

    def __init__(self, volume: Volume, papers: Sequence[Paper]) -> None:
        self.volume = volume
        self.rows = {paper.pk: paper for paper in papers}
        records = paper_records(papers)
        self.records = {paper.pk: record for paper, record in zip(papers, records, strict=True)}
        self._fixer = Fixer(volume_record(volume), records, title_words()[1])

    def paper(self, pk: int, rule: str) -> PaperRecord:
        """Returns the paper's record with the correction; the same one without a correction that fits the columns."""
        before = self.records[pk]
        after = self._fixer.paper(before, rule)
        return after if _fits(after) else before

    def changes(self, pk: int, rule: str) -> list[FieldChange]:
        """Returns what the correction would change in a paper."""
        return differences(self.records[pk], self.paper(pk, rule))

    def own_changes(self, rule: str) -> list[FieldChange]:
        """Returns what the correction would change in the volume's own entry."""
        before, after = volume_record(self.volume), self._fixer.volume(rule)
        pairs = [(name, getattr(before, name), getattr(after, name)) for name in _VOLUME_FIELDS]
        return [FieldChange(name, _shown(old), _shown(new)) for name, old, new in pairs if old != new]

    def own(self, rule: str) -> VolumeRecord:
        return self._fixer.volume(rule)


def differences(before: PaperRecord, after: PaperRecord) -> list[FieldChange]:
    """Returns the fields of a paper in which two records differ; the title as LaTeX."""
    pairs = [
        ("title", before.title_latex if before.title == after.title else before.title, after.title_latex),
        ("author", before.authors, after.authors),
        ("abstract", before.abstract, after.abstract),
        ("section", before.section, after.section),
        *((name, value, after.extra.get(name, "")) for name, value in before.extra.items()),
    ]
    changed = [(name, old, new) for name, old, new in pairs if old != new]
    if before.title_latex == after.title_latex:
        changed = [one for one in changed if one[0] != "title"]
    return [FieldChange(name, _shown(old), _shown(new)) for name, old, new in changed]


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name} = {text}" for name, text in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "; ".join(map(str, value))
    return str(value)


def apply_corrections(
    volume: Volume,
    rules: Collection[str] = FIXABLE,
    *,
    only: Collection[int] | None = None,
    held: Held = lambda _row, _before, _after: False,
) -> Applied:
    """Applies the proposed corrections of `rules` to all accepted papers, or to those with primary keys in `only`.

    `held` says which papers are left out. The volume's own entry is corrected too, unless `only` is given.
    """
    result = Applied()
    with transaction.atomic():
        list(Paper.objects.select_for_update().filter(volume=volume).order_by("pk").values_list("pk"))
        for rule in (one for one in FIXABLE if one in rules):
            corrections = Corrections(volume, load_papers(volume))
            if only is None:
                result.volume_changed |= _write_volume(volume, corrections.own(rule))
            for pk, row in corrections.rows.items():
                before, after = corrections.records[pk], corrections.paper(pk, rule)
                if before == after or (only is not None and pk not in only):
                    continue
                if held(row, before, after):
                    result.held.append(row)
                else:
                    _write_paper(row, before, after)
                    result.papers.append(row)
    result.papers = list({row.pk: row for row in result.papers}.values())
    result.held = list({row.pk: row for row in result.held}.values())
    return result


def _fits(record: PaperRecord) -> bool:
    names = [len(getattr(name, part)) <= LIMITS[part] for name in record.authors for part in ("given", "family")]
    has_names = all(name.family for name in record.authors)
    return (
        len(record.title) <= LIMITS["title"] and len(record.section) <= LIMITS["section"] and has_names and all(names)
    )


def _write_paper(row: Paper, before: PaperRecord, after: PaperRecord) -> None:
    values = {name: getattr(after, name) for name in _PAPER_FIELDS if getattr(before, name) != getattr(after, name)}
    if values:
        Paper.objects.filter(pk=row.pk).update(**values)
    for author, old, new in zip(row.authors.all(), before.authors, after.authors, strict=True):
        if old != new:
            Author.objects.filter(pk=author.pk).update(**_parts(new))


def _parts(name: Name) -> dict[str, str]:
    return {"given": name.given, "particle": name.particle, "family": name.family, "suffix": name.suffix}


def _write_volume(volume: Volume, after: VolumeRecord) -> bool:
    """Writes the fields that differ, and returns whether any does."""
    before = volume_record(volume)
    changed = [name for name in _VOLUME_FIELDS if getattr(before, name) != getattr(after, name)]
    for name in changed:
        value = getattr(after, name)
        setattr(volume, name, list(value) if isinstance(value, tuple) else value)
    if changed:
        volume.save(update_fields=changed)
    return bool(changed)
