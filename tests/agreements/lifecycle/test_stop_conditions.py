"""Whatever ends reminders does so in the same transaction: one test per condition, and nothing is sent afterwards."""

from collections.abc import Callable

import pytest

from agreements import lifecycle
from agreements.jobs import scheduled
from agreements.lifecycle import delegate
from agreements.mail import outbox
from agreements.mail.bounces import Bounce
from agreements.mail.judgement import Judgement
from agreements.mail.kinds import REMINDERS, REPEATED_REQUESTS
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Message
from proceedings.models import Paper
from tests import make
from tests.agreements.editors import client_for
from tests.agreements.pages import fields_of
from tests.agreements.sending import send
from tests.make import CLOSES, DAY, HOUR, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State = Message.State
DUE = CLOSES - 7 * DAY

Stop = Callable[[Agreement], object]


def withdraw(agreement: Agreement) -> None:
    """Withdraws the paper as an editor does, on its page."""
    editor_client = client_for(make.editor("chair", agreement.paper.volume))
    path = f"/admin/proceedings/paper/{agreement.paper_id}/change/"
    form = fields_of(editor_client.get(path)) | {"status": Paper.Status.WITHDRAWN}
    said = editor_client.post(path, form, follow=True).content.decode()
    assert "We ask nobody to sign it" in said


def find_withdrawn(agreement: Agreement) -> None:
    """Withdraws the paper in the database."""
    Paper.objects.filter(pk=agreement.paper_id).update(status=Paper.Status.WITHDRAWN)
    assert scheduled.void_withdrawn(DUE) == 1


def bounce(agreement: Agreement) -> None:
    report = Bounce(
        make.invitation(agreement).message_id, judgement=Judgement.ADDRESS, detail="5.1.1 no such user", digest="0" * 64
    )
    assert lifecycle.record_bounce(report, now=DUE) == "hard"


STOPS: dict[str, Stop] = {
    "signed": lambda one: make.sign(one, now=DUE),
    "declined": lambda one: lifecycle.decline(one, reason="No.", now=DUE),
    "handed over": lambda one: delegate.delegate(one, make.coauthor(one, email="shruti@example.org"), now=DUE),
    "voided": lambda one: lifecycle.void(one, reason="A mistake.", by="editor:ed", now=DUE),
    "superseded": lambda one: lifecycle.replace(one, reason="A new title.", by="editor:ed", now=DUE),
    "waived": lambda one: lifecycle.waive(one, reason="A reprint.", by="editor:ed", now=DUE),
    "withdrawn paper": withdraw,
    "paper found withdrawn": find_withdrawn,
    "hard bounce": bounce,
    "no more reminders wanted": lambda one: lifecycle.stop_reminders(one, now=DUE),
    "change_request": lambda one: make.change_request(one, now=DUE),
    "paper paused": lambda one: lifecycle.pause(one, until=None, by="editor:ed", now=DUE),
    "person paused": lambda one: lifecycle.pause_recipient(
        one.paper.volume_id, one.signer_email.upper(), until=None, now=DUE
    ),
    "volume paused": lambda one: lifecycle.pause_volume(one.paper.volume_id, until=None, now=DUE),
    "volume delivered": lambda one: lifecycle.stop_volume_reminders(one.paper.volume_id, now=DUE),
}


def reminded() -> Agreement:
    """An agreement with a sent invitation, and with a queued reminder and a queued email to a co-author."""
    agreement = make.agreement("issued")
    lifecycle.record_mail_result(make.invitation(agreement), State.SENT, NOW)
    Message.objects.update(state=State.SENT, sent_at=NOW)
    assert lifecycle.remind([agreement.pk], now=DUE) == 1
    make.ask_coauthor(agreement, now=DUE)
    return agreement


@pytest.mark.parametrize("name", STOPS)
def test_what_waited_is_cancelled_in_the_same_transaction(name: str) -> None:
    agreement = reminded()
    STOPS[name](agreement)
    waiting = agreement.messages.filter(kind__in=REPEATED_REQUESTS).exclude(state=State.SKIPPED)
    if name == "hard bounce":  # it ends only the email to one address; the co-author has another
        waiting = waiting.filter(recipient=agreement.signer_email)
    assert waiting.count() == (1 if name == "hard bounce" else 2)
    assert {(one.state, one.closed) for one in waiting} == {(State.CANCELLED, True)}


@pytest.mark.parametrize("name", sorted(set(STOPS) - {"change_request"}))
def test_nothing_leaves_afterwards(name: str, mailbox: Mailbox) -> None:
    agreement = reminded()
    STOPS[name](agreement)
    send(DUE + MINUTE)
    mailbox.reset()
    now = DUE + MINUTE
    while now < CLOSES + 20 * DAY:
        scheduled.remind_due(now)
        send(now)
        now += 12 * HOUR
    # The agreement that replaced it may have reminders.
    later = Message.objects.filter(agreement=agreement, sent_at__gt=DUE + MINUTE)
    assert not later.filter(kind__in=REPEATED_REQUESTS).exists()


@pytest.mark.parametrize("name", STOPS)
def test_sending_that_has_begun_is_not_repeated(name: str) -> None:
    agreement = reminded()
    held = next(one for one in outbox.claim(DUE) if one.kind in REMINDERS)
    assert outbox.mark_sending(held, DUE)
    STOPS[name](agreement)
    held.refresh_from_db()
    assert held.state == State.HANDING
    assert outbox.record_result(held, Outcome.retry("451 later"), DUE, lifecycle.record_mail_result) == State.CANCELLED


@pytest.mark.parametrize("what", ["paper", "person", "volume"])
def test_a_pause_that_is_lifted_lets_the_next_reminder_go(what: str, mailbox: Mailbox) -> None:
    agreement = reminded()
    volume, address = agreement.paper.volume_id, agreement.signer_email
    STOPS[f"{what} paused"](agreement)
    assert scheduled.remind_due(CLOSES - 3 * DAY) == 0
    assert not lifecycle.remind_now(agreement, by="editor:ed", now=CLOSES - 3 * DAY), "nor by hand"
    match what:
        case "paper":
            assert lifecycle.resume(agreement, by="editor:ed", now=CLOSES - 3 * DAY)
            assert not lifecycle.resume(agreement, by="editor:ed", now=CLOSES - 3 * DAY)
            assert make.history(agreement)[-2:] == ["pause", "resume"]
        case "person":
            lifecycle.resume_recipient(volume, address, now=CLOSES - 3 * DAY)
        case _:
            lifecycle.resume_volume(volume, now=CLOSES - 3 * DAY)
    assert scheduled.remind_due(CLOSES - 3 * DAY) == 1
    assert agreement.messages.get(idempotency_key="r1:T-3").state == State.PENDING


@pytest.mark.parametrize("what", ["paper", "person", "volume"])
def test_a_pause_with_an_end_ends_by_itself(what: str) -> None:
    agreement = reminded()
    until = CLOSES - 4 * DAY
    match what:
        case "paper":
            lifecycle.pause(agreement, until=until, by="editor:ed", now=DUE)
        case "person":
            lifecycle.pause_recipient(agreement.paper.volume_id, agreement.signer_email, until=until, now=DUE)
        case _:
            lifecycle.pause_volume(agreement.paper.volume_id, until=until, now=DUE)
    assert scheduled.remind_due(until - MINUTE) == 0
    assert scheduled.remind_due(CLOSES - 3 * DAY) == 1


def test_a_pause_of_one_person_leaves_others_and_other_volumes_alone() -> None:
    agreement = reminded()
    other = make.agreement("issued", of=make.paper(make.volume(248), contact="ben@example.org"))
    same_person = make.agreement("issued", of=make.paper(make.volume(249), contact=agreement.signer_email))
    Message.objects.filter(agreement__in=[other, same_person]).update(state=State.SENT, sent_at=NOW)
    lifecycle.pause_recipient(agreement.paper.volume_id, agreement.signer_email, until=None, now=DUE)
    assert scheduled.remind_due(CLOSES - 3 * DAY) == 2


def test_nothing_is_paused_that_does_not_wait() -> None:
    agreement = make.agreement("sealed")
    assert not lifecycle.pause(agreement, until=None, by="editor:ed", now=NOW)
    assert "pause" not in make.history(agreement)
