"""manage.py run_jobs: runs the scheduled jobs once by hand, with the same code as Celery."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from agreements.jobs import scheduled
from proceedings.management.arguments import moment

JOB_NAMES = {
    "bulk-jobs": "work",
    "queue-emails": "chase",
    "seal": "seal",
    "send": "send",
    "packages": "pack",
    "publisher-checks": "check",
    "verify-files": "recheck",
    "read-bounces": "bounces",
}
"""The names of the jobs on the command line; the values are the names that Celery and `JobRun` use."""


class Command(BaseCommand):
    help = (
        "Run the scheduled jobs once. bulk-jobs runs queued bulk jobs, queue-emails queues reminders and other emails "
        "that are due, seal seals signed agreements, send sends queued emails, packages makes requested packages, "
        "publisher-checks runs the publisher checks, verify-files reads part of the sealed files again, "
        "read-bounces reads the bounce mailbox."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        # The stored names are accepted too; the metavar lists only the new ones.
        parser.add_argument(
            "job",
            nargs="?",
            default="all",
            choices=[*JOB_NAMES, *JOB_NAMES.values(), "all"],
            metavar="|".join([*JOB_NAMES, "all"]),
            help="the job to run; all jobs if not given",
        )
        parser.add_argument("--now", help="use this time instead of the current one (ISO 8601, UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        clock = scheduled.fixed_clock(moment(options["now"])) if options["now"] else timezone.now
        for name, stored_name in JOB_NAMES.items():
            if options["job"] in (name, stored_name, "all"):
                tally = scheduled.JOBS[stored_name](clock)
                counts = ", ".join(f"{count} {what}" for what, count in sorted(tally.items()) if count)
                self.stdout.write(f"{name}: {counts or 'nothing due'}")
