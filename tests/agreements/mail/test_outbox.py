"""The outbox: nothing lost, nothing twice, and it knows when to stop."""

import time
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from agreements import lifecycle
from agreements.jobs import scheduled
from agreements.mail import addresses, outbox, sender
from agreements.mail.outbox import BACKOFF, LEASE
from agreements.mail.transports import Outcome, SmtpTransport
from agreements.models import Agreement, Message
from proceedings.models import Author
from tests import make, servers
from tests.agreements.sending import Hook, Meanwhile, claim_next, deliver, send
from tests.make import CLOSES, DAY, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State = Message.State
note = lifecycle.record_mail_result
RETRY = Outcome.retry("451 later")


def due_again(message: Message) -> datetime:
    message.refresh_from_db()
    assert message.state == State.PENDING
    return message.due_at


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def issued(count: int = 1) -> list[Message]:
    """The invitations of so many agreements, each to an address of its own."""
    volume = make.the_volume()
    papers = [make.paper(volume, contact=f"author{number}@example.org") for number in range(1, count + 1)]
    return [make.invitation(make.agreement("issued", of=paper)) for paper in papers]


# --- the queue


def test_an_idempotency_key_belongs_to_one_message_for_ever() -> None:
    agreement = make.agreement("issued")
    again = partial(
        outbox.queue, agreement, idempotency_key="r1:T-7", kind=Message.Kind.REMINDER, recipient="mike@example.org"
    )
    assert again(now=NOW)
    before = agreement.messages.get(idempotency_key="r1:T-7")
    assert not again(now=NOW + DAY)
    assert list(
        agreement.messages.filter(idempotency_key="r1:T-7").values_list("pk", "state", "due_at", "message_id")
    ) == [(before.pk, State.PENDING, NOW, before.message_id)]


def test_the_message_id_has_our_domain_even_if_the_sender_has_a_display_name(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "The Desk <desk@publisher.example>"
    (invitation,) = issued()
    assert invitation.message_id.endswith("@publisher.example>")


# --- the way of a mail that goes well


def test_what_is_due_is_sent_stamped_and_noted_in_the_chain(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    assert send(NOW + MINUTE) == {State.SENT: 1}
    assert state_of(invitation) == State.SENT
    assert (invitation.sent_at, invitation.attempts, invitation.claim, invitation.lease_until) == (
        NOW + MINUTE,
        1,
        None,
        None,
    )
    event = invitation.agreement.events.get(kind="mailed")
    assert event.data == {
        "kind": "invitation",
        "slot": "invitation",
        "to": "author1@example.org",
        "message_id": invitation.message_id,
    }
    assert mailbox.texts()[0]["Message-ID"] == invitation.message_id


def test_what_is_sent_is_not_sent_again(mailbox: Mailbox) -> None:
    issued()
    send(NOW)
    assert send(NOW) == {}
    assert send(NOW + 400 * DAY) == {}
    assert len(mailbox.mails) == 1


def test_what_is_not_due_stays(mailbox: Mailbox) -> None:
    issued()
    assert send(NOW - MINUTE) == {}
    assert mailbox.mails == []


def test_the_email_that_waits_longest_goes_first_and_all_share_a_connection(mailbox: Mailbox) -> None:
    volume = make.volume()
    for hours in (3, 1, 2):
        paper = make.paper(volume, contact=f"author{hours}@example.org")
        make.agreement("issued", of=paper, now=NOW - hours * make.HOUR)
    assert send(NOW) == {State.SENT: 3}
    assert mailbox.recipients() == ["author3@example.org", "author2@example.org", "author1@example.org"]
    assert len(mailbox.sessions) == 1


def test_an_internationalized_address_is_reached(mailbox: Mailbox) -> None:
    make.agreement("issued", of=make.paper(contact="zoe@bücher.example"))
    assert send(NOW) == {State.SENT: 1}
    assert mailbox.recipients() == ["zoe@xn--bcher-kva.example"]


def test_skipped_reminders_are_never_sent(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    make.reminder(agreement, skipped=("r1:T-14",))
    send(NOW)
    send(NOW + make.DAY)
    assert dict(agreement.messages.values_list("idempotency_key", "state")) == {
        "invitation": State.SENT,
        "r1:T-7": State.SENT,
        "r1:T-14": State.SKIPPED,
    }
    assert len(mailbox.mails) == 2


# --- refusals and lost answers


@pytest.mark.parametrize("moment", ["at_recipient", "at_dot"])
def test_what_is_rejected_for_now_is_tried_again_and_sent_once(mailbox: Mailbox, moment: str) -> None:
    (invitation,) = issued()
    setattr(mailbox, moment, "451 later")
    assert send(NOW) == {State.PENDING: 1}
    assert due_again(invitation) == NOW + BACKOFF[0]
    assert invitation.error == "451 later"
    mailbox.reset()
    assert send(NOW + BACKOFF[0] - MINUTE / 2) == {}
    assert send(NOW + BACKOFF[0]) == {State.SENT: 1}
    (delivered,) = mailbox.texts()
    assert delivered["Message-ID"] == invitation.message_id
    assert state_of(invitation) == State.SENT
    assert invitation.error == ""


def test_the_tries_come_further_apart_and_end(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    mailbox.at_recipient = "451 later"
    now, waits = NOW, []
    for _ in BACKOFF:
        assert send(now) == {State.PENDING: 1}
        waits.append(due_again(invitation) - now)
        now = invitation.due_at
    assert waits == BACKOFF
    assert send(now) == {State.FAILED: 1}
    assert send(now + 400 * DAY) == {}
    assert (state_of(invitation), invitation.attempts) == (State.FAILED, len(BACKOFF) + 1)
    assert make.history(invitation.agreement) == ["draft", "issue"]


def test_an_email_that_is_permanently_rejected_fails_at_once(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    mailbox.at_dot = "550 spam"
    assert send(NOW) == {State.FAILED: 1}
    assert (state_of(invitation), invitation.error) == (State.FAILED, "550 spam")
    mailbox.reset()
    assert send(NOW + 10 * DAY) == {}
    assert mailbox.mails == []


# --- a server that takes nobody's mail


@pytest.mark.parametrize("answer", ["550 not you", "451 later", "421 closing"])
def test_a_server_that_does_not_like_the_sender_costs_time_and_no_try(mailbox: Mailbox, answer: str) -> None:
    """All mail has the same sender: what is refused here would be refused for every mail, and none is to blame."""
    invitations = issued(3)
    mailbox.at_sender = answer
    now = NOW
    for _ in range(3 * len(BACKOFF)):
        assert send(now) == {State.PENDING: 1}, "the others are not tried in vain"
        now += DAY
    assert {(state_of(message), message.attempts) for message in invitations} == {(State.PENDING, 0)}
    mailbox.reset()
    assert send(now) == {State.SENT: 3}


def test_what_is_held_up_waits_a_minute(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    mailbox.at_sender = "451 later"
    send(NOW)
    assert due_again(invitation) == NOW + outbox.SERVER_DELAY
    assert invitation.error == "451 later"


# --- an address that is refused for good (row 29)


def test_a_rejected_address_gets_nothing_more_and_an_editor_is_told(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    other = make.agreement("issued", of=make.paper(make.volume(248), contact="Author1@Example.ORG"))
    Author.objects.filter(paper=invitation.agreement.paper, position=2).update(email="second@example.org")
    mailbox.at_address = {"author1@example.org": "550 5.1.1 no such user"}
    tally = send(NOW)
    assert (tally[State.FAILED], tally[State.SENT]) == (1, 1)
    assert state_of(invitation) == State.FAILED
    assert state_of(make.invitation(other)) == State.CANCELLED, "in the same transaction"
    (told,) = mailbox.texts()
    assert told["To"].addresses[0].addr_spec == "chair@desk.example"
    assert "second@example.org" in str(told.get_body(("plain",)))
    assert make.history(invitation.agreement) == ["draft", "issue", "address-refused", "mailed"]
    mailbox.reset()
    for agreement in (invitation.agreement, other):
        assert not lifecycle.remind_now(agreement, by="editor:ed", now=NOW + DAY)
        assert not lifecycle.remind([agreement.pk], now=CLOSES - 7 * DAY)
    assert send(NOW + 10 * DAY) == {}
    assert mailbox.mails == []


def test_an_email_queued_later_to_a_rejected_address_fails_without_a_server(mailbox: Mailbox) -> None:
    issued()
    mailbox.at_address = {"author1@example.org": "550 no"}
    send(NOW)
    sessions = len(mailbox.sessions)
    again = make.agreement("issued", of=make.paper(contact="author1@example.org"), now=NOW + DAY)
    mailbox.reset()
    assert send(NOW + DAY) == {State.FAILED: 1}
    assert (mailbox.mails, len(mailbox.sessions)) == ([], 0)
    assert sessions
    assert "refused before: 550 no" in make.invitation(again).error


def test_the_right_address_gets_email_and_a_rejected_one_again_once_it_is_cleared(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    mailbox.at_address = {"author1@example.org": "550 no"}
    send(NOW)
    mailbox.reset()
    agreement, author = invitation.agreement, Author.objects.get(paper=invitation.agreement.paper, position=1)
    author.email = "right@example.org"
    author.save()
    successor = lifecycle.replace(
        Agreement.objects.get(pk=agreement.pk), reason="Another address.", by="editor:ed", now=NOW + DAY
    )
    assert send(NOW + DAY) == {State.SENT: 1}
    assert mailbox.recipients() == ["right@example.org"]
    assert addresses.mark_deliverable("Author1@example.org")
    assert not addresses.mark_deliverable("author1@example.org")
    author.email = "author1@example.org"
    author.save()
    lifecycle.replace(successor, reason="It works again.", by="editor:ed", now=NOW + 2 * DAY)
    assert send(NOW + 2 * DAY) == {State.SENT: 1}


@pytest.mark.parametrize("cut", ["drop-before", "drop-after"])
def test_a_lost_answer_is_shown_and_never_followed_by_another_try(mailbox: Mailbox, cut: str) -> None:
    (invitation,) = issued()
    mailbox.at_dot = cut
    assert send(NOW) == {State.UNKNOWN: 1}
    assert state_of(invitation) == State.UNKNOWN
    assert "answer was lost" in invitation.error
    assert make.history(invitation.agreement) == ["draft", "issue", "mail-unknown"]
    accepted = len(mailbox.mails)
    mailbox.reset()
    assert send(NOW + 10 * DAY) == {}
    assert accepted + len(mailbox.mails) <= 1


def test_a_server_that_is_down_costs_time_and_no_email(mailbox: Mailbox, settings: Settings) -> None:
    invitations = issued(3)
    right = settings.EMAIL_PORT
    settings.EMAIL_PORT = servers.free_port()
    assert send(NOW) == {State.PENDING: 1}, "one finds out for all"
    settings.EMAIL_PORT = right
    assert send(NOW + BACKOFF[0]) == {State.SENT: 3}
    assert sorted(mailbox.recipients()) == sorted(message.recipient for message in invitations)


def test_an_unresponsive_server_costs_time_and_no_email(mailbox: Mailbox, settings: Settings) -> None:
    issued()
    right = settings.EMAIL_PORT
    with servers.black_hole() as port:
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = port, 0.2
        assert send(NOW) == {State.PENDING: 1}
    settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = right, 5
    assert send(NOW + BACKOFF[0]) == {State.SENT: 1}
    assert len(mailbox.mails) == 1


# --- bad rows


def test_one_address_that_is_rejected_does_not_stop_the_others(mailbox: Mailbox) -> None:
    issued(5)
    mailbox.at_address = {"author2@example.org": "550 no", "author4@example.org": "451 later"}
    assert send(NOW) == {State.SENT: 4, State.FAILED: 1, State.PENDING: 1}, (
        "and the editors hear of the one that is refused"
    )


def test_a_good_email_behind_many_bad_ones_goes_in_the_same_run(mailbox: Mailbox) -> None:
    issued(30)
    mailbox.at_address = {f"author{number}@example.org": "451 later" for number in range(1, 30)}
    assert send(NOW) == {State.PENDING: 29, State.SENT: 1}


@pytest.mark.parametrize(
    "poison",
    ["mike@i❤.example", "mike@" + "x" * 64 + ".example"],
    ids=["a domain that IDNA cannot write", "a domain that cannot be"],
)
def test_a_poisonous_row_fails_alone_and_in_the_end_for_good(mailbox: Mailbox, poison: str) -> None:
    """Such an address is rejected where it comes in. A row that is older than the check may have one."""
    bad = make.invitation(make.agreement("issued", of=make.paper(contact="bad@example.org"), now=NOW - DAY))
    Message.objects.filter(pk=bad.pk).update(recipient=poison)
    good = issued()
    assert send(NOW) == {State.PENDING: 1, State.SENT: len(good)}
    now = NOW
    while state_of(bad) == State.PENDING:
        now = max(bad.due_at, now)
        send(now)
    assert bad.state == State.FAILED
    assert bad.attempts == len(BACKOFF) + 1
    assert bad.error
    assert len(mailbox.mails) == len(good)


def test_a_receipt_waits_for_the_storage_to_come_back(mailbox: Mailbox) -> None:
    agreement = make.agreement("sealed")
    path = Path(storages["private"].path(agreement.sealed_file))
    away = path.rename(f"{path}.away")
    receipt = agreement.messages.get(kind="receipt")
    assert send(NOW) == {State.PENDING: 1}
    assert "could not be written" in Message.objects.get(pk=receipt.pk).error
    away.rename(path)
    assert send(NOW + BACKOFF[0]) == {State.SENT: 1}
    assert len(mailbox.mails) == 1


# --- an agreement that ends while its mail is on its way


def ends(message: Message) -> dict[str, Hook]:
    """The ways in which an agreement's need for mail ends."""
    agreement = Agreement.objects.select_related("text").get(pk=message.agreement.pk)
    return {
        "sign": partial(make.sign, agreement),
        "decline": partial(lifecycle.decline, agreement, reason="", now=NOW),
        "void": partial(lifecycle.void, agreement, reason="Withdrawn.", by="editor:ed", now=NOW),
    }


ENDS = ["sign", "decline", "void"]


@pytest.mark.parametrize("end", ENDS)
def test_an_end_before_sending_is_marked_stops_the_email(mailbox: Mailbox, end: str) -> None:
    (invitation,) = issued()
    transport = Meanwhile(before_intent=once(ends(invitation)[end]))
    tally = send(NOW, transport)
    assert tally["withdrawn"] == 1
    assert state_of(invitation) == State.CANCELLED
    assert invitation.message_id not in [text["Message-ID"] for text in mailbox.texts()]
    assert "invitation" not in mailed(invitation)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("answer", ["451 later", "421 closing"])
def test_after_an_end_while_sending_a_rejection_is_not_tried_again(mailbox: Mailbox, end: str, answer: str) -> None:
    (invitation,) = issued()
    mailbox.at_dot = answer
    first = Meanwhile(after_intent=once(ends(invitation)[end]))
    message = claim_next(NOW)
    assert message is not None
    assert deliver(message, first, NOW) == State.CANCELLED
    assert state_of(invitation) == State.CANCELLED
    mailbox.reset()
    send(NOW + 10 * DAY)
    assert invitation.message_id not in [text["Message-ID"] for text in mailbox.texts()]


@pytest.mark.parametrize("end", ENDS)
def test_after_an_end_while_sending_an_accepted_email_is_still_recorded(mailbox: Mailbox, end: str) -> None:
    (invitation,) = issued()
    send(NOW, Meanwhile(after_intent=once(ends(invitation)[end])))
    assert state_of(invitation) == State.SENT
    assert "invitation" in mailed(invitation)


def once(call: Hook) -> Hook:
    """`call`, the first time only: closing queues mails of its own, which pass the same transport."""
    calls = [call]
    return lambda: calls.pop()() if calls else None


def mailed(message: Message) -> list[str]:
    events = message.agreement.events.filter(kind="mailed")
    return [event.data["slot"] for event in events]


# --- leases, and workers that come back


def claimed(now: datetime = NOW) -> Message:
    message = claim_next(now)
    assert message is not None
    return message


def test_a_claimed_email_is_nobody_elses_until_its_lease_ends(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    claimed()
    assert send(NOW + LEASE - MINUTE) == {}
    assert send(NOW + LEASE) == {State.SENT: 1}
    assert (state_of(invitation), invitation.attempts) == (State.SENT, 2)
    assert len(mailbox.mails) == 1


def test_the_lease_is_longer_than_a_server_may_take_in_all() -> None:
    commands = 3  # MAIL, RCPT, DATA of the next mail: only then it is written down what became of this one
    assert SmtpTransport().answer_timeout + commands * 30 < LEASE.total_seconds()
    connecting = 5  # greeting, two EHLO, STARTTLS, login: a claimed mail may wait for them
    assert (connecting + commands) * 30 < LEASE.total_seconds() / 2


def test_an_email_that_was_being_sent_becomes_unknown_and_is_recorded(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    assert outbox.mark_sending(claimed(), NOW)
    assert send(NOW + LEASE - MINUTE) == {}
    assert send(NOW + LEASE) == {State.UNKNOWN: 1}
    assert state_of(invitation) == State.UNKNOWN
    assert make.history(invitation.agreement) == ["draft", "issue", "mail-unknown"]
    assert send(NOW + 10 * DAY) == {}
    assert mailbox.mails == []


def test_a_claimed_email_whose_agreement_was_signed_is_not_claimed_again(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    message = claimed()
    make.sign(Agreement.objects.get(pk=message.agreement.pk))
    assert not outbox.mark_sending(message, NOW)
    assert send(NOW + LEASE) == {}
    assert state_of(invitation) == State.CANCELLED


def test_an_email_that_kills_each_worker_is_given_up(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    now, claims = NOW, 0
    while state_of(invitation) != State.FAILED:
        outbox.release_leases(now, lifecycle.record_mail_result)
        if claim_next(now):
            claims += 1
        now += LEASE
        assert claims < 100
    assert claims == len(BACKOFF) + 1
    assert "stopped each time" in invitation.error


@pytest.mark.parametrize("outcome", [Outcome.sent(), RETRY, Outcome.rejected("550"), Outcome.unknown("?")])
def test_a_worker_that_slept_past_its_lease_changes_nothing(outcome: Outcome) -> None:
    (invitation,) = issued()
    sleeper = claimed()
    outbox.release_leases(NOW + LEASE, lifecycle.record_mail_result)
    successor = claimed(NOW + LEASE)
    assert successor.claim != sleeper.claim
    assert not outbox.mark_sending(sleeper, NOW)
    assert outbox.record_result(sleeper, outcome, NOW + LEASE, lifecycle.record_mail_result) == "lost"
    assert state_of(invitation) == State.CLAIMED
    assert invitation.claim == successor.claim
    assert outbox.mark_sending(successor, NOW)
    assert outbox.record_result(sleeper, outcome, NOW + LEASE, lifecycle.record_mail_result) == "lost"
    assert state_of(invitation) == State.HANDING


def test_a_worker_that_sleeps_right_after_its_claim_does_not_take_its_successors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between claiming and reading back, its lease ends and another worker claims: it must not get that claim."""
    issued()
    update = Message.objects.none().__class__.update
    successors: list[Message] = []

    def slow(self: object, **columns: object) -> int:
        won = update(self, **columns)  # type: ignore[arg-type]
        if columns.get("state") == State.CLAIMED and not successors:
            outbox.release_leases(NOW + LEASE, lifecycle.record_mail_result)
            monkeypatch.undo()
            successors.append(claimed(NOW + LEASE))
        return won

    monkeypatch.setattr(Message.objects.none().__class__, "update", slow)
    assert claim_next(NOW) is None
    assert len(successors) == 1


def test_a_late_acceptance_resolves_what_had_become_unknown(mailbox: Mailbox) -> None:
    (invitation,) = issued()

    def reap() -> None:
        outbox.release_leases(NOW + LEASE, lifecycle.record_mail_result)
        assert state_of(invitation) == State.UNKNOWN

    assert send(NOW, Meanwhile(after_answer=reap)) == {State.SENT: 1}
    assert state_of(invitation) == State.SENT
    assert make.history(invitation.agreement) == ["draft", "issue", "mail-unknown", "mailed"]


@pytest.mark.parametrize("outcome", [RETRY, Outcome.rejected("550"), Outcome.unknown("?")])
def test_a_late_rejection_does_not_send_an_unknown_email_again(outcome: Outcome) -> None:
    (invitation,) = issued()
    message = claimed()
    assert outbox.mark_sending(message, NOW)
    outbox.release_leases(NOW + LEASE, lifecycle.record_mail_result)
    assert outbox.record_result(message, outcome, NOW + LEASE, lifecycle.record_mail_result) == "lost"
    assert state_of(invitation) == State.UNKNOWN


def test_an_answer_after_nine_minutes_is_waited_for(mailbox: Mailbox) -> None:
    (invitation,) = issued()

    def other_worker() -> None:
        assert send(NOW + 9 * MINUTE) == {}

    assert send(NOW, Meanwhile(after_answer=other_worker)) == {State.SENT: 1}
    assert state_of(invitation) == State.SENT
    assert len(mailbox.mails) == 1


# --- a database that fails at the wrong moment


def test_a_database_that_fails_when_marking_sending_costs_a_lease_and_no_email(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    (invitation,) = issued()

    def gone(message: Message, now: datetime) -> bool:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(outbox, "mark_sending", gone)
    with pytest.raises(OperationalError):
        send(NOW)
    monkeypatch.undo()
    assert mailbox.mails == []
    assert state_of(invitation) == State.CLAIMED
    assert send(NOW + LEASE) == {State.SENT: 1}
    assert len(mailbox.mails) == 1


def test_a_commit_whose_answer_is_lost_at_the_intent_leaves_it_unknown_and_unsent(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    (invitation,) = issued()
    intend = outbox.mark_sending

    def answer_lost(message: Message, now: datetime) -> bool:
        intend(message, now)
        raise OperationalError("SSL connection has been closed unexpectedly")

    monkeypatch.setattr(outbox, "mark_sending", answer_lost)
    with pytest.raises(OperationalError):
        send(NOW)
    monkeypatch.undo()
    assert state_of(invitation) == State.HANDING
    assert send(NOW + LEASE) == {State.UNKNOWN: 1}
    assert mailbox.mails == []


def test_a_database_that_fails_after_the_acceptance_leaves_it_unknown_and_sent_once(mailbox: Mailbox) -> None:
    (invitation,) = issued()

    def gone() -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with pytest.raises(OperationalError):
        send(NOW, Meanwhile(after_answer=gone))
    assert state_of(invitation) == State.HANDING
    assert send(NOW + LEASE) == {State.UNKNOWN: 1}
    assert send(NOW + 10 * DAY) == {}
    assert len(mailbox.mails) == 1


def test_an_event_that_cannot_be_written_takes_the_state_back_with_it() -> None:
    (invitation,) = issued()
    message = claimed()
    assert outbox.mark_sending(message, NOW)

    def disk_full(*args: object) -> None:
        raise OperationalError("disk full")

    with pytest.raises(OperationalError):
        outbox.record_result(message, Outcome.sent(), NOW, disk_full)
    assert state_of(invitation) == State.HANDING
    assert invitation.sent_at is None


# --- several at a time


def test_a_job_ends_in_time_and_leaves_the_rest_unchanged(mailbox: Mailbox) -> None:
    """As when a worker is asked to end: the mail in its hand is finished, the others are another's at once (row 27)."""
    invitations = issued(5)
    carried = +sender.send_due(
        scheduled.fixed_clock(NOW), Meanwhile(after_answer=lambda: time.sleep(0.3)), note, seconds=0.2
    )
    assert carried == {State.SENT: 1}
    assert [(state_of(message), message.attempts, message.claim) for message in invitations[1:]] == [
        (State.PENDING, 0, None)
    ] * 4
    assert send(NOW) == {State.SENT: 4}
    assert len(mailbox.mails) == 5


def test_a_job_without_time_left_starts_nothing(mailbox: Mailbox) -> None:
    issued()
    assert +sender.send_due(scheduled.fixed_clock(NOW), SmtpTransport(), note, seconds=0) == {}
    assert mailbox.mails == []


def test_what_its_author_signed_is_not_given_back(mailbox: Mailbox) -> None:
    (invitation,) = issued()
    (message,) = outbox.claim(NOW)
    make.sign(Agreement.objects.get(pk=message.agreement.pk))
    outbox.release(message)
    assert state_of(invitation) == State.CANCELLED


def test_many_emails_are_claimed_together_and_one_that_was_tried_before_alone() -> None:
    issued(5)
    first = outbox.claim(NOW, limit=3)
    assert len(first) == 3
    assert {(message.state, message.attempts, message.lease_until) for message in first} == {
        (State.CLAIMED, 1, NOW + LEASE)
    }
    outbox.release_leases(NOW + LEASE, note)
    sizes = [len(outbox.claim(NOW + LEASE)) for _ in range(5)]
    assert sizes == [1, 1, 1, 2, 0], "whichever of the three killed the worker, it costs the others no second try"


def test_the_lease_of_an_email_counts_from_its_own_sending() -> None:
    issued(2)
    _, second = outbox.claim(NOW)
    assert outbox.mark_sending(second, NOW + LEASE / 3)
    second.refresh_from_db()
    assert second.lease_until == NOW + LEASE / 3 + LEASE


def test_claims_past_half_of_their_lease_are_renewed(mailbox: Mailbox) -> None:
    issued(3)
    times = [NOW]
    slow = Meanwhile(after_answer=lambda: times.append(times[-1] + 8 * MINUTE))
    tally = +sender.send_due(lambda: times[-1], slow, note)
    assert tally == {State.SENT: 3}
    assert not Message.objects.filter(attempts__gt=1).exists()


def test_an_email_is_recorded_as_sent_in_the_commit_that_marks_the_next_sending(mailbox: Mailbox) -> None:
    first, second = issued(2)
    seen: list[str] = []
    before = Meanwhile(
        before_intent=lambda: seen.append(state_of(first)), after_intent=lambda: seen.append(state_of(first))
    )
    assert send(NOW, before) == {State.SENT: 2}
    assert seen == [State.CLAIMED, State.HANDING, State.HANDING, State.SENT]
    assert state_of(second) == State.SENT


def test_when_marking_sending_fails_the_email_before_is_still_recorded_as_sent(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = issued(2)
    intend = outbox.mark_sending

    def gone(message: Message, now: datetime, *more: Hook) -> bool:
        if message.pk == second.pk:
            raise OperationalError("server closed the connection unexpectedly")
        return intend(message, now, *more)

    monkeypatch.setattr(outbox, "mark_sending", gone)
    with pytest.raises(OperationalError):
        send(NOW)
    assert (state_of(first), state_of(second)) == (State.SENT, State.CLAIMED)


# --- how much work it is


def test_a_run_with_nothing_due_takes_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(2):
        send(NOW)


def test_the_work_per_email_does_not_grow_with_their_number(mailbox: Mailbox) -> None:
    def queries(count: int, now: datetime) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert send(now) == {State.SENT: count}
        return len(captured)

    make.volume()
    issued(2)
    for_two = queries(2, NOW)
    for number in range(12):
        make.agreement("issued", of=make.paper(contact=f"more{number}@example.org"))
    per_mail = (queries(12, NOW) - for_two) / 10
    assert per_mail <= 8, "its intent and what became of it, in one transaction, and nothing that many have in common"
