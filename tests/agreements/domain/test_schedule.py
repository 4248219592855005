"""The schedule: properties that hold for any signing settings, history, time zone and interval of runs."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.domain.schedule import (
    CUSTOM,
    FOREVER,
    MIN_EMAIL_GAP,
    PLANNING_HORIZON,
    PRESETS,
    CoAuthor,
    Escalate,
    NothingDue,
    Policy,
    Remind,
    Timeline,
    Wait,
    WorkingHours,
    decide,
    idempotency_key,
    is_final_reminder,
    reminder_time,
)
from tests.make import CLOSES, DAY, HOUR, MINUTE, NOW

ALWAYS = WorkingHours(begin=0, end=24, weekend=frozenset())
POLICY = Policy(closes_at=CLOSES, offsets=(-14, -7, -3, -1, 1, 3, 7), max_reminders=8, revision=1, hours=ALWAYS)
NO_ANSWER = Timeline(
    issued_at=NOW, used_keys=frozenset({"invitation"}), reminder_count=0, last_email_at=NOW, email_pending=False
)
OTHERS = (CoAuthor("r1:author:a", ALWAYS), CoAuthor("r1:author:b", WorkingHours("Asia/Tokyo")))

MOMENTS = st.datetimes(datetime(2026, 10, 1), datetime(2027, 4, 1), timezones=st.just(UTC))  # noqa: DTZ001
PLACES = [
    "UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Asia/Tokyo", "Etc/GMT+12", "Pacific/Kiritimati",
    "Australia/Lord_Howe", "Pacific/Chatham", "America/St_Johns",
]  # fmt: skip
ZONES = st.sampled_from(PLACES)


@st.composite
def hours_of(draw: st.DrawFn) -> WorkingHours:
    begin = draw(st.integers(0, 22))
    rest = draw(st.frozensets(st.integers(1, 7), max_size=6))
    return WorkingHours(draw(ZONES), begin, draw(st.integers(begin + 1, 24)), rest)


HOURS = hours_of()
POLICIES = st.builds(
    Policy,
    closes_at=MOMENTS,
    offsets=st.lists(st.integers(-30, 30), unique=True, max_size=8).map(tuple),
    max_reminders=st.integers(0, 8),
    revision=st.integers(1, 3),
    coauthors_after=st.integers(1, 9),
    hours=HOURS,
)
LOOKS = st.lists(st.integers(1, 20 * 24 * 60), min_size=1, max_size=40)
"""Minutes between two runs of the scheduled job: from one minute to twenty days of outage."""


@dataclass
class Life:
    """An agreement that nobody signs, with scheduled runs at irregular times."""

    policy: Policy
    timeline: Timeline
    now: datetime
    reminded: list[tuple[datetime, Remind]]
    asked: list[tuple[datetime, str]]

    @classmethod
    def begin(cls, policy: Policy, issued_at: datetime, coauthors: tuple[CoAuthor, ...] = ()) -> "Life":
        timeline = replace(NO_ANSWER, issued_at=issued_at, last_email_at=issued_at, coauthors=coauthors)
        return cls(policy, timeline, issued_at, [], [])

    def look(self, now: datetime) -> None:
        """Runs the scheduled job at `now`; every email is sent at once."""
        self.now = now
        match decide(self.timeline, self.policy, now):
            case Remind() as verdict:
                self.reminded.append((now, verdict))
                self.timeline = after(self.timeline, verdict, now)
            case Escalate(slots):
                self.asked += [(now, slot) for slot in slots]
                self.timeline = replace(self.timeline, used_keys=self.timeline.used_keys | set(slots))

    def live(self, looks: list[int]) -> "Life":
        for minutes in looks:
            self.look(self.now + minutes * MINUTE)
        return self


def after(timeline: Timeline, verdict: Remind, now: datetime) -> Timeline:
    """Returns the history after the reminder of `verdict` was sent."""
    return replace(
        timeline,
        used_keys=timeline.used_keys | {verdict.idempotency_key, *verdict.skipped_keys},
        reminder_count=timeline.reminder_count + 1,
        last_email_at=now,
    )


def lived(policy: Policy, issued_at: datetime, looks: list[int]) -> list[tuple[datetime, Remind]]:
    return Life.begin(policy, issued_at, OTHERS).live(looks).reminded


# --- properties


@given(POLICIES, MOMENTS, LOOKS)
def test_never_more_than_the_most(policy: Policy, issued_at: datetime, looks: list[int]) -> None:
    assert len(lived(policy, issued_at, looks)) <= policy.max_reminders


@given(POLICIES, MOMENTS, LOOKS)
def test_never_two_emails_within_the_gap(policy: Policy, issued_at: datetime, looks: list[int]) -> None:
    times = [issued_at, *(at for at, _ in lived(policy, issued_at, looks))]
    assert all(later - earlier >= MIN_EMAIL_GAP for earlier, later in itertools.pairwise(times))


@given(POLICIES, MOMENTS, LOOKS)
def test_never_outside_the_working_hours_of_the_recipient(
    policy: Policy, issued_at: datetime, looks: list[int]
) -> None:
    life = Life.begin(policy, issued_at, OTHERS).live(looks)
    assert all(policy.hours.includes(at) for at, _ in life.reminded)
    hours = {one.idempotency_key: one.hours for one in OTHERS}
    assert all(hours[slot].includes(at) for at, slot in life.asked)


@given(POLICIES, MOMENTS, LOOKS, st.integers(1, 39), st.booleans())
def test_never_after_a_stop_or_during_a_pause(
    policy: Policy, issued_at: datetime, looks: list[int], when: int, stopped: bool
) -> None:
    life = Life.begin(policy, issued_at, OTHERS).live(looks[:when])
    before = len(life.reminded), len(life.asked)
    end = {"reminders_stopped": True} if stopped else {"paused_until": FOREVER}
    life.timeline = replace(life.timeline, **end)
    life.live(looks[when:])
    assert (len(life.reminded), len(life.asked)) == before
    assert decide(life.timeline, policy, life.now) == NothingDue()


@given(POLICIES, MOMENTS, MOMENTS, st.integers(1, 2000))
def test_a_pause_with_an_end_is_waited_for_and_then_all_is_as_before(
    policy: Policy, issued_at: datetime, now: datetime, hours: int
) -> None:
    timeline = replace(NO_ANSWER, issued_at=issued_at, last_email_at=issued_at, coauthors=OTHERS)
    until = now + hours * HOUR
    paused = replace(timeline, paused_until=until)
    assert decide(paused, policy, now) == Wait(until)
    assert decide(paused, policy, until) == decide(timeline, policy, until)


@given(POLICIES, MOMENTS, LOOKS)
def test_no_idempotency_key_is_used_twice_or_both_sent_and_skipped(
    policy: Policy, issued_at: datetime, looks: list[int]
) -> None:
    slots = [
        slot
        for _, verdict in lived(policy, issued_at, looks)
        for slot in (verdict.idempotency_key, *verdict.skipped_keys)
    ]
    assert len(slots) == len(set(slots))


@given(POLICIES, MOMENTS, LOOKS)
def test_nothing_before_its_time_and_nothing_from_before_the_invitation(
    policy: Policy, issued_at: datetime, looks: list[int]
) -> None:
    due = {idempotency_key(policy.revision, offset): reminder_time(policy, offset) for offset in policy.offsets}
    for at, verdict in lived(policy, issued_at, looks):
        assert issued_at < due[verdict.idempotency_key] <= at
        for missed in verdict.skipped_keys:
            assert issued_at < due[missed] <= due[verdict.idempotency_key], "only older ones are not made up for"


@given(POLICIES, MOMENTS, LOOKS)
def test_reminders_are_sent_in_the_order_of_their_days(policy: Policy, issued_at: datetime, looks: list[int]) -> None:
    order = [idempotency_key(policy.revision, offset) for offset in sorted(policy.offsets)]
    sent = [order.index(verdict.idempotency_key) for _, verdict in lived(policy, issued_at, looks)]
    assert sent == sorted(sent)


@given(POLICIES, MOMENTS, LOOKS, st.integers(1, 60 * 24 * 60))
def test_after_any_outage_there_is_at_most_one_email(
    policy: Policy, issued_at: datetime, looks: list[int], minutes: int
) -> None:
    life = Life.begin(policy, issued_at).live(looks)
    before = len(life.reminded)
    back = life.now + minutes * MINUTE
    for number in range(10):
        life.look(back + number * 90 * MINUTE)
    assert len(life.reminded) <= before + 1


@given(POLICIES, MOMENTS, MOMENTS)
def test_deciding_changes_nothing_and_says_the_same_again(policy: Policy, issued_at: datetime, now: datetime) -> None:
    timeline = replace(NO_ANSWER, issued_at=issued_at, last_email_at=issued_at, coauthors=OTHERS)
    assert decide(timeline, policy, now) == decide(timeline, policy, now)


@given(POLICIES, MOMENTS, MOMENTS)
def test_nothing_is_due_before_the_moment_to_wait_for(policy: Policy, issued_at: datetime, now: datetime) -> None:
    timeline = replace(NO_ANSWER, issued_at=issued_at, last_email_at=issued_at, coauthors=OTHERS)
    verdict = decide(timeline, policy, now)
    if isinstance(verdict, Wait):
        assert verdict.until > now, "or the clock would ask again at once, for ever"
        assert not isinstance(decide(timeline, policy, verdict.until - timedelta(seconds=1)), Remind | Escalate)
        assert isinstance(decide(timeline, policy, verdict.until), Remind | Escalate), "nor is it waited in vain"


@given(POLICIES, MOMENTS, MOMENTS, st.integers(0, 10_000))
def test_leaving_is_for_good(policy: Policy, issued_at: datetime, now: datetime, minutes: int) -> None:
    timeline = replace(NO_ANSWER, issued_at=issued_at, last_email_at=issued_at)
    if isinstance(decide(timeline, policy, now), NothingDue):
        assert isinstance(decide(timeline, policy, now + minutes * MINUTE), NothingDue)


@given(POLICIES, MOMENTS, MOMENTS)
def test_no_email_while_another_is_being_sent(policy: Policy, issued_at: datetime, now: datetime) -> None:
    timeline = replace(NO_ANSWER, issued_at=issued_at, email_pending=True, coauthors=OTHERS)
    assert decide(timeline, policy, now) == Wait(now + PLANNING_HORIZON)


@given(POLICIES, MOMENTS, MOMENTS, st.integers(1, 60))
def test_an_address_within_the_gap_gets_nothing(policy: Policy, issued_at: datetime, now: datetime, hours: int) -> None:
    timeline = replace(NO_ANSWER, issued_at=issued_at, quiet_until=now + hours * HOUR, coauthors=OTHERS)
    assert not isinstance(decide(timeline, policy, now), Remind | Escalate)


@given(POLICIES, MOMENTS)
def test_every_agreement_that_nobody_signs_comes_to_its_co_authors(policy: Policy, issued_at: datetime) -> None:
    """For any settings: a scheduled job that runs when planned asks each co-author once."""
    life = Life.begin(policy, issued_at, OTHERS)
    for _ in range(60):
        match decide(life.timeline, life.policy, life.now):
            case Wait(until):
                life.now = until
            case NothingDue():
                break
            case _:
                life.look(life.now)
    assert sorted(slot for _, slot in life.asked) == sorted(one.idempotency_key for one in OTHERS)
    enough = min(policy.coauthors_after, policy.max_reminders)
    for at, _ in life.asked:
        reminded = [when for when, _ in life.reminded if when <= at]
        assert len(reminded) >= enough or at >= policy.closes_at
        assert not reminded or at - reminded[-1] >= MIN_EMAIL_GAP, "the signer had time to answer"
    assert decide(life.timeline, life.policy, life.now + 1000 * DAY) == NothingDue()


# --- time zones


@given(HOURS, MOMENTS)
def test_the_next_opening_is_the_next(hours: WorkingHours, at: datetime) -> None:
    following = hours.at_or_after(at)
    assert hours.includes(following)
    assert following >= at
    if following > at:
        step = (following - at) / 50
        assert not any(hours.includes(at + step * number) for number in range(50)), "nothing is open before it"


@given(HOURS, MOMENTS)
def test_the_next_opening_after_an_opening_is_a_later_one(hours: WorkingHours, at: datetime) -> None:
    opening = hours.next_opening(at)
    assert hours.next_opening(opening) > opening > at


@given(HOURS, MOMENTS)
def test_what_comes_early_comes_in_working_hours(hours: WorkingHours, at: datetime) -> None:
    before = hours.at_or_before(at)
    assert hours.includes(before)
    assert before <= at


@pytest.mark.parametrize(
    ("zone", "at", "opening"),
    [
        # The nights when clocks in Paris go forward and back.
        ("Europe/Paris", datetime(2027, 3, 28, 0, 30, tzinfo=UTC), datetime(2027, 3, 29, 7, 0, tzinfo=UTC)),
        ("Europe/Paris", datetime(2026, 10, 24, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 8, 0, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 10, 31, 12, 0, tzinfo=UTC), datetime(2026, 11, 2, 14, 0, tzinfo=UTC)),
        ("Etc/GMT+12", datetime(2026, 11, 30, 20, 59, tzinfo=UTC), datetime(2026, 11, 30, 21, 0, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 11, 29, 18, 0, tzinfo=UTC), datetime(2026, 11, 29, 19, 0, tzinfo=UTC)),
    ],
)
def test_working_hours_follow_the_clocks_of_the_place(zone: str, at: datetime, opening: datetime) -> None:
    assert WorkingHours(zone).at_or_after(at) == opening


def test_hours_that_a_day_lacks_are_those_of_the_next() -> None:
    night = WorkingHours("Europe/Paris", begin=2, end=3, weekend=frozenset())
    opening = night.at_or_after(datetime(2027, 3, 28, 0, 0, tzinfo=UTC))
    assert opening.astimezone(ZoneInfo("Europe/Paris")).date() == date(2027, 3, 29)


def test_a_week_without_a_working_day_is_rejected() -> None:
    with pytest.raises(ValueError, match="no working day"):
        WorkingHours(weekend=frozenset(range(1, 8))).at_or_after(NOW)


def test_what_falls_on_a_weekend_comes_before_the_deadline_and_after_it_on_the_next_working_day() -> None:
    office = replace(POLICY, hours=WorkingHours("Europe/Paris"))
    friday, monday = datetime(2026, 11, 27, 8, 0, tzinfo=UTC), datetime(2026, 12, 7, 8, 0, tzinfo=UTC)
    assert reminder_time(office, -3) == friday
    assert reminder_time(office, 5) == monday


def test_anywhere_on_earth_the_day_before_is_the_day_before_even_in_tokyo() -> None:
    office = replace(POLICY, hours=WorkingHours("Asia/Tokyo"))
    # The deadline ends at 21:00 in Tokyo on the first of December; a day before that the office is closed.
    assert reminder_time(office, -1) == datetime(2026, 11, 30, 0, 0, tzinfo=UTC)


# --- examples


@pytest.mark.parametrize("days", [1, 2, 5, 20, 60])
def test_any_number_of_missed_days_gives_one_reminder(days: int) -> None:
    back = CLOSES - 15 * DAY + days * DAY
    first = decide(NO_ANSWER, POLICY, back)
    assert isinstance(first, Remind)
    again = decide(after(NO_ANSWER, first, back), POLICY, back + MINUTE)
    assert not isinstance(again, Remind)


def test_an_outage_over_three_reminders_sends_the_latest_and_marks_the_older_ones() -> None:
    assert decide(NO_ANSWER, POLICY, CLOSES - 2 * DAY) == Remind("r1:T-3", skipped_keys=("r1:T-14", "r1:T-7"))


def test_deciding_every_minute_sends_each_reminder_on_time() -> None:
    minutes = (CLOSES + 10 * DAY - NOW) // (10 * MINUTE)
    sent = lived(POLICY, NOW, [10] * minutes)
    assert [verdict.idempotency_key for _, verdict in sent] == [idempotency_key(1, offset) for offset in POLICY.offsets]
    assert all(verdict.skipped_keys == () for _, verdict in sent)
    for (at, _), offset in zip(sent, POLICY.offsets, strict=True):
        assert timedelta(0) <= at - (CLOSES + offset * DAY) < 10 * MINUTE


def test_before_the_first_reminder_it_waits_for_it() -> None:
    assert decide(NO_ANSWER, POLICY, NOW) == Wait(CLOSES - 14 * DAY)


def test_a_reminder_is_due_to_the_second() -> None:
    due = CLOSES - 14 * DAY
    assert decide(NO_ANSWER, POLICY, due - timedelta(seconds=1)) == Wait(due)
    assert decide(NO_ANSWER, POLICY, due) == Remind("r1:T-14", skipped_keys=())


def test_a_reminder_within_the_gap_waits_for_its_end() -> None:
    last = CLOSES - 14 * DAY - HOUR
    assert decide(replace(NO_ANSWER, last_email_at=last), POLICY, CLOSES - 14 * DAY) == Wait(last + MIN_EMAIL_GAP)


def test_an_agreement_that_was_never_emailed_can_still_be_reminded() -> None:
    assert isinstance(decide(replace(NO_ANSWER, last_email_at=None), POLICY, CLOSES), Remind)


def test_who_is_invited_late_is_not_reminded_of_what_was_before() -> None:
    late = replace(NO_ANSWER, issued_at=CLOSES - 2 * DAY, last_email_at=CLOSES - 2 * DAY)
    assert decide(late, POLICY, CLOSES - 2 * DAY) == Wait(CLOSES - DAY)


def test_after_the_last_reminder_there_is_nothing() -> None:
    taken = frozenset(idempotency_key(1, offset) for offset in POLICY.offsets)
    assert decide(replace(NO_ANSWER, used_keys=taken), POLICY, CLOSES + 8 * DAY) == NothingDue()


def test_a_changed_deadline_has_its_own_reminders_and_keeps_the_gap() -> None:
    first = decide(NO_ANSWER, POLICY, CLOSES - 14 * DAY)
    assert isinstance(first, Remind)
    then = after(NO_ANSWER, first, CLOSES - 14 * DAY)
    moved = replace(POLICY, closes_at=CLOSES + DAY / 2, revision=2)
    assert decide(then, moved, CLOSES - 14 * DAY + DAY / 2) == Wait(CLOSES - 14 * DAY + MIN_EMAIL_GAP)
    assert decide(then, moved, CLOSES - 13 * DAY) == Remind("r2:T-14", skipped_keys=())


def test_co_authors_are_asked_after_so_many_reminders_and_when_the_signer_had_time_to_answer() -> None:
    life = Life.begin(replace(POLICY, coauthors_after=2), NOW, OTHERS[:1])
    for day in range(40):
        life.look(NOW + day * DAY + 3 * HOUR)
    second = life.reminded[1][0]
    assert life.asked == [(second + DAY, "r1:author:a")]
    assert len(life.reminded) == 7, "the signer is reminded on"


def test_a_co_author_who_has_just_had_an_email_is_asked_later() -> None:
    silent = replace(NO_ANSWER, reminder_count=4)
    busy = CoAuthor("r1:author:a", ALWAYS, quiet_until=NOW + 30 * HOUR)
    assert decide(replace(silent, coauthors=(busy,)), POLICY, NOW + DAY) == Wait(NOW + 30 * HOUR)
    both = replace(silent, coauthors=(busy, CoAuthor("r1:author:b", ALWAYS)))
    assert decide(both, POLICY, NOW + DAY) == Escalate(("r1:author:b",))


def test_who_was_invited_when_all_reminders_were_over_is_escalated_too() -> None:
    late = replace(NO_ANSWER, issued_at=CLOSES + 9 * DAY, last_email_at=CLOSES + 9 * DAY, coauthors=OTHERS[:1])
    assert decide(late, POLICY, CLOSES + 9 * DAY) == Wait(CLOSES + 9 * DAY + MIN_EMAIL_GAP)
    assert decide(late, POLICY, CLOSES + 10 * DAY) == Escalate(("r1:author:a",))


def test_idempotency_keys_have_revision_and_day() -> None:
    assert [idempotency_key(1, -7), idempotency_key(2, 0), idempotency_key(1, 3)] == ["r1:T-7", "r2:T+0", "r1:T+3"]
    assert [is_final_reminder(slot) for slot in ("r1:T-1", "r12:T-1", "r1:T-14", "r1:T+1", "manual:T")] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_the_presets_grow_more_insistent() -> None:
    gentle, standard, urgent = (PRESETS[name] for name in ("gentle", "standard", "urgent"))
    assert CUSTOM not in PRESETS
    assert standard.offsets == (-14, -7, -3, -1, 1, 3, 7)
    assert len(gentle.offsets) < len(standard.offsets) < len(urgent.offsets)
    for preset in (gentle, standard, urgent):
        assert -1 in preset.offsets, "each has its last call"
        assert preset.coauthors_after < preset.editors_after <= preset.max_reminders
        assert len(preset.offsets) <= preset.max_reminders
