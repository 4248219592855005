"""Emails that did not arrive (issue 14, parts 3 to 5), through SMTP and IMAP servers: what is recorded and shown."""

import logging
from datetime import datetime
from pathlib import Path
from urllib.parse import urlparse

import pytest
from pytest_django import Settings

from agreements import lifecycle
from agreements.dashboard import health, overview
from agreements.dashboard.blockers import Blocker
from agreements.jobs import bounce_reports, scheduled
from agreements.mail import addresses, bounces
from agreements.mail.bounces import Bounce, ReturnPaths
from agreements.mail.judgement import Judgement
from agreements.mail.outbox import BACKOFF
from agreements.models import Agreement, JobRun, Message
from tests import imap, make
from tests.agreements.editors import client_for, page_of
from tests.agreements.mail.bounce_reports import dsn, mail, recipient
from tests.agreements.sending import send
from tests.make import DAY, HOUR, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State = Message.State


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return certificate


@pytest.fixture(autouse=True)
def bounce_address(settings: Settings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@desk.example"


def sent(mailbox: Mailbox, count: int = 1, now: datetime = NOW) -> list[Message]:
    """Invitations that the server has accepted, each to another author."""
    made = issued(count)
    send(now)
    for message in made:
        message.refresh_from_db()
        assert message.state == State.SENT
    return made


def issued(count: int) -> list[Message]:
    volume = make.the_volume()
    papers = [make.paper(volume, contact=f"author{number}@example.org") for number in range(count)]
    return [make.invitation(make.agreement("issued", of=paper)) for paper in papers]


def report(message: Message, status: str, diagnosis: str = "") -> bytes:
    """A report that comes to the return path of the email and quotes nothing of it."""
    return dsn(recipient(status, diagnosis), copy="", to=f"bounces+{message.message_id[1:37]}@desk.example")


def read(*reports: bytes, now: datetime, trusted: tuple[Path, Path], settings: Settings) -> dict[str, int]:
    """Runs the scheduled job on a mailbox with these reports."""
    inbox = imap.Inbox(list(reports))
    with imap.serve(inbox, trusted) as url:
        settings.BOUNCE_MAILBOX = urlparse(url)
        return dict(bounce_reports.read_due(scheduled.fixed_clock(now)))


def blockers(agreement: Agreement, now: datetime) -> set[Blocker]:
    return {count.blocker for count in overview.build_overview(agreement.paper.volume, now).counts}


def problems(now: datetime) -> list[str]:
    return health.find_problems(health.measure(now))


# --- part 3: judgements


@pytest.mark.parametrize("code", ["5.4.4", "5.4.1", "5.1.10", "5.1.1"])
def test_14_3_no_such_domain_or_user_stops_the_address_and_is_shown(
    mailbox: Mailbox, trusted: tuple[Path, Path], settings: Settings, code: str
) -> None:
    (message,) = sent(mailbox)
    assert read(report(message, code), now=NOW + HOUR, trusted=trusted, settings=settings) == {"hard": 1}
    assert addresses.find_undeliverable(["author0@example.org"])
    assert Blocker.UNDELIVERABLE in blockers(message.agreement, NOW + HOUR)
    assert message.agreement.messages.filter(kind="editor-refused").count() == 1


def test_14_3_a_report_of_spam_fails_the_email_and_leaves_the_address_good(
    mailbox: Mailbox, trusted: tuple[Path, Path], settings: Settings
) -> None:
    (message,) = sent(mailbox)
    body = report(message, "5.7.1", "550 5.7.1 we call this spam")
    assert read(body, now=NOW + HOUR, trusted=trusted, settings=settings) == {"rejected": 1}
    message.refresh_from_db()
    assert (message.state, message.bounce) == (State.SENT, Message.Bounce.EMAIL), "a server has taken it"
    assert not addresses.find_undeliverable(["author0@example.org"])
    assert not message.agreement.messages.filter(idempotency_key__endswith=":again").exists()
    assert Blocker.EMAIL_REJECTED in blockers(message.agreement, NOW + HOUR)
    page = client_for(make.editor("ed", make.the_volume())).get(page_of(message.agreement)).content.decode()
    assert "email rejected" in page
    assert "550 5.7.1 we call this spam" in page
    assert lifecycle.remind_now(message.agreement, by="editor:ed", now=NOW + DAY)
    send(NOW + DAY)
    assert Blocker.EMAIL_REJECTED not in blockers(message.agreement, NOW + DAY), "the next one was accepted"


@pytest.mark.parametrize("moment", ["at_recipient", "at_dot"])
def test_14_3_the_same_answer_of_a_server_has_the_same_result(mailbox: Mailbox, moment: str) -> None:
    (message,) = issued(1)
    setattr(mailbox, moment, "550 5.7.26 this email fails DMARC")
    assert send(NOW) == {State.FAILED: 1}
    message.refresh_from_db()
    assert message.bounce == Message.Bounce.EMAIL
    assert not addresses.find_undeliverable(["author0@example.org"])
    assert blockers(message.agreement, NOW) >= {Blocker.EMAIL_REJECTED}


@pytest.mark.alone
def test_14_3_many_rejections_are_told_to_the_operator(mailbox: Mailbox) -> None:
    scheduled.queue_due(scheduled.fixed_clock(NOW))
    first, *others = sent(mailbox, 4)
    lifecycle.record_bounce(Bounce(first.message_id, Judgement.EMAIL, "550 spam", "1"), now=NOW)
    assert problems(NOW) == [], "one is a task of the editors"
    lifecycle.record_bounce(Bounce(others[0].message_id, Judgement.EMAIL, "550 spam", "2"), now=NOW)
    (problem,) = problems(NOW)
    assert problem.startswith("Mail servers rejected 2 emails of the last day, 50% of all")


def test_14_3_a_mailbox_that_stays_full_is_shown_as_not_arriving(mailbox: Mailbox, settings: Settings) -> None:
    (message,) = sent(mailbox)
    agreement, now = message.agreement, NOW
    for number in range(settings.SOFT_BOUNCES + 1):
        assert Blocker.NOT_ARRIVING not in blockers(agreement, now)
        newest = agreement.messages.filter(state=State.SENT).order_by("-pk")[0]
        lifecycle.record_bounce(Bounce(newest.message_id, Judgement.SOFT, "452 full", str(number)), now=now)
        now += DAY
        send(now)
    assert Blocker.NOT_ARRIVING in blockers(agreement, now)
    assert not addresses.find_undeliverable(["author0@example.org"])
    assert lifecycle.remind_now(agreement, by="editor:ed", now=now)
    send(now)
    assert Blocker.NOT_ARRIVING not in blockers(agreement, now), "it stays accepted"


def test_14_3_days_of_soft_bounces_count_as_well(mailbox: Mailbox, settings: Settings) -> None:
    settings.SOFT_BOUNCE_DAYS = 2
    (message,) = sent(mailbox)
    lifecycle.record_bounce(Bounce(message.message_id, Judgement.SOFT, "452 full", "1"), now=NOW)
    send(NOW + DAY)
    again = message.agreement.messages.get(idempotency_key="invitation:again")
    lifecycle.record_bounce(Bounce(again.message_id, Judgement.SOFT, "452 full", "2"), now=NOW + 2 * DAY)
    again.refresh_from_db()
    assert again.bounce == Message.Bounce.NOT_ARRIVING


def test_14_3_a_combined_email_that_is_rejected_is_shown_for_each_paper(mailbox: Mailbox) -> None:
    agreements = [make.agreement("issued") for _ in range(2)]
    send(NOW)
    carrier = Message.objects.get(kind=Message.Kind.TOGETHER)
    assert lifecycle.record_bounce(Bounce(carrier.message_id, Judgement.EMAIL, "spam", "1"), now=NOW) == "rejected"
    for message in [carrier, *map(make.invitation, agreements)]:
        message.refresh_from_db()
        assert message.bounce == Message.Bounce.EMAIL


# --- part 3: the scheduled job


def test_14_3_the_mailbox_is_read_as_soon_as_it_is_set_and_every_five_minutes(
    mailbox: Mailbox, trusted: tuple[Path, Path], settings: Settings
) -> None:
    (message,) = sent(mailbox)
    scheduled.queue_due(scheduled.fixed_clock(NOW))
    read_mailbox = scheduled.JOBS["bounces"]
    assert read_mailbox(scheduled.fixed_clock(NOW)) == {}, "none is set"
    assert problems(NOW) == []
    inbox = imap.Inbox([report(message, "5.1.1")])
    with imap.serve(inbox, trusted) as url:
        settings.BOUNCE_MAILBOX = urlparse(url)
        assert problems(NOW) == [
            "The bounce mailbox was never read. Check BOUNCE_MAILBOX and the log of the Celery worker."
        ]
        assert read_mailbox(scheduled.fixed_clock(NOW)) == {"hard": 1}
        assert problems(NOW) == []
        inbox.mails.append(report(message, "5.1.1"))
        assert read_mailbox(scheduled.fixed_clock(NOW + 4 * MINUTE)) == {}
        assert read_mailbox(scheduled.fixed_clock(NOW + 5 * MINUTE)) == {"known": 1}
    scheduled.queue_due(scheduled.fixed_clock(NOW + 2 * HOUR))
    stale = "The bounce mailbox was not read for 115 minutes. See the log of the Celery worker."
    assert stale in problems(NOW + 2 * HOUR)


def test_14_3_a_mailbox_that_cannot_be_read_is_tried_again_at_the_next_run(
    trusted: tuple[Path, Path], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = imap.Inbox([])
    inbox.refuses = "LOGIN"
    with imap.serve(inbox, trusted) as url:
        settings.BOUNCE_MAILBOX = urlparse(url)
        assert bounce_reports.read_due(scheduled.fixed_clock(NOW)) == {"mailbox unreadable": 1}
        assert not JobRun.objects.filter(name="bounces").exists()
        inbox.refuses = ""
        assert bounce_reports.read_due(scheduled.fixed_clock(NOW)) == {}
    assert JobRun.objects.filter(name="bounces").exists()
    assert "not today" in caplog.text
    assert "p w" not in caplog.text


# --- part 4: what nobody understands


def test_14_4_a_return_that_nobody_understands_is_shown(
    mailbox: Mailbox, trusted: tuple[Path, Path], settings: Settings
) -> None:
    (message,) = sent(mailbox)
    to = f"bounces+{message.message_id[1:37]}@desk.example"
    body = mail("The pigeon has returned.", to=to, Subject="Notice", From="robot@mx.example.org")
    assert read(body, now=NOW, trusted=trusted, settings=settings) == {"unreadable": 1}
    assert Blocker.EMAIL_REJECTED in blockers(message.agreement, NOW)
    page = client_for(make.editor("ed", make.the_volume())).get(page_of(message.agreement)).content.decode()
    assert "returned, unreadable" in page
    assert "The pigeon has returned." in page


# --- part 5: one email never stops the others


def test_14_5_a_report_with_a_nul_or_a_megabyte_is_recorded(
    mailbox: Mailbox, trusted: tuple[Path, Path], settings: Settings
) -> None:
    first, second = sent(mailbox, 2)
    long = report(second, "5.1.1", "550 5.1.1 no " + "x" * 1_000_000)
    bad = report(first, "5.1.1", "550 5.1.1 no\x00user \x85")
    assert read(bad, long, now=NOW, trusted=trusted, settings=settings) == {"hard": 2}
    for message in (first, second):
        message.refresh_from_db()
        assert "\0" not in message.error
        assert len(message.error) <= 500


def test_14_5_a_report_that_cannot_be_recorded_is_set_aside(
    mailbox: Mailbox,
    trusted: tuple[Path, Path],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = sent(mailbox, 2)
    parse = bounces.parse_report

    def fragile(body: bytes, paths: ReturnPaths | None = None) -> Bounce | None:
        if first.message_id[1:37].encode() in body:
            raise ValueError("A string literal cannot contain NUL (0x00) characters.")
        return parse(body, paths)

    monkeypatch.setattr(bounces, "parse_report", fragile)
    reports = (report(first, "5.1.1"), report(second, "5.1.1"))
    with caplog.at_level(logging.ERROR):
        tally = read(*reports, now=NOW, trusted=trusted, settings=settings)
    assert tally == {"set aside": 1, "hard": 1}
    assert "Set aside an email" in caplog.text
    (record,) = (one for one in caplog.records if one.levelno == logging.ERROR)
    assert first.message_id[1:37] not in record.getMessage()


def test_14_5_an_email_that_the_mailbox_does_not_give_hides_no_other(
    mailbox: Mailbox, trusted: tuple[Path, Path], settings: Settings
) -> None:
    (message,) = sent(mailbox)
    inbox = imap.Inbox([b"lost", report(message, "5.1.1")])
    inbox.lost = {1}
    with imap.serve(inbox, trusted) as url:
        settings.BOUNCE_MAILBOX = urlparse(url)
        tally = bounce_reports.read_due(scheduled.fixed_clock(NOW))
    assert tally == {"hard": 1, "mailbox unreadable": 1}
    assert inbox.seen == {2}


@pytest.mark.parametrize("answer", ["550 5.1.1 no\x00such user", "550-5.1.1 no\r\n550 5.1.1 such\x85 user"])
def test_14_5_an_answer_with_a_nul_is_cleaned(mailbox: Mailbox, answer: str) -> None:
    bad, good = issued(2)
    mailbox.at_address = {"author0@example.org": answer}
    tally = send(NOW)
    assert tally[State.FAILED] == 1
    for message in (bad, good):
        message.refresh_from_db()
    assert (bad.state, good.state) == (State.FAILED, State.SENT)
    reason = addresses.find_undeliverable(["author0@example.org"])["author0@example.org"].reason
    assert not set(reason) & {"\0", "\n", "\x85"}
    assert reason == bad.error


@pytest.mark.parametrize("answer", ["421 4.3.2 not you", "drop", "451 " + "x" * 100_000])
def test_14_5_a_session_that_ends_at_one_recipient_fails_that_email_alone(mailbox: Mailbox, answer: str) -> None:
    bad, *good = issued(4)
    mailbox.at_address = {"author0@example.org": answer}
    now = NOW
    send(now)
    send(now + MINUTE)
    for message in good:
        message.refresh_from_db()
        assert message.state == State.SENT
    for _ in range(2 * len(BACKOFF)):
        bad.refresh_from_db()
        now = max(bad.due_at, now)
        make.agreement("issued", of=make.paper(contact=f"other{now:%d%H%M}@example.org"), now=now - MINUTE)
        send(now)  # others get through
    bad.refresh_from_db()
    assert (bad.state, bad.attempts) == (State.FAILED, len(BACKOFF) + 1)
    assert bad.error
    assert blockers(bad.agreement, now) & {Blocker.UNDELIVERABLE, Blocker.EMAIL_REJECTED}


@pytest.mark.parametrize("answer", ["421 4.3.2 going down", "drop"])
def test_14_5_a_server_that_ends_every_session_costs_time_and_no_try(mailbox: Mailbox, answer: str) -> None:
    messages = issued(3)
    mailbox.at_recipient = answer
    now = NOW
    for _ in range(3 * len(BACKOFF)):
        assert send(now) == {State.PENDING: 1}, "the others are not tried in vain"
        now += DAY
    for message in messages:
        message.refresh_from_db()
        assert (message.state, message.attempts) == (State.PENDING, 0)
    mailbox.reset()
    assert send(now) == {State.SENT: 3}
