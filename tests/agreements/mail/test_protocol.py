"""The outbox's protocol searched whole, what each of its rules is for, and that the engine follows it step by step."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from agreements import lifecycle
from agreements.mail import outbox
from agreements.mail.transports import Outcome
from agreements.models import Message
from tests import make
from tests.agreements.mail import protocol
from tests.agreements.mail.protocol import Row, search
from tests.agreements.sending import claim_next
from tests.make import NOW

HARMFUL = {
    "no_intent": "I1",
    "intent_ignores_token": "I1",
    "handing_is_retried": "I1",
    "lost_answer_is_retried": "I4",
    "unknown_is_claimable": "I4",
    "pending_ignores_token": "I1",
    "failed_ignores_token": "I4",
    "sent_before_the_dot": "I2",
    "closing_ignores_handing": "I3",
    "retry_ignores_closed": "I5",
    "handing_is_given_back, give_back_ignores_token": "I1",
    "closing_leaves_claimed, intent_ignores_closed": "I3",
}
HARMLESS = [
    "intent_ignores_closed", "closing_leaves_claimed", "sent_ignores_token", "give_back_ignores_token",
    "handing_is_given_back",
]  # fmt: skip
"""Each is held by another rule; both of the first two are not, nor are both of the last two."""


def mutants(names: str) -> frozenset[str]:
    return frozenset(names.split(", "))


def test_no_interleaving_breaks_an_invariant() -> None:
    began = time.monotonic()
    result = search(workers=3)
    assert (result.broken, result.trace) == ("", ())
    assert result.worlds > 1000
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("names", HARMFUL)
def test_removing_any_rule_breaks_an_invariant(names: str) -> None:
    result = search(mutants(names))
    assert result.broken[:2] in {"I1", "I2", "I3", "I4", "I5"}, f"{names} does no harm"
    assert result.trace


@pytest.mark.parametrize("names", HARMLESS)
def test_rules_that_are_held_by_another_are_known(names: str) -> None:
    assert search(mutants(names)).broken == ""


def test_the_trace_is_the_shortest_story_of_the_fault() -> None:
    assert search(mutants("lost_answer_is_retried")).trace == ("claim0", "intent0", "taken-but-lost0", "settle0")
    assert search(mutants("closing_ignores_handing")).trace == (
        "claim0", "intent0", "close", "4xx-0", "settle0", "claim0", "intent0",
    )  # fmt: skip


# --- the engine itself, held against the machine

OUTCOMES = {
    "sent": Outcome.sent(),
    "unknown": Outcome.unknown("the answer was lost"),
    "failed": Outcome.rejected("550 no"),
    "pending": Outcome.retry("451 later"),
    "held-up": Outcome.server_unavailable("421 closing"),
}
LATER = NOW + 400 * outbox.LEASE


def row_of(message: Message, tokens: dict[Any, int]) -> Row:
    message.refresh_from_db()
    return Row(message.state, tokens[message.claim], message.closed, message.attempts)


@pytest.mark.django_db
def test_the_engine_follows_the_machine_step_by_step() -> None:
    """From every row that can come to be, every step of every worker, on the real database."""
    message = make.invitation(make.agreement("issued"))
    agreement_id, compared = message.agreement.pk, 0
    seen: set[tuple[Row, tuple[int, ...]]] = set()
    tries = len(outbox.BACKOFF)

    def engine_steps(row: Row, claims: list[Message]) -> list[tuple[Row, Callable[[], object]]]:
        after_claim = protocol.claim(row, len(claims) + 1) or row
        listed: list[tuple[Row, Callable[[], object]]] = [
            (after_claim, lambda: claims.append(held) if (held := claim_next(LATER)) else None),
            (
                protocol.reap(row, tries=tries),
                lambda: outbox.release_leases(LATER + outbox.LEASE, lifecycle.record_mail_result),
            ),
            (protocol.close(row), lambda: outbox.cancel_open(agreement_id)),
        ]
        for token, held in list(enumerate(claims, start=1))[-2:]:
            listed.append((protocol.mark_sending(row, token) or row, partial(outbox.mark_sending, held, NOW)))
            listed.append((protocol.give_back(row, token), partial(outbox.release, held)))
            for name, outcome in OUTCOMES.items():
                then = protocol.record_result(row, token, name, tries=tries)
                listed.append((then, partial(outbox.record_result, held, outcome, NOW, lifecycle.record_mail_result)))
        return listed

    def walk(row: Row, claims: list[Message]) -> None:
        nonlocal compared
        # Tries 3 to 7 differ from the second in nothing but their number, and so do older claims.
        kinds = [
            min(tried, 2) + 6 * (tried > tries) for tried in (row.attempts, *(held.attempts for held in claims[-2:]))
        ]
        position = (row._replace(attempts=0, token=row.token and row.token - len(claims)), tuple(kinds))
        if position in seen:
            return
        seen.add(position)
        for index in range(len(engine_steps(row, claims))):
            mine = list(claims)
            expected, act = engine_steps(row, mine)[index]
            mark = transaction.savepoint()
            act()
            got = row_of(message, {None: 0} | {held.claim: token for token, held in enumerate(mine, start=1)})
            compared += 1
            assert got == expected, (row, index)
            walk(got, mine)
            transaction.savepoint_rollback(mark)

    walk(row_of(message, {None: 0}), [])
    states = {row.state for row, *_ in seen}
    assert states == set(Message.State.values) - {"skipped"}
    assert compared > 200
