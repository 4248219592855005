"""``manage.py export_authors VOLUME --to FILE``: the authors with ORCID iD and affiliation, as JSON or CSV."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from proceedings.delivery.author_files import WRITERS
from proceedings.files.atomic import write_atomically
from proceedings.management.arguments import volume_numbered


class Command(BaseCommand):
    help = (
        "Write the authors of a volume's accepted papers to a file: names in parts, ORCID iDs, affiliations and "
        "profile IDs. The publisher's BibTeX file has no fields for them. The written file has no email addresses."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument(
            "--to",
            metavar="FILE",
            type=Path,
            required=True,
            help="its name ends in .json, or in .csv for one row per author",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        path: Path = options["to"]
        write = WRITERS.get(path.suffix.lower().removeprefix("."))
        if write is None:
            msg = f"{path} ends in neither .json nor .csv. Change its name."
            raise CommandError(msg)
        try:
            write_atomically(path, write(volume))
        except OSError as error:
            msg = f"Cannot write {path}: {error.strerror}."
            raise CommandError(msg) from error
        self.stdout.write(f"Wrote {path}.")
