"""Plans an import and applies the plan. An editor sees the plan, and decides, before it is applied."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import transaction

from proceedings.bibtex.records import VolumeFile, read_volume_file
from proceedings.bibtex.source import Source
from proceedings.importing import leftovers, name_review
from proceedings.importing.contacts import ContactTable
from proceedings.importing.formats import read_contact_file
from proceedings.importing.mapping import map_submissions
from proceedings.importing.merge.comparison import Planner
from proceedings.importing.merge.excerpts import CONTACTS
from proceedings.importing.merge.writer import Writer
from proceedings.importing.plan import (
    Choose,
    Input,
    NothingToApplyError,
    Plan,
    PlanOutdatedError,
    SourceText,
    by_default,
)
from proceedings.importing.submissions import Submissions
from proceedings.models import Volume
from proceedings.models.as_records import paper_records, volume_record

NO_CONTACTS = ContactTable()


def make_plan(bib: Source, contacts: Source | None = None, volume: Volume | None = None) -> Plan:
    """Returns what importing `bib`, and `contacts` if given, would do now. Only reads the database.

    A file whose @Proceedings entry names no volume is planned for `volume`. Raises UnreadableFileError if `contacts`
    cannot be read at all.
    """
    file = read_volume_file(bib.text, bib.name) if bib.text is not None else VolumeFile(None, (), ())
    table = read_contact_file(contacts) if contacts else NO_CONTACTS
    unread = [bib.finding] if bib.finding else []
    named = file.volume is not None and bool(file.volume.number)
    return plan_input(
        Input(
            bib=bib.name,
            file=replace(file, findings=(*unread, *file.findings)),
            contacts_file=contacts.name if contacts else "",
            table=table,
            volume=volume.pk if volume and not named else None,
            texts=(SourceText(bib.name, "bibtex", bib.text or ""), *_contact_text(table)),
        )
    )


def make_table_plan(
    submissions: Submissions,
    file: str,
    volume: Volume,
    contacts: ContactTable = NO_CONTACTS,
    texts: Sequence[SourceText] = (),
) -> Plan:
    """Returns what importing `submissions`, read from `file`, into `volume` would do now. Only reads the database.

    `contacts` are addresses of their authors, by the number of the submission or the key of the paper. `texts` are the
    files as they were read, so that an editor can correct a row that was left out.
    """
    known = paper_records(volume.papers.all())
    mapped = map_submissions(submissions, volume_record(volume), known, file, smtputf8=settings.EMAIL_SMTPUTF8)
    return plan_input(
        Input(
            bib=file,
            file=replace(mapped, volume=None),
            contacts_file=contacts.file,
            table=contacts,
            volume=volume.pk,
            whole=False,
            texts=(*texts, *_contact_text(contacts)),
        )
    )


def _contact_text(table: ContactTable) -> list[SourceText]:
    return [SourceText(table.file, CONTACTS, rows=table.grid.rows)] if table.grid else []


def plan_input(source: Input) -> Plan:
    """Returns what importing records that were already read would do now. Only reads the database."""
    return Planner(source).plan()


def apply(
    plan: Plan, *, leave_out: Collection[str] = (), choose: Choose = by_default, now: datetime | None = None
) -> Volume:
    """Applies `plan` in one transaction, except for the papers whose keys in the file are in `leave_out`.

    `choose` decides the differences. `now` (UTC) is remembered with what the file says, and with what was left out.

    Raises NothingToApplyError if the plan has no volume, and PlanOutdatedError if the database has changed since the
    plan was made. In both cases nothing is written.
    """
    if plan.volume is None:
        msg = "The file has no readable volume, so nothing was changed. Choose one, or correct its @Proceedings entry."
        raise NothingToApplyError(msg)
    with transaction.atomic():
        planner = Planner(plan.source, lock=True)
        if planner.plan() != plan:
            msg = "Another user changed the volume, so nothing was imported. Check the new plan."
            raise PlanOutdatedError(msg)
        writer = Writer(planner, plan, plan.volume, choose, leave_out, now.isoformat() if now else "")
        volume = writer.write()
        name_review.queue_names(volume, [paper.record for paper in writer.papers if paper.record])
        leftovers.record(volume, plan, writer.papers, writer.clashes, now=now)
    return volume
