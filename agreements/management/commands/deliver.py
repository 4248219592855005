"""manage.py deliver 247 --to DIR: what the publisher gets, or why it cannot have it yet."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from agreements import lifecycle
from agreements.delivery import packages, readiness
from proceedings.management.arguments import moment, volume_numbered


class Command(BaseCommand):
    help = (
        "Write the public package and the permissions package. If the volume is not ready, the command lists what is "
        "missing; --partial writes the ready papers only. Exit status 0: the volume is complete; 1: it is not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder for vNN/ and vNNpermissions/")
        parser.add_argument("--partial", action="store_true", help="write partial packages with the ready papers only")
        parser.add_argument("--now", help="use this time instead of the current one (ISO 8601, UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        now = moment(options["now"]) if options["now"] else timezone.now()
        what = packages.prepare_delivery(volume, now.date())
        for reason in what.reasons:
            self.stdout.write(f"  {reason}")
        if not what.ready and not options["partial"]:
            self.stdout.write(
                f"v{volume.number} is not ready, so nothing was written ({len(what.reasons)} reasons above). "
                "Add --partial to write the ready papers only."
            )
            sys.exit(1)
        bar = partial(tqdm, desc="files", unit="file", disable=not sys.stderr.isatty())
        try:
            packages.write_delivery(what, options["to"], progress=bar)
        except (OSError, ValueError) as error:
            raise CommandError(f"The packages were not changed: {error}") from error
        for agreement in what.ready_agreements:
            readiness.record_delivery(agreement, by="command line", now=now)
        count, sealed = len(what.ready_agreements), len(what.ready_agreements) - len(what.waived)
        folder = options["to"] / f"v{volume.number}"
        self.stdout.write(f"{folder}permissions: {sealed} sealed agreements, with their evidence and manifest")
        for agreement in what.waived:
            self.stdout.write(f"  {agreement.paper.key} has no signature: {agreement.reason}")
        self.stdout.write(f"{folder}: the volume's BibTeX file with {count} papers")
        if not what.ready:
            self.stdout.write(
                f"v{volume.number} is not complete: these are partial packages, and {len(what.blocked)} papers are "
                "missing."
            )
            sys.exit(1)
        lifecycle.stop_volume_reminders(volume.pk, now=now)
        self.stdout.write(f"v{volume.number} is complete.")
