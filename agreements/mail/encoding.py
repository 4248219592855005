"""Encode an email as SMTP sends it. Most emails take a fast way; Django's own encoder takes the rest."""

import re
import secrets
from base64 import b64encode
from collections.abc import Iterator
from email.utils import parseaddr
from functools import lru_cache
from typing import NamedTuple, Self

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.message import sanitize_address

from proceedings.email_address import ascii_domain

MAX_LINE_BYTES = 998
"""Limit of bytes in a line (RFC 5322, 2.1.1)."""


PART_HEADERS = b'Content-Type: text/%s; charset="utf-8"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'


LINE_END = re.compile(r"\r\n?|\n")

TO_HEADER = re.compile(rb"(?<=\n)To: [^\r\n]*(?:\r\n[ \t][^\r\n]*)*")


class EncodedEmail(NamedTuple):
    """An email as SMTP sends it."""

    envelope: dict[str, bytes]
    """The lines before the body, by command."""
    body: bytes
    needs_utf8: bool
    """Whether the recipient's address is not ASCII, which only some servers take (RFC 6531)."""

    @classmethod
    def encode(cls, mail: EmailMessage) -> Self:
        (recipient,) = mail.recipients()
        sender, receiver = bare_address(mail.from_email), bare_address(recipient)
        needs_utf8 = not receiver.isascii()
        envelope = {
            "MAIL": f"MAIL FROM:<{sender}>{' SMTPUTF8' * needs_utf8}\r\n".encode("ascii"),
            "RCPT": f"RCPT TO:<{receiver}>\r\n".encode(),
            "DATA": b"DATA\r\n",
        }
        body = encode_email(mail)
        return cls(envelope, with_utf8_recipient(body, recipient) if needs_utf8 else body, needs_utf8)


class UnsupportedEmailError(Exception):
    """The fast encoder does not support something in this email."""


def encode_email(mail: EmailMessage) -> bytes:
    """Encode the email for DATA, without the final dot. Raises ValueError for an invalid header."""
    try:
        body = encode_plain(mail)
    except UnsupportedEmailError:
        body = mail.message().as_bytes(linesep="\r\n")
    return (
        body.replace(b"\n.", b"\n..").rstrip(b"\r\n") + b"\r\n"
    )  # the first line is a header, so it cannot begin with a dot


def with_utf8_recipient(body: bytes, recipient: str) -> bytes:
    """Write the recipient's header in UTF-8 (RFC 6532): an encoded word must not stand in an address."""
    line = f"To: {recipient}".encode()
    return TO_HEADER.sub(lambda _: line, body, count=1)


def encode_plain(mail: EmailMessage) -> bytes:
    if not isinstance(mail, EmailMultiAlternatives) or mail.attachments or len(mail.alternatives) != 1:
        raise UnsupportedEmailError
    html, kind = mail.alternatives[0]
    if kind != "text/html" or mail.cc or mail.encoding:
        raise UnsupportedEmailError
    boundary = secrets.token_hex(16).encode()
    lines = [
        b'Content-Type: multipart/alternative; boundary="%s"' % boundary,
        b"MIME-Version: 1.0",
        *(encode_header(name, value) for name, value in iterate_headers(mail)),
        b"",
        b"--" + boundary,
        PART_HEADERS % b"plain" + crlf_lines(str(mail.body)),
        b"--" + boundary,
        PART_HEADERS % b"html" + crlf_lines(str(html)),
        b"--%s--" % boundary,
        b"",
    ]
    return b"\r\n".join(lines)


def iterate_headers(mail: EmailMessage) -> Iterator[tuple[str, str]]:
    extra_names = {name.lower() for name in mail.extra_headers}
    yield "Subject", str(mail.subject)
    if "from" not in extra_names:
        yield "From", mail.from_email
    yield "To", ", ".join(mail.to)
    if mail.reply_to:
        yield "Reply-To", ", ".join(mail.reply_to)
    if not extra_names >= {"date", "message-id"} or "to" in extra_names:
        raise UnsupportedEmailError
    for name, value in mail.extra_headers.items():
        yield name, str(value)


@lru_cache(maxsize=64)
def encode_header(name: str, value: str) -> bytes:
    """Encode one header. ASCII headers stay on one line: some programs misread a folded List-Unsubscribe."""
    if "\n" in value or "\r" in value:
        raise ValueError(f"Header values can't contain newlines (got {value!r} for header {name!r})")
    if value.isascii():
        line = f"{name}: {value}".encode("ascii")
    elif name in ("From", "To", "Reply-To"):
        line = f"{name}: {sanitize_address(value, 'utf-8')}".encode("ascii")
    else:
        line = f"{name}: {encode_words(value)}".encode("ascii")
    if len(line) > MAX_LINE_BYTES and b"\r\n" not in line:
        raise UnsupportedEmailError
    return line


def encode_words(value: str) -> str:
    """Encode the value in encoded words (RFC 2047, 2), one per line, none longer than 75 or split
    within a character.
    """
    words, word = [], b""
    for letter in value:
        encoded_letter = letter.encode()
        if len(word) + len(encoded_letter) > 42:
            words.append(word)
            word = b""
        word += encoded_letter
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in (*words, word))


def crlf_lines(text: str) -> bytes:
    """Encode the text with CRLF line ends. Raises UnsupportedEmailError if a line is too long."""
    body = LINE_END.sub("\r\n", text).encode()
    if len(body) > MAX_LINE_BYTES and max(map(len, body.split(b"\r\n"))) > MAX_LINE_BYTES:
        raise UnsupportedEmailError
    return body


@lru_cache(maxsize=64)
def bare_address(header: str) -> str:
    """Return the address of a header such as ``Volume 7 <editor@example.org>``, with its domain in ASCII.

    Raises AddressError, a ValueError, if the domain cannot be written.
    """
    local, _, domain = parseaddr(header)[1].rpartition("@")
    return f"{local}@{ascii_domain(domain)}"
