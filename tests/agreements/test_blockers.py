"""What blocks a paper, as a table."""

from datetime import timedelta

import pytest

from agreements.dashboard.blockers import LAPSING, LAST_MONTH, MEANING, Blocker, Standing, blockers
from tests.make import CLOSES, DAY, NOW

B = Blocker


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing(has_contact=False), [B.NO_CONTACT]),
        (Standing(has_contact=True), [B.NOT_ISSUED]),
        (Standing(has_contact=True, unprintable=True), [B.UNPRINTABLE]),
        (Standing(has_contact=False, unprintable=True), [B.NO_CONTACT]),
        (Standing(has_contact=True, has_pdf=False), [B.NOT_ISSUED, B.NO_PDF]),
        (Standing(has_contact=True, has_pdf=False, status="sealed", signed_at=NOW), [B.NO_PDF]),
        (Standing(has_contact=True, status="voided"), [B.NOT_ISSUED]),
        (Standing(has_contact=False, status="superseded"), [B.NO_CONTACT]),
        (Standing(has_contact=True, status="draft"), [B.NOT_ISSUED]),
        (Standing(has_contact=True, status="issued"), [B.NOT_SENT]),
        (Standing(has_contact=True, status="issued", invited=True, closes_at=CLOSES), [B.WAITING]),
        (Standing(has_contact=True, status="issued", invited=True, closes_at=NOW), [B.OVERDUE]),
        (Standing(has_contact=True, status="issued", invited=True, refused=True), [B.REFUSED]),
        (Standing(has_contact=True, status="issued", invited=True, mail_unknown=True), [B.MAIL_UNKNOWN]),
        (Standing(has_contact=True, status="issued", invited=True, drifted=True), [B.DRIFTED, B.WAITING]),
        (Standing(has_contact=True, status="issued", proposal=True), [B.PROPOSAL, B.NOT_SENT]),
        (Standing(has_contact=True, status="sealed", signed_at=NOW, objection=True), [B.OBJECTION]),
        (Standing(has_contact=True, status="sealed", signed_at=NOW, edit=True), [B.EDIT]),
        (Standing(has_contact=True, status="declined"), [B.DECLINED]),
        (Standing(has_contact=True, status="declined", drifted=True), [B.DECLINED]),
        (Standing(has_contact=True, status="lapsed"), [B.LAPSED]),
        (Standing(has_contact=True, status="signed", signed_at=NOW), [B.SEAL_PENDING]),
        (Standing(has_contact=True, status="signed", signed_at=NOW, seal_failed=True), [B.SEAL_FAILED]),
        (Standing(has_contact=True, status="sealed", signed_at=NOW), []),
        (Standing(has_contact=True, status="sealed", signed_at=NOW, drifted=True), [B.DRIFTED]),
        (Standing(has_contact=True, status="sealed", signed_at=NOW - LAPSING), [B.LAPSING]),
        (Standing(has_contact=True, status="sealed", signed_at=NOW - LAPSING + DAY), []),
        (Standing(has_contact=True, status="sealed", signed_at=NOW - LAST_MONTH), [B.LAST_MONTH]),
        (Standing(has_contact=True, status="sealed", signed_at=NOW - LAST_MONTH + DAY), [B.LAPSING]),
        (Standing(has_contact=True, status="sealed", signed_at=NOW - LAPSING, published=True), []),
    ],
)
def test_what_blocks_a_paper(standing: Standing, expected: list[Blocker]) -> None:
    assert blockers(standing, NOW) == expected


def test_every_blocker_has_words_and_advice() -> None:
    assert set(MEANING) == set(Blocker)
    assert all(meaning.words and meaning.advice.endswith(".") for meaning in MEANING.values())


def test_a_year_is_not_yet_over_when_it_is_about_to_lapse() -> None:
    assert timedelta() < LAPSING < LAST_MONTH < timedelta(days=365)
