"""A mail -> the bytes that SMTP carries. The usual mail, a text and its HTML, goes into a prepared frame.

Django builds a tree of header objects for each mail and walks it twice, which takes longer than the rest of sending.
What the frame has no place for (attachments, very long lines) is written by Django.
"""

import re
import secrets
from base64 import b64encode
from collections.abc import Iterator
from email.utils import parseaddr
from functools import lru_cache

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.message import sanitize_address

LONGEST = 998
"""Bytes in a line (RFC 5322, 2.1.1)."""

PART = b'Content-Type: text/%s; charset="utf-8"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
LINE_END = re.compile(r"\r\n?|\n")


class NoPlace(Exception):
    """The frame has no place for something in this mail."""


def on_the_wire(mail: EmailMessage) -> bytes:
    """The mail as DATA carries it, up to its final dot. Raises ValueError for a header that cannot be written."""
    try:
        body = framed(mail)
    except NoPlace:
        body = mail.message().as_bytes(linesep="\r\n")
    return body.replace(b"\n.", b"\n..").rstrip(b"\r\n") + b"\r\n"  # it begins with a header, not with a dot


def framed(mail: EmailMessage) -> bytes:
    if not isinstance(mail, EmailMultiAlternatives) or mail.attachments or len(mail.alternatives) != 1:
        raise NoPlace
    html, kind = mail.alternatives[0]
    if kind != "text/html" or mail.cc or mail.encoding:
        raise NoPlace
    boundary = secrets.token_hex(16).encode()
    lines = [
        b'Content-Type: multipart/alternative; boundary="%s"' % boundary,
        b"MIME-Version: 1.0",
        *(header(name, value) for name, value in headers(mail)),
        b"",
        b"--" + boundary,
        PART % b"plain" + lines_of(str(mail.body)),
        b"--" + boundary,
        PART % b"html" + lines_of(str(html)),
        b"--%s--" % boundary,
        b"",
    ]
    return b"\r\n".join(lines)


def headers(mail: EmailMessage) -> Iterator[tuple[str, str]]:
    own = {name.lower() for name in mail.extra_headers}
    yield "Subject", str(mail.subject)
    if "from" not in own:
        yield "From", mail.from_email
    yield "To", ", ".join(mail.to)
    if mail.reply_to:
        yield "Reply-To", ", ".join(mail.reply_to)
    if not own >= {"date", "message-id"} or "to" in own:
        raise NoPlace
    for name, value in mail.extra_headers.items():
        yield name, str(value)


@lru_cache(maxsize=64)
def header(name: str, value: str) -> bytes:
    """One header. Plain ones stay on one line, however long: a folded List-Unsubscribe is misread by some."""
    if "\n" in value or "\r" in value:
        raise ValueError(f"Header values can't contain newlines (got {value!r} for header {name!r})")
    if value.isascii():
        line = f"{name}: {value}".encode("ascii")
    elif name in ("From", "To", "Reply-To"):
        line = f"{name}: {sanitize_address(value, 'utf-8')}".encode("ascii")
    else:
        line = f"{name}: {encoded(value)}".encode("ascii")
    if len(line) > LONGEST and b"\r\n" not in line:
        raise NoPlace
    return line


def encoded(value: str) -> str:
    """The value in encoded words (RFC 2047, 2), one to a line; none may be longer than 75, or end within a letter."""
    words, word = [], b""
    for letter in value:
        more = letter.encode()
        if len(word) + len(more) > 42:
            words.append(word)
            word = b""
        word += more
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in (*words, word))


def lines_of(text: str) -> bytes:
    """The text in lines as SMTP has them."""
    body = LINE_END.sub("\r\n", text).encode()
    if len(body) > LONGEST and max(map(len, body.split(b"\r\n"))) > LONGEST:
        raise NoPlace
    return body


@lru_cache(maxsize=64)
def address(header: str) -> str:
    """The bare address of a header such as ``Desk <desk@example.org>``, its domain in ASCII (IDNA)."""
    local, _, domain = parseaddr(header)[1].rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"
