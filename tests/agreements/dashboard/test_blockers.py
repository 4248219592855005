"""What blocks a paper, as a table."""

from datetime import timedelta

import pytest

from agreements.dashboard.blockers import (
    BLOCKER_INFO,
    LAPSE_WARNING_AFTER,
    LAST_MONTH_AFTER,
    Blocker,
    PaperState,
    find_blockers,
)
from tests.make import CLOSES, DAY, NOW

B = Blocker


@pytest.mark.parametrize(
    ("paper_state", "expected"),
    [
        (PaperState(has_contact=False), [B.NO_CONTACT]),
        (PaperState(has_contact=True), [B.NOT_ISSUED]),
        (PaperState(has_contact=True, unprintable=True), [B.UNPRINTABLE]),
        (PaperState(has_contact=False, unprintable=True), [B.NO_CONTACT]),
        (PaperState(has_contact=True, has_pdf=False), [B.NOT_ISSUED, B.NO_PDF]),
        (PaperState(has_contact=True, has_pdf=False, status="sealed", signed_at=NOW), [B.NO_PDF]),
        (PaperState(has_contact=True, status="voided"), [B.NOT_ISSUED]),
        (PaperState(has_contact=False, status="superseded"), [B.NO_CONTACT]),
        (PaperState(has_contact=True, status="draft"), [B.NOT_ISSUED]),
        (PaperState(has_contact=True, status="issued"), [B.NOT_SENT]),
        (PaperState(has_contact=True, status="issued", invited=True, closes_at=CLOSES), [B.WAITING]),
        (PaperState(has_contact=True, status="issued", invited=True, closes_at=NOW), [B.OVERDUE]),
        (PaperState(has_contact=True, status="issued", invited=True, undeliverable=True), [B.UNDELIVERABLE]),
        (PaperState(has_contact=True, status="issued", invited=True, mail_unknown=True), [B.MAIL_UNKNOWN]),
        (PaperState(has_contact=True, status="issued", invited=True, has_mismatch=True), [B.MISMATCH, B.WAITING]),
        (PaperState(has_contact=True, status="issued", change_request=True), [B.CHANGE_REQUEST, B.NOT_SENT]),
        (PaperState(has_contact=True, status="sealed", signed_at=NOW, objection=True), [B.OBJECTION]),
        (PaperState(has_contact=True, status="sealed", signed_at=NOW, edit=True), [B.EDIT]),
        (PaperState(has_contact=True, other_licence=True), [B.LICENCE, B.NOT_ISSUED]),
        (PaperState(has_contact=True, status="issued", other_licence=True), [B.LICENCE, B.NOT_SENT]),
        (PaperState(has_contact=True, status="sealed", signed_at=NOW, other_licence=True), []),
        (PaperState(has_contact=True, status="waived", other_licence=True), [B.WAIVED]),
        (PaperState(has_contact=True, status="declined"), [B.DECLINED]),
        (PaperState(has_contact=True, status="declined", has_mismatch=True), [B.DECLINED]),
        (PaperState(has_contact=True, status="lapsed"), [B.LAPSED]),
        (PaperState(has_contact=True, status="signed", signed_at=NOW), [B.SEAL_PENDING]),
        (PaperState(has_contact=True, status="signed", signed_at=NOW, seal_failed=True), [B.SEAL_FAILED]),
        (PaperState(has_contact=True, status="sealed", signed_at=NOW), []),
        (PaperState(has_contact=True, status="sealed", signed_at=NOW, has_mismatch=True), [B.MISMATCH]),
        (PaperState(has_contact=True, status="sealed", signed_at=NOW - LAPSE_WARNING_AFTER), [B.LAPSING]),
        (PaperState(has_contact=True, status="sealed", signed_at=NOW - LAPSE_WARNING_AFTER + DAY), []),
        (PaperState(has_contact=True, status="sealed", signed_at=NOW - LAST_MONTH_AFTER), [B.LAST_MONTH]),
        (PaperState(has_contact=True, status="sealed", signed_at=NOW - LAST_MONTH_AFTER + DAY), [B.LAPSING]),
        (PaperState(has_contact=True, status="sealed", signed_at=NOW - LAPSE_WARNING_AFTER, published=True), []),
    ],
)
def test_what_blocks_a_paper(paper_state: PaperState, expected: list[Blocker]) -> None:
    assert find_blockers(paper_state, NOW) == expected


def test_the_values_in_links_of_sent_emails_stay() -> None:
    assert " ".join(Blocker) == (
        "no-contact name unprintable licence declined refused mail-unknown received proposal drifted seal-failed "
        "objection edit publisher lapsed last-month lapsing not-issued overdue silent waiting not-sent seal-pending "
        "no-pdf name-doubt waived"
    )


def test_every_blocker_has_a_label_and_advice() -> None:
    assert set(BLOCKER_INFO) == set(Blocker)
    assert all(meaning.label and meaning.advice.endswith(".") for meaning in BLOCKER_INFO.values())


def test_a_year_is_not_yet_over_when_it_is_about_to_lapse() -> None:
    assert timedelta() < LAPSE_WARNING_AFTER < LAST_MONTH_AFTER < timedelta(days=365)
