"""Reports that a mail did not arrive (RFC 3464) -> what they say. Pure: bytes in, a finding out.

A report is ours when it brings back the Message-ID of a mail of ours. Whatever else comes into the mailbox, such as
answers, notes of absence and reports about reports, says nothing.
"""

import hashlib
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

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


def read(body: bytes) -> Bounce | None:
    """What a mail says about a mail of ours; None if it is no report that one was given up."""
    mail = message_from_bytes(body, policy=policy.default)
    if mail.get_content_type() != "multipart/report" or mail.get_param("report-type") != "delivery-status":
        return None
    parts = list(mail.walk())
    status = next((given_up(part) for part in parts if part.get_content_type() == "message/delivery-status"), None)
    message_id = next((found for part in parts if (found := brought_back(part))), "")
    if status is None or not message_id:
        return None
    code, words = status
    hard = code.startswith("5.") and not code.startswith(FULL)
    return Bounce(message_id, hard, words, hashlib.sha256(body).hexdigest())


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
