"""manage.py verify_audit: checks the audit log; exit status 1 lists the first error of each agreement.

Run it with --files after a restore: it then reads every sealed file too.
"""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agreements.documents import audit
from agreements.models import Agreement, Event


class Command(BaseCommand):
    help = "Check the audit log of every agreement. With --files, check every sealed file too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--files", action="store_true", help="read every sealed file too")

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
