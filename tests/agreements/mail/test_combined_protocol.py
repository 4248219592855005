"""The protocol of a mail about several papers searched whole, and what each of the rules that bind it is for."""

import time

import pytest

from tests.agreements.mail.combined_protocol import search

HARMFUL = {
    "intent_takes_what_it_gets": "I3",
    "empty_is_sent": "I3",
    "verdict_is_told_to_the_mail_only": "torn",
    "parts_are_not_reaped": "torn",
}


def test_no_interleaving_breaks_an_invariant_or_splits_a_combined_email() -> None:
    began = time.process_time()
    result = search()
    assert (result.broken, result.trace) == ("", ())
    assert result.worlds > 10_000
    assert time.process_time() - began < 2


@pytest.mark.parametrize("rule", HARMFUL)
def test_removing_any_rule_breaks_an_invariant(rule: str) -> None:
    result = search(frozenset({rule}))
    assert result.broken.startswith(HARMFUL[rule])
    assert result.trace


def test_the_shortest_trace_of_an_email_about_a_signed_paper() -> None:
    assert search(frozenset({"intent_takes_what_it_gets"})).trace == ("claim0", "close1", "intent0")
