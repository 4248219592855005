"""manage.py reset_two_factor: for a superuser without phone and recovery codes, or after `SECRET_KEY` changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from proceedings.accounts import pages, two_factor
from proceedings.models import User


class Command(BaseCommand):
    help = "Delete a user's authenticator and recovery codes. The user must set up new ones at the next login."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        two_factor.remove(user)
        pages.record_change(user, by=user, what="Two-factor login reset on the command line")
        self.stdout.write(f"{user} must set up two-factor login at the next login.")
