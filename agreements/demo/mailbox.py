"""Reads the emails that the file backend wrote."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

LINK = re.compile(r"https?://\S+/sign/[A-Za-z0-9_-]{43}/")
REFERENCE = re.compile(r"^Agreement (\S+)$", re.MULTILINE)
RULER = b"\n" + b"-" * 79 + b"\n"
"""The line that the file backend writes after each email."""


@dataclass(frozen=True, slots=True)
class Mail:
    name: str
    """The file's name without its extension, and the number of the email in it."""
    sent_at: datetime
    to: Address
    subject: str
    text: str
    attachments: tuple[str, ...]

    @property
    def link(self) -> str:
        """The signing link, or an empty string."""
        found = LINK.search(self.text)
        return found[0] if found else ""

    @property
    def reference(self) -> str:
        """The reference of the agreement in the email, or an empty string."""
        found = REFERENCE.search(self.text)
        return found[1] if found else ""


def read(folder: Path) -> list[Mail]:
    """All emails in `folder`, newest first."""
    mails = [mail for path in folder.glob("*.log") for mail in parse(path)]
    return sorted(mails, key=lambda mail: (mail.sent_at, mail.name), reverse=True)


def parse(path: Path) -> list[Mail]:
    """The emails in one file: usually one, but the backend can use the same file name twice."""
    *raws, _ = path.read_bytes().split(RULER)
    return [parse_one(f"{path.stem}-{number}", raw.lstrip(b"\n")) for number, raw in enumerate(raws, start=1)]


def parse_one(name: str, raw: bytes) -> Mail:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
    body = message.get_body(("plain",))
    return Mail(
        name=name,
        sent_at=parsedate_to_datetime(str(message["Date"])),
        to=message["To"].addresses[0],
        subject=str(message["Subject"]),
        text=str(body.get_content()) if body else "",
        attachments=tuple(part.get_filename() or "" for part in message.iter_attachments()),
    )
