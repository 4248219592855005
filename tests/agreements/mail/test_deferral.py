"""A mail that missed its moment: late at night it waits for the morning, and two to one person keep their distance."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from agreements import lifecycle
from agreements.domain.schedule import MIN_EMAIL_GAP
from agreements.lifecycle import delegate
from agreements.mail import deferral, outbox
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Message, RecipientSettings, SigningSettings
from tests import make
from tests.agreements.sending import claim_next, send
from tests.make import DAY, HOUR, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State = Message.State
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def reminder(due: datetime, idempotency_key: str = "r1:T-7") -> Message:
    """Of an agreement whose invitation left long ago."""
    agreement = make.agreement("issued")
    SigningSettings.objects.update(from_hour=9, to_hour=17, weekend=[6, 7])
    Message.objects.filter(agreement=agreement).update(state=State.SENT, sent_at=NOW)
    row = make.reminder(agreement, idempotency_key)
    Message.objects.filter(pk=row.pk).update(due_at=due)
    row.refresh_from_db()
    return row


def two_volumes(gap: timedelta = MIN_EMAIL_GAP) -> tuple[Message, Message]:
    """Invitations of one person by two volumes, the second planned `gap` after the first."""
    papers = [make.paper(make.volume(number)) for number in (247, 248)]
    rows = [make.invitation(make.agreement("issued", of=paper)) for paper in papers]
    assert len({row.recipient for row in rows}) == 1
    for row, due in zip(rows, (NOW, NOW + gap), strict=True):
        Message.objects.filter(pk=row.pk).update(due_at=due)
    return rows[0], rows[1]


def when_sent(row: Message) -> datetime | None:
    return Message.objects.get(pk=row.pk).sent_at


# --- working hours


@pytest.mark.parametrize(
    ("due", "taken_up", "leaves"),
    [
        (16 * HOUR, 16 * HOUR + MINUTE, 16 * HOUR + MINUTE),
        (16 * HOUR + 59 * MINUTE, 17 * HOUR + MINUTE, 17 * HOUR + MINUTE),  # in time, as planned
        (16 * HOUR, 20 * HOUR, DAY + 9 * HOUR),
        (4 * DAY + 16 * HOUR, 5 * DAY + 2 * HOUR, 7 * DAY + 9 * HOUR),  # from Friday to Monday
    ],
)
def test_a_reminder_that_is_late_waits_for_working_hours(
    due: timedelta, taken_up: timedelta, leaves: timedelta, mailbox: Mailbox
) -> None:
    row = reminder(MONDAY + due)
    sent = send(MONDAY + taken_up)
    assert bool(sent) == (taken_up == leaves)
    if not sent:
        row.refresh_from_db()
        assert (row.state, row.due_at, row.attempts, row.claim) == (State.PENDING, MONDAY + leaves, 0, None)
        assert send(MONDAY + leaves - SECOND) == {}
        send(MONDAY + leaves)
    assert when_sent(row) == MONDAY + leaves


def test_a_try_after_the_first_waits_for_working_hours(mailbox: Mailbox) -> None:
    row = reminder(MONDAY + 16 * HOUR + 55 * MINUTE)
    held = claim_next(MONDAY + 16 * HOUR + 56 * MINUTE)
    assert held is not None
    outbox.record_result(held, Outcome.retry("451 later"), MONDAY + 17 * HOUR, lifecycle.record_mail_result)
    assert send(MONDAY + 17 * HOUR + 5 * MINUTE) == {}
    assert send(MONDAY + DAY + 9 * HOUR) == {State.SENT: 1}
    row.refresh_from_db()
    assert row.attempts == 2, "waiting was no try"


def test_the_hours_are_those_where_the_author_is(mailbox: Mailbox) -> None:
    row = reminder(MONDAY + 16 * HOUR)
    volume = row.agreement.paper.volume
    RecipientSettings.objects.create(volume=volume, address=row.recipient.lower(), zone="America/New_York")
    assert send(MONDAY + 20 * HOUR) == {State.SENT: 1}, "it is three in the afternoon there"


def test_an_invitation_that_is_late_leaves_at_any_hour(mailbox: Mailbox) -> None:
    make.agreement("issued")
    assert send(NOW + 15 * HOUR) == {State.SENT: 1}


def test_what_is_asked_of_a_volume_without_rest_leaves_at_any_hour(mailbox: Mailbox) -> None:
    reminder(MONDAY)
    SigningSettings.objects.update(from_hour=0, to_hour=24, weekend=[])
    assert send(MONDAY + 3 * HOUR) == {State.SENT: 1}


# --- distance


def test_two_that_are_due_at_once_after_an_outage_keep_their_distance(mailbox: Mailbox) -> None:
    first, second = two_volumes()
    back = NOW + 3 * DAY
    assert send(back) == {State.SENT: 1}
    assert (when_sent(first), when_sent(second)) == (back, None)
    assert send(back + MINUTE) == {}
    assert send(back + MIN_EMAIL_GAP - SECOND) == {}
    assert send(back + MIN_EMAIL_GAP) == {State.SENT: 1}


def test_one_that_is_in_time_waits_for_one_that_was_late(mailbox: Mailbox) -> None:
    _, second = two_volumes()
    assert send(NOW + 15 * HOUR) == {State.SENT: 1}
    assert send(NOW + MIN_EMAIL_GAP) == {}
    assert send(NOW + 15 * HOUR + MIN_EMAIL_GAP) == {State.SENT: 1}
    assert when_sent(second) == NOW + 15 * HOUR + MIN_EMAIL_GAP


def test_one_that_may_have_arrived_counts(mailbox: Mailbox) -> None:
    first, _ = two_volumes(HOUR)
    held = claim_next(NOW)
    assert held == first
    assert outbox.mark_sending(held, NOW)
    outbox.record_result(held, Outcome.unknown("The answer was lost."), NOW, lifecycle.record_mail_result)
    assert send(NOW + HOUR) == {}
    assert send(NOW + MIN_EMAIL_GAP) == {State.SENT: 1}


def test_a_rejected_one_does_not(mailbox: Mailbox) -> None:
    two_volumes(HOUR)
    held = claim_next(NOW)
    assert held is not None
    outbox.record_result(held, Outcome.rejected("554 no thanks"), NOW, lifecycle.record_mail_result)
    assert send(NOW + HOUR) == {State.SENT: 1}


def test_others_are_not_held_up(mailbox: Mailbox) -> None:
    two_volumes(HOUR)
    make.agreement("issued", of=make.paper(contact="zoe@example.org"))
    assert send(NOW + 2 * DAY) == {State.SENT: 2}


def test_a_successor_and_what_an_editor_asks_for_now_leave_at_once(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    assert send(NOW) == {State.SENT: 1}
    assert lifecycle.remind_now(agreement, by="editor:ed", now=NOW + HOUR)
    assert send(NOW + HOUR) == {State.SENT: 1}
    lifecycle.replace(agreement, reason="A new title.", by="editor:ed", now=NOW + 2 * HOUR)
    assert send(NOW + 2 * HOUR) == {State.SENT: 1}


@pytest.mark.alone
def test_what_somebody_asked_for_neither_waits_nor_makes_wait(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    delegate.delegate(agreement, make.coauthor(agreement, email="shruti@example.org"), now=NOW)
    sent = send(NOW)
    assert sent[State.SENT] == Message.objects.exclude(state=State.CANCELLED).count() > 1


def test_several_papers_in_one_email_wait_together(mailbox: Mailbox) -> None:
    one, two = make.agreement("issued"), make.agreement("issued")
    SigningSettings.objects.update(from_hour=9, to_hour=17, weekend=[6, 7])
    Message.objects.update(state=State.SENT, sent_at=NOW)
    shared = make.combined_reminder(one, two)
    Message.objects.filter(pk=shared.pk).update(due_at=MONDAY + 16 * HOUR)
    assert send(MONDAY + 22 * HOUR) == {}
    rows = Message.objects.filter(carrier=shared)
    assert {(row.state, row.due_at) for row in rows} == {(State.PENDING, MONDAY + DAY + 9 * HOUR)}
    assert send(MONDAY + DAY + 9 * HOUR) == {State.SENT: 1}
    assert {row.sent_at for row in rows.all()} == {MONDAY + DAY + 9 * HOUR}


def test_a_reminder_that_goes_along_with_an_invitation_leaves_with_it(mailbox: Mailbox) -> None:
    row = reminder(MONDAY + 16 * HOUR)
    make.agreement("issued", of=make.paper(row.agreement.paper.volume), now=MONDAY + 21 * HOUR)
    assert send(MONDAY + 22 * HOUR) == {State.SENT: 1}
    assert when_sent(row) == MONDAY + 22 * HOUR


# --- two workers at once

ORDERS = [
    ["one" if place in ones else "two" for place in range(6)] for ones in map(set, combinations(range(6), 3))
]  # fmt: skip


@pytest.mark.alone
@pytest.mark.parametrize("order", ORDERS, ids=["".join(word[0] for word in order) for order in ORDERS])
def test_of_two_workers_at_most_one_sends(order: list[str]) -> None:
    """Each claims, looks and hands over; in every order of these steps."""
    two_volumes(timedelta(0))
    steps = {name: worker(NOW) for name in ("one", "two")}
    for name in order:
        next(steps[name], None)
    left = Message.objects.filter(state=State.SENT).count()
    assert left <= 1
    pending = Message.objects.filter(state=State.PENDING)
    assert pending.count() == 2 - left
    assert all(row.due_at > NOW for row in pending)


def worker(now: datetime):  # type: ignore[no-untyped-def]
    (message,) = outbox.claim(now, limit=1)
    yield
    until = deferral.postpone_until([message], now)
    yield
    if until:
        outbox.release(message, until[message.pk])
    else:
        assert outbox.mark_sending(message, now)
        outbox.record_result(message, Outcome.sent(), now, lifecycle.record_mail_result)
    yield


@pytest.mark.alone
def test_both_may_step_aside_and_both_leave_in_the_end(mailbox: Mailbox) -> None:
    two_volumes(timedelta(0))
    steps = [worker(NOW), worker(NOW)]
    for _ in range(3):
        for step in steps:
            next(step, None)
    assert not Message.objects.filter(state=State.SENT).exists()
    assert send(NOW + deferral.POSTPONE_DELAY) == {State.SENT: 1}
    assert send(NOW + deferral.POSTPONE_DELAY + MIN_EMAIL_GAP) == {State.SENT: 1}
    assert Agreement.objects.count() == 2
