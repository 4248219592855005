"""manage.py preview_emails 247: lists the next emails if nobody signs."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from agreements.reminders import preview
from proceedings.management.arguments import moment, volume_numbered


class Command(BaseCommand):
    help = "List the scheduled emails to a volume's authors. Changes and sends nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("--days", type=int, default=14, help="number of days ahead (default: 14)")
        parser.add_argument("--now", help="use this time instead of the current one (ISO 8601, UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        now = moment(options["now"]) if options["now"] else timezone.now()
        count = 0
        for email in preview.planned_emails(volume, now, now + timedelta(days=options["days"])):
            papers = ", ".join(key for key, _ in email.papers)
            self.stdout.write(f"{email.at:%Y-%m-%d %H:%M} UTC  {email.to}  {email.what}: {papers}")
            count += 1
        self.stdout.write(f"{count} emails in {options['days']} days, if nobody signs.")
