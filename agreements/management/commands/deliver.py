"""manage.py deliver 247 --to DIR: what the publisher gets, and what is still missing."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from agreements import bundle
from proceedings import delivery
from proceedings.management.arguments import moment, volume_numbered


class Command(BaseCommand):
    help = (
        "Writes the public and the permissions package. Exit status 0: the volume is complete; 1: papers are missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder for vNN/ and vNNpermissions/")
        parser.add_argument("--now", help="pretend it is this moment (ISO 8601, UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        now = moment(options["now"]) if options["now"] else timezone.now()
        public = options["to"] / f"v{volume.number}"
        permissions = options["to"] / f"v{volume.number}permissions"
        clearance = bundle.clear(volume)
        bar = partial(tqdm, desc="permissions", unit="file", disable=not sys.stderr.isatty())
        try:
            bundle.write(
                clearance,
                permissions,
                record=partial(bundle.note_delivered, by="command line", now=now),
                progress=bar,
            )
            delivery.write_public(volume, clearance.papers, public)
        except (OSError, ValueError) as error:
            raise CommandError(f"Nothing more was written: {error}") from error
        for paper, why in clearance.blocked:
            self.stdout.write(f"  {paper.key}: {why}")
        self.stdout.write(f"{permissions}: {len(clearance.cleared)} sealed agreements, with their manifest")
        self.stdout.write(f"{public}: the volume's BibTeX file with {len(clearance.cleared)} papers")
        if clearance.blocked:
            self.stdout.write(f"v{volume.number} is not complete: {len(clearance.blocked)} papers are missing.")
            sys.exit(1)
        self.stdout.write(f"v{volume.number} is complete.")
