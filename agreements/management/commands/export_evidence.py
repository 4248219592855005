"""manage.py export_evidence 247 smith24 --to FILE.zip: writes the evidence bundle of a sealed agreement."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.documents import evidence_bundle
from agreements.models import Agreement
from proceedings.files.atomic import write_atomically
from proceedings.management.arguments import volume_numbered


class Command(BaseCommand):
    help = "Write the evidence bundle of a sealed agreement. The verify.py in it needs no server and no network."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("paper", help="the paper's key, such as smith24")
        parser.add_argument("--to", required=True, type=Path, metavar="FILE.zip")

    def handle(self, *args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        sealed = Agreement.objects.filter(paper__volume=volume, paper__key=options["paper"], sealed_at__isnull=False)
        agreement = sealed.select_related("text", "shown", "seal_certificate").order_by("-sealed_at").first()
        if agreement is None:
            raise CommandError(f"v{volume.number} has no sealed agreement for {options['paper']}.")
        try:
            write_atomically(options["to"], evidence_bundle.build_bundle(agreement))
        except OSError as error:
            raise CommandError(f"Cannot write {options['to']}: {error}") from error
        self.stdout.write(
            f"{options['to']}: {agreement.reference}. To verify it, unpack it and run `python3 verify.py`."
        )
