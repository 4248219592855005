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

NOT_ABOUT_ADDRESS = ("5.2.2", "5.3.", "5.4.", "5.7.")
"""Permanent errors that are not about the address: a full mailbox, a system, a route or a policy."""


@dataclass(frozen=True, slots=True)
class Bounce:
    message_id: str
    """Of the email that did not arrive."""
    hard: bool
    """The address is undeliverable."""
    detail: str
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
    per_message: bool
    """Whether the server also delivers ``bounces+anything@example.org`` there."""

    def for_message(self, message_id: str) -> str:
        """Return the envelope sender of an email: derived from its random Message-ID."""
        local, _, domain = self.address.rpartition("@")
        match = MESSAGE_ID.fullmatch(message_id)
        return f"{local}+{match[1]}@{domain}" if self.per_message and match else self.address

    def message_id_of(self, recipient: str) -> str:
        """Return the Message-ID of the email with this return path; empty if there is none."""
        local, _, domain = self.address.lower().rpartition("@")
        match = re.fullmatch(rf"{re.escape(local)}\+({UUID})@{re.escape(domain)}", recipient.lower())
        return f"<{match[1]}@{self.domain}>" if match else ""


UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
MESSAGE_ID = re.compile(rf"<({UUID})@[^<>@]+>")


def parse_report(body: bytes, paths: ReturnPaths | None = None) -> Bounce | None:
    """Parse an email from the mailbox. Returns None unless it reports that one of our emails failed."""
    mail = message_from_bytes(body, policy=policy.default)
    if mail.get_content_type() != "multipart/report" or mail.get_param("report-type") != "delivery-status":
        return None
    parts = list(mail.walk())
    status = next((failed_status(part) for part in parts if part.get_content_type() == "message/delivery-status"), None)
    from_recipients = (paths.message_id_of(address) for address in recipients(mail)) if paths else ()
    message_id = next(filter(None, (*from_recipients, *map(original_message_id, parts))), "")
    if status is None or not message_id:
        return None
    code, detail = status
    hard = code.startswith("5.") and not code.startswith(NOT_ABOUT_ADDRESS)
    return Bounce(message_id, hard, detail, hashlib.sha256(body).hexdigest())


def recipients(mail: Message) -> Iterator[str]:
    """Yield the addresses that the report was sent to: as recorded by servers, and from its To header."""
    for name in ("X-Original-To", "Delivered-To", "Envelope-To", "To"):
        yield from (address for _, address in getaddresses([str(value) for value in mail.get_all(name, [])]))


def failed_status(part: Message) -> tuple[str, str] | None:
    """Return status code and text of the first recipient that failed. Delayed emails have not failed."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if isinstance(block, Message) and str(block.get("Action", "")).strip().lower() == "failed":
            code = str(block.get("Status", "")).strip()
            detail = str(block.get("Diagnostic-Code", "")).partition(";")[2].strip()
            return code, " ".join((detail or code).split())[:500]
    return None


def original_message_id(part: Message) -> str:
    """Return the Message-ID of the email that a report quotes, in full or as headers only."""
    if part.get_content_type() == "text/rfc822-headers" and isinstance(part, EmailMessage):
        return str(message_from_bytes(part.get_content().encode(), policy=policy.default).get("Message-ID", "")).strip()
    if part.get_content_type() == "message/rfc822":
        payload = part.get_payload()
        original = payload[0] if isinstance(payload, list) and payload else None
        return str(original.get("Message-ID", "")).strip() if isinstance(original, Message) else ""
    return ""
