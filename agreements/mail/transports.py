"""Transports: an SMTP client that exposes the moment before the server can accept, or any Django email backend."""

import logging
import re
import secrets
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from email.utils import parseaddr
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.message import sanitize_address
from django.core.mail.utils import DNS_NAME

logger = logging.getLogger(__name__)

Intent = Callable[[], bool]
"""Commits that the email is about to be sent; returns False if it may no longer be sent."""


class Outcome(NamedTuple):
    """The result of an attempt: the new state of the message, the server's answer, and what the answer is about."""

    state: str
    detail: str = ""
    whose: str = "mail"
    """``mail``; ``address``: the address is undeliverable; ``server``: it accepts no email from anyone at present."""

    @classmethod
    def sent(cls) -> Self:
        return cls("sent")

    @classmethod
    def retry(cls, detail: str) -> Self:
        """Certainly not accepted; try again."""
        return cls("pending", detail)

    @classmethod
    def held_up(cls, detail: str) -> Self:
        """The server accepted no email from anyone. It does not count as an attempt."""
        return cls("pending", detail, "server")

    @classmethod
    def refused(cls, detail: str) -> Self:
        """Certainly not accepted, and not to be tried again."""
        return cls("failed", detail)

    @classmethod
    def no_such_address(cls, detail: str) -> Self:
        """Rejected, like every email to that address."""
        return cls("failed", detail, "address")

    @classmethod
    def unknown(cls, detail: str) -> Self:
        """It may have arrived, so it must not be resent automatically."""
        return cls("unknown", detail)


class Transport(Protocol, AbstractContextManager["Transport"]):
    """Stays open for many emails, until the context ends."""

    def hand_over(self, mail: EmailMessage, intent: Intent) -> Outcome: ...


def from_settings() -> Transport:
    """Return the transport for ``EMAIL_URL``."""
    if settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return SmtpTransport()
    return BackendTransport()


class BackendTransport:
    """Any Django email backend. The moment of acceptance is hidden, so every error after the intent is `unknown`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def hand_over(self, mail: EmailMessage, intent: Intent) -> Outcome:
        try:
            mail.message()
        except ValueError as error:  # an invalid header, found before the backend gets the email
            return Outcome.retry(f"{type(error).__name__}: {error}")
        if not intent():
            return Outcome.retry("It was withdrawn before it was sent.")
        # Providers return this in their reports (see `agreements.receivers`); other backends ignore it.
        vars(mail)["metadata"] = {"message-id": mail.extra_headers.get("Message-ID", "")}
        # One connection per email: the file backend then usually writes one file per email.
        try:
            get_connection().send_messages([mail])
        except Exception as error:
            logger.exception("The mail backend failed")
            return Outcome.unknown(f"{type(error).__name__}: {error}")
        return Outcome.sent()


class SmtpTransport:
    """SMTP with `smtplib`. The intent is committed between the server's 354 and the body."""

    def __init__(self, patience: float = 600) -> None:
        self.smtp: smtplib.SMTP | None = None
        self.patience = patience
        """Seconds to wait for the answer to the final dot (RFC 5321, 4.5.3.2.6); a timeout is `unknown`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error the server may still expect a body, and would read QUIT as a part of it.
        if self.smtp and error is None:
            with suppress(OSError, smtplib.SMTPException):
                self.smtp.quit()
        self.drop()

    def drop(self) -> None:
        """Close the connection without QUIT. A server that still expects a body discards the email."""
        if self.smtp:
            self.smtp.close()
            self.smtp = None

    def connected(self) -> smtplib.SMTP:
        if self.smtp is None:
            self.smtp = self.reached()
            # Body and dot are two writes that must not wait for each other's acknowledgement.
            line_of(self.smtp).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.smtp.ehlo_or_helo_if_needed()
            if settings.EMAIL_USE_TLS:
                self.smtp.starttls(context=ssl.create_default_context())
                self.smtp.ehlo()
            if settings.EMAIL_HOST_USER:
                self.smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        return self.smtp

    @staticmethod
    def reached() -> smtplib.SMTP:
        host, port, timeout = settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT or 30
        ours = DNS_NAME.get_fqdn()  # cached by Django: smtplib would query the name server for each connection
        if settings.EMAIL_USE_SSL:
            return smtplib.SMTP_SSL(host, port, ours, timeout=timeout, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, ours, timeout=timeout)

    def hand_over(self, mail: EmailMessage, intent: Intent) -> Outcome:
        try:
            letter = EncodedEmail.of(mail)
        except ValueError as error:
            return Outcome.retry(f"{type(error).__name__}: {error}")
        kept = self.smtp is not None
        no = self.offer(letter)
        if kept and no and no.whose == "server":
            # Servers close connections that were idle or have carried enough emails. That is not about this email.
            no = self.offer(letter)
        if no:
            return no
        smtp = self.connected()
        # The server waits for the body now. If the database fails here, the dot must not be sent.
        try:
            wanted = intent()
        except BaseException:
            self.drop()
            raise
        if not wanted:
            self.drop()
            return Outcome.retry("It was withdrawn before it was sent.")
        return self.finish(smtp, letter)

    def offer(self, letter: "EncodedEmail") -> Outcome | None:
        """Send MAIL, RCPT and DATA. Returns None when the server waits for the body, else the outcome."""
        try:
            for command, code, text in self.envelope(letter):
                if code // 100 != (3 if command == "DATA" else 2):
                    # The next email needs a new session.
                    self.drop()
                    return refusal(command, code, text.decode(errors="replace"))
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            return Outcome.held_up(f"{type(error).__name__}: {error}")
        return None

    def envelope(self, letter: "EncodedEmail") -> Iterator[tuple[str, int, bytes]]:
        """Send the commands before the body and yield the server's answers; pipelined if supported (RFC 2920)."""
        smtp = self.connected()
        if smtp.has_extn("pipelining"):
            smtp.send(b"".join(letter.envelope.values()))
            yield from ((command, *smtp.getreply()) for command in letter.envelope)
        else:
            for command, line in letter.envelope.items():
                smtp.send(line)
                yield command, *smtp.getreply()

    def finish(self, smtp: smtplib.SMTP, letter: "EncodedEmail") -> Outcome:
        """Send the body and the final dot. After the dot, only the server's answer tells whether it accepted."""
        try:
            smtp.send(letter.body)
        except OSError as error:
            self.drop()
            return Outcome.retry(f"The line was cut before the end of the mail. {type(error).__name__}: {error}")
        try:
            line_of(smtp).settimeout(self.patience)
            smtp.send(b".\r\n")
            code, text = smtp.getreply()
            line_of(smtp).settimeout(smtp.timeout)
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            return Outcome.unknown(f"The server's answer was lost. {type(error).__name__}: {error}")
        if code // 100 == 2:
            return Outcome.sent()
        self.drop()
        words = text.decode(errors="replace")
        if code // 100 in (4, 5):
            return refusal("dot", code, words)
        return Outcome.unknown(f"The server's answer makes no sense: {code} {words}")


ABOUT_US = re.compile(r"5\.(2\.2|3\.|5\.|7\.)")
"""Enhanced status codes (RFC 3463) that are not about the address: a full mailbox, the mail system, the protocol, or
our reputation, such as `relaying denied`.
"""


def refusal(command: str, code: int, words: str) -> Outcome:
    """Return the outcome for a negative answer to a command."""
    detail = f"{code} {words}"
    if code == 421 and command != "dot":
        return Outcome.held_up(detail)
    match command:
        case "MAIL":
            # The sender is the same for all emails, so the server would accept none.
            return Outcome.held_up(detail)
        case "RCPT" if 550 <= code < 560 and code != 552 and not ABOUT_US.match(words):
            return Outcome.no_such_address(detail)
        case "dot" if 500 <= code < 600:
            return Outcome.refused(detail)
    return Outcome.retry(detail)


class EncodedEmail(NamedTuple):
    """An email as SMTP sends it."""

    envelope: dict[str, bytes]
    """The lines before the body, by command."""
    body: bytes

    @classmethod
    def of(cls, mail: EmailMessage) -> Self:
        (recipient,) = mail.recipients()
        envelope = {
            "MAIL": f"MAIL FROM:<{address(mail.from_email)}>\r\n".encode("ascii"),
            "RCPT": f"RCPT TO:<{address(recipient)}>\r\n".encode("ascii"),
            "DATA": b"DATA\r\n",
        }
        return cls(envelope, encode_email(mail))


def line_of(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("The connection is closed.")
    return smtp.sock


LONGEST = 998
"""Limit of bytes in a line (RFC 5322, 2.1.1)."""


PART = b'Content-Type: text/%s; charset="utf-8"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'


LINE_END = re.compile(r"\r\n?|\n")


class BadAddressError(Exception):
    """The fast encoder does not support something in this email."""


def encode_email(mail: EmailMessage) -> bytes:
    """Encode the email for DATA, without the final dot. Raises ValueError for an invalid header."""
    try:
        body = framed(mail)
    except BadAddressError:
        body = mail.message().as_bytes(linesep="\r\n")
    return (
        body.replace(b"\n.", b"\n..").rstrip(b"\r\n") + b"\r\n"
    )  # the first line is a header, so it cannot begin with a dot


def framed(mail: EmailMessage) -> bytes:
    if not isinstance(mail, EmailMultiAlternatives) or mail.attachments or len(mail.alternatives) != 1:
        raise BadAddressError
    html, kind = mail.alternatives[0]
    if kind != "text/html" or mail.cc or mail.encoding:
        raise BadAddressError
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
        raise BadAddressError
    for name, value in mail.extra_headers.items():
        yield name, str(value)


@lru_cache(maxsize=64)
def header(name: str, value: str) -> bytes:
    """Encode one header. ASCII headers stay on one line: some programs misread a folded List-Unsubscribe."""
    if "\n" in value or "\r" in value:
        raise ValueError(f"Header values can't contain newlines (got {value!r} for header {name!r})")
    if value.isascii():
        line = f"{name}: {value}".encode("ascii")
    elif name in ("From", "To", "Reply-To"):
        line = f"{name}: {sanitize_address(value, 'utf-8')}".encode("ascii")
    else:
        line = f"{name}: {encoded(value)}".encode("ascii")
    if len(line) > LONGEST and b"\r\n" not in line:
        raise BadAddressError
    return line


def encoded(value: str) -> str:
    """Encode the value in encoded words (RFC 2047, 2), one per line, none longer than 75 or split
    within a character.
    """
    words, word = [], b""
    for letter in value:
        more = letter.encode()
        if len(word) + len(more) > 42:
            words.append(word)
            word = b""
        word += more
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in (*words, word))


def lines_of(text: str) -> bytes:
    """Encode the text with CRLF line ends. Raises UnsupportedEmailError if a line is too long."""
    body = LINE_END.sub("\r\n", text).encode()
    if len(body) > LONGEST and max(map(len, body.split(b"\r\n"))) > LONGEST:
        raise BadAddressError
    return body


@lru_cache(maxsize=64)
def address(header: str) -> str:
    """Return the address of a header such as ``Volume 7 <editor@example.org>``, with its domain in ASCII (IDNA)."""
    local, _, domain = parseaddr(header)[1].rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"
