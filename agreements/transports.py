"""How a mail leaves the house: an SMTP client that shows the one moment that matters, or any Django mail backend."""

import logging
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from email.utils import parseaddr
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

logger = logging.getLogger(__name__)

Intent = Callable[[], bool]
"""Commits the intent to hand over; False when the mail may no longer be sent."""


class Outcome(NamedTuple):
    """What became of a hand-over: the state the message goes to, and the server's words."""

    state: str
    detail: str = ""

    @classmethod
    def sent(cls) -> Self:
        return cls("sent")

    @classmethod
    def retry(cls, detail: str) -> Self:
        """Provably not accepted; worth another try."""
        return cls("pending", detail)

    @classmethod
    def refused(cls, detail: str) -> Self:
        """Provably not accepted, and never will be."""
        return cls("failed", detail)

    @classmethod
    def unknown(cls, detail: str) -> Self:
        """It may have arrived: no machine may send it again."""
        return cls("unknown", detail)


class Transport(Protocol, AbstractContextManager["Transport"]):
    """Kept open for many mails; closed when the context ends."""

    def hand_over(self, mail: EmailMessage, intent: Intent) -> Outcome: ...


def from_settings() -> Transport:
    """The transport that ``EMAIL_URL`` asks for."""
    if settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return SmtpTransport()
    return BackendTransport()


class BackendTransport:
    """Any Django mail backend. It hides when the server accepts, so every error after the intent is `unknown`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def hand_over(self, mail: EmailMessage, intent: Intent) -> Outcome:
        try:
            mail.message()
        except ValueError as error:  # a header that cannot be written: said before the backend is given anything
            return Outcome.retry(f"{type(error).__name__}: {error}")
        if not intent():
            return Outcome.retry("It was withdrawn before it was sent.")
        # A connection of its own per mail: the file backend then mostly writes one file per mail.
        try:
            get_connection().send_messages([mail])
        except Exception as error:
            logger.exception("The mail backend failed")
            return Outcome.unknown(f"{type(error).__name__}: {error}")
        return Outcome.sent()


class SmtpTransport:
    """SMTP over `smtplib`, with the intent committed between the server's 354 and the body."""

    def __init__(self, patience: float = 600) -> None:
        self.smtp: smtplib.SMTP | None = None
        self.patience = patience
        """Seconds that a server may take to answer the final dot (RFC 5321, 4.5.3.2.6); giving up is `unknown`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error the server may still wait for a body, and would take a QUIT for a part of it.
        if self.smtp and error is None:
            with suppress(OSError, smtplib.SMTPException):
                self.smtp.quit()
        self.drop()

    def drop(self) -> None:
        """Cuts the connection; a server that was promised a body throws the mail away."""
        if self.smtp:
            self.smtp.close()
            self.smtp = None

    def connected(self) -> smtplib.SMTP:
        if self.smtp is None:
            self.smtp = self.reached()
            # The body and its dot go out as two writes, which must not wait for each other's receipt.
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
        if settings.EMAIL_USE_SSL:
            return smtplib.SMTP_SSL(host, port, timeout=timeout, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=timeout)

    def hand_over(self, mail: EmailMessage, intent: Intent) -> Outcome:
        try:
            body = on_the_wire(mail)
            smtp = self.connected()
            for code, text, needed in self.envelope(smtp, mail):
                if code // 100 != needed:
                    return self.refused(code, text)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.drop()
            return Outcome.retry(f"{type(error).__name__}: {error}")
        # Here the server waits for the body. Whatever happens to the database now, no dot may be sent.
        try:
            wanted = intent()
        except BaseException:
            self.drop()
            raise
        if not wanted:
            self.drop()
            return Outcome.retry("It was withdrawn before it was sent.")
        try:
            smtp.send(body)
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
        if code // 100 in (4, 5):
            return self.refused(code, text)
        self.drop()
        return Outcome.unknown(f"The server's answer makes no sense: {code} {text.decode(errors='replace')}")

    @staticmethod
    def envelope(smtp: smtplib.SMTP, mail: EmailMessage) -> Iterator[tuple[int, bytes, int]]:
        """Sender, recipients and the wish to send data, each with the server's answer and the first digit it needs."""
        yield *smtp.mail(address(mail.from_email)), 2
        for recipient in mail.recipients():
            yield *smtp.rcpt(address(recipient)), 2
        yield *smtp.docmd("DATA"), 3

    def refused(self, code: int, text: bytes) -> Outcome:
        detail = f"{code} {text.decode(errors='replace')}"
        # Whatever state the session is in, the next mail starts clean.
        self.drop()
        return Outcome.refused(detail) if 500 <= code < 600 else Outcome.retry(detail)


def line_of(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("The connection is closed.")
    return smtp.sock


def on_the_wire(mail: EmailMessage) -> bytes:
    """The mail as DATA carries it, up to its final dot. Raises ValueError for a header that cannot be written."""
    body: bytes = mail.message().as_bytes(linesep="\r\n")
    return re.sub(rb"(?m)^\.", b"..", body).rstrip(b"\r\n") + b"\r\n"


def address(header: str) -> str:
    """The bare address of a header such as ``Desk <desk@example.org>``, its domain in ASCII (IDNA)."""
    local, _, domain = parseaddr(header)[1].rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"
