"""``manage.py citations VOLUME [--paper KEY] [--format bibtex|ris|csl]``: citation and address of each paper."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from proceedings.bibtex.latex import LatexError, UnmappedError
from proceedings.bibtex.names import NotANameError
from proceedings.management.arguments import volume_numbered
from proceedings.models import Paper
from proceedings.models.as_records import paper_records, volume_record
from proceedings.publisher import citations, rules

FORMATS = {"bibtex": citations.bibtex, "ris": citations.ris, "csl": citations.csl_json}


class Command(BaseCommand):
    help = (
        "Print citations and addresses of a volume's papers. "
        "The publisher computes IDs from all papers, so the addresses are final only when the volume is complete."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("--paper", metavar="KEY", action="append", help="only this paper; may be repeated")
        parser.add_argument("--format", choices=FORMATS, default="bibtex")

    def handle(self, *_args: Any, **options: Any) -> None:
        row = volume_numbered(options["volume"])
        volume = volume_record(row)
        papers = paper_records(row.papers.filter(status=Paper.Status.ACCEPTED))
        ids = rules.predicted_ids(volume, papers)
        ids |= dict(row.papers.exclude(public_id="").filter(key__in=ids).values_list("key", "public_id"))
        wanted = options["paper"] or list(ids)
        if unknown := [key for key in wanted if key not in ids]:
            msg = f"v{row.number} has no paper {', '.join(unknown)}."
            raise CommandError(msg)
        write = FORMATS[options["format"]]
        for paper in papers:
            if paper.key in wanted:
                public_id = ids[paper.key]
                try:
                    self.stdout.write(write(volume, paper, public_id, rules.publication_url(volume, public_id)))
                except (LatexError, NotANameError, UnmappedError) as error:
                    msg = f"{paper.key}: {error}. Run check_volume for details."
                    raise CommandError(msg) from error
