"""Corrects what an import left out: the corrected text of one entry, row or note is imported as one paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from proceedings.bibtex.findings import Finding, errors
from proceedings.bibtex.records import PaperEntry, VolumeFile, read_volume_file
from proceedings.importing import leftovers
from proceedings.importing.contacts import ContactTable, read_contacts
from proceedings.importing.formats import Format, read
from proceedings.importing.mapping import map_submissions
from proceedings.importing.merge.excerpts import CONTACTS
from proceedings.importing.merge.fields import PAPER_FIELDS
from proceedings.importing.plan import Change, Choice, Choose, Difference, Input, PaperPlan, Plan, SourceText
from proceedings.importing.planner import apply, plan_input
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

    `defaults` decides the differences of a known paper; the field that was left out is always taken.
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
    text = text.replace("\r\n", "\n")
    name, volume = leftover.file, leftover.volume
    table = ContactTable()
    contacts_file = ""
    if leftover.format == CONTACTS:
        table, contacts_file = read_contacts(_below_head(leftover, text), name), name
        wanted = {contact.paper for contact in table.contacts}
        known = paper_records(volume.papers.filter(key__in=wanted))
        file = VolumeFile(None, tuple(PaperEntry(one.key, 0, replace(one, unsaid=UNSAID)) for one in known), ())
    elif leftover.format == Format.BIBTEX:
        file = read_volume_file(text, name)
        file = replace(file, findings=tuple(one for one in file.findings if not _is_about_the_file(one)))
    else:
        found = read(Format(leftover.format), _below_head(leftover, text), name, columns=volume.columns)
        known = paper_records(volume.papers.all())
        file = replace(map_submissions(found, volume_record(volume), known, name), volume=None)
    texts = (SourceText(name, leftover.format, text),)
    return plan_input(Input(name, file, contacts_file, table, volume.pk, whole=False, texts=texts))


def _below_head(leftover: Leftover, text: str) -> str:
    if leftover.format == Format.OPENREVIEW:
        return f"[{text}]" if text.lstrip().startswith("{") else text
    return f"{leftover.head.rstrip()}\n{text}\n"


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
    return [one for one in wrong if leftover.field and one.field == leftover.field]
