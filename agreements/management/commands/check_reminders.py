"""manage.py check_reminders: are the promises of the mail engine kept, on this very database?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agreements.reminders import invariants


class Command(BaseCommand):
    help = "Looks for broken promises of the mail engine (I1 to I10). Exit status 0 when none is, else 1. Reads only."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for finding in invariants.check_all(timezone.now()):
            broken += 1
            self.stdout.write(f"{finding.invariant}: {finding.message}")
        if broken:
            raise CommandError(f"{broken} broken")
        self.stdout.write("Every promise is kept.")
