"""manage.py verify_audit: exit 0 when every chain of events is whole, else 1 with the first break of each.

With --files every sealed file is read again too: what to run after a restore.
"""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agreements.documents import audit
from agreements.models import Agreement, Event


class Command(BaseCommand):
    help = "Checks the hash chain of every agreement's events; with --files, every sealed file too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--files", action="store_true", help="read every sealed file again")

    def handle(self, *args: Any, **options: Any) -> None:
        problems = list(audit.check_all())
        if options["files"]:
            problems += audit.check_sealed_files()
        for problem in problems:
            self.stdout.write(self.style.ERROR(problem))
        self.stdout.write(
            f"{Agreement.objects.count()} chains, {Event.objects.count()} events, {len(problems)} broken."
        )
        if problems:
            sys.exit(1)
