"""manage.py sweep: the clock's rounds by hand, the same code that Celery runs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from agreements.jobs import scheduled
from proceedings.management.arguments import moment


class Command(BaseCommand):
    help = (
        "Runs the clock's rounds once: work carries out moves for many, chase queues reminders, seal seals what is "
        "signed, send hands over mail, pack makes the packages that were asked for, check asks what the publisher "
        "would object to, recheck reads the day's part of the sealed files again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("round", nargs="?", default="all", choices=[*scheduled.JOBS, "all"])
        parser.add_argument("--now", help="pretend it is this moment (ISO 8601, UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        time = scheduled.fixed_clock(moment(options["now"])) if options["now"] else timezone.now
        for name, run in scheduled.JOBS.items():
            if options["round"] in (name, "all"):
                tally = run(time)
                counts = ", ".join(f"{count} {what}" for what, count in sorted(tally.items()) if count)
                self.stdout.write(f"{name}: {counts or 'nothing due'}")
