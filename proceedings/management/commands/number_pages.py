"""``manage.py number_pages VOLUME [--apply]``: numbers pages by the lengths of the PDFs."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from proceedings.delivery.volume_check import pdf_facts_of
from proceedings.management.arguments import volume_numbered
from proceedings.models import Paper, Volume
from proceedings.publisher.page_numbers import NewPages, NoLengthError, Sheet, number


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
                changed = [one for one in numbered(volume) if one.changed]
                if options["apply"]:
                    for one in changed:
                        volume.papers.filter(key=one.key).update(pages=one.new)
        except NoLengthError as error:
            raise CommandError(f"{error}. Attach the PDFs first.") from error
        for one in changed:
            self.stdout.write(f"  {one.key}: {one.old or 'none'} -> {one.new}")
        done = "changed" if options["apply"] else "to change; add --apply to write them"
        self.stdout.write(f"v{volume.number}: {len(changed)} page ranges {done}.")


def numbered(volume: Volume) -> list[NewPages]:
    """New pages of the accepted papers of `volume`. Locks them, so it needs a transaction. Raises NoLengthError."""
    papers = volume.papers.filter(status=Paper.Status.ACCEPTED).select_for_update().prefetch_related("files")
    sheets = []
    for paper in papers:
        facts = pdf_facts_of(paper)
        sheets.append(Sheet(paper.key, paper.position, paper.section, paper.pages, facts.pages if facts else 0))
    return number(sheets, volume.sections)
