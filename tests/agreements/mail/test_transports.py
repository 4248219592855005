"""What each answer of a mail server means, on real sockets."""

import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlparse

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from agreements.demo import mailbox as box
from agreements.mail import encoding, headers, transports
from agreements.mail.transports import BackendTransport, Outcome, SmtpTransport
from proceedings import env
from tests import servers
from tests.servers import Mailbox


def letter(body: str = "Please sign.\n", to: str = "Mike Lewis <mike@example.org>", **headers: str) -> EmailMessage:
    mail = EmailMultiAlternatives("Sign", body, "Desk <desk@proceedings.example>", [to], headers=headers)
    mail.attach_alternative(f"<p>{body}</p>", "text/html")
    return mail


def hand_over(mail: EmailMessage | None = None, *, wanted: bool = True, patience: float = 5) -> Outcome:
    with SmtpTransport(patience) as transport:
        return transport.send(mail or letter(), lambda: wanted)


def noted(where: list[int], what: int) -> bool:
    """An intent that leaves a note."""
    where.append(what)
    return True


def test_an_accepted_email_is_sent(mailbox: Mailbox) -> None:
    assert hand_over() == Outcome.sent()
    (mail,) = mailbox.texts()
    assert str(mail["To"]) == "Mike Lewis <mike@example.org>"


def test_the_intent_is_asked_for_when_the_server_waits_for_the_body(mailbox: Mailbox) -> None:
    accepted: list[int] = []
    with SmtpTransport() as transport:
        transport.send(letter(), lambda: noted(accepted, len(mailbox.mails)))
    assert accepted == [0]
    assert len(mailbox.mails) == 1


def test_unless_sending_is_marked_nothing_is_sent_and_the_connection_is_closed(mailbox: Mailbox) -> None:
    with SmtpTransport() as transport:
        outcome = transport.send(letter(), lambda: False)
        assert transport.smtp is None
    assert outcome.state == "pending"
    assert mailbox.mails == []


def test_after_a_database_error_at_the_intent_no_dot_is_sent(mailbox: Mailbox) -> None:
    def database_gone() -> bool:
        raise OperationalError("server closed the connection unexpectedly")

    with SmtpTransport() as transport:
        with pytest.raises(OperationalError):
            transport.send(letter(), database_gone)
        assert transport.smtp is None
        assert transport.send(letter(), lambda: True) == Outcome.sent()
    assert len(mailbox.mails) == 1


def interrupt(transport: SmtpTransport) -> None:
    for _ in transport.exchange_envelope(encoding.EncodedEmail.encode(letter())):
        pass  # now the server waits for a body, and would take a QUIT for its first line
    raise KeyboardInterrupt


def test_an_error_that_leaves_the_context_does_not_wait_for_the_server(mailbox: Mailbox) -> None:
    began = time.monotonic()
    transport = SmtpTransport()
    with pytest.raises(KeyboardInterrupt), transport:
        interrupt(transport)
    assert transport.smtp is None
    assert time.monotonic() - began < 2


MEANS = [
    ("at_sender", "451 later", Outcome.server_unavailable),
    ("at_sender", "421 closing", Outcome.server_unavailable),
    ("at_sender", "550 not you", Outcome.server_unavailable),
    ("at_sender", "530 log in first", Outcome.server_unavailable),
    ("at_recipient", "421 closing", Outcome.session_ended),
    ("at_recipient", "451 later", Outcome.retry),
    ("at_recipient", "452 full", Outcome.retry),
    ("at_recipient", "450 4.2.0 greylisted", Outcome.retry),
    ("at_recipient", "530 5.7.0 log in first", Outcome.retry),
    ("at_recipient", "552 mailbox full", Outcome.retry),
    ("at_recipient", "550 5.2.2 mailbox full", Outcome.retry),
    ("at_recipient", "554 5.7.1 relaying denied", Outcome.retry),
    ("at_recipient", "550 no such user", Outcome.address_rejected),
    ("at_recipient", "550 5.1.1 no such user", Outcome.address_rejected),
    ("at_recipient", "550 5.2.1 mailbox disabled", Outcome.address_rejected),
    ("at_recipient", "553 5.1.2 no such domain", Outcome.address_rejected),
    ("at_dot", "451 later", Outcome.retry),
    ("at_dot", "421 closing", Outcome.retry),
    ("at_dot", "550 spam", Outcome.unwanted),
    ("at_dot", "554 5.7.1 spam", Outcome.unwanted),
]
"""Where the server says it, what it says, and what that is about: our server, the address or the mail."""


@pytest.mark.parametrize(("moment", "answer", "means"), MEANS)
def test_a_temporary_rejection_is_recognised(
    mailbox: Mailbox, moment: str, answer: str, means: Callable[[str], Outcome]
) -> None:
    setattr(mailbox, moment, answer)
    assert hand_over() == means(answer)
    assert mailbox.mails == []


def test_a_recipient_who_is_forwarded_is_accepted(mailbox: Mailbox) -> None:
    mailbox.at_recipient = ""
    mailbox.at_address = {"mike@example.org": "251 will forward"}
    # The test server counts only 250 as a recipient, so it refuses the body: the point is that we went on to it.
    assert hand_over().detail.startswith("503")


def test_any_success_after_the_dot_is_sent(mailbox: Mailbox) -> None:
    mailbox.at_dot = "252 we shall see"
    assert hand_over() == Outcome.sent()


def test_nonsense_after_the_dot_is_unknown(mailbox: Mailbox) -> None:
    mailbox.at_dot = "hello there"
    assert hand_over().state == "unknown"


@pytest.mark.parametrize("cut", ["drop-before", "drop-after"])
def test_a_line_that_is_cut_after_the_dot_leaves_it_unknown(mailbox: Mailbox, cut: str) -> None:
    mailbox.at_dot = cut
    outcome = hand_over()
    assert outcome.state == "unknown"
    assert "answer was lost" in outcome.detail
    assert len(mailbox.mails) == (cut == "drop-after")


def test_a_server_that_never_answers_the_dot_leaves_it_unknown(mailbox: Mailbox) -> None:
    mailbox.at_dot = "silent"
    assert hand_over(patience=0.2).state == "unknown"


def test_the_dot_may_be_answered_later_than_any_command(mailbox: Mailbox, settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 1
    mailbox.before_answer = lambda: time.sleep(1.5)
    with SmtpTransport(answer_timeout=10) as transport:
        assert transport.send(letter(), lambda: True) == Outcome.sent()
        assert transport.smtp is not None
        assert transports.socket_of(transport.smtp).gettimeout() == 1


def test_the_patience_with_a_dot_is_the_standards_ten_minutes() -> None:
    assert SmtpTransport().answer_timeout == 600


def test_a_line_that_is_cut_within_the_body_is_tried_again(mailbox: Mailbox) -> None:
    with SmtpTransport() as transport:

        def cut() -> bool:
            assert transport.smtp is not None
            transports.socket_of(transport.smtp).shutdown(1)
            return True

        outcome = transport.send(letter(), cut)
    assert (outcome.state, mailbox.mails) == ("pending", [])
    assert "before the end of the mail" in outcome.detail


def test_a_server_that_is_down_is_tried_again(settings: Settings) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", servers.free_port()
    outcome = hand_over()
    assert outcome.state == "pending"
    assert "ConnectionRefusedError" in outcome.detail


def test_a_black_hole_is_given_up_in_time(settings: Settings) -> None:
    with servers.black_hole() as port:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 0.3
        began = time.monotonic()
        assert hand_over().state == "pending"
        assert time.monotonic() - began < 5


def test_many_emails_share_one_connection(mailbox: Mailbox) -> None:
    with SmtpTransport() as transport:
        for _ in range(5):
            assert transport.send(letter(), lambda: True) == Outcome.sent()
    assert (len(mailbox.mails), len(mailbox.sessions)) == (5, 1)


def test_after_a_rejection_the_next_email_starts_clean(mailbox: Mailbox) -> None:
    mailbox.at_address = {"bad@example.org": "550 no such user"}
    with SmtpTransport() as transport:
        assert transport.send(letter(to="bad@example.org"), lambda: True).state == "failed"
        assert transport.send(letter(), lambda: True) == Outcome.sent()
    assert len(mailbox.mails) == 1


def test_a_connection_lost_between_two_emails_costs_nothing(mailbox: Mailbox) -> None:
    with SmtpTransport() as transport:
        assert transport.send(letter(), lambda: True) == Outcome.sent()
        assert transport.smtp is not None
        transports.socket_of(transport.smtp).shutdown(2)
        assert transport.send(letter(), lambda: True) == Outcome.sent()
    assert (len(mailbox.mails), len(mailbox.sessions)) == (2, 2)


def test_a_server_that_has_had_enough_of_a_line_gets_a_new_one(mailbox: Mailbox) -> None:
    with SmtpTransport() as transport:
        assert transport.send(letter(), lambda: True) == Outcome.sent()
        mailbox.at_sender_once = "421 too many mails on this line"
        assert transport.send(letter(), lambda: True) == Outcome.sent()
    assert len(mailbox.mails) == 2


def test_a_server_that_rejects_all_email_is_tried_twice_and_no_more(mailbox: Mailbox) -> None:
    with SmtpTransport() as transport:
        transport.send(letter(), lambda: True)
        mailbox.at_sender = "550 not you"
        assert transport.send(letter(), lambda: True) == Outcome.server_unavailable("550 not you")
    assert len(mailbox.sessions) == 2


@contextmanager
def pipelining(talk: list[tuple[bytes, bytes]]) -> Iterator[tuple[int, list[bytes]]]:
    """A server that says PIPELINING and then, for each chunk it reads, the scripted answer."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    heard: list[bytes] = []

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            line.sendall(b"220 here\r\n")
            for end, answer in [(b"\r\n", b"250-here\r\n250 PIPELINING\r\n"), *talk]:
                chunk = b""
                while not chunk.endswith(end):
                    more = line.recv(65536)
                    if not more:
                        return
                    chunk += more
                heard.append(chunk)
                line.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1], heard
    listener.close()
    thread.join(5)


GO_ON = (b"DATA\r\n", b"250 OK\r\n250 OK\r\n354 go on\r\n")


TAKEN = (b"\r\n.\r\n", b"250 taken\r\n")
ANSWERS = {
    "taken": ([GO_ON, TAKEN], Outcome.sent()),
    "address refused and yet a body wanted": (
        [(b"DATA\r\n", b"250 OK\r\n550 no such user\r\n354 go on\r\n")],
        Outcome.address_rejected("550 no such user"),
    ),
    "no data now": ([(b"DATA\r\n", b"250 OK\r\n250 OK\r\n451 later\r\n")], Outcome.retry("451 later")),
    "no sender": ([(b"DATA\r\n", b"451 later\r\n503 what\r\n503 what\r\n")], Outcome.server_unavailable("451 later")),
}


@pytest.mark.parametrize(("talk", "outcome"), ANSWERS.values(), ids=ANSWERS)
def test_a_server_that_can_is_asked_all_at_once(
    settings: Settings, talk: list[tuple[bytes, bytes]], outcome: Outcome
) -> None:
    intents: list[int] = []
    with pipelining(talk) as (port, heard), SmtpTransport(5) as transport:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
        assert transport.send(letter(), lambda: noted(intents, 1)) == outcome
        transport.close()
    assert len(intents) == (outcome.state == "sent"), "no body is promised to a server that has refused something"
    assert heard[1] == b"MAIL FROM:<desk@proceedings.example>\r\nRCPT TO:<mike@example.org>\r\nDATA\r\n"


@pytest.mark.parametrize(
    "mail",
    [
        letter(**{"X-Title": "two\nlines"}),
        letter(to="mike@i❤.example"),
        letter(to="mike@" + "x" * 64 + ".example"),
    ],
    ids=["line break in a header", "domain that IDNA cannot write", "domain that cannot be"],
)
def test_an_email_that_cannot_be_composed_is_an_outcome_not_a_crash(mailbox: Mailbox, mail: EmailMessage) -> None:
    asked: list[int] = []
    with SmtpTransport() as transport:
        outcome = transport.send(mail, lambda: noted(asked, 1))
    assert outcome.state == "pending"
    assert asked == []
    assert mailbox.mails == []


LINES = st.text(st.sampled_from(".\r\n aé\u2028"), max_size=40)


@given(LINES)
def test_dots_and_line_ends_arrive_as_they_were(body: str) -> None:
    sent = encoding.encode_email(EmailMessage("S", body, "a@example.org", ["b@example.org"]))
    assert sent.endswith(b"\r\n")
    lines = sent.split(b"\r\n")
    assert b"." not in lines, "a lone dot would end the mail in the middle"
    unstuffed = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    received = message_from_bytes(unstuffed, policy=policy.default).get_content()
    assert same_lines(received) == same_lines(body)


def same_lines(text: str) -> str:
    return re.sub(r"\r\n?", "\n", text).rstrip("\n")


def test_a_lone_dot_in_the_text_does_not_end_the_email(mailbox: Mailbox) -> None:
    hand_over(EmailMessage("S", "one\n.\n..two\n.three\n", "a@example.org", ["b@example.org"]))
    (mail,) = mailbox.texts()
    assert mail.get_content().splitlines() == ["one", ".", "..two", ".three"]


def test_an_internationalized_domain_is_written_as_punycode() -> None:
    assert encoding.bare_address("Zoë <zoe@bücher.example>") == "zoe@xn--bcher-kva.example"


def test_the_settings_choose_the_transport(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert isinstance(transports.from_settings(), SmtpTransport)
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert isinstance(transports.from_settings(), BackendTransport)


# --- encryption and login


@pytest.fixture
def secure_mailbox(certificate: tuple[Path, Path], settings: Settings) -> Iterator[Mailbox]:
    """A server that wants STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with servers.smtp(tls_context=context, require_starttls=True) as (url, box):
        for name, value in env.email(urlparse(f"{url}?starttls")).items():
            setattr(settings, name, value)
        yield box


def test_a_server_whose_certificate_is_trusted_gets_the_email_encrypted(
    secure_mailbox: Mailbox, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert hand_over() == Outcome.sent()
    assert len(secure_mailbox.mails) == 1


def test_a_server_that_cannot_prove_its_name_gets_nothing(secure_mailbox: Mailbox) -> None:
    outcome = hand_over()
    assert outcome.state == "pending"
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.detail
    assert secure_mailbox.mails == []


def test_a_password_that_the_server_rejects_is_reported_and_tried_again(mailbox: Mailbox, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "desk", "secret"
    outcome = hand_over()
    assert outcome.state == "pending"
    assert "SMTP" in outcome.detail
    assert "secret" not in outcome.detail


# --- any other Django mail backend


class Failing(BaseEmailBackend):
    error: Exception = OSError("the service is away")

    def send_messages(self, email_messages: object) -> int:
        raise self.error


@pytest.fixture
def failing(settings: Settings) -> type[Failing]:
    settings.EMAIL_BACKEND = f"{__name__}.Failing"
    return Failing


@pytest.mark.parametrize(
    "error", [OSError("away"), smtplib.SMTPServerDisconnected("gone"), RuntimeError("bad answer"), KeyError("id")]
)
def test_every_error_of_another_backend_leaves_it_unknown(
    failing: type[Failing], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failing, "error", error)
    with BackendTransport() as transport:
        outcome = transport.send(letter(), lambda: True)
    assert outcome.state == "unknown"
    assert type(error).__name__ in outcome.detail


def test_another_backend_is_not_touched_without_intent(failing: type[Failing]) -> None:
    with BackendTransport() as transport:
        assert transport.send(letter(), lambda: False).state == "pending"


def test_another_backend_is_not_given_an_email_that_cannot_be_written(failing: type[Failing]) -> None:
    asked: list[int] = []
    with BackendTransport() as transport:
        outcome = transport.send(letter(**{"X-Title": "two\nlines"}), lambda: noted(asked, 1))
    assert (outcome.state, asked) == ("pending", [])


def test_the_file_backend_writes_emails_that_can_be_read_back(mail_folder: Path) -> None:
    """Its names for files hold a second and a place in memory, so two mails may share one."""
    with BackendTransport() as transport:
        for number in range(30):
            mail = letter(to=f"author{number}@example.org", Date="Sun, 01 Nov 2026 09:00:00 +0000")
            assert transport.send(mail, lambda: True) == Outcome.sent()
    read = box.read(mail_folder)
    assert sorted(mail.to.addr_spec for mail in read) == sorted(f"author{number}@example.org" for number in range(30))
    assert len({mail.name for mail in read}) == 30


# --- addresses that are not ASCII


def test_a_domain_in_unicode_goes_out_as_idna_2008_writes_it(mailbox: Mailbox) -> None:
    old_row = headers.format_address("Jörg", "jo@straße.example")
    mailbox.at_address["jo@strasse.example"] = "550 somebody else"
    assert hand_over(letter(to=old_row)) == Outcome.sent()
    (mail,) = mailbox.texts()
    assert mail["To"].addresses[0].addr_spec == "jo@xn--strae-oqa.example"
    mailbox.at_address["jo@xn--strae-oqa.example"] = "550 5.1.1 this one"
    assert hand_over(letter(to="jo@straße.example")).detail == "550 5.1.1 this one"


@pytest.mark.parametrize("attached", [False, True])
def test_a_local_part_in_utf8_goes_to_a_server_that_takes_it(mailbox: Mailbox, attached: bool) -> None:
    mail = letter(to=headers.format_address("Jörg Größe", "jörg@example.org"))
    if attached:
        mail.attach("form.pdf", b"%PDF-1.7", "application/pdf")
    assert hand_over(mail) == Outcome.sent()
    (got,) = mailbox.mails
    head = got.partition(b"\r\n\r\n")[0]
    assert "jörg@example.org".encode() in head
    assert head.count(b"\nTo: ") == 1


def test_a_server_that_does_not_take_utf8_gets_nothing(settings: Settings) -> None:
    with servers.smtp(enable_SMTPUTF8=False) as (url, box):
        for name, value in env.email(urlparse(url)).items():
            setattr(settings, name, value)
        outcome = hand_over(letter(to="jörg@example.org"))
    assert (outcome.state, outcome.scope) == ("failed", "address")
    assert "letters other than ASCII" in outcome.detail
    assert box.mails == []
