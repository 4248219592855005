"""manage.py export_agreement 247 smith24 --to FILE: writes a paper's agreement as PDF."""

from pathlib import Path
from typing import Any

from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.documents import rendering
from agreements.models import Agreement
from proceedings.files.atomic import write_atomically
from proceedings.management.arguments import volume_numbered


class Command(BaseCommand):
    help = "Write the PDF of a paper's newest agreement: the form, signed, or sealed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("paper", help="the paper's key, such as smith24")
        parser.add_argument("--unsigned", action="store_true", help="write the form as the author sees it")
        parser.add_argument("--to", required=True, type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        newest = Agreement.objects.filter(paper__volume=volume, paper__key=options["paper"]).order_by(
            "-created_at", "-pk"
        )
        agreement = newest.select_related("text").first()
        if agreement is None:
            raise CommandError(f"v{volume.number} has no agreement for {options['paper']}. Issue one first.")
        what, body = self.current_pdf(agreement, unsigned=options["unsigned"])
        try:
            write_atomically(options["to"], body)
        except OSError as error:
            raise CommandError(f"Cannot write {options['to']}: {error.strerror}.") from error
        self.stdout.write(f"{options['to']}: {agreement.reference}, {what}, {len(body)} bytes")

    def current_pdf(self, agreement: Agreement, *, unsigned: bool) -> tuple[str, bytes]:
        """A description of the file, and its bytes."""
        if unsigned or agreement.signed_at is None:
            shown = getattr(agreement, "shown", None)
            return "the unsigned form", bytes(shown.body) if shown else rendering.render_form(agreement)
        if not agreement.sealed_file:
            return "signed, not sealed yet", rendering.complete_form(agreement, bytes(agreement.shown.body))
        with storages["private"].open(agreement.sealed_file) as file:
            return "the sealed PDF", file.read()
