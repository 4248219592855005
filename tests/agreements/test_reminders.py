"""When to write again: properties that hold for any terms, any history and any clock."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.reminders import GAP, REST, Leave, Policy, Remind, Timeline, Wait, decide, slot_name
from tests.make import CLOSES, DAY, HOUR, MINUTE, NOW

POLICY = Policy(closes_at=CLOSES, offsets=(-14, -7, -3, -1, 1, 3, 7), most=8, revision=1, paused=False)
SILENCE = Timeline(issued_at=NOW, taken=frozenset({"invitation"}), reminders=0, last_mail_at=NOW, mail_under_way=False)

MOMENTS = st.datetimes(datetime(2026, 10, 1), datetime(2027, 2, 1), timezones=st.just(UTC))  # noqa: DTZ001
POLICIES = st.builds(
    Policy,
    closes_at=MOMENTS,
    offsets=st.lists(st.integers(-30, 30), unique=True, max_size=8).map(tuple),
    most=st.integers(0, 8),
    revision=st.integers(1, 3),
    paused=st.booleans(),
)
LOOKS = st.lists(st.integers(1, 20 * 24 * 60), min_size=1, max_size=40)
"""Minutes between the clock's looks: from one minute to twenty days of outage."""


def after(timeline: Timeline, verdict: Remind, now: datetime) -> Timeline:
    """The history when the reminder of `verdict` has been sent at once."""
    return replace(
        timeline,
        taken=timeline.taken | {verdict.slot, *verdict.skipped},
        reminders=timeline.reminders + 1,
        last_mail_at=now,
    )


def lived(policy: Policy, issued_at: datetime, looks: list[int]) -> list[tuple[datetime, Remind]]:
    """All reminders of an agreement that nobody signs, seen by a clock that looks at odd times."""
    timeline, now, sent = replace(SILENCE, issued_at=issued_at, last_mail_at=issued_at), issued_at, []
    for minutes in looks:
        now += minutes * MINUTE
        verdict = decide(timeline, policy, now)
        if isinstance(verdict, Remind):
            sent.append((now, verdict))
            timeline = after(timeline, verdict, now)
    return sent


@given(POLICIES, MOMENTS, LOOKS)
def test_never_more_than_the_most(policy: Policy, issued_at: datetime, looks: list[int]) -> None:
    assert len(lived(policy, issued_at, looks)) <= policy.most


@given(POLICIES, MOMENTS, LOOKS)
def test_never_two_mails_within_the_gap(policy: Policy, issued_at: datetime, looks: list[int]) -> None:
    times = [issued_at, *(at for at, _ in lived(policy, issued_at, looks))]
    assert all(later - earlier >= GAP for earlier, later in itertools.pairwise(times))


@given(POLICIES, MOMENTS, LOOKS)
def test_no_slot_is_used_twice_or_both_sent_and_skipped(policy: Policy, issued_at: datetime, looks: list[int]) -> None:
    slots = [slot for _, verdict in lived(policy, issued_at, looks) for slot in (verdict.slot, *verdict.skipped)]
    assert len(slots) == len(set(slots))


@given(POLICIES, MOMENTS, LOOKS)
def test_nothing_before_its_time_and_nothing_from_before_the_invitation(
    policy: Policy, issued_at: datetime, looks: list[int]
) -> None:
    due = {slot_name(policy.revision, offset): policy.closes_at + offset * DAY for offset in policy.offsets}
    for at, verdict in lived(policy, issued_at, looks):
        assert issued_at < due[verdict.slot] <= at
        for missed in verdict.skipped:
            assert issued_at < due[missed] < due[verdict.slot], "the latest is sent, the older ones are not made up for"


@given(POLICIES, MOMENTS, MOMENTS)
def test_deciding_changes_nothing_and_says_the_same_again(policy: Policy, issued_at: datetime, now: datetime) -> None:
    timeline = replace(SILENCE, issued_at=issued_at, last_mail_at=issued_at)
    assert decide(timeline, policy, now) == decide(timeline, policy, now)


@given(POLICIES, MOMENTS, MOMENTS)
def test_nothing_is_due_before_the_moment_to_wait_for(policy: Policy, issued_at: datetime, now: datetime) -> None:
    timeline = replace(SILENCE, issued_at=issued_at, last_mail_at=issued_at)
    verdict = decide(timeline, policy, now)
    if isinstance(verdict, Wait):
        assert verdict.until > now, "or the clock would ask again at once, for ever"
        assert not isinstance(decide(timeline, policy, verdict.until - MINUTE), Remind)
        assert isinstance(decide(timeline, policy, verdict.until), Remind | Wait)


@given(POLICIES, MOMENTS, MOMENTS, st.integers(0, 10_000))
def test_leaving_is_for_good(policy: Policy, issued_at: datetime, now: datetime, minutes: int) -> None:
    timeline = replace(SILENCE, issued_at=issued_at, last_mail_at=issued_at)
    if isinstance(decide(timeline, policy, now), Leave):
        assert isinstance(decide(timeline, policy, now + minutes * MINUTE), Leave)


@given(POLICIES, MOMENTS, MOMENTS, st.integers(0, 10_000))
def test_no_mail_while_another_is_on_its_way(policy: Policy, issued_at: datetime, now: datetime, minutes: int) -> None:
    timeline = replace(SILENCE, issued_at=issued_at, mail_under_way=True)
    assert not isinstance(decide(timeline, policy, now), Remind)


@given(MOMENTS, LOOKS)
def test_a_paused_volume_sends_nothing(issued_at: datetime, looks: list[int]) -> None:
    assert lived(replace(POLICY, paused=True), issued_at, looks) == []


@pytest.mark.parametrize("days", [1, 2, 5, 20, 60])
def test_any_number_of_missed_days_gives_one_reminder(days: int) -> None:
    back = CLOSES - 15 * DAY + days * DAY
    first = decide(SILENCE, POLICY, back)
    assert isinstance(first, Remind)
    again = decide(after(SILENCE, first, back), POLICY, back + MINUTE)
    assert not isinstance(again, Remind)


def test_an_outage_over_three_slots_sends_the_latest_and_marks_the_older_ones() -> None:
    assert decide(SILENCE, POLICY, CLOSES - 2 * DAY) == Remind("r1:T-3", skipped=("r1:T-14", "r1:T-7"))


def test_a_clock_that_looks_every_minute_sends_each_slot_on_time() -> None:
    minutes = (CLOSES + 10 * DAY - NOW) // (10 * MINUTE)
    sent = lived(POLICY, NOW, [10] * minutes)
    assert [verdict.slot for _, verdict in sent] == [slot_name(1, offset) for offset in POLICY.offsets]
    assert all(verdict.skipped == () for _, verdict in sent)
    for (at, _), offset in zip(sent, POLICY.offsets, strict=True):
        assert timedelta(0) <= at - (CLOSES + offset * DAY) < 10 * MINUTE


def test_before_the_first_slot_it_waits_for_it() -> None:
    assert decide(SILENCE, POLICY, NOW) == Wait(CLOSES - 14 * DAY)


def test_a_slot_is_due_to_the_second() -> None:
    due = CLOSES - 14 * DAY
    assert decide(SILENCE, POLICY, due - timedelta(seconds=1)) == Wait(due)
    assert decide(SILENCE, POLICY, due) == Remind("r1:T-14", skipped=())


def test_a_slot_within_the_gap_waits_for_its_end() -> None:
    last = CLOSES - 14 * DAY - HOUR
    assert decide(replace(SILENCE, last_mail_at=last), POLICY, CLOSES - 14 * DAY) == Wait(last + GAP)


def test_an_agreement_that_was_never_mailed_can_still_be_reminded() -> None:
    assert isinstance(decide(replace(SILENCE, last_mail_at=None), POLICY, CLOSES), Remind)


def test_who_is_invited_late_is_not_reminded_of_what_was_before() -> None:
    late = replace(SILENCE, issued_at=CLOSES - 2 * DAY, last_mail_at=CLOSES - 2 * DAY)
    assert decide(late, POLICY, CLOSES - 2 * DAY) == Wait(CLOSES - DAY)


def test_after_the_last_slot_there_is_nothing() -> None:
    taken = frozenset(slot_name(1, offset) for offset in POLICY.offsets)
    assert decide(replace(SILENCE, taken=taken), POLICY, CLOSES + 8 * DAY) == Leave()


def test_a_moved_deadline_has_slots_of_its_own_and_keeps_the_gap() -> None:
    first = decide(SILENCE, POLICY, CLOSES - 14 * DAY)
    assert isinstance(first, Remind)
    then = after(SILENCE, first, CLOSES - 14 * DAY)
    moved = replace(POLICY, closes_at=CLOSES + DAY / 2, revision=2)
    assert decide(then, moved, CLOSES - 14 * DAY + DAY / 2) == Wait(CLOSES - 14 * DAY + GAP)
    assert decide(then, moved, CLOSES - 13 * DAY) == Remind("r2:T-14", skipped=())


def test_slots_are_named_by_revision_and_day() -> None:
    assert [slot_name(1, -7), slot_name(2, 0), slot_name(1, 3)] == ["r1:T-7", "r2:T+0", "r1:T+3"]


@given(POLICIES, MOMENTS, st.integers(0, 400), MOMENTS)
def test_no_reminder_while_a_proposal_of_the_week_waits(
    policy: Policy, issued_at: datetime, hours: int, now: datetime
) -> None:
    proposed_at = issued_at + hours * HOUR
    plain = decide(replace(SILENCE, issued_at=issued_at), policy, now)
    verdict = decide(replace(SILENCE, issued_at=issued_at, proposed_at=proposed_at), policy, now)
    if now >= proposed_at + REST:
        assert verdict == plain
    elif policy.paused:
        assert verdict == Leave()
    else:
        assert verdict == Wait(proposed_at + REST)
