"""``manage.py check_volume VOLUME|DIR|FILE.bib``: everything that the publisher would find, and what it would miss."""

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
    Severity.ERROR: "Errors: the publisher, or the making of its pages, stumbles over these",
    Severity.WARNING: "Warnings: look at these",
    Severity.NOTE: "Notes",
}


class Command(BaseCommand):
    help = (
        "Check a volume by the publisher's rules: one at the desk by its number, any folder with a .bib file and PDFs, "
        "or a .bib file alone. Exit status 0: no errors; 1: errors."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", metavar="VOLUME|DIR|FILE.bib", help="the publisher's number, a folder or a file")

    def handle(self, *_args: Any, **options: Any) -> None:
        report = look(options["what"])
        for severity, heading in _HEADINGS.items():
            if findings := report.of(severity):
                self.stdout.write(f"\n{heading} ({len(findings)})")
                for finding in findings:
                    self.stdout.write(f"  {finding} [{finding.rule}]")
        errors, warnings = len(report.of(Severity.ERROR)), len(report.of(Severity.WARNING))
        self.stdout.write(f"\n{report.what}: {report.papers} papers, {errors} errors, {warnings} warnings")
        if errors:
            sys.exit(1)


def look(what: str) -> Report:
    """The report on `what`. A number is a volume at the desk; write ./247 for a folder of that name."""
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
    msg = f"{what} is neither a volume's number nor a folder nor a .bib file."
    raise CommandError(msg)
