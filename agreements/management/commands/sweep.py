"""manage.py sweep: the clock's rounds by hand, the same code that Celery runs."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from agreements import clock
from proceedings.management.arguments import moment

# In this order a reminder that is due leaves in the same sweep, and so does the copy of what was just sealed.
ROUNDS = {"chase": clock.chase, "seal": clock.seal_due, "send": clock.send}


class Command(BaseCommand):
    help = "Runs the clock's rounds once: chase queues reminders, seal seals what is signed, send hands over mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("round", nargs="?", default="all", choices=[*ROUNDS, "all"])
        parser.add_argument("--now", help="pretend it is this moment (ISO 8601, UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        frozen = moment(options["now"]) if options["now"] else None

        def tell_time() -> datetime:
            return frozen or timezone.now()

        for name, run in ROUNDS.items():
            if options["round"] in (name, "all"):
                tally = run(tell_time)
                counts = ", ".join(f"{count} {what}" for what, count in sorted(tally.items()) if count)
                self.stdout.write(f"{name}: {counts or 'nothing due'}")
