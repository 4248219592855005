"""manage.py email_addresses: lists undeliverable addresses, and allows email to one again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.mail import addresses
from agreements.models import EmailAddress
from proceedings.email_address import address_key


class Command(BaseCommand):
    help = "List the undeliverable email addresses. We send no email to them until you lift the block."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--lift", metavar="ADDRESS", help="allow email to this address again, after you checked that it works"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["lift"]:
            if not addresses.mark_deliverable(options["lift"]):
                raise CommandError(f"{options['lift']} is not an undeliverable address.")
            self.stdout.write(
                f"Email to {options['lift']} is allowed again. Send the author a reminder on the agreement's page."
            )
            return
        for row in EmailAddress.objects.filter(undeliverable_at__isnull=False).order_by("undeliverable_at"):
            if row.address != address_key(row.address):
                continue  # another spelling of an address that is listed
            self.stdout.write(f"{row.address}  {row.undeliverable_at:%Y-%m-%d %H:%M} UTC  {row.reason}")
