"""``manage.py check_volume VOLUME|DIR|FILE.bib``: runs all publisher checks."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from proceedings.bibtex.findings import Severity
from proceedings.delivery.volume_check import Report, check_folder, check_rows, check_text
from proceedings.management.arguments import volume_numbered

_HEADINGS = {
    Severity.ERROR: "Errors: the publisher rejects these",
    Severity.WARNING: "Warnings: check these",
    Severity.NOTE: "Notes",
}


class Command(BaseCommand):
    help = (
        "Run the publisher checks on a volume in the database (by its number), on a folder with a .bib file and PDFs, "
        "or on a .bib file. Exit status 0: no errors; 1: errors."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", metavar="VOLUME|DIR|FILE.bib", help="the publisher's number, a folder or a file")

    def handle(self, *_args: Any, **options: Any) -> None:
        report = report_on(options["what"])
        for severity, heading in _HEADINGS.items():
            if findings := report.of(severity):
                self.stdout.write(f"\n{heading} ({len(findings)})")
                for finding in findings:
                    self.stdout.write(f"  {finding} [{finding.rule}]")
        if report.left:
            self.stdout.write(f"\nLeft as they are ({len(report.left)})")
            for finding, decision in report.left:
                self.stdout.write(
                    f"  {finding} [{finding.rule}]: {decision.reason} ({decision.by}, {decision.at:%Y-%m-%d})"
                )
        self.stdout.write(f"\n{report.what}: {report.counts}")
        if report.errors:
            sys.exit(1)


def report_on(what: str) -> Report:
    """The report on `what`. A number is a volume in the database; write ./247 for a folder of that name."""
    if what.isdigit():
        return check_rows(volume_numbered(what))
    path = Path(what)
    try:
        if path.is_dir():
            return check_folder(
                path, lambda names: tqdm(names, desc="PDFs", unit="file", disable=not sys.stderr.isatty())
            )
        if path.is_file():
            return check_text(path)
    except OSError as error:
        msg = f"Cannot read {error.filename or path}: {error.strerror}."
        raise CommandError(msg) from error
    msg = f"{what} is not a volume number, a folder or a .bib file."
    raise CommandError(msg)
