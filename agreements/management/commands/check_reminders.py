"""manage.py check_reminders: checks the invariants of reminders and emails on this database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agreements.reminders import invariants


class Command(BaseCommand):
    help = (
        "Check the invariants of reminders and emails (I1 to I10). Exit status 0: all hold; 1: some do not. "
        "Changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for finding in invariants.check_all(timezone.now()):
            broken += 1
            self.stdout.write(f"{finding.invariant}: {finding.message}")
        if broken:
            raise CommandError(f"{broken} invariants do not hold. See the list above.")
        self.stdout.write("All invariants hold.")
