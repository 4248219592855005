"""Parse bounce reports (RFC 3464). Pure: bytes in, a Bounce out.

A report is about our email if it was sent to that email's return path or contains its Message-ID. Other emails in the
mailbox, such as replies, absence notices and reports about reports, are ignored.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses

FULL = ("5.2.2", "5.3.", "5.4.", "5.7.")
"""Permanent errors that are not about the address: a full mailbox, a system, a route or a policy."""


@dataclass(frozen=True, slots=True)
class Bounce:
    message_id: str
    """Of the email that did not arrive."""
    hard: bool
    """The address is undeliverable."""
    words: str
    digest: str
    """SHA-256 of the report, because the same report may be read twice."""


@dataclass(frozen=True, slots=True)
class ReturnPaths:
    """Return paths of our emails. With one address per email (VERP), a report's recipient identifies the email, even if
    the report quotes nothing of it.
    """

    address: str
    """Such as ``bounces@example.org``."""
    domain: str
    """Domain of our Message-IDs."""
    each: bool
    """Whether the server also delivers ``bounces+anything@example.org`` there."""

    def to(self, message_id: str) -> str:
        """Return the envelope sender of an email: derived from its random Message-ID."""
        local, _, domain = self.address.rpartition("@")
        found = OURS.fullmatch(message_id)
        return f"{local}+{found[1]}@{domain}" if self.each and found else self.address

    def message_id(self, recipient: str) -> str:
        """Return the Message-ID of the email with this return path; empty if there is none."""
        local, _, domain = self.address.lower().rpartition("@")
        found = re.fullmatch(rf"{re.escape(local)}\+({UUID})@{re.escape(domain)}", recipient.lower())
        return f"<{found[1]}@{self.domain}>" if found else ""


UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
OURS = re.compile(rf"<({UUID})@[^<>@]+>")


def read(body: bytes, paths: ReturnPaths | None = None) -> Bounce | None:
    """Parse an email from the mailbox. Returns None unless it reports that one of our emails failed."""
    mail = message_from_bytes(body, policy=policy.default)
    if mail.get_content_type() != "multipart/report" or mail.get_param("report-type") != "delivery-status":
        return None
    parts = list(mail.walk())
    status = next((given_up(part) for part in parts if part.get_content_type() == "message/delivery-status"), None)
    told = (paths.message_id(address) for address in recipients(mail)) if paths else ()
    message_id = next(filter(None, (*told, *map(brought_back, parts))), "")
    if status is None or not message_id:
        return None
    code, words = status
    hard = code.startswith("5.") and not code.startswith(FULL)
    return Bounce(message_id, hard, words, hashlib.sha256(body).hexdigest())


def recipients(mail: Message) -> Iterator[str]:
    """Yield the addresses that the report was sent to: as recorded by servers, and from its To header."""
    for name in ("X-Original-To", "Delivered-To", "Envelope-To", "To"):
        yield from (address for _, address in getaddresses([str(value) for value in mail.get_all(name, [])]))


def given_up(part: Message) -> tuple[str, str] | None:
    """Return status code and text of the first recipient that failed. Delayed emails have not failed."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if isinstance(block, Message) and str(block.get("Action", "")).strip().lower() == "failed":
            code = str(block.get("Status", "")).strip()
            said = str(block.get("Diagnostic-Code", "")).partition(";")[2].strip()
            return code, " ".join((said or code).split())[:500]
    return None


def brought_back(part: Message) -> str:
    """Return the Message-ID of the email that a report quotes, in full or as headers only."""
    if part.get_content_type() == "text/rfc822-headers" and isinstance(part, EmailMessage):
        return str(message_from_bytes(part.get_content().encode(), policy=policy.default).get("Message-ID", "")).strip()
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        original = inner[0] if isinstance(inner, list) and inner else None
        return str(original.get("Message-ID", "")).strip() if isinstance(original, Message) else ""
    return ""
