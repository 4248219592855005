"""manage.py read_bounces: the reports of mail that did not arrive, from a maildir or one from standard input."""

import sys
from collections import Counter
from mailbox import Maildir
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agreements import bounces, lifecycle


class Command(BaseCommand):
    help = "Reads the reports that mail servers sent to DEFAULT_FROM_EMAIL. Each counts once, however often it is read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", metavar="MAILDIR", help="a maildir, whose new mail is read; - for one mail on stdin"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tally: Counter[str] = Counter()
        if options["source"] == "-":
            tally[self.take(sys.stdin.buffer.read())] += 1
        else:
            if not Path(options["source"], "new").is_dir():
                raise CommandError(f"{options['source']} is not a maildir.")
            box = Maildir(options["source"], create=False)
            for key in list(box.iterkeys()):
                mail = box.get_message(key)
                if mail.get_subdir() == "new":
                    tally[self.take(box.get_bytes(key))] += 1
                    # Only now: a run that is killed reads it again, and it counts once.
                    mail.set_subdir("cur")
                    mail.add_flag("S")
                    box[key] = mail
        self.stdout.write(", ".join(f"{count} {what}" for what, count in sorted(tally.items())) or "no new mail")

    @staticmethod
    def take(body: bytes) -> str:
        bounce = bounces.read(body)
        return lifecycle.bounced(bounce, now=timezone.now()) if bounce else "ignored"
