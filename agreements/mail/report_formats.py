"""The parts and formats of bounce reports, as data. Pure: bytes in, texts and fields out; no bytes raise.

RFC 3464 is read in any envelope, also cut off or encoded. Systems that write plain text are recognized by their first
sentence.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from html import unescape
from typing import NamedTuple

MAX_TEXT = 100_000
"""Characters read of one part. What failed is at its beginning."""
MAX_DEPTH = 3
"""A report may be forwarded as an attachment, and that email forwarded again."""
STATUS, ORIGINAL = "text/x-delivery-status", "text/x-original"
BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError)
"""What `email` raises for emails that break its standards."""


class Part(NamedTuple):
    kind: str
    """Its content type; `STATUS` for delivery-status, `ORIGINAL` for an email within the email."""
    text: str


class Parts(NamedTuple):
    headers: Message
    parts: list[Part]

    def header(self, name: str) -> str:
        """Return a decoded header; empty if it is missing or broken."""
        value = str(self.headers.get(name, ""))
        try:
            return str(make_header(decode_header(value)))
        except BROKEN:
            return value

    def texts(self, *kinds: str) -> list[str]:
        """Return the texts of the parts whose kind begins with one of `kinds`."""
        return [part.text for part in self.parts if part.kind.startswith(kinds)]


# `email` would take these types apart without decoding them, and would lose what is broken. As text it decodes them.
AS_TEXT = (
    (re.compile(rb"(?im)^(content-type:\s*)message/(?:global-)?delivery-status"), STATUS),
    (
        re.compile(rb"(?im)^(content-type:\s*)(?:message/(?:rfc822|global-headers|global|news)|text/rfc822-headers)"),
        ORIGINAL,
    ),
)


def read_parts(body: bytes) -> Parts:
    """Read an email. Whatever is broken in it is read as plain text."""
    for pattern, kind in AS_TEXT:
        body = pattern.sub(rb"\1" + kind.encode(), body)
    try:
        mail = message_from_bytes(body)
        parts = [read_part(part) for part in mail.walk() if not part.is_multipart()]
    except BROKEN:
        mail, parts = Message(), [Part("text/plain", body.decode("latin-1")[:MAX_TEXT])]
    return Parts(mail, parts)


def read_part(part: Message) -> Part:
    kind, payload = part.get_content_type(), part.get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    try:
        text = body.decode(part.get_content_charset() or "utf-8", "replace")
    except BROKEN:
        text = body.decode("latin-1")
    text = text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    if kind == "text/html":
        text = unescape(HTML_TAG.sub(" ", text))
    return Part(kind, text)


HTML_TAG = re.compile(r"<(?![^<>\s]+@)[^<>]*>")


def read_forwarded(parts: Parts, depth: int = 0) -> Parts:
    """Return the innermost report: the one that was forwarded as an attachment, or `parts` itself."""
    if depth < MAX_DEPTH and not parts.texts(STATUS):
        for text in parts.texts(ORIGINAL):
            if FORWARDED.search(text):
                return read_forwarded(read_parts(text.encode("utf-8", "replace")), depth + 1)
    return parts


FORWARDED = re.compile(
    r"^content-type:\s*(text/x-delivery-status|message/delivery-status|multipart/report)|^x-failed-recipients:",
    re.IGNORECASE | re.MULTILINE,
)

# --- RFC 3464


class RecipientStatus(NamedTuple):
    """What a report says of one recipient (RFC 3464, 2.3)."""

    action: str
    """``failed``, ``delayed``, ``delivered``, ``relayed`` or ``expanded``."""
    status: str
    diagnosis: str


FIELD = re.compile(r"^([A-Za-z][A-Za-z-]{2,40})[ \t]*:[ \t]*(.*)$", re.MULTILINE)
ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")


def read_statuses(parts: Parts) -> list[RecipientStatus]:
    """Return what the report says of each recipient; also if its fields stand in a part of another type."""
    found = [status for text in parts.texts(STATUS) for status in read_blocks(text)]
    return found or [status for text in parts.texts("text/plain") for status in read_blocks(text, anywhere=True)]


def read_blocks(text: str, *, anywhere: bool = False) -> Iterator[RecipientStatus]:
    """Yield the blocks of fields that are about a recipient. `anywhere` else than in a report they must name one."""
    for block in re.split(r"\n[ \t]*(?:\n|$)", text):
        unfolded = re.sub(r"\n[ \t]+", " ", block)
        fields = {name.lower(): value.strip() for name, value in FIELD.findall(unfolded)}
        action, status = fields.get("action", "").lower(), fields.get("status", "")
        if (action or status) and (not anywhere or fields.keys() & {"final-recipient", "original-recipient"}):
            known = next((one for one in ACTIONS if action.startswith(one[:6])), "")
            diagnosis = fields.get("diagnostic-code", "")
            kind, _, words = diagnosis.partition(";")
            permanent = "failed" if status.startswith("5") else "delayed"
            yield RecipientStatus(
                known or permanent, status, words.strip() if re.fullmatch(r"[\w-]+ *", kind) else diagnosis
            )


# --- plain text

FORMATS = {
    "Exim, mail.ru": r"this message was created automatically by (the )?mail delivery (software|system)",
    "qmail": r"hi\. (i.?m sorry|this is the )|i.?m afraid i wasn.?t able to deliver your message",
    "Postfix": r"this is the (mail system|postfix program|mail delivery system) at (host )?|"
    r"i.?m sorry to have to inform you",
    "Sendmail": r"the following addresses had permanent (fatal|delivery) errors|transcript of session follows",
    "Exchange": r"your message did not reach some or all|recipient\(?s?\)? (cannot|could not) be reached|"
    r"delivery (has )?failed to these recipients|delivery to the following recipients failed|"
    r"your message (to .{1,80} )?(couldn.?t|could not|can.?t|cannot) be delivered",
    "OpenSMTPD": r"hi!\s+this is the mailer-daemon",
    "WorkMail": r"an error occurred while trying to deliver (the|your) (mail|message)|"
    r"technical report:",
    "Google": r"delivery to the following recipients? failed permanently|your message wasn.?t delivered to|"
    r"there was a problem delivering your message",
    "mail.ru in Russian": r"это письмо создано автоматически|"
    r"ваше (письмо|сообщение).{0,40}не (может быть |было )?доставлен",
    "Notes": r"your (message|document).{1,200}(was not delivered|could not be delivered) (to|because)",
    "Yahoo": r"sorry, (we|i) (were|was|wasn.?t) (unable|able) to deliver your message",
    "James, others": r"(this (message|e?-?mail)|the following message|your (e-?mail|message|mail)).{0,80}"
    r"(could not|couldn.?t|cannot|was not|not) be(en)? delivered|undeliverable (message|mail) (was )?returned",
}
"""System -> the sentence with which its reports begin, in lower case."""

FORMAT = re.compile("|".join(f"(?:{pattern})" for pattern in FORMATS.values()), re.IGNORECASE | re.DOTALL)
COPY = re.compile(
    r"^[ \t]*(-{2,} ?(this is a copy|below this line|enclosed (is|are)|original message|returned message|"
    r"forwarded message|message header|unsent message)|-{5} ?original message|below is a copy|original message "
    r"(headers|follows)|message header follows|the (header|body) of the original|received: (from|by) |"
    r"return-path: <)",
    re.IGNORECASE | re.MULTILINE,
)
"""Where the copy of the returned email begins."""
SUBJECT = re.compile(
    r"undeliver|un?able to deliver|delivery (status notification|failure|failed|error|report)|"
    r"returned (mail|to sender)|mail (delivery|system) (fail|error)|failure (notice|delivery)|"
    r"mail delivery failed|not delivered|nondeliver|"
    r"non[- ]remis|unzustellbar|no se puede entregar|недоставлен|退信",
    re.IGNORECASE,
)
DELAYED = re.compile(
    r"warning message only|you do not need to resend|will be retried|will (keep|continue) (trying|to try)|"
    r"delivery (is|was|has been) delayed|(still|not yet) (being|been) delivered|has not (yet )?been delivered|"
    r"\(delay\)|delivery delayed|delayed (mail|24|48|72|for)|no action is required on your part|delivery incomplete",
    re.IGNORECASE,
)
ABSENCE_SUBJECT = re.compile(
    r"out of (the )?office|automatic reply|auto.?(reply|response)|vacation|on (annual )?leave|away|abwesen|"
    r"absence|réponse automatique|automatische antwort|fuera de la oficina|自动回复|автоответ",
    re.IGNORECASE,
)


def diagnosis_of(parts: Parts) -> str:
    """Return what a report says in plain text, without the copy of the email; empty if it has no known format."""
    texts = parts.texts("text/plain") or parts.texts("text/html")
    for text in texts:
        begins = FORMAT.search(text[:20_000])
        if begins:
            return before_copy(text[begins.start() :])
    return before_copy("\n".join(texts)) if parts.header("X-Failed-Recipients") else ""


def before_copy(text: str) -> str:
    """Return the text before the copy of the returned email; all of it if the copy comes first."""
    copy = COPY.search(text)
    return (text[: copy.start()].strip() if copy else "") or text


def is_from_server(parts: Parts) -> bool:
    """Whether the email has the null sender of reports (RFC 5321, 4.5.5)."""
    path = parts.header("Return-Path") or parts.header("X-Envelope-From")
    return path.strip() in ("<>", "<MAILER-DAEMON>", "MAILER-DAEMON") if path else names_server(parts)


def names_server(parts: Parts) -> bool:
    """Whether its From header is that of a mail server."""
    daemon = r"mailer-daemon|postmaster|mail ?delivery (sub)?system|mail delivery service"
    return bool(re.search(daemon, parts.header("From"), re.IGNORECASE))


def is_forwarded(parts: Parts) -> bool:
    """Whether a person has forwarded an email in the text of this one."""
    return any(FORWARD_MARK.search(text) for text in parts.texts("text/"))


FORWARD_MARK = re.compile(
    r"^[ \t]*(-+ ?forwarded message|begin forwarded message|-+ ?original message)", re.IGNORECASE | re.MULTILINE
)


def is_automatic_answer(parts: Parts) -> bool:
    """Whether it is an absence notice, a receipt of a reader or a complaint: these emails have arrived."""
    kind = parts.header("Content-Type").lower()
    if "disposition-notification" in kind or "feedback-report" in kind:
        return True
    if names_server(parts) or SUBJECT.search(parts.header("Subject")):
        return False  # reports say "auto-replied" as well
    return (
        parts.header("Auto-Submitted").strip().lower().startswith("auto-replied")
        or bool(parts.header("X-Autoreply") or parts.header("X-Autorespond"))
        or bool(ABSENCE_SUBJECT.search(parts.header("Subject")))
    )
