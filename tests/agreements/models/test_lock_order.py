"""All code locks agreements before their messages: two orders would deadlock."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from agreements import lifecycle
from agreements.lifecycle import delegate
from agreements.mail import outbox
from agreements.mail.bounces import Bounce
from agreements.mail.judgement import Judgement
from agreements.mail.outbox import LEASE
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Message
from agreements.requests import link_requests
from tests import make
from tests.agreements.sending import claim_next
from tests.make import NOW

pytestmark = pytest.mark.django_db

note = lifecycle.record_mail_result


def being_sent(agreement: Agreement) -> Message:
    """Returns its invitation in the state sending."""
    message = claim_next(NOW)
    assert message is not None
    assert outbox.mark_sending(message, NOW)
    return message


def record_result(outcome: Outcome) -> Callable[[Agreement], Callable[[], object]]:
    def prepare(agreement: Agreement) -> Callable[[], object]:
        message = being_sent(agreement)
        return lambda: outbox.record_result(message, outcome, NOW, note)

    return prepare


def reaper(agreement: Agreement) -> Callable[[], object]:
    being_sent(agreement)
    return lambda: outbox.release_leases(NOW + LEASE, note)


def bounce(judgement: Judgement) -> Callable[[Agreement], Callable[[], object]]:
    def prepare(agreement: Agreement) -> Callable[[], object]:
        message = being_sent(agreement)
        outbox.record_result(message, Outcome.sent(), NOW, note)
        return lambda: lifecycle.record_bounce(Bounce(message.message_id, judgement, "550", "1"), now=NOW)

    return prepare


def at_once(verb: Callable[[Agreement], object]) -> Callable[[Agreement], Callable[[], object]]:
    return lambda agreement: lambda: verb(agreement)


def signing(agreement: Agreement) -> Callable[[], object]:
    act = make.reviewed(agreement)
    return lambda: lifecycle.sign(agreement, act, now=NOW)


VERBS: dict[str, Callable[[Agreement], Callable[[], object]]] = {
    "settle sent": record_result(Outcome.sent()),
    "settle unknown": record_result(Outcome.unknown("?")),
    "settle retry": record_result(Outcome.retry("451")),
    "settle refused address": record_result(Outcome.address_rejected("550")),
    "reap": reaper,
    "hard bounce": bounce(Judgement.ADDRESS),
    "soft bounce": bounce(Judgement.SOFT),
    "sign": signing,
    "decline": at_once(lambda agreement: lifecycle.decline(agreement, reason="", now=NOW)),
    "void": at_once(lambda agreement: lifecycle.void(agreement, reason="x", by="editor:ed", now=NOW)),
    "supersede": at_once(lambda agreement: lifecycle.replace(agreement, reason="x", by="editor:ed", now=NOW)),
    "stop reminders": at_once(lambda agreement: lifecycle.stop_reminders(agreement, now=NOW)),
    "pause": at_once(lambda agreement: lifecycle.pause(agreement, until=None, by="editor:ed", now=NOW)),
    "pause volume": at_once(lambda agreement: lifecycle.pause_volume(agreement.paper.volume_id, until=None, now=NOW)),
    "pause person": at_once(
        lambda agreement: lifecycle.pause_recipient(
            agreement.paper.volume_id, agreement.signer_email, until=None, now=NOW
        )
    ),
    "remind": at_once(lambda agreement: lifecycle.remind([agreement.pk], now=make.CLOSES - 7 * make.DAY)),
    "fresh link": at_once(lambda agreement: link_requests.send_link(agreement, NOW)),
    "propose": at_once(make.change_request),
    "hand over": at_once(
        lambda agreement: delegate.delegate(agreement, make.coauthor(agreement, email="b@example.org"), now=NOW)
    ),
}


@pytest.mark.parametrize("name", VERBS)
def test_an_agreement_is_taken_before_its_messages(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    hold = outbox.lock_agreements

    def held(ids: Any) -> None:
        taken.append("agreement")
        hold(ids)

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "agreements_agreement"'):
            taken.append("agreement")
        if sql.startswith('UPDATE "agreements_message"'):
            taken.append("message")
        return execute(sql, params, many, context)

    verb = VERBS[name](make.agreement("issued"))
    monkeypatch.setattr(outbox, "lock_agreements", held)  # on SQLite this does nothing: there are no row locks
    with connection.execute_wrapper(listen):
        verb()
    assert taken, "it takes something"
    assert "message" not in taken or taken[0] == "agreement", taken
