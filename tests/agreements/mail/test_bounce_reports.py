"""What each bounce report means (issue 14, parts 3 to 5), in the shapes of many mail systems."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.mail import bounces
from agreements.mail.judgement import MAX_DETAIL, RULES, Judgement, Stage, clean_text, judge
from tests.agreements.mail.bounce_reports import OURS, PATHS, REPORTS, VERP, dsn, one, recipient


@pytest.mark.parametrize("name", REPORTS)
def test_14_4_each_report_is_judged_right(name: str) -> None:
    body, expected = REPORTS[name]
    bounce = bounces.parse_report(body, PATHS)
    assert (bounce and bounce.judgement) == expected
    assert bounce is None or (bounce.message_id == OURS and bounce.detail)


@pytest.mark.parametrize("name", REPORTS)
def test_14_4_line_ends_change_nothing(name: str) -> None:
    body, expected = REPORTS[name]
    bounce = bounces.parse_report(body.replace(b"\n", b"\r\n"), PATHS)
    assert (bounce and bounce.judgement) == expected


def test_14_4_the_corpus_is_large_enough() -> None:
    assert len(REPORTS) >= 60


def test_14_3_every_row_of_the_table_has_its_source_and_a_condition() -> None:
    assert all(rule.source and (rule.code or rule.words or rule.reply) for rule in RULES)


ANSWERS = {
    "550 no such user": Judgement.ADDRESS,
    "550 5.1.1 no such user": Judgement.ADDRESS,
    "550 5.4.4 no route": Judgement.ADDRESS,
    "550 5.4.1 recipient address rejected: access denied": Judgement.ADDRESS,
    "556 5.1.10 null MX": Judgement.ADDRESS,
    "550 5.7.1 policy": Judgement.EMAIL,
    "550 5.1.8 your domain": Judgement.EMAIL,
    "554 5.7.26 DMARC": Judgement.EMAIL,
    "552 5.3.4 too big": Judgement.EMAIL,
    "550 5.2.2 full": Judgement.SOFT,
    "552 mailbox full": Judgement.SOFT,
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_14_3_an_answer_to_rcpt_and_a_report_mean_the_same(answer: str) -> None:
    code = answer.split()[1] if answer[4].isdigit() else "5.0.0"
    bounce = bounces.parse_report(one(code, f"{answer} (in reply to RCPT TO command)"), PATHS)
    assert bounce is not None
    assert bounce.judgement == judge(answer, stage=Stage.RECIPIENT) == ANSWERS[answer]


def test_14_5_a_megabyte_and_a_nul_are_cleaned_on_the_way_in() -> None:
    body = dsn(
        recipient("5.1.1", "550 5.1.1 no\x00such\ud800user ".encode(errors="replace").decode() + "x" * 1_000_000)
    )
    bounce = bounces.parse_report(body, PATHS)
    assert bounce is not None
    assert bounce.judgement == Judgement.ADDRESS
    assert len(bounce.detail) <= MAX_DETAIL
    assert "\0" not in bounce.detail


@given(st.text())
def test_14_5_a_cleaned_text_is_one_line_that_every_database_takes(text: str) -> None:
    cleaned = clean_text(text)
    assert len(cleaned) <= MAX_DETAIL
    assert cleaned == clean_text(cleaned)
    assert not set(cleaned) & {"\0", "\n", "\r", "\x85"}
    cleaned.encode()


@given(st.binary(max_size=400), st.sampled_from([b"", b"Return-Path: <>\nTo: " + VERP.encode() + b"\n"]))
def test_14_5_no_bytes_raise(body: bytes, head: bytes) -> None:
    found = bounces.parse_report(head + body, PATHS)
    assert found is None or found.detail == clean_text(found.detail)


@given(st.data())
def test_14_5_whatever_is_done_to_a_report_nothing_raises(data: st.DataObject) -> None:
    body = bytearray(REPORTS[data.draw(st.sampled_from(sorted(REPORTS)))][0])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    found = bounces.parse_report(bytes(body), PATHS)
    assert found is None or found.detail == clean_text(found.detail)


@given(st.text(max_size=300), st.sampled_from([None, *Stage]))
def test_14_5_no_answer_raises(text: str, stage: Stage | None) -> None:
    assert judge(text, stage=stage) in Judgement


def test_14_5_an_email_within_an_email_a_thousand_times_is_read_or_not() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    head = f"Return-Path: <>\nTo: bounces+{uuid.uuid4()}@proceedings.example\n".encode()
    bounce = bounces.parse_report(head + deep, PATHS)
    assert bounce is None or bounce.judgement == Judgement.UNREADABLE
