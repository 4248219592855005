"""``manage.py import_volume FILE [--contacts FILE.csv] [--apply]``: shows the import plan, then applies it."""

import textwrap
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.source import ENCODINGS, Source
from proceedings.importing.contacts import ContactTable
from proceedings.importing.formats import Format, open_export, read_contact_file, read_export, read_second
from proceedings.importing.merge.excerpts import text_of
from proceedings.importing.openreview import Profiles
from proceedings.importing.plan import (
    Change,
    Choice,
    Choose,
    Difference,
    NothingToApplyError,
    Origin,
    PaperPlan,
    Plan,
    PlanOutdatedError,
    by_default,
)
from proceedings.importing.planner import NO_CONTACTS, apply, make_plan, make_table_plan
from proceedings.importing.remembered import known_decisions, remember_decisions
from proceedings.importing.submissions import Submissions, UnreadableFileError
from proceedings.importing.tables.authors import AuthorTable
from proceedings.importing.tables.decisions import normal_decision
from proceedings.importing.tables.layouts import COLUMNS
from proceedings.management.arguments import volume_numbered

_HEADINGS = {
    Severity.ERROR: "Errors: correct these before you deliver the volume",
    Severity.WARNING: "Warnings",
    Severity.NOTE: "Skipped",
}


class Command(BaseCommand):
    help = (
        "Import a volume from the publisher's BibTeX file, or papers from an export of a submission system. "
        "Without --apply, the command prints the import plan and changes nothing. "
        "Exit status 1: an entry, a corresponding author or a file has an error, even if it was imported."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("bib", metavar="FILE", type=Path, help="BibTeX, or an export of a submission system")
        formats = [kind.value for kind in Format]
        parser.add_argument("--format", choices=formats, help="format of FILE, if it cannot be detected")
        parser.add_argument(
            "--volume", help="volume for the papers of an export, or of a BibTeX file that names no volume"
        )
        parser.add_argument(
            "--authors",
            metavar="FILE",
            type=Path,
            help="second table of EasyChair or HotCRP, with one row per author, or OpenReview's profiles as JSON",
        )
        parser.add_argument(
            "--columns",
            metavar="OURS=THEIRS,…",
            help=f"for --format csv: the table's names of our columns, which are {', '.join(COLUMNS)}",
        )
        parser.add_argument(
            "--contacts",
            metavar="TABLE",
            type=Path,
            help="addresses of authors: columns paper, email, name; author (a position) if a name is ambiguous; "
            "corresponding (yes) if a paper has several rows",
        )
        parser.add_argument(
            "--encoding", choices=list(ENCODINGS), help="encoding of the lines that are not in UTF-8, if there are any"
        )
        parser.add_argument(
            "--accept",
            metavar="DECISION",
            action="append",
            default=[],
            help="an unclear decision that is an acceptance; repeatable; --apply remembers it for the volume",
        )
        parser.add_argument(
            "--reject",
            metavar="DECISION",
            action="append",
            default=[],
            help="an unclear decision that is none, likewise",
        )
        decide = parser.add_mutually_exclusive_group()
        decide.add_argument(
            "--keep",
            action="store_const",
            const=Choice.KEEP,
            dest="decide",
            help="keep what was corrected here where the file has changed too, and do not ask again",
        )
        decide.add_argument(
            "--take",
            action="store_const",
            const=Choice.TAKE,
            dest="decide",
            help="take the file where it has changed and something was corrected here too, and take new keys",
        )
        parser.add_argument("--apply", action="store_true", help="apply the plan, in one transaction")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            plan = _plan(options)
        except UnreadableFileError as error:
            raise CommandError(str(error)) from error
        choose = deciding(options["decide"])
        for line in describe(plan, choose):
            self.stdout.write(line)
        if options["apply"]:
            try:
                volume = apply(plan, choose=choose, now=timezone.now())
            except (NothingToApplyError, PlanOutdatedError) as error:
                raise CommandError(str(error)) from error
            if answers := _given_answers(options):
                remember_decisions(volume, answers)
            self.stdout.write(self.style.SUCCESS("Applied." if plan.changes_anything else "Nothing to change."))
        else:
            self.stdout.write("Nothing was changed. Add --apply to apply this plan.")
        if plan.refused_anything:
            msg = "Some input has errors. See above for file, line and reason."
            raise CommandError(msg)


def deciding(choice: Choice | None) -> Choose:
    """Decides as usual, and makes this `choice` where a person should decide."""
    return lambda paper, difference: by_default(paper, difference) or choice


def _plan(options: dict[str, Any]) -> Plan:
    source = _read(options["bib"], options["encoding"])
    export = open_export(source, Format(options["format"]) if options["format"] else None)
    if export.kind is None:
        msg = f"{source.name} has an unknown format. Set it with --format, and the columns with --columns."
        raise CommandError(msg)
    if options["columns"] and export.kind is not Format.CSV:
        msg = f"{source.name} is an export of {export.kind}, whose columns are known. For --columns add --format csv."
        raise CommandError(msg)
    if export.kind is Format.BIBTEX:
        contacts = _read(options["contacts"], options["encoding"]) if options["contacts"] else None
        return make_plan(source, contacts, volume_numbered(options["volume"]) if options["volume"] else None)
    if not options["volume"]:
        msg = "An export does not name its volume. Create the volume first, then add --volume."
        raise CommandError(msg)
    volume = volume_numbered(options["volume"])
    answers = {normal_decision(value): accepted for value, accepted in _given_answers(options).items()}
    beside = _authors(options)
    found = read_export(
        export,
        authors=beside if isinstance(beside, AuthorTable) else None,
        profiles=beside if isinstance(beside, Profiles) else None,
        columns=_columns(options["columns"] or ""),
        answers={**known_decisions(volume), **answers},
    )
    _check_questions(found)
    return make_table_plan(found, source.name, volume, _contacts(options), [text_of(export)])


def _given_answers(options: dict[str, Any]) -> dict[str, bool]:
    return dict.fromkeys(options["accept"], True) | dict.fromkeys(options["reject"], False)


def _check_questions(found: Submissions) -> None:
    """Raises CommandError with each decision that is unclear."""
    if found.questions:
        values = "\n".join(f'  "{question.value}": {question.count}' for question in found.questions)
        msg = (
            f"Some decisions do not say clearly whether their papers are accepted:\n{values}\n"
            'Answer each: add --accept "DECISION" or --reject "DECISION".'
        )
        raise CommandError(msg)


def _authors(options: dict[str, Any]) -> AuthorTable | Profiles | None:
    if not options["authors"]:
        return None
    source = _read(options["authors"], options["encoding"])
    found = read_second(source)
    if not isinstance(found, ContactTable):
        return found
    msg = f"{source.name} is no table of authors: it needs the columns submission #, first name and last name."
    raise CommandError(msg)


def _contacts(options: dict[str, Any]) -> ContactTable:
    return read_contact_file(_read(options["contacts"], options["encoding"])) if options["contacts"] else NO_CONTACTS


def _columns(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    unknown = [ours.strip() for ours, _, theirs in pairs if ours.strip() not in COLUMNS or not theirs.strip()]
    if unknown:
        msg = f"--columns: {', '.join(unknown)} is not in the form OURS=THEIRS. Our columns are {', '.join(COLUMNS)}."
        raise CommandError(msg)
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _read(path: Path, encoding: str | None) -> Source:
    """Reads a file. Raises CommandError, also with the lines that are not in UTF-8 as each encoding reads them."""
    try:
        source = Source.read(str(path), path.read_bytes(), encoding or "")
    except OSError as error:
        msg = f"Cannot read {path}: {error.strerror}."
        raise CommandError(msg) from error
    if not source.doubtful:
        return source
    lines = [
        f"  line {line.line}, {name}: {_printable(reading)}"
        for line in source.doubtful
        for name, reading in line.readings.items()
    ]
    msg = "\n".join(
        [
            f"{path} is not in UTF-8. These lines differ:",
            *lines,
            "Add --encoding with the encoding that reads right, or save the file as UTF-8.",
        ]
    )
    raise CommandError(msg)


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def describe(plan: Plan, choose: Choose = by_default) -> list[str]:
    """The plan as text: counts, then new, changed and gone papers, and each finding. `choose` decides differences."""
    counts = plan.counts
    lines = [_title(plan), "", f"  volume    {plan.volume_change}"]
    listed = ", ".join(f"{counts[change]} {change}" for change in Change)
    lines.append(f"  papers    {len(plan.papers)} in the file: {listed}")
    lines.append(
        f"  gone      {len(plan.gone)} in the database and not in the file" + ("; unchanged" if plan.gone else "")
    )
    if plan.contacts.rows:
        table = plan.contacts
        lines.append(
            f"  contacts  {table.rows} in the table: {table.to_set} to set, {table.unchanged} unchanged, "
            f"{table.refused} rejected"
        )
    lines.append(f"  without a corresponding author: {len(plan.without_contact)}")
    lines += _keys("New", [paper.key for paper in plan.of(Change.NEW)])
    lines += _changed(plan, choose)
    lines += _decisions(plan, choose)
    lines += _keys("Gone from the file", plan.gone)
    lines += _keys("Without a corresponding author; no agreement can be issued", plan.without_contact)
    for severity, heading in _HEADINGS.items():
        lines += _findings(heading, [finding for finding in plan.findings if finding.severity is severity])
    return [*lines, ""]


def _title(plan: Plan) -> str:
    volume = plan.volume
    return f"Volume {volume.number}: {volume.name}" if volume else "The file has no readable volume."


def _keys(heading: str, keys: list[str] | tuple[str, ...]) -> list[str]:
    if not keys:
        return []
    wrapped = textwrap.wrap(" ".join(keys), 110, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    return ["", f"{heading} ({len(keys)})", *wrapped]


Pair = tuple[PaperPlan | None, Difference]


def _changed(plan: Plan, choose: Choose) -> list[str]:
    """What the import changes here."""
    taken = [pair for pair in _differences(plan) if choose(*pair) is Choice.TAKE]
    lines = []
    if own := [one for paper, one in taken if paper is None]:
        lines += ["", "Changed in the volume"]
        lines += [f"  {one.label}: {_short(one.old)} -> {_short(one.new)}" for one in own]
    if papers := [pair for pair in taken if pair[0]]:
        lines += ["", f"Changed ({len({id(paper) for paper, _ in papers})})"]
        lines += _by_paper(papers, lambda one: f"{one.label}: {_short(one.old)} -> {_short(one.new)}")
    return lines


def _decisions(plan: Plan, choose: Choose) -> list[str]:
    """What stays as it is here, although the file has something else."""
    lines = []
    kept = [pair for pair in _differences(plan) if choose(*pair) is not Choice.TAKE]
    headings = {
        "Corrected here; the file has not changed": [pair for pair in kept if pair[1].origin is Origin.HERE],
        "Needs a decision: add --keep or --take": [pair for pair in kept if choose(*pair) is None],
        "Changed here and in the file; kept": [
            pair for pair in kept if pair[1].origin is not Origin.HERE and choose(*pair) is Choice.KEEP
        ],
    }
    for heading, pairs in headings.items():
        if pairs:
            lines += ["", f"{heading} ({len(pairs)})"]
            lines += _by_paper(
                pairs,
                lambda one: (
                    f"{one.label}: last import {_short(one.base or '')}, here {_short(one.old)}, file {_short(one.new)}"
                ),
            )
    return lines


def _differences(plan: Plan) -> list[Pair]:
    return [pair for origin in Origin for pair in plan.differences(origin)]


def _by_paper(pairs: Sequence[Pair], describe_one: Callable[[Difference], str]) -> list[str]:
    lines = []
    last: object = ""
    for paper, one in sorted(pairs, key=lambda pair: pair[0].line if pair[0] else 0):
        if paper is not last:
            lines.append(f"  {paper.key if paper else 'volume'}")
            last = paper
        lines.append(f"    {describe_one(one)}")
    return lines


def _short(text: str) -> str:
    return f'"{textwrap.shorten(text, 160, placeholder=" …")}"'


def _findings(heading: str, findings: list[Finding]) -> list[str]:
    return ["", f"{heading} ({len(findings)})", *(f"  {finding}" for finding in findings)] if findings else []
