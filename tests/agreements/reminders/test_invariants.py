"""`check_reminders`: reports nothing if all is well, and names each broken invariant."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agreements import lifecycle
from agreements.jobs import scheduled
from agreements.mail import outbox
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Link, Message
from agreements.reminders import invariants
from tests import make
from tests.agreements.sending import send
from tests.make import CLOSES, DAY, HOUR, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State = Message.State


def broken(now: datetime) -> set[str]:
    return {finding.invariant for finding in invariants.check_all(now)}


@pytest.mark.alone
def test_a_simulated_year_breaks_no_invariant(mailbox: Mailbox, capsys: pytest.CaptureFixture[str]) -> None:
    volume = make.volume()
    for number in range(4):
        make.agreement("issued", of=make.paper(volume, contact=f"author{number % 2}@example.org"))
    signer = Agreement.objects.order_by("pk").first()
    assert signer
    now = NOW
    while now < CLOSES + 10 * DAY:
        scheduled.queue_due(scheduled.fixed_clock(now))
        mailbox.at_recipient = "451 later" if now.day % 5 == 0 else ""
        mailbox.at_dot = "drop-after" if now.day == 17 else ""
        send(now)
        assert list(invariants.check_all(now)) == []
        if now == NOW + 20 * DAY:
            make.sign(signer, now=now)
        now += 12 * HOUR
    mailbox.reset()
    assert Message.objects.filter(state=State.UNKNOWN).exists()


def sent() -> Message:
    message = make.invitation(make.agreement("issued"))
    (held,) = outbox.claim(NOW)
    outbox.mark_sending(held, NOW)
    assert outbox.record_result(held, Outcome.sent(), NOW, lifecycle.record_mail_result) == State.SENT
    message.refresh_from_db()
    return message


def recorded_twice() -> None:
    lifecycle.record_mail_result(sent(), State.SENT, NOW)


def never_recorded() -> None:
    message = make.invitation(make.agreement("issued"))
    Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=NOW)


def taken_back() -> None:
    Message.objects.filter(pk=sent().pk).update(state=State.PENDING, sent_at=None, due_at=NOW + DAY)


def sent_after_signing() -> None:
    message = sent()
    make.sign(message.agreement)
    Message.objects.filter(pk=message.pk).update(sent_at=NOW + HOUR)


def queued_after_the_end() -> None:
    agreement = make.agreement("voided")
    outbox.queue(
        agreement, idempotency_key="r1:T-7", kind=Message.Kind.REMINDER, recipient=agreement.signer_email, now=NOW
    )


def left_by_all_workers() -> None:
    make.agreement("issued")
    outbox.claim(NOW - DAY)
    outbox.claim(NOW)


def unknown_and_unrecorded() -> None:
    message = make.invitation(make.agreement("issued"))
    Message.objects.filter(pk=message.pk).update(state=State.UNKNOWN)


def not_planned_again() -> None:
    Agreement.objects.filter(pk=sent().agreement.pk).update(next_check_at=None)


def never_planned() -> None:
    make.agreement("issued")


def lease_expired() -> None:
    Message.objects.filter(pk=sent().pk).update(lease_until=NOW)


def revoked_before_sending() -> None:
    message = sent()
    make.token(message.agreement)
    Link.objects.filter(message=message).update(revoked_at=NOW - HOUR)


def too_soon() -> None:
    message = sent()
    make.reminder(message.agreement, now=NOW + HOUR)
    (held,) = outbox.claim(NOW + HOUR)
    outbox.mark_sending(held, NOW + HOUR)
    outbox.record_result(held, Outcome.sent(), NOW + HOUR, lifecycle.record_mail_result)


BROKEN: list[tuple[str, Callable[[], None], datetime]] = [
    ("I1", recorded_twice, NOW),
    ("I2", never_recorded, NOW),
    ("I3", sent_after_signing, NOW),
    ("I3", queued_after_the_end, NOW),
    ("I4", taken_back, NOW),
    ("I5", left_by_all_workers, NOW + 2 * HOUR),
    ("I6", unknown_and_unrecorded, NOW),
    ("I7", not_planned_again, CLOSES - 7 * DAY),
    ("I7", never_planned, NOW + 2 * HOUR),
    ("I8", lease_expired, NOW),
    ("I9", revoked_before_sending, NOW),
    ("I10", too_soon, NOW + HOUR),
]


@pytest.mark.parametrize(("promise", "breach", "now"), BROKEN)
def test_each_breach_is_found(promise: str, breach: Callable[[], None], now: datetime) -> None:
    breach()
    assert promise in broken(now)


def test_a_row_that_was_taken_away_is_missed(tampering: Any) -> None:
    message = sent()
    with tampering():
        Message.objects.filter(pk=message.pk)._raw_delete("default")
    assert broken(NOW) == {"I1"}


def test_an_editors_own_reminder_may_come_soon(mailbox: Mailbox) -> None:
    message = sent()
    assert lifecycle.remind_now(message.agreement, by="editor:ed", now=NOW + HOUR)
    send(NOW + HOUR)
    assert broken(NOW + HOUR) == set()


def test_the_command_says_how_it_went(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + MINUTE)
    recorded_twice()
    with pytest.raises(CommandError, match="1 invariants do not hold"):
        call_command("check_reminders")
    assert "I1: message" in capsys.readouterr().out


def test_the_command_accepts_an_empty_database(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_reminders")
    assert "All invariants hold." in capsys.readouterr().out
