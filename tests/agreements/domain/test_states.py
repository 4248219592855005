"""The table of transitions."""

import pytest

from agreements.domain.states import (
    FINAL,
    FROZEN,
    LIVE,
    STATUS_LABELS,
    TRANSITIONS,
    WAITING,
    Status,
    allowed_transitions,
)

LEGAL = {
    "draft": ["issue", "waive", "supersede", "void"],
    "issued": ["sign", "receive", "decline", "hand-over", "waive", "supersede", "void"],
    "received": ["sign", "accept", "send-back", "decline", "hand-over", "supersede", "void"],
    "signed": ["seal", "lapse", "supersede", "void"],
    "sealed": ["lapse", "supersede", "void"],
    "declined": [],
    "lapsed": [],
    "superseded": [],
    "voided": [],
    "waived": ["supersede", "void"],
}


@pytest.mark.parametrize("status", list(Status))
def test_each_status_allows_exactly_these_transitions(status: Status) -> None:
    assert allowed_transitions(status) == LEGAL[status]


def test_the_links_of_an_agreement_work_wherever_it_can_be_signed() -> None:
    assert TRANSITIONS["sign"].sources == WAITING < LIVE


def test_an_unknown_status_allows_no_transition() -> None:
    assert allowed_transitions("archived") == []


def test_every_status_is_live_or_final_and_never_both() -> None:
    assert set(Status) == LIVE | FINAL
    assert not LIVE & FINAL


def test_no_transition_leaves_a_final_status() -> None:
    assert not any(move.sources & FINAL for move in TRANSITIONS.values())


def test_a_live_status_can_always_be_ended() -> None:
    for status in LIVE:
        assert {"void", "supersede"} <= set(allowed_transitions(status))


def test_every_status_can_be_reached_from_a_draft() -> None:
    reached = {Status.DRAFT}
    for _ in Status:
        reached |= {move.target for move in TRANSITIONS.values() if move.sources & reached}
    assert reached == set(Status)


def test_no_transition_leads_to_its_own_status() -> None:
    assert not any(move.target in move.sources for move in TRANSITIONS.values())


def test_facts_are_frozen_everywhere_but_in_a_draft() -> None:
    assert set(Status) - FROZEN == {Status.DRAFT}


def test_every_status_has_its_own_label() -> None:
    assert set(STATUS_LABELS) == set(Status)
    assert len(set(STATUS_LABELS.values())) == len(STATUS_LABELS)
