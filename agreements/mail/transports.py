"""Transports: an SMTP client that exposes the moment before the server can accept, or any Django email backend."""

import logging
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.utils import DNS_NAME

from agreements.mail.encoding import EncodedEmail
from agreements.mail.judgement import Judgement, Stage, clean_text, judge

logger = logging.getLogger(__name__)

ConfirmSending = Callable[[], bool]
"""Commits that the email is about to be sent; returns False if it may no longer be sent."""


class Outcome(NamedTuple):
    """The result of an attempt: the new state of the message, the server's answer, and what the answer is about.

    The answer is cleaned here, where it comes in: no database takes a NUL, and no page a megabyte.
    """

    state: str
    detail: str = ""
    scope: str = "mail"
    """``mail``; ``address``: the address is undeliverable; ``email``: this email or its sender was rejected, the
    address stays good; ``server``: it accepts no email from anyone at present; ``recipient``: it ended the session at
    this recipient, so that only other emails can tell whether it accepts any.
    """

    @classmethod
    def sent(cls) -> Self:
        return cls("sent")

    @classmethod
    def retry(cls, detail: str) -> Self:
        """Certainly not accepted; try again."""
        return cls("pending", clean_text(detail))

    @classmethod
    def server_unavailable(cls, detail: str) -> Self:
        """The server accepted no email from anyone. It does not count as an attempt."""
        return cls("pending", clean_text(detail), "server")

    @classmethod
    def session_ended(cls, detail: str) -> Self:
        """The server ended the session at this recipient: an attempt only if it accepts other emails."""
        return cls("pending", clean_text(detail), "recipient")

    @classmethod
    def rejected(cls, detail: str) -> Self:
        """Certainly not accepted, and not to be tried again."""
        return cls("failed", clean_text(detail))

    @classmethod
    def unwanted(cls, detail: str) -> Self:
        """Rejected because of its content or its sender. The address stays good."""
        return cls("failed", clean_text(detail), "email")

    @classmethod
    def address_rejected(cls, detail: str) -> Self:
        """Rejected, like every email to that address."""
        return cls("failed", clean_text(detail), "address")

    @classmethod
    def unknown(cls, detail: str) -> Self:
        """It may have arrived, so it must not be resent automatically."""
        return cls("unknown", clean_text(detail))


class Transport(Protocol, AbstractContextManager["Transport"]):
    """Stays open for many emails, until the context ends."""

    def send(self, mail: EmailMessage, confirm: ConfirmSending) -> Outcome: ...


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

    def send(self, mail: EmailMessage, confirm: ConfirmSending) -> Outcome:
        try:
            mail.message()
        except ValueError as error:  # an invalid header, found before the backend gets the email
            return Outcome.retry(f"{type(error).__name__}: {error}")
        if not confirm():
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

    def __init__(self, answer_timeout: float = 600) -> None:
        self.smtp: smtplib.SMTP | None = None
        self.answer_timeout = answer_timeout
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
        self.close()

    def close(self) -> None:
        """Close the connection without QUIT. A server that still expects a body discards the email."""
        if self.smtp:
            self.smtp.close()
            self.smtp = None

    def connect(self) -> smtplib.SMTP:
        if self.smtp is None:
            self.smtp = self.open_connection()
            # Body and dot are two writes that must not wait for each other's acknowledgement.
            socket_of(self.smtp).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.smtp.ehlo_or_helo_if_needed()
            if settings.EMAIL_USE_TLS:
                self.smtp.starttls(context=ssl.create_default_context())
                self.smtp.ehlo()
            if settings.EMAIL_HOST_USER:
                self.smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        return self.smtp

    @staticmethod
    def open_connection() -> smtplib.SMTP:
        host, port, timeout = settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT or 30
        hostname = DNS_NAME.get_fqdn()  # cached by Django: smtplib would query the name server for each connection
        if settings.EMAIL_USE_SSL:
            return smtplib.SMTP_SSL(host, port, hostname, timeout=timeout, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, hostname, timeout=timeout)

    def send(self, mail: EmailMessage, confirm: ConfirmSending) -> Outcome:
        try:
            email = EncodedEmail.encode(mail)
        except ValueError as error:
            return Outcome.retry(f"{type(error).__name__}: {error}")
        reused = self.smtp is not None
        failure = self.send_envelope(email)
        if reused and failure and failure.scope in ("server", "recipient"):
            # Servers close connections that were idle or have carried enough emails. That is not about this email.
            failure = self.send_envelope(email)
        if failure:
            return failure
        smtp = self.connect()
        # The server waits for the body now. If the database fails here, the dot must not be sent.
        try:
            may_send = confirm()
        except BaseException:
            self.close()
            raise
        if not may_send:
            self.close()
            return Outcome.retry("It was withdrawn before it was sent.")
        return self.send_body(smtp, email)

    def send_envelope(self, email: "EncodedEmail") -> Outcome | None:
        """Send MAIL, RCPT and DATA. Returns None when the server waits for the body, else the outcome."""
        answered = ""
        try:
            if email.needs_utf8 and not self.connect().has_extn("smtputf8"):
                return Outcome.address_rejected("Our mail server takes no addresses with letters other than ASCII.")
            for command, code, text in self.exchange_envelope(email):
                if code // 100 != (3 if command == "DATA" else 2):
                    # The next email needs a new session.
                    self.close()
                    return outcome_of_reply(command, code, text.decode(errors="replace"))
                answered = command
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            detail = f"{type(error).__name__}: {error}"
            return Outcome.session_ended(detail) if answered else Outcome.server_unavailable(detail)
        return None

    def exchange_envelope(self, email: "EncodedEmail") -> Iterator[tuple[str, int, bytes]]:
        """Send the commands before the body and yield the server's answers; pipelined if supported (RFC 2920)."""
        smtp = self.connect()
        if smtp.has_extn("pipelining"):
            smtp.send(b"".join(email.envelope.values()))
            yield from ((command, *smtp.getreply()) for command in email.envelope)
        else:
            for command, line in email.envelope.items():
                smtp.send(line)
                yield command, *smtp.getreply()

    def send_body(self, smtp: smtplib.SMTP, email: "EncodedEmail") -> Outcome:
        """Send the body and the final dot. After the dot, only the server's answer tells whether it accepted."""
        try:
            smtp.send(email.body)
        except OSError as error:
            self.close()
            return Outcome.retry(f"The line was cut before the end of the mail. {type(error).__name__}: {error}")
        try:
            socket_of(smtp).settimeout(self.answer_timeout)
            smtp.send(b".\r\n")
            code, text = smtp.getreply()
            socket_of(smtp).settimeout(smtp.timeout)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome.unknown(f"The server's answer was lost. {type(error).__name__}: {error}")
        if code // 100 == 2:
            return Outcome.sent()
        self.close()
        detail = text.decode(errors="replace")
        if code // 100 in (4, 5):
            return outcome_of_reply("dot", code, detail)
        return Outcome.unknown(f"The server's answer makes no sense: {code} {detail}")


OUR_SERVER = re.compile(r"^530|relay|authentication required|must issue", re.IGNORECASE)
"""Answers of our own server to a wrong configuration. An administrator can correct it, so the email is tried again."""


def outcome_of_reply(command: str, code: int, text: str) -> Outcome:
    """Return the outcome for a negative answer to a command."""
    detail = f"{code} {text}"
    if command == "MAIL":
        # The sender is the same for all emails, so the server would accept none.
        return Outcome.server_unavailable(detail)
    if code == 421 and command != "dot":
        return Outcome.session_ended(detail)
    if code // 100 != 5 or (command != "dot" and OUR_SERVER.search(detail)):
        return Outcome.retry(detail)
    match judge(detail, stage=Stage(command)):
        case Judgement.ADDRESS:
            return Outcome.address_rejected(detail)
        case Judgement.EMAIL:
            return Outcome.unwanted(detail)
    return Outcome.retry(detail)


def socket_of(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("The connection is closed.")
    return smtp.sock
