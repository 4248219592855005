"""``manage.py attach_files VOLUME DIR``: the papers' PDFs and supplements come in."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from proceedings.files import sandbox
from proceedings.files.attach import Outcome, accepted_findings, attach, rejections
from proceedings.management.arguments import volume_numbered


class Command(BaseCommand):
    help = (
        "Attach <key>.pdf and <key>-supp.<ext> from a folder to a volume's papers. Lists the result for each file. "
        "Exit status 1: a file was rejected; the others are attached."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("folder", metavar="DIR", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        if not options["folder"].is_dir():
            msg = f"{options['folder']} is not a folder."
            raise CommandError(msg)
        try:
            with sandbox.sandboxed_reader() as read_pdf:
                intake = attach(
                    volume,
                    options["folder"],
                    progress=lambda names: tqdm(names, desc="files", unit="file", disable=not sys.stderr.isatty()),
                    read_pdf=read_pdf,
                )
        except OSError as error:
            msg = f"Cannot read {error.filename or options['folder']}: {error.strerror}."
            raise CommandError(msg) from error
        counts = intake.counts
        listed = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
        self.stdout.write(f"v{volume.number}: {len(intake.outcomes)} files: {listed}")
        for heading, findings in (("Rejected", rejections(intake)), ("Warnings", accepted_findings(intake))):
            if findings:
                self.stdout.write(f"\n{heading} ({len(findings)})")
                for finding in findings:
                    self.stdout.write(f"  {finding} [{finding.rule}]")
        if intake.without_pdf:
            self.stdout.write(f"\nPapers without a PDF ({len(intake.without_pdf)})\n  {' '.join(intake.without_pdf)}")
        if counts[Outcome.REJECTED]:
            sys.exit(1)
