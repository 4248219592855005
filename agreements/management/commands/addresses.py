"""manage.py addresses: which addresses take no mail, and the way back for one that does again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.mail import addresses
from agreements.models import EmailAddress


class Command(BaseCommand):
    help = "Lists the addresses that servers refused for good. Nothing is mailed there until it is lifted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--lift", metavar="ADDRESS", help="mail may go there again: you have made sure it arrives")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["lift"]:
            if not addresses.mark_deliverable(options["lift"]):
                raise CommandError(f"{options['lift']} is not among them.")
            self.stdout.write(f"Mail may go to {options['lift']} again. Remind its author on the desk.")
            return
        for row in EmailAddress.objects.filter(undeliverable_at__isnull=False).order_by("undeliverable_at"):
            self.stdout.write(f"{row.address}  {row.undeliverable_at:%Y-%m-%d %H:%M} UTC  {row.reason}")
