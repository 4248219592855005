"""One mail about several papers: each keeps its slot, its state and its link, and nothing is lost or doubled."""

import re
from collections import Counter
from email.message import EmailMessage

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements import lifecycle
from agreements.jobs import scheduled
from agreements.mail import compose, links, outbox
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Link, Message
from agreements.reminders import invariants
from tests import make
from tests.agreements.sending import send
from tests.make import CLOSES, DAY, HOUR, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State, Kind = Message.State, Message.Kind
SIGN = re.compile(r"http://testserver/sign/([A-Za-z0-9_-]{43})/")
STOP = re.compile(r"http://testserver(/reminders/stop/[A-Za-z0-9_-]{43}/)")
DUE = CLOSES - 7 * DAY


def invited(count: int = 3) -> list[Agreement]:
    """Agreements that wait for one signer, whose invitations were sent long ago."""
    volume = make.the_volume()
    made = [make.agreement("issued", of=make.paper(volume, contact="anna@example.org")) for _ in range(count)]
    for one in made:
        lifecycle.record_mail_result(make.invitation(one), State.SENT, NOW)
    Message.objects.update(state=State.SENT, sent_at=NOW)
    return made


def queued(count: int = 3) -> tuple[list[Agreement], Message]:
    made = invited(count)
    scheduled.remind_due(DUE)
    return made, Message.objects.filter(kind=Kind.TOGETHER, carried__idempotency_key="r1:T-7").distinct().get()


def states(of: list[Agreement]) -> list[str]:
    return [one.messages.get(idempotency_key="r1:T-7").state for one in of]


def plain(mail_: EmailMessage) -> str:
    part = mail_.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.mark.alone
def test_one_signer_gets_one_email_with_a_link_for_each_paper(mailbox: Mailbox) -> None:
    made, carrier = queued()
    mailbox.reset()
    assert send(DUE) == {State.SENT: 1}
    (mail_,) = mailbox.texts()
    assert mail_["Message-ID"] == carrier.message_id
    assert [address.addr_spec for address in mail_["To"].addresses] == ["anna@example.org"]
    found = [links.find_link(token, Link.Purpose.SIGN, DUE) for token in SIGN.findall(plain(mail_))]
    assert [link.agreement for link in found if link] == made
    assert states(made) == [State.SENT] * 3
    for agreement in made:
        assert agreement.title in plain(mail_)
        assert f"Agreement {agreement.reference}" in plain(mail_).splitlines()
        assert make.history(agreement).count("mailed") == 2
    (invited,) = {make.invitation(one).carrier for one in made}
    assert invited
    assert mail_["References"] == invited.message_id
    assert mail_["List-Unsubscribe"]
    assert list(invariants.check_all(DUE)) == []


def test_another_volume_writes_its_own_email_and_keeps_the_gap(mailbox: Mailbox) -> None:
    here = make.agreement("issued", of=make.paper(make.the_volume(), contact="anna@example.org"))
    there = make.agreement("issued", of=make.paper(make.volume(248), contact="anna@example.org"))
    send(NOW)
    send(NOW + DAY)
    scheduled.remind_due(DUE)
    reminders = Message.objects.filter(idempotency_key="r1:T-7")
    assert list(reminders.values_list("agreement", flat=True)) == [here.pk]
    assert not Message.objects.filter(kind=Kind.TOGETHER).exists()
    send(DUE)
    assert scheduled.remind_due(DUE + HOUR) == 0
    assert scheduled.remind_due(DUE + DAY) == 1
    assert reminders.filter(agreement=there).exists()


def test_a_paper_signed_before_sending_is_not_in_the_email(mailbox: Mailbox) -> None:
    made, _ = queued()
    make.sign(made[0], now=DUE)
    mailbox.reset()
    send(DUE)
    told = next(text for text in mailbox.texts() if "Reminder" in text["Subject"])
    assert made[0].title not in plain(told)
    assert states(made) == [State.CANCELLED, State.SENT, State.SENT]


def test_what_is_left_of_one_paper_is_its_usual_reminder(mailbox: Mailbox) -> None:
    made, carrier = queued(2)
    lifecycle.void(made[0], reason="Withdrawn.", by="editor:ed", now=DUE)
    mailbox.reset()
    assert send(DUE) == {State.SENT: 1}
    (mail_,) = mailbox.texts()
    assert made[1].title in mail_["Subject"]
    assert mail_["Message-ID"] == carrier.message_id
    assert states(made) == [State.CANCELLED, State.SENT]


def test_an_email_of_which_nothing_is_left_is_cancelled(mailbox: Mailbox) -> None:
    made, carrier = queued(2)
    for one in made:
        lifecycle.void(one, reason="Withdrawn.", by="editor:ed", now=DUE)
    other = make.agreement("issued", of=make.paper(contact="ben@example.org"))
    mailbox.reset()
    assert send(DUE) == {State.SENT: 1}, "and the next one is not kept waiting"
    assert mailbox.recipients() == ["ben@example.org"]
    carrier.refresh_from_db()
    assert carrier.state == State.CANCELLED
    assert other.pk


def test_signing_between_composing_and_sending_stops_it_and_composes_it_again(mailbox: Mailbox) -> None:
    """The mail in hand speaks of a paper that needs no signature any more: it must not begin (I3)."""
    made, _ = queued()
    (held,) = outbox.claim(DUE)
    assert compose.compose(held, DUE)
    make.sign(made[1], now=DUE)
    assert not outbox.mark_sending(held, DUE)
    assert outbox.record_result(held, Outcome.retry("withdrawn"), DUE, lifecycle.record_mail_result) == State.PENDING
    assert states(made) == [State.PENDING, State.CANCELLED, State.PENDING]
    mailbox.reset()
    send(DUE + HOUR)
    told = next(text for text in mailbox.texts() if "Reminder" in text["Subject"])
    assert SIGN.findall(plain(told))
    assert made[1].title not in plain(told)
    assert states(made) == [State.SENT, State.CANCELLED, State.SENT]


@pytest.mark.alone
def test_a_worker_killed_while_sending_leaves_all_parts_unknown(mailbox: Mailbox) -> None:
    made, carrier = queued()
    (held,) = outbox.claim(DUE)
    assert outbox.mark_sending(held, DUE)
    mailbox.reset()
    assert send(DUE + outbox.LEASE + MINUTE) == {State.UNKNOWN: 1}
    carrier.refresh_from_db()
    assert (carrier.state, states(made)) == (State.UNKNOWN, [State.UNKNOWN] * 3)
    assert mailbox.mails == []
    assert [make.history(one)[-1] for one in made] == ["mail-unknown"] * 3
    assert list(invariants.check_all(DUE + outbox.LEASE + MINUTE)) == []


def test_a_worker_killed_before_sending_leaves_all_to_the_next(mailbox: Mailbox) -> None:
    made, _ = queued()
    outbox.claim(DUE)
    lifecycle.void(made[2], reason="Withdrawn.", by="editor:ed", now=DUE)
    mailbox.reset()
    assert send(DUE + outbox.LEASE + MINUTE) == {State.SENT: 1}
    assert states(made) == [State.SENT, State.SENT, State.CANCELLED]


def test_a_paper_signed_while_sending_is_not_in_the_next_attempt(mailbox: Mailbox) -> None:
    made, _ = queued()
    (held,) = outbox.claim(DUE)
    assert outbox.mark_sending(held, DUE)
    make.sign(made[0], now=DUE)
    assert outbox.record_result(held, Outcome.retry("451 later"), DUE, lifecycle.record_mail_result) == State.PENDING
    assert states(made) == [State.CANCELLED, State.PENDING, State.PENDING]


def test_a_rejected_address_is_one_task_for_the_editors(mailbox: Mailbox) -> None:
    made, carrier = queued()
    mailbox.at_address = {"anna@example.org": "550 5.1.1 no such user"}
    send(DUE)
    carrier.refresh_from_db()
    assert (carrier.state, states(made)) == (State.FAILED, [State.FAILED] * 3)
    assert Message.objects.filter(kind=Kind.EDITOR_REFUSED).count() == 1
    assert scheduled.remind_due(DUE + 30 * DAY) == 0


def test_one_click_stops_the_reminders_of_all_its_papers(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = queued()
    mailbox.reset()
    send(DUE)
    monkeypatch.setattr("django.utils.timezone.now", lambda: DUE + HOUR)
    (path,) = set(STOP.findall(plain(mailbox.texts()[0])))
    assert all(one.title in Client().get(path).content.decode() for one in made)
    assert Client().post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert all(Agreement.objects.get(pk=one.pk).reminders_stopped_at for one in made)
    assert scheduled.remind_due(CLOSES + 30 * DAY) == 0


def test_it_stops_the_others_when_one_of_them_has_ended(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = queued()
    mailbox.reset()
    send(DUE)
    monkeypatch.setattr("django.utils.timezone.now", lambda: DUE + HOUR)
    (path,) = set(STOP.findall(plain(mailbox.texts()[0])))
    lifecycle.void(made[0], reason="Withdrawn.", by="editor:ed", now=DUE + HOUR)
    assert Client().post(path).status_code == 200
    stopped = [bool(Agreement.objects.get(pk=one.pk).reminders_stopped_at) for one in made]
    assert stopped == [False, True, True]


@pytest.mark.alone
def test_a_part_in_another_state_than_its_combined_email_is_found() -> None:
    made, _ = queued()
    Message.objects.filter(agreement=made[0], idempotency_key="r1:T-7").update(state=State.FAILED)
    assert [finding.invariant for finding in invariants.check_all(DUE)] == ["I2"]


def test_an_email_about_a_volume_is_not_part_of_a_combined_email() -> None:
    _, carrier = queued(2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=carrier.pk).update(carrier=carrier)


STEPS = st.lists(
    st.sampled_from(
        ["claim", "intend", "sent", "unknown", "retry", "failed", "reap", "give back", "close 0", "close 1", "close 2"]
    ),
    max_size=25,
)


def test_the_parts_always_have_the_state_of_their_combined_email() -> None:
    """Two workers, any order: at most one acceptance, no hand-over after a closing, and nothing left behind."""
    made, carrier = queued()

    @settings(max_examples=200, deadline=None)
    @given(STEPS)
    def lives(steps: list[str]) -> None:
        mark = transaction.savepoint()
        Group([Agreement.objects.get(pk=one.pk) for one in made], carrier).live(steps)
        transaction.savepoint_rollback(mark)

    lives()


class Group:
    """A mail about several papers in the hands of two workers."""

    def __init__(self, made: list[Agreement], carrier: Message) -> None:
        self.made, self.carrier = made, carrier
        self.now = DUE
        self.claims: list[Message] = []
        self.begun: dict[int, set[int]] = {}
        self.accepted: Counter[int] = Counter()
        self.closed: set[int] = set()

    def live(self, steps: list[str]) -> None:
        for step in steps:
            self.now += 400 * outbox.LEASE if step in ("claim", "reap") else MINUTE
            self.step(step)
            self.check()
        # Once workers live and nobody dies, all comes to an end.
        outbox.release_leases(self.now + 400 * outbox.LEASE, lifecycle.record_mail_result)
        self.now += 4000 * outbox.LEASE
        for held in outbox.claim(self.now):
            if held.pk == self.carrier.pk and outbox.mark_sending(held, self.now):
                self.accepted.update(part.pk for part in held.parts)
                outbox.record_result(held, Outcome.sent(), self.now, lifecycle.record_mail_result)
        self.check()
        assert not Message.objects.filter(carrier=self.carrier, state__in=outbox.OPEN_STATES).exists()

    def step(self, step: str) -> None:
        held = self.claims[-1] if self.claims else None
        match step.split():
            case ["claim"]:
                self.claims += [one for one in outbox.claim(self.now) if one.pk == self.carrier.pk]
            case ["reap"]:
                outbox.release_leases(self.now, lifecycle.record_mail_result)
            case ["close", which] if int(which) not in self.closed:
                self.closed.add(int(which))
                lifecycle.void(self.made[int(which)], reason="Withdrawn.", by="editor:ed", now=self.now)
            case ["intend"] if held and outbox.mark_sending(held, self.now):
                parts = {part.pk for part in held.parts}
                gone = {self.made[which].pk for which in self.closed}
                assert not {part.agreement.pk for part in held.parts} & gone, "I3"
                self.begun[id(held)] = parts
            case ["give", "back"] if held and id(held) not in self.begun:
                outbox.release(held)
                self.claims.pop()
            case [outcome] if held and outcome in OUTCOMES:
                begun = self.begun.pop(id(held), set())
                if outcome in ("sent", "unknown") and not begun:
                    return  # nobody hears of a mail that was not handed over
                self.accepted.update(begun if outcome == "sent" else ())
                outbox.record_result(held, OUTCOMES[outcome], self.now, lifecycle.record_mail_result)
                self.claims.pop()

    def check(self) -> None:
        self.carrier.refresh_from_db()
        for part in self.carrier.carried.all():
            assert part.state in (self.carrier.state, State.CANCELLED)
            assert self.accepted[part.pk] <= 1, "I1"
            assert part.state != State.SENT or self.accepted[part.pk] == 1, "I2"
            assert part.state not in (State.PENDING, State.CANCELLED, State.FAILED) or not self.accepted[part.pk], "I4"


OUTCOMES = {
    "sent": Outcome.sent(),
    "unknown": Outcome.unknown("the answer was lost"),
    "failed": Outcome.rejected("550 no"),
    "retry": Outcome.retry("451 later"),
}
