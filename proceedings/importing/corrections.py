"""Corrects what an import left out: the corrected text of one entry, row or note is imported as one paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from proceedings.bibtex.findings import Finding, errors
from proceedings.bibtex.records import NO_TITLE, PaperEntry, PaperRecord, VolumeFile, read_volume_file
from proceedings.bibtex.source import Source
from proceedings.importing import leftovers
from proceedings.importing.formats import Export, Format, open_export, read_contact_file, read_export
from proceedings.importing.mapping import map_submissions
from proceedings.importing.merge.excerpts import CONTACTS, text_of
from proceedings.importing.merge.fields import PAPER_FIELDS
from proceedings.importing.plan import Change, Choice, Choose, Difference, Input, PaperPlan, Plan, SourceText
from proceedings.importing.planner import NO_CONTACTS, apply, plan_input
from proceedings.importing.remembered import known_columns, known_decisions
from proceedings.models import Leftover
from proceedings.models.as_records import paper_records, volume_record

UNSAID = frozenset({*PAPER_FIELDS, "key", "authors", "extra"})


@dataclass(frozen=True, slots=True)
class Correction:
    """The result: what is still wrong, so that nothing was written; or the plan that was applied."""

    plan: Plan
    problems: tuple[Finding, ...] = ()
    kept: tuple[Difference, ...] = ()
    """Differences that an editor has to decide on the paper's page."""


def correct(
    leftover: Leftover, text: str, *, by: str, now: datetime, defaults: Callable[[Plan], Choose]
) -> Correction | None:
    """Imports the corrected `text` and resolves `leftover`. Returns None if it was resolved before.

    `defaults` decides the differences of a known paper; the field that was left out is always taken. Raises
    UnreadableFileError if the text is not in the format of its file.
    """
    plan = _plan(leftover, text)
    if problems := _problems(leftover, plan):
        return Correction(plan, tuple(problems))
    by_default = defaults(plan)

    def choose(paper: PaperPlan | None, one: Difference) -> Choice | None:
        wanted = leftover.field and one.field in (leftover.field, f"extra.{leftover.field}")
        return Choice.TAKE if wanted else by_default(paper, one)

    with transaction.atomic():
        if not leftovers.resolve(leftover, Leftover.Resolution.CORRECTED, by=by, now=now):
            return None
        apply(plan, choose=choose, now=now)
    kept = [one for paper in plan.papers for one in paper.differences if choose(paper, one) is None]
    return Correction(plan, kept=tuple(kept))


def _plan(leftover: Leftover, text: str) -> Plan:
    """Raises UnreadableFileError."""
    text = text.replace("\r\n", "\n")
    name, volume = leftover.file, leftover.volume
    table = NO_CONTACTS
    texts = [SourceText(name, leftover.format, text)]
    if leftover.format == CONTACTS:
        source = Source(name, f"{leftover.head}\n{text}\n")
        table = replace(read_contact_file(source), file=name)
        wanted = {contact.paper for contact in table.contacts}
        known = paper_records(volume.papers.filter(Q(key__in=wanted) | Q(submission__in=wanted)))
        file = VolumeFile(None, tuple(PaperEntry(one.key, 0, replace(one, unsaid=UNSAID)) for one in known), ())
        texts = [SourceText(name, CONTACTS, rows=table.grid.rows if table.grid else ())]
    elif leftover.format == Format.BIBTEX:
        file = read_volume_file(text, name)
        file = replace(file, findings=tuple(one for one in file.findings if not _is_about_the_file(one)))
    else:
        export = _export(leftover, text)
        found = read_export(export, columns=known_columns(volume), answers=known_decisions(volume))
        known = paper_records(volume.papers.all())
        mapped = map_submissions(found, volume_record(volume), known, name, smtputf8=settings.EMAIL_SMTPUTF8)
        file = replace(mapped, volume=None)
        texts = [text_of(export)]
    contacts_file = name if leftover.format == CONTACTS else ""
    return plan_input(Input(name, file, contacts_file, table, volume.pk, whole=False, texts=tuple(texts)))


def _export(leftover: Leftover, text: str) -> Export:
    """Opens the corrected text as a file of its own: one note in a list, or one row below the headings."""
    kind = Format(leftover.format)
    if text.lstrip().startswith("{"):
        text = f"[{text}]"
    elif leftover.head:
        text = f"{leftover.head}\n{text}\n"
    return open_export(Source(leftover.file, text), kind)


def _is_about_the_file(finding: Finding) -> bool:
    """An entry alone has no @Proceedings entry beside it."""
    return finding.rule == "volume" and not finding.paper


def _problems(leftover: Leftover, plan: Plan) -> Sequence[Finding]:
    """What keeps the text from being imported as one paper, one corresponding author, or the volume."""
    wrong = errors(plan.findings)
    if leftover.format == CONTACTS or plan.of(Change.REJECTED):
        return wrong
    if len(plan.papers) > 1 or not (plan.papers or plan.source.file.volume):
        message = f"the text has {len(plan.papers)} papers: write exactly one"
        return [Finding(rule="count", message=message, file=leftover.file), *wrong]
    if any(paper.record and not _is_whole(paper.record) for paper in plan.of(Change.NEW)):
        return wrong
    return [one for one in wrong if leftover.field and one.field == leftover.field]


def _is_whole(record: PaperRecord) -> bool:
    """Whether a paper that an editor has corrected can be one: an import is more lenient."""
    return record.title != NO_TITLE and bool(record.authors)
