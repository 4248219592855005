"""Which notes were accepted: by decision, venue and replies, in both versions of the API."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.importing.openreview.decisions import decide
from proceedings.importing.tables.decisions import Verdict

YES, NO, ASK = Verdict.ACCEPTED, Verdict.NOT_ACCEPTED, Verdict.UNCLEAR
VENUE = "x.example/2025/Conference"


def verdict(content: dict[str, Any] | None = None, *replies: dict[str, Any], **note: Any) -> Verdict:
    return decide(note, content or {}, replies).verdict


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        ("Accept", YES),
        ("Accept (poster)", YES),
        ("Accept: notable-top-5%", YES),
        ("accepted as oral", YES),
        ("Reject", NO),
        ("Rejected", NO),
        ("Not accepted", NO),
        ("not be accepted", NO),
        ("Unaccepted", NO),
        ("Conditional reject", NO),
        ("Withdrawn", NO),
        ("Desk Reject", NO),
        ("Decline", NO),
        ("No decision", NO),
        ("Pending", NO),
        ("N/A", NO),
        ("Conditionally accept", ASK),
        ("Accept with minor revision", ASK),
        ("Accept?", ASK),
        ("Accept to the workshop, reject from the main track", NO),
        ("Invite to Workshop Track", ASK),
        ("Borderline", ASK),
        ("Tak", ASK),
    ],
)
def test_only_an_explicit_acceptance_is_one(decision: str, expected: Verdict) -> None:
    assert verdict({}, {"content": {"decision": {"value": decision}}}) is expected
    assert verdict({}, {"content": {"decision": decision}, "invitation": "X/Paper1/-/Decision"}) is expected
    assert verdict({"decision": decision}) is expected


@pytest.mark.parametrize(
    ("venue", "venue_id", "expected"),
    [
        ("ICML 2025 poster", VENUE, YES),
        ("X 2025", VENUE, YES),
        ("", VENUE, YES),
        ("ICLR 2021 Spotlight", "", YES),
        ("Accepted by TMLR", "TMLR", YES),
        ("NeurIPS 2023 Workshop Active Learning Poster", "NeurIPS.cc/2023/Workshop/ActiveLearning", YES),
        ("Submitted to ICML 2025", f"{VENUE}/Submission", NO),
        ("ICML 2025 Conference Submission", f"{VENUE}/Submission", NO),
        ("ACL ARR 2024 June Submission", "aclweb.org/ACL/ARR/2024/June", NO),
        ("ICLR 2024 Conference Withdrawn Submission", f"{VENUE}/Withdrawn_Submission", NO),
        ("ICLR 2024 Conference Desk Rejected Submission", f"{VENUE}/Desk_Rejected_Submission", NO),
        ("ICLR 2024", f"{VENUE}/Rejected_Submission", NO),
        ("Rejected by TMLR", "TMLR/Rejected", NO),
        ("Withdrawn by Authors", "TMLR/Withdrawn_by_Authors", NO),
        ("Under review for TMLR", "TMLR/Under_Review", NO),
        ("Decision pending for TMLR", "TMLR/Decision_Pending", NO),
        ("", "", NO),
        ("CoRR 2023", "dblp.org/journals/CORR/2023", ASK),
        ("COLT 2025", "", ASK),
    ],
)
def test_the_venue_of_a_note_without_a_decision(venue: str, venue_id: str, expected: Verdict) -> None:
    for wrap in (lambda text: text, lambda text: {"value": text}):
        assert verdict({"venue": wrap(venue), "venueid": wrap(venue_id)}) is expected


def test_a_withdrawal_wins_over_an_acceptance() -> None:
    accepted = {"content": {"decision": "Accept"}, "cdate": 1}
    assert verdict({"venueid": f"{VENUE}/Withdrawn_Submission"}, accepted) is NO
    assert verdict({"withdrawal": "Confirmed"}, accepted) is NO
    assert verdict({}, accepted, invitation="X.cc/2020/Conference/-/Withdrawn_Submission") is NO
    assert verdict({}, accepted, ddate=1_700_000_000_000) is NO
    withdrawal = {
        "content": {"withdrawal_confirmation": "I withdraw."},
        "invitations": ["X/Sub1/-/Withdrawal"],
        "cdate": 2,
    }
    assert verdict({}, accepted, withdrawal) is NO
    assert verdict({}, accepted, withdrawal | {"ddate": 3}) is YES


def test_a_decision_before_the_venue_is_updated_counts() -> None:
    content = {"venue": "Submitted to X 2025", "venueid": f"{VENUE}/Submission"}
    assert verdict(content, {"content": {"decision": {"value": "Accept"}}}) is YES


def test_a_rejection_at_a_venue_that_accepted_is_asked_about() -> None:
    found = decide({}, {"venue": "X 2025 Poster", "venueid": VENUE}, [{"content": {"decision": "Reject"}}])
    assert (found.verdict, found.value) == (ASK, "Reject; X 2025 Poster")


def test_the_newest_decision_counts_and_reviews_are_none() -> None:
    first = {"content": {"decision": "Reject"}, "invitations": ["X/-/Decision"], "cdate": 1}
    second = {"content": {"decision": "Accept"}, "invitations": ["X/-/Final_Decision"], "cdate": 2}
    review = {"content": {"decision": "Reject"}, "invitations": ["X/-/Official_Review"], "cdate": 3}
    assert verdict({}, second, first, review) is YES
    assert verdict({}, first, {"content": None}, {"content": {"decision": ["Accept"]}}) is NO


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_a_text_without_the_word_is_never_an_acceptance(decision: str, venue: str, more: str) -> None:
    if decision.strip() and "accept" not in decision.casefold():
        assert verdict({"venue": venue}, {"content": {"decision": decision, "more": more}}) is not YES
