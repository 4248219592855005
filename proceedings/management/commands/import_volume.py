"""``manage.py import_volume FILE [--contacts FILE.csv] [--apply]``: shows the import plan, then applies it."""

import textwrap
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.source import Source
from proceedings.importing.formats import Format, detect, read
from proceedings.importing.plan import Change, NothingToApplyError, Plan, PlanOutdatedError
from proceedings.importing.planner import apply, make_plan, make_table_plan
from proceedings.importing.tables import COLUMNS
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
        parser.add_argument("--volume", help="volume for the papers of an export; a BibTeX file names its volume")
        parser.add_argument("--authors", metavar="FILE.csv", type=Path, help="EasyChair's second table, author.csv")
        parser.add_argument(
            "--columns",
            metavar="OURS=THEIRS,…",
            help=f"for --format csv: the table's names of our columns, which are {', '.join(COLUMNS)}",
        )
        parser.add_argument(
            "--contacts",
            metavar="FILE.csv",
            type=Path,
            help="corresponding authors: columns paper,email,name and, if a name is ambiguous, author",
        )
        parser.add_argument("--apply", action="store_true", help="apply the plan, in one transaction")

    def handle(self, *_args: Any, **options: Any) -> None:
        plan = _plan(options)
        for line in describe(plan):
            self.stdout.write(line)
        if options["apply"]:
            try:
                apply(plan)
            except (NothingToApplyError, PlanOutdatedError) as error:
                raise CommandError(str(error)) from error
            self.stdout.write(self.style.SUCCESS("Applied." if plan.changes_anything else "Nothing to change."))
        else:
            self.stdout.write("Nothing was changed. Add --apply to apply this plan.")
        if plan.refused_anything:
            msg = "Some input has errors. See above for file, line and reason."
            raise CommandError(msg)


def _plan(options: dict[str, Any]) -> Plan:
    source = _read(options["bib"])
    kind = Format(options["format"]) if options["format"] else detect(source.name, source.text or "@")
    if kind is None:
        msg = f"{source.name} has an unknown format. Set it with --format, and the columns with --columns."
        raise CommandError(msg)
    if kind is Format.BIBTEX:
        return make_plan(source, _read(options["contacts"]) if options["contacts"] else None)
    if options["contacts"]:
        msg = "--contacts needs a BibTeX file. Import the export first, then the volume's .bib file with --contacts."
        raise CommandError(msg)
    if not options["volume"]:
        msg = "An export does not name its volume. Create the volume first, then add --volume."
        raise CommandError(msg)
    volume = volume_numbered(options["volume"])
    if source.text is None:
        raise CommandError(str(source.finding))
    authors = (_read(options["authors"]).text or "") if options["authors"] else ""
    columns = _columns(options["columns"] or "")
    return make_table_plan(read(kind, source.text, source.name, authors=authors, columns=columns), source.name, volume)


def _columns(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    unknown = [ours.strip() for ours, _, theirs in pairs if ours.strip() not in COLUMNS or not theirs.strip()]
    if unknown:
        msg = f"--columns: {', '.join(unknown)} is not in the form OURS=THEIRS. Our columns are {', '.join(COLUMNS)}."
        raise CommandError(msg)
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _read(path: Path) -> Source:
    try:
        return Source.read(str(path), path.read_bytes())
    except OSError as error:
        msg = f"Cannot read {path}: {error.strerror}."
        raise CommandError(msg) from error


def describe(plan: Plan) -> list[str]:
    """The plan as text: counts, then new, changed and gone papers, and each finding."""
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
    lines += _changed(plan)
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


def _changed(plan: Plan) -> list[str]:
    lines = []
    if plan.volume_differences:
        lines += ["", "Changed in the volume"]
        lines += [f"  {one.field}: {_short(one.old)} -> {_short(one.new)}" for one in plan.volume_differences]
    if changed := plan.of(Change.CHANGED):
        lines += ["", f"Changed ({len(changed)})"]
        for paper in changed:
            lines.append(f"  {paper.key}")
            lines += [f"    {one.field}: {_short(one.old)} -> {_short(one.new)}" for one in paper.differences]
    return lines


def _short(text: str) -> str:
    return f'"{textwrap.shorten(text, 160, placeholder=" …")}"'


def _findings(heading: str, findings: list[Finding]) -> list[str]:
    return ["", f"{heading} ({len(findings)})", *(f"  {finding}" for finding in findings)] if findings else []
