"""For the day when the last superuser has lost phone and recovery codes, or `SECRET_KEY` had to change."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from proceedings.accounts import pages, two_factor
from proceedings.models import User


class Command(BaseCommand):
    help = "Takes somebody's authenticator and recovery codes away; the next login leads to setting up new ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        two_factor.remove(user)
        pages.record_change(user, by=user, what="Two-step login reset on the command line")
        self.stdout.write(f"{user} sets up two-step login at the next login.")
