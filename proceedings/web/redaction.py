"""Removes secrets from log records."""

import logging
import re

LINK = re.compile(
    r"(/sign/(?:copy/|object/|edit/|correction/)?|/reminders/stop/|/packages/|/admin/reset/[A-Za-z0-9_-]+/)[A-Za-z0-9_:-]{20,}"
)


class RedactLinks(logging.Filter):
    """Removes the token from signing links, so that readers of the log cannot sign (ASVS 5, 16.2.5)."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if LINK.search(message):
            record.msg, record.args = LINK.sub(r"\1[link]", message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = LINK.sub(r"\1[link]", record.exc_text)
        return True
