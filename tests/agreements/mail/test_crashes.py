"""Workers that are killed, and workers that meet: on commits that are real."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from django.db import connection, transaction

from agreements import lifecycle
from agreements.documents import audit
from agreements.mail import outbox
from agreements.mail.outbox import LEASE
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Message
from tests import make, servers
from tests.agreements.mail.crash_worker import MOMENTS
from tests.agreements.sending import claim_next, send
from tests.make import DAY, NOW
from tests.servers import Mailbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]

State = Message.State

LEFT = {
    # moment: (state right after, accepted by the server, state in the end)
    "before-claim": (State.PENDING, 0, State.SENT),
    "after-claim": (State.CLAIMED, 0, State.SENT),
    "connected": (State.CLAIMED, 0, State.SENT),
    "before-intent": (State.CLAIMED, 0, State.SENT),
    "after-intent": (State.HANDING, 0, State.UNKNOWN),
    "after-dot": (State.HANDING, 1, State.UNKNOWN),
    "after-answer": (State.HANDING, 1, State.UNKNOWN),
    "after-settle": (State.SENT, 1, State.SENT),
}


def killed_worker(moment: str, now: datetime, url: str) -> int:
    """Runs a worker that kills itself at `moment`. It is handed `now`, so the machine's clock does not matter."""
    command = [sys.executable, "-m", "tests.agreements.mail.crash_worker", moment, now.isoformat()]
    return subprocess.run(command, env=servers.environment(EMAIL_URL=url), check=False, timeout=60).returncode


def test_every_moment_has_an_expectation() -> None:
    assert set(LEFT) == set(MOMENTS)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_at_any_moment_loses_nothing_and_doubles_nothing(
    moment: str, mailbox: Mailbox, smtp_server: tuple[str, Mailbox]
) -> None:
    agreement = make.agreement("issued")
    invitation = make.invitation(agreement)
    left, accepted, final = LEFT[moment]
    assert killed_worker(moment, NOW, smtp_server[0]) == -signal.SIGKILL
    servers.wait_until(lambda: len(mailbox.mails) == accepted)  # the server reads what was sent before the end
    invitation.refresh_from_db()
    assert (invitation.state, len(mailbox.mails)) == (left, accepted)
    send(NOW + LEASE)
    send(NOW + DAY)
    send(NOW + 30 * DAY)
    invitation.refresh_from_db()
    assert invitation.state == final
    assert len(mailbox.mails) == max(accepted, final == State.SENT)
    if final == State.UNKNOWN:
        assert "mail-unknown" in make.history(agreement), "an editor must see it"
    assert list(audit.findings()) == []


def at_once(*calls: Callable[[], object]) -> list[BaseException]:
    """Runs the calls in threads that start together. Returns what they raised."""
    start, raised = threading.Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        try:
            start.wait(10)
            call()
        except BaseException as error:  # noqa: BLE001 - the test says what it is
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_workers_that_meet_send_each_mail_once(mailbox: Mailbox) -> None:
    volume = make.volume()
    for number in range(20):
        make.agreement("issued", of=make.paper(volume, contact=f"author{number}@example.org"))
    tallies: list[Counter[str]] = []
    assert at_once(*[lambda: tallies.append(send(NOW))] * 3) == []
    assert sum(tallies, Counter()) == {State.SENT: 20}
    assert Counter(mailbox.recipients()) == Counter({f"author{number}@example.org": 1 for number in range(20)})
    assert list(audit.findings()) == []


def test_of_workers_that_want_the_same_row_one_gets_it() -> None:
    volume = make.volume()
    for number in range(10):
        make.agreement("issued", of=make.paper(volume, contact=f"author{number}@example.org"))
        won: list[Message | None] = []
        claim = partial(claim_next, NOW)
        assert at_once(*[partial(appended, won, claim)] * 2) == []
        assert [message is None for message in won].count(False) == 1


def appended(into: list[Message | None], call: Callable[[], Message | None]) -> None:
    into.append(call())


def test_the_reaper_and_the_worker_that_settles_agree() -> None:
    volume = make.volume()
    for number in range(6):
        invitation = make.invitation(
            make.agreement("issued", of=make.paper(volume, contact=f"author{number}@example.org"))
        )
        message = claim_next(NOW)
        assert message is not None
        assert outbox.mark_sending(message, NOW)
        raised = at_once(
            lambda: outbox.release_leases(NOW + LEASE, lifecycle.record_mail_result),
            partial(outbox.record_result, message, Outcome.sent(), NOW + LEASE, lifecycle.record_mail_result),
        )
        assert raised == []
        invitation.refresh_from_db()
        assert invitation.state == State.SENT, number
    assert list(audit.findings()) == []


@pytest.mark.parametrize("outcome", [Outcome.sent(), Outcome.unknown("cut"), Outcome.retry("451 later")])
def test_settling_and_signing_do_not_wait_for_each_other_for_ever(outcome: Outcome) -> None:
    """Both want the agreement's row and the message's: taken in two orders they would deadlock."""
    agreement = make.agreement("issued")
    message = claim_next(NOW)
    assert message is not None
    assert outbox.mark_sending(message, NOW)
    holds_agreement, may_go_on = threading.Event(), threading.Event()

    def close() -> None:
        with transaction.atomic():
            lifecycle.record_event(agreement.pk, "remind", by="editor:ed", now=NOW, data={})
            holds_agreement.set()
            may_go_on.wait(1)
            outbox.cancel_open(agreement.pk)

    def settle() -> None:
        holds_agreement.wait(10)
        outbox.record_result(message, outcome, NOW, lifecycle.record_mail_result)
        may_go_on.set()

    assert at_once(close, settle) == []
    message.refresh_from_db()
    assert message.closed or message.state in (State.SENT, State.UNKNOWN)
    assert message.state != State.PENDING, "it was closed before it could be tried again"
    assert list(audit.findings()) == []


def test_a_signature_during_the_hand_over_reaches_the_worker(mailbox: Mailbox) -> None:
    """The server is slow; meanwhile the author signs on a web process; then the server says: later."""
    agreement = make.agreement("issued")
    signer = Agreement.objects.select_related("text").get(pk=agreement.pk)
    act = make.reviewed(signer)

    def sign() -> None:
        lifecycle.sign(signer, act, now=NOW)
        connection.close()

    mailbox.before_answer, mailbox.at_dot = sign, "451 later"
    assert send(NOW) == {State.CANCELLED: 1}
    mailbox.reset()
    assert send(NOW + DAY) == {}
    assert mailbox.mails == []
    assert make.history(agreement)[-1] == "sign"


def test_four_writers_at_once_all_get_their_turn() -> None:
    """SQLite has one place for a writer: without IMMEDIATE and a time to wait this says "database is locked"."""
    agreements = [make.agreement("issued") for _ in range(4)]

    def write(agreement: Agreement) -> None:
        for number in range(25):
            lifecycle.record_event(agreement.pk, "remind", by="editor:ed", now=NOW, data={"number": number})

    assert at_once(*(partial(write, agreement) for agreement in agreements)) == []
    assert [agreement.events.filter(kind="remind").count() for agreement in agreements] == [25] * 4
    assert list(audit.findings()) == []
