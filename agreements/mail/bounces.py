"""Reports that a mail did not arrive (RFC 3464) -> what they say. Pure: bytes in, a finding out.

A report is ours when it comes to the return path of a mail of ours, or brings back its Message-ID. Whatever else comes
into the mailbox, such as answers, notes of absence and reports about reports, says nothing.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses

FULL = ("5.2.2", "5.3.", "5.4.", "5.7.")
"""Refused for good this time, but not because of the address: a full mailbox, a system, a route or a policy."""


@dataclass(frozen=True, slots=True)
class Bounce:
    message_id: str
    """Of the mail that did not arrive."""
    hard: bool
    """No mail will ever arrive at this address."""
    words: str
    digest: str
    """Of the report: the same one may be read twice."""


@dataclass(frozen=True, slots=True)
class ReturnPaths:
    """Where reports about our mails go. With an address for each mail (VERP) a report tells by its own recipient which
    one it is about, even if it brings nothing of it back.
    """

    address: str
    """Such as ``bounces@desk.example``."""
    domain: str
    """Of the Message-IDs of our mails."""
    each: bool
    """Its server delivers ``bounces+anything@desk.example`` there as well."""

    def to(self, message_id: str) -> str:
        """The sender of a mail for its server: random as its Message-ID is, and bound to it."""
        local, _, domain = self.address.rpartition("@")
        found = OURS.fullmatch(message_id)
        return f"{local}+{found[1]}@{domain}" if self.each and found else self.address

    def message_id(self, recipient: str) -> str:
        """Of the mail whose return path it is; empty if it is none."""
        local, _, domain = self.address.lower().rpartition("@")
        found = re.fullmatch(rf"{re.escape(local)}\+({UUID})@{re.escape(domain)}", recipient.lower())
        return f"<{found[1]}@{self.domain}>" if found else ""


UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
OURS = re.compile(rf"<({UUID})@[^<>@]+>")


def read(body: bytes, paths: ReturnPaths | None = None) -> Bounce | None:
    """What a mail says about a mail of ours; None if it is no report that one was given up."""
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
    """Whom the report came to: as its servers wrote it down, and as its header says."""
    for name in ("X-Original-To", "Delivered-To", "Envelope-To", "To"):
        yield from (address for _, address in getaddresses([str(value) for value in mail.get_all(name, [])]))


def given_up(part: Message) -> tuple[str, str] | None:
    """Status and words of the first recipient whose mail was given up; a mail that is only delayed is none."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if isinstance(block, Message) and str(block.get("Action", "")).strip().lower() == "failed":
            code = str(block.get("Status", "")).strip()
            said = str(block.get("Diagnostic-Code", "")).partition(";")[2].strip()
            return code, " ".join((said or code).split())[:500]
    return None


def brought_back(part: Message) -> str:
    """The Message-ID of the mail that a report brings back, whole or as its headers only."""
    if part.get_content_type() == "text/rfc822-headers" and isinstance(part, EmailMessage):
        return str(message_from_bytes(part.get_content().encode(), policy=policy.default).get("Message-ID", "")).strip()
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        original = inner[0] if isinstance(inner, list) and inner else None
        return str(original.get("Message-ID", "")).strip() if isinstance(original, Message) else ""
    return ""
