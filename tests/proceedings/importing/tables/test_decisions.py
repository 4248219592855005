"""Only an explicit acceptance comes in; what is unclear is asked once per value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.source import Source
from proceedings.importing.formats import open_export, read_export
from proceedings.importing.submissions import Question, Submissions
from proceedings.importing.tables.decisions import Verdict, normal_decision, read_decision
from tests.proceedings.workbooks import delimited

VALUES = {
    Verdict.ACCEPTED: [
        *["Accept", "ACCEPT", "accepted", "Accepted (oral)", "Accept (Poster)", "Accept as poster", "Accept-Oral"],
        *[
            "camera-ready",
            "Camera Ready",
            "CameraReady",
            "Camera Ready Submitted",
            "Accept paper/proposal",
            "AcceptOral",
        ],
        *["Accept as Long Paper", "Accept (top 5%)", "Accept - Findings", "strong accept", "Ａｃｃｅｐｔ"],
    ],
    Verdict.NOT_ACCEPTED: [
        *[
            "Not accepted",
            "not yet accepted",
            "non-accepted",
            "unaccepted",
            "No accept",
            "conditional reject",
            "Reject",
        ],
        *["Desk reject", "DeskReject", "desk_reject", "Rejected", "Withdrawn", "withdraw", "accept (withdrawn)"],
        *["no decision", "undecided", "Unspecified", "Awaiting Decision", "decision pending", "Under review", "no"],
        *["Submitted", "declined", "retracted", "Rejected, was accepted as poster", "reject and resubmit"],
    ],
    Verdict.UNCLEAR: [
        *["conditional accept", "conditionally accepted", "Accept with minor revisions", "borderline", "1", "yes", "0"],
        *["weak accept", "Accept?", "?", "tentatively accepted", "probably accept", "awaiting camera-ready", "Oral"],
        *["Accept / Reject", "accept or reject", "Revision", "Accepted to workshop", "accept as non-archival", "x"],
        *["not camera-ready", "angenommen", "录用", "3.5"],
    ],
    Verdict.EMPTY: ["", " ", "-", "—", "n/a", "N/A", "nan"],
}


@pytest.mark.parametrize(("value", "verdict"), [(value, verdict) for verdict, many in VALUES.items() for value in many])
def test_a_decision(value: str, verdict: Verdict) -> None:
    assert read_decision(value) is verdict


@given(st.sampled_from(["reject", "not accept", "withdrawn", "no decision"]), st.text(st.characters(categories=["L"])))
def test_a_word_of_rejection_never_comes_in(word: str, other: str) -> None:
    assert read_decision(f"{word} {other}") is not Verdict.ACCEPTED
    assert read_decision(f"{other} {word}") is not Verdict.ACCEPTED


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    if read_decision(text) is Verdict.ACCEPTED:
        assert "accept" in normal_decision(text) or "camera" in normal_decision(text)


def read(*decisions: str, answers: dict[str, bool] | None = None) -> Submissions:
    rows = [[number, f"Paper {number}", "Ann Lee", decision] for number, decision in enumerate(decisions, 1)]
    text = delimited([["number", "title", "authors", "decision"], *rows])
    return read_export(open_export(Source("f.csv", text)), answers=answers)


def numbers(found: Submissions) -> list[str]:
    return [one.number for one in found.submissions]


def test_each_unclear_value_is_asked_once_with_its_count() -> None:
    found = read("Accept", "Conditional  Accept", "yes", "conditional accept", "Reject")

    assert found.questions == (Question("Conditional Accept", 2), Question("yes", 1))
    assert numbers(found) == ["1"]
    assert [one.message for one in found.findings] == [
        "skipped: it is not known whether 'Conditional Accept' is an acceptance",
        "skipped: it is not known whether 'yes' is an acceptance",
        "skipped: it is not known whether 'conditional accept' is an acceptance",
        "skipped: its decision is 'Reject'",
    ]


def test_an_answer_decides_for_every_spelling() -> None:
    found = read("Conditional Accept", "YES", "conditional accept", answers={"conditional accept": True, "yes": False})

    assert found.questions == ()
    assert numbers(found) == ["1", "3"]


def test_an_answer_never_overrules_a_clear_decision() -> None:
    assert numbers(read("Reject", "Accept", answers={"reject": True, "accept": False})) == ["2"]


def test_an_empty_decision_comes_in_only_if_no_paper_has_one() -> None:
    assert numbers(read("", "", "-")) == ["1", "2", "3"]
    found = read("Accept", "", "Reject")
    assert numbers(found) == ["1"]
    assert found.findings[0].message == "skipped: it has no decision, and other papers have one"
