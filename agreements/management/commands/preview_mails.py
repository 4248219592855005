"""manage.py preview_mails 247: who gets what and when, if nobody signs."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from agreements.reminders import preview
from proceedings.management.arguments import moment, volume_numbered


class Command(BaseCommand):
    help = "Lists the mails to a volume's authors that will go out by themselves. Writes nothing and sends nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("--days", type=int, default=14, help="so many days ahead (14)")
        parser.add_argument("--now", help="pretend it is this moment (ISO 8601, UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        now = moment(options["now"]) if options["now"] else timezone.now()
        count = 0
        for mail in preview.planned_emails(volume, now, now + timedelta(days=options["days"])):
            papers = ", ".join(key for key, _ in mail.papers)
            self.stdout.write(f"{mail.at:%Y-%m-%d %H:%M} UTC  {mail.to}  {mail.what}: {papers}")
            count += 1
        self.stdout.write(f"{count} mails in {options['days']} days, if nobody signs.")
