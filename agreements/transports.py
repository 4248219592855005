"""How a mail leaves the house: an SMTP client that shows the one moment that matters, or any Django mail backend."""

import re
import smtplib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from email.utils import parseaddr
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

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
        if not intent():
            return Outcome.retry("It was withdrawn before it was sent.")
        # A connection of its own per mail: the file backend then writes one file per mail.
        try:
            get_connection().send_messages([mail])
        except (OSError, smtplib.SMTPException) as error:
            return Outcome.unknown(f"{type(error).__name__}: {error}")
        return Outcome.sent()


class SmtpTransport:
    """SMTP over `smtplib`, with the intent committed between the server's 354 and the body."""

    def __init__(self) -> None:
        self.smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.smtp:
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
            kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
            self.smtp = kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=settings.EMAIL_TIMEOUT or 30)
            self.smtp.ehlo_or_helo_if_needed()
            if settings.EMAIL_USE_TLS:
                self.smtp.starttls()
                self.smtp.ehlo()
            if settings.EMAIL_HOST_USER:
                self.smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        return self.smtp

    def hand_over(self, mail: EmailMessage, intent: Intent) -> Outcome:
        body = mail.message().as_bytes(linesep="\r\n")
        try:
            smtp = self.connected()
            for code, text, expected in self.envelope(smtp, mail):
                if code != expected:
                    return self.answered(code, text)
        except (OSError, smtplib.SMTPException) as error:
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
            smtp.send(re.sub(rb"(?m)^\.", b"..", body).rstrip(b"\r\n") + b"\r\n.\r\n")
            code, text = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            return Outcome.unknown(f"The server's answer was lost. {type(error).__name__}: {error}")
        return self.answered(code, text)

    @staticmethod
    def envelope(smtp: smtplib.SMTP, mail: EmailMessage) -> Iterator[tuple[int, bytes, int]]:
        """Sender, recipients and the wish to send data, each with the server's answer and the one that is needed."""
        yield *smtp.mail(address(mail.from_email)), 250
        for recipient in mail.recipients():
            yield *smtp.rcpt(address(recipient)), 250
        yield *smtp.docmd("DATA"), 354

    def answered(self, code: int, text: bytes) -> Outcome:
        if code == 250:
            return Outcome.sent()
        detail = f"{code} {text.decode(errors='replace')}"
        # Whatever state the session is in, the next mail starts clean.
        self.drop()
        return Outcome.refused(detail) if 500 <= code < 600 else Outcome.retry(detail)


def address(header: str) -> str:
    """The bare address of a header such as ``Desk <desk@example.org>``, its domain in ASCII (IDNA)."""
    local, _, domain = parseaddr(header)[1].rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"
