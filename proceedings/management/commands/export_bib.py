"""``manage.py export_bib VOLUME --to FILE``: the volume's .bib file exactly as it would be delivered."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from proceedings.bibtex.writer import UnwritableError
from proceedings.delivery.public_package import bibliography
from proceedings.delivery.volume_check import load_papers
from proceedings.management.arguments import volume_numbered


class Command(BaseCommand):
    help = (
        "Write the volume's .bib file exactly as it would be delivered, with all accepted papers, whatever the state "
        "of their agreements. Nothing is recorded as delivered."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("--to", required=True, metavar="FILE", help="the file to write; - for standard output")

    def handle(self, *_args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        papers = load_papers(volume)
        try:
            text = bibliography(volume, papers)
        except UnwritableError as error:
            msg = f"Nothing was written, because these have no form in ASCII LaTeX; correct them first:\n{error}"
            raise CommandError(msg) from error
        if options["to"] == "-":
            self.stdout.write(text, ending="")
            return
        target = Path(options["to"])
        try:
            _replace(target, text)
        except OSError as error:
            msg = f"Cannot write {target}: {error.strerror}."
            raise CommandError(msg) from error
        self.stdout.write(f"{target}: v{volume.number} with {len(papers)} papers.")


def _replace(target: Path, text: str) -> None:
    """Writes the file under another name first, so that nobody finds half of it."""
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="ascii")  # a device or a pipe
        return
    part = target.with_name(f".{target.name}.part")
    part.write_text(text, encoding="ascii")
    part.replace(target)
