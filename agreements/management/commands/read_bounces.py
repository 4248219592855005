"""manage.py read_bounces: the reports of mail that did not arrive, from a maildir, by IMAP, or one from stdin."""

import logging
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agreements import lifecycle
from agreements.mail import bounces, headers, mailboxes

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Reads the reports about mail that did not arrive. Each counts once, however often it is read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source",
            metavar="MAILDIR|imap|-",
            help="a maildir, whose new mail is read; imap for the new mail of BOUNCE_MAILBOX; - for one mail on stdin",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tally: Counter[str] = Counter()
        try:
            for body in self.mails(options["source"]):
                tally[self.take(body)] += 1
        except mailboxes.MailboxError as error:
            raise CommandError(f"{self.counts(tally)}, and then: {error}" if tally else str(error)) from error
        self.stdout.write(self.counts(tally) or "no new mail")

    @staticmethod
    def counts(tally: Counter[str]) -> str:
        return ", ".join(f"{count} {what}" for what, count in sorted(tally.items()))

    @staticmethod
    def mails(source: str) -> Iterable[bytes]:
        if source == "-":
            return [sys.stdin.buffer.read()]
        if source != "imap":
            return mailboxes.maildir(Path(source))
        if not settings.BOUNCE_MAILBOX.scheme:
            raise CommandError("BOUNCE_MAILBOX is not set. Give imaps://user:password@host/INBOX.")
        return mailboxes.imap(settings.BOUNCE_MAILBOX)

    @staticmethod
    def take(body: bytes) -> str:
        try:
            bounce = bounces.read(body, headers.return_paths())
        except Exception:
            # Whatever a stranger has written, the mails behind it are read. It stays in the mailbox.
            logger.exception("A mail cannot be understood")
            return "not understood"
        return lifecycle.bounced(bounce, now=timezone.now()) if bounce else "ignored"
