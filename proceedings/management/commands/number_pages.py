"""``manage.py number_pages VOLUME [--apply]``: numbers pages by the lengths of the PDFs."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from proceedings.delivery.page_numbering import new_page_numbers, write_page_numbers
from proceedings.management.arguments import volume_numbered
from proceedings.publisher.page_numbers import NoLengthError


class Command(BaseCommand):
    help = (
        "Number the pages of a volume by the lengths of the attached PDFs, section by section, without gaps. "
        "Without --apply, the command shows the differences and changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("--apply", action="store_true", help="write the new numbers, in one transaction")

    def handle(self, *_args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        try:
            with transaction.atomic():
                changed = [one for one in new_page_numbers(volume) if one.changed]
                if options["apply"]:
                    write_page_numbers(volume, changed)
        except NoLengthError as error:
            raise CommandError(f"{error}. Attach the PDFs first.") from error
        for one in changed:
            self.stdout.write(f"  {one.key}: {one.old or 'none'} -> {one.new}")
        done = "changed" if options["apply"] else "to change; add --apply to write them"
        self.stdout.write(f"v{volume.number}: {len(changed)} page ranges {done}.")
