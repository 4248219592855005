"""What must never reach a log."""

import logging
import re

LINK = re.compile(
    r"(/sign/(?:copy/|object/|edit/|correction/)?|/reminders/stop/|/packages/|/admin/reset/[A-Za-z0-9_-]+/)[A-Za-z0-9_:-]{20,}"
)


class RedactLinks(logging.Filter):
    """Takes the secret out of mailed links: who reads the log must not be able to sign (ASVS 5, 16.2.5)."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if LINK.search(message):
            record.msg, record.args = LINK.sub(r"\1[link]", message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = LINK.sub(r"\1[link]", record.exc_text)
        return True
