"""Parse bounce reports. Pure: bytes in, a Bounce out; no bytes raise.

A report is about our email if it was sent to that email's return path or contains its Message-ID. Other emails in the
mailbox, such as replies, absence notices and reports about reports, are ignored.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import getaddresses

from agreements.mail import report_formats
from agreements.mail.judgement import ENHANCED_CODE, Judgement, clean_text, find_rule, judge
from agreements.mail.report_formats import ORIGINAL, Parts, RecipientStatus


@dataclass(frozen=True, slots=True)
class Bounce:
    message_id: str
    """Of the email that did not arrive."""
    judgement: Judgement
    detail: str
    """The server's answer on one line, at most `judgement.MAX_DETAIL` characters."""
    digest: str
    """SHA-256 of the report, because the same report may be read twice."""

    @property
    def hard(self) -> bool:
        """Whether the address is undeliverable."""
        return self.judgement == Judgement.ADDRESS


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
        match = re.fullmatch(self.pattern, recipient, re.IGNORECASE)
        return f"<{match[1].lower()}@{self.domain}>" if match else ""

    def find_message_ids(self, text: str) -> Iterator[str]:
        """Yield the Message-IDs of the return paths that a text names, such as a forwarded report."""
        for found in re.finditer(self.pattern, text, re.IGNORECASE):
            yield f"<{found[1].lower()}@{self.domain}>"

    @property
    def pattern(self) -> str:
        local, _, domain = self.address.rpartition("@")
        return rf"{re.escape(local)}\+({UUID})@{re.escape(domain)}"


UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
MESSAGE_ID = re.compile(rf"<({UUID})@[^<>@]+>")
QUOTED_ID = re.compile(r"^[ \t]*(?:X-Original-)?Message-ID:\s*(<[!-;=?-~]{3,198}>)", re.IGNORECASE | re.MULTILINE)
ANY_ID = re.compile(r"<[!-;=?-~]{3,198}>")


def parse_report(body: bytes, paths: ReturnPaths | None = None) -> Bounce | None:
    """Parse an email from the mailbox. Returns None unless it reports that one of our emails failed."""
    outer = report_formats.read_parts(body)
    parts = report_formats.read_forwarded(outer)
    own_path = next(filter(None, map(paths.message_id_of, recipients(outer))), "") if paths else ""
    message_id = own_path or original_message_id(outer, parts, paths)
    forwarded = parts is not outer or report_formats.is_forwarded(outer)
    found = judge_report(parts, returned=bool(own_path), forwarded=forwarded) if message_id else None
    if found is None:
        return None
    judgement, detail = found
    return Bounce(message_id, judgement, clean_text(detail) or "no reason given", hashlib.sha256(body).hexdigest())


def recipients(parts: Parts) -> Iterator[str]:
    """Yield the addresses that the report was sent to: as recorded by servers, and from its To header."""
    for name in ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To", "To", "Cc"):
        values = [str(value) for value in parts.headers.get_all(name, [])]
        yield from (address for _, address in getaddresses(values))


def judge_report(parts: Parts, *, returned: bool, forwarded: bool) -> tuple[Judgement, str] | None:
    """Return what a report says and its reason; None if no email failed.

    `returned`: it came to the return path of one email. `forwarded`: a person sent it on.
    """
    text = report_formats.diagnosis_of(parts)
    statuses = report_formats.read_statuses(parts)
    if statuses:
        return judge_statuses(statuses, text)
    known = forwarded or parts.headers.get("X-Failed-Recipients") or report_formats.is_from_server(parts)
    if not known or report_formats.is_automatic_answer(parts):
        return None  # an answer of a person or of a program, whatever it quotes
    subject = parts.header("Subject")
    is_report = bool(text) or bool(report_formats.SUBJECT.search(subject))
    text = text or report_formats.before_copy("\n".join(parts.texts("text/")))
    if report_formats.DELAYED.search(f"{subject}\n{text}"):
        return None
    rule = find_rule(clean_text(text, 2000), "", None) if is_report or ENHANCED_CODE.search(text) else None
    if rule:
        return rule.judgement, telling_line(text)
    return (Judgement.UNREADABLE, f"{subject}: {text}") if is_report or returned else None


def judge_statuses(statuses: list[RecipientStatus], text: str) -> tuple[Judgement, str] | None:
    """Judge the recipients who failed. If the email reached somebody, or is still tried, it has not failed.

    An email of ours has one recipient; a report names several if that address leads to several others. The address is
    undeliverable only if none of them can be reached.
    """
    if any(one.action != "failed" for one in statuses):
        return None
    judged = []
    for one in statuses:
        detail = one.diagnosis or (telling_line(text) if text else "") or one.status
        judged.append((judge(detail, one.status), detail))
    return next((one for one in judged if one[0] != Judgement.ADDRESS), judged[0])


def telling_line(text: str) -> str:
    """Return the text from the first line that a row of the table recognizes; else from its beginning."""
    at = 0
    for line in text.splitlines(keepends=True)[:400]:
        if find_rule(clean_text(line, 2000), "", None):
            return text[at:]
        at += len(line)
    return text


def original_message_id(outer: Parts, parts: Parts, paths: ReturnPaths | None) -> str:
    """Return the Message-ID of the email that a report quotes; one of ours if we know our return paths."""
    texts = [*parts.texts(ORIGINAL), *parts.texts("text/", "message/"), *outer.texts("text/")]
    found = [one for text in texts for one in QUOTED_ID.findall(text)]
    for name in ("X-Original-Message-ID", "In-Reply-To", "References"):
        found += ANY_ID.findall(f"{parts.header(name)} {outer.header(name)}")
    if paths:
        found = [one for one in found if one.endswith(f"@{paths.domain}>")]
        if paths.per_message:
            found += [one for text in texts for one in paths.find_message_ids(text)]
    return next(iter(found), "")
