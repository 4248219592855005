"""manage.py seal_key new|show|rotate: the key that seals agreements."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agreements.documents import seal


class Command(BaseCommand):
    help = "Create, show or replace the seal key and its certificate (SEAL_KEY, SEAL_CERT)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["new", "show", "rotate"])
        parser.add_argument(
            "--organisation", default="", help="the publisher's name in the certificate (for new and rotate)"
        )
        parser.add_argument(
            "--years", type=int, default=3, help="validity of the certificate in years (for new and rotate)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["what"] != "show" and not options["organisation"]:
            raise CommandError("The publisher's name is missing. Add --organisation 'Proceedings of …'.")
        if options["what"] == "rotate":
            for file in self.set_aside(now):
                self.stdout.write(f"The old file is now {file}.")
            self.stdout.write("Workers use the new key for the next seal. Old seals stay valid.")
        if options["what"] != "show":
            try:
                make_key(options["organisation"], years=options["years"])
            except FileExistsError as error:
                raise CommandError(f"{error.filename} exists already. Use `seal_key rotate` to replace it.") from error
        try:
            key = seal.SealKey.load(settings.SEAL_KEY, settings.SEAL_CERT)
        except seal.SealError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{settings.SEAL_CERT}: {key.owner}, until {key.expires:%Y-%m-%d}")
        self.stdout.write(f"SHA-256 of the certificate: {key.fingerprint}")
        for finding in seal.check_key(settings.SEAL_KEY, settings.SEAL_CERT, now):
            self.stdout.write(self.style.WARNING(finding))

    def set_aside(self, now: datetime) -> list[Path]:
        """Renames the key and its certificate, so that nothing is lost and new ones can take their place."""
        moved = []
        for file in (settings.SEAL_KEY, settings.SEAL_CERT):
            if not file.exists():
                raise CommandError(f"{file} does not exist, so there is nothing to replace. Use `seal_key new`.")
            moved.append(file.rename(file.with_name(f"{file.stem}-until-{now:%Y%m%dT%H%M%S}{file.suffix}")))
        return moved


def make_key(organisation: str, *, years: int = 3) -> None:
    """Makes the key and its certificate where the settings name them. Raises FileExistsError rather than overwrite."""
    for file in (settings.SEAL_KEY, settings.SEAL_CERT):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    seal.new_key(settings.SEAL_KEY, settings.SEAL_CERT, organisation=organisation, now=timezone.now(), years=years)
