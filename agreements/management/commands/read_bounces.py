"""manage.py read_bounces: the reports of mail that did not arrive, from a maildir, by IMAP, or one from stdin."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agreements.jobs import bounce_reports
from agreements.mail import mailboxes


class Command(BaseCommand):
    help = "Read bounce reports. Each report counts once, even if it is read again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source",
            metavar="MAILDIR|imap|-",
            help="a maildir; imap for the mailbox BOUNCE_MAILBOX; - for one email on stdin. Only new emails are read.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tally: Counter[str] = Counter()
        try:
            bounce_reports.record_all(self.mails(options["source"]), timezone.now, tally)
        except mailboxes.MailboxError as error:
            raise CommandError(f"{self.counts(tally)}, then an error: {error}" if tally else str(error)) from error
        self.stdout.write(self.counts(tally) or "no new email")

    @staticmethod
    def counts(tally: Counter[str]) -> str:
        return ", ".join(f"{count} {what}" for what, count in sorted(tally.items()))

    @staticmethod
    def mails(source: str) -> Iterable[bytes]:
        if source == "-":
            return [sys.stdin.buffer.read()]
        if source != "imap":
            return mailboxes.read_maildir(Path(source))
        if not settings.BOUNCE_MAILBOX.scheme:
            raise CommandError("BOUNCE_MAILBOX is not set. Set it to imaps://user:password@host/INBOX.")
        return mailboxes.read_imap(settings.BOUNCE_MAILBOX)
