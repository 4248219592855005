"""manage.py verify_agreement FILE: exit status 0 unchanged, 1 changed, 2 not ours."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.documents import verification


class Command(BaseCommand):
    help = (
        "Check whether a PDF is an unchanged agreement that we sealed. Exit status 0: it is; 1: changed; 2: not ours."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            body = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"Cannot read {options['file']}: {error.strerror}.") from error
        verdict = verification.verify(body)
        self.stdout.write(verdict.headline)
        for line in verdict.lines:
            self.stdout.write(f"  {line}")
        if not verdict.valid:
            sys.exit(1 if verdict.ours else 2)
