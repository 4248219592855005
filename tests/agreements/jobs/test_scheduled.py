"""The clock's three rounds: late, repeated or killed, they come to the same end."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from agreements import lifecycle
from agreements.documents import rendering
from agreements.domain.facts import sha256
from agreements.domain.schedule import MIN_EMAIL_GAP, PAUSE_AFTER_REQUEST
from agreements.domain.states import Status
from agreements.jobs import scheduled
from agreements.mail.kinds import REMINDERS
from agreements.models import Agreement, Message
from agreements.reminders import planner
from agreements.requests import change_requests
from proceedings.models import Paper, Volume
from tests import make
from tests.agreements.sending import send
from tests.make import CLOSES, DAY, HOUR, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State = Message.State


def queue_due(now: datetime) -> dict[str, int]:
    return dict(+scheduled.queue_due(scheduled.fixed_clock(now)))


def seal(now: datetime) -> dict[str, int]:
    return dict(scheduled.seal_due(scheduled.fixed_clock(now)))


def reminders(of: Agreement) -> dict[str, str]:
    return dict(of.messages.filter(kind__in=REMINDERS).order_by("pk").values_list("idempotency_key", "state"))


def live(start: datetime, end: datetime, step: timedelta) -> None:
    """Every round, again and again."""
    now = start
    while now <= end:
        queue_due(now)
        seal(now)
        send(now)
        now += step


# --- reminders


def test_an_author_who_never_answers_is_reminded_on_the_days_of_the_signing_settings(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    live(NOW, CLOSES + 30 * DAY, 6 * HOUR)
    assert list(reminders(agreement)) == ["r1:T-14", "r1:T-7", "r1:T-3", "r1:T-1", "r1:T+1", "r1:T+3", "r1:T+7"]
    assert set(reminders(agreement).values()) == {State.SENT}
    assert len(mailbox.mails) == 8
    days = [
        (m.sent_at - CLOSES) / DAY for m in agreement.messages.filter(kind__in=REMINDERS).order_by("pk") if m.sent_at
    ]
    assert all(0 <= day - due < 0.25 for day, due in zip(days, (-14, -7, -3, -1, 1, 3, 7), strict=True))


def test_an_outage_of_three_weeks_makes_one_email(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    send(NOW)
    back = CLOSES + 2 * DAY
    live(back, back + 12 * HOUR, HOUR)
    assert reminders(agreement) == {
        "r1:T-14": State.SKIPPED,
        "r1:T-7": State.SKIPPED,
        "r1:T-3": State.SKIPPED,
        "r1:T-1": State.SKIPPED,
        "r1:T+1": State.SENT,
    }
    assert len(mailbox.mails) == 2


def test_an_outage_of_the_mail_server_does_not_pile_up_reminders(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    mailbox.at_recipient = "451 later"
    live(NOW, NOW + 2 * DAY, 6 * HOUR)
    assert mailbox.mails == []
    queue_due(CLOSES - 7 * DAY)
    assert reminders(agreement) == {}, "the invitation is still on its way"


def test_two_simultaneous_planners_queue_one_reminder() -> None:
    agreement = make.agreement("issued")
    send_invitation(agreement)
    due = CLOSES - 14 * DAY
    assert queue_due(due) == {"reminders": 1}
    lifecycle.recheck_volume(agreement.paper.volume_id, due)
    assert queue_due(due) == {}
    assert reminders(agreement) == {"r1:T-14": State.PENDING}


def send_invitation(agreement: Agreement) -> None:
    """The invitation, without a server."""
    lifecycle.record_mail_result(make.invitation(agreement), State.SENT, NOW)
    Message.objects.filter(agreement=agreement).update(state=State.SENT, sent_at=NOW)


@pytest.mark.parametrize("status", sorted(set(make.ALL_STATUSES) - {Status.ISSUED}))
def test_nobody_is_reminded_of_what_needs_no_signature(status: str) -> None:
    agreement = make.agreement(status)
    scheduled.remind_due(CLOSES + 400 * DAY)
    assert reminders(agreement) == {}


def test_a_paused_volume_is_quiet_and_resumes_where_it_is() -> None:
    agreement = make.agreement("issued")
    send_invitation(agreement)
    volume = agreement.paper.volume
    pause(volume, True, NOW)
    assert queue_due(CLOSES - 7 * DAY) == {}
    pause(volume, False, CLOSES - 7 * DAY + HOUR)
    assert queue_due(CLOSES - 7 * DAY + HOUR) == {"reminders": 1}
    assert reminders(agreement) == {"r1:T-14": State.SKIPPED, "r1:T-7": State.PENDING}


def pause(volume: Volume, paused: bool, now: datetime) -> None:
    """As the desk does it."""
    if paused:
        lifecycle.pause_volume(volume.pk, until=None, now=now)
    else:
        lifecycle.resume_volume(volume.pk, now=now)


def test_a_changed_deadline_has_its_own_reminders(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    send(NOW)
    live(CLOSES - 14 * DAY, CLOSES - 14 * DAY, DAY)
    signing_settings = agreement.paper.volume.signing_settings
    signing_settings.move_deadline(signing_settings.deadline + 7 * DAY, signing_settings.zone)
    signing_settings.save()
    lifecycle.recheck_volume(agreement.paper.volume_id, CLOSES - 8 * DAY)
    live(CLOSES - 8 * DAY, CLOSES, 6 * HOUR)
    assert list(reminders(agreement)) == ["r1:T-14", "r2:T-14", "r2:T-7"]


def test_never_more_than_the_most(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued", of=make.paper(make.volume(most_reminders=2)))
    live(NOW, CLOSES + 10 * DAY, 12 * HOUR)
    assert len(reminders(agreement)) == 2


def test_an_editors_reminder_counts_for_the_gap(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    send(NOW)
    before = CLOSES - 14 * DAY - HOUR
    assert lifecycle.remind_now(agreement, by="editor:ed", now=before)
    send(before)
    assert queue_due(CLOSES - 14 * DAY) == {}
    assert queue_due(before + MIN_EMAIL_GAP) == {"reminders": 1}


def test_a_reminder_that_was_rejected_for_good_does_not_count() -> None:
    agreement = make.agreement("issued")
    send_invitation(agreement)
    queue_due(CLOSES - 14 * DAY)
    message = agreement.messages.get(idempotency_key="r1:T-14")
    Message.objects.filter(pk=message.pk).update(state=State.FAILED)
    assert planner.build_timeline(agreement).reminder_count == 0
    assert "r1:T-14" in planner.build_timeline(agreement).used_keys


def test_an_open_change_request_pauses_the_reminders_for_a_week_and_no_longer(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    asked = CLOSES - 15 * DAY
    make.change_request(agreement, now=asked)
    live(asked, asked + PAUSE_AFTER_REQUEST - MINUTE, 6 * HOUR)
    assert not reminders(agreement)
    live(asked + PAUSE_AFTER_REQUEST, asked + PAUSE_AFTER_REQUEST + MIN_EMAIL_GAP, MIN_EMAIL_GAP)
    assert list(reminders(agreement)) == ["r1:T-14"]


def test_a_rejected_change_request_resumes_the_reminders_at_once(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    made = make.change_request(agreement, now=CLOSES - 15 * DAY)
    live(CLOSES - 15 * DAY, CLOSES - 13 * DAY, 6 * HOUR)
    assert not reminders(agreement)
    change_requests.reject(made, reason="No.", by="editor:ed", now=CLOSES - 13 * DAY)
    live(CLOSES - 13 * DAY, CLOSES - 13 * DAY + MIN_EMAIL_GAP, MIN_EMAIL_GAP)
    assert list(reminders(agreement)) == ["r1:T-14"]


def test_a_reminder_queued_before_the_change_request_is_not_sent_after_it() -> None:
    agreement = make.agreement("issued")
    send_invitation(agreement)
    now = CLOSES - 14 * DAY
    assert queue_due(now) == {"reminders": 1}
    make.change_request(agreement, now=now)
    assert agreement.messages.get(idempotency_key="r1:T-14").state == State.CANCELLED
    assert not lifecycle.remind([agreement.pk], now=now + HOUR), "a clock that decided just before the proposal came"


def test_a_draft_has_no_timeline() -> None:
    with pytest.raises(ValueError, match="is not issued"):
        planner.build_timeline(make.agreement("draft"))


@pytest.mark.alone
def test_the_planner_takes_a_constant_number_of_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for count in (3, 12):
        for _ in range(count):
            send_invitation(make.agreement("issued"))
        Agreement.objects.update(next_check_at=NOW)
        # The batch, whom it is to be sent to, and who else waits for them; within a transaction the rows, their mails
        # and proposals, a lock for each address (two), mails to them, the refused ones, what is known of them; those
        # who wait until the same moment in one UPDATE; and a look that finds no more.
        with django_assert_num_queries(17 + connection.features.has_select_for_update):
            assert scheduled.remind_due(NOW + MINUTE) == 0
    with django_assert_num_queries(1):
        scheduled.remind_due(NOW + MINUTE)


@pytest.mark.alone
def test_the_work_per_reminder_is_constant() -> None:
    def queries(count: int) -> int:
        for _ in range(count):
            send_invitation(make.agreement("issued"))
        Agreement.objects.update(next_check_at=NOW)
        with CaptureQueriesContext(connection) as captured:
            scheduled.remind_due(CLOSES - 14 * DAY)
        return len(captured)

    few = queries(2)
    assert few <= 5 + 2 * 9
    Message.objects.filter(kind="reminder").update(state=State.SENT, sent_at=CLOSES - 14 * DAY)
    assert queries(6) <= 6 + 6 * 9


# --- what has no use any more


@pytest.mark.parametrize("status", ["draft", "issued", "signed", "sealed"])
def test_the_agreement_of_a_withdrawn_paper_is_voided_once(status: str) -> None:
    agreement = make.agreement(status)
    Paper.objects.filter(pk=agreement.paper_id).update(status="withdrawn")
    assert queue_due(NOW + DAY) == {"voided": 1}
    assert queue_due(NOW + DAY + 2 * HOUR) == {}
    agreement.refresh_from_db()
    assert (agreement.status, agreement.reason) == ("voided", "The paper was withdrawn.")
    assert not agreement.messages.filter(state__in=["pending", "claimed"]).exists()


SIGNED_AT = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", ["signed", "sealed"])
def test_an_agreement_lapses_one_year_after_its_signature(status: str) -> None:
    agreement = make.agreement(status)
    over = datetime(2027, 11, 1, 9, 0, tzinfo=UTC)
    assert queue_due(over - timedelta(seconds=1)) == {}
    assert queue_due(over) == {"lapsed": 1}
    assert queue_due(over) == {}
    agreement.refresh_from_db()
    assert (agreement.status, agreement.closed_at) == ("lapsed", over)


@pytest.mark.alone
def test_what_is_published_in_time_never_lapses() -> None:
    agreement = make.agreement("sealed")
    Volume.objects.update(published=datetime(2027, 10, 31, tzinfo=UTC).date())
    assert queue_due(NOW + 4000 * DAY) == {}
    agreement.refresh_from_db()
    assert agreement.status == "sealed"


def test_a_publication_that_is_only_announced_does_not_keep_it() -> None:
    make.agreement("sealed")
    Volume.objects.update(published=datetime(2028, 1, 1, tzinfo=UTC).date())
    assert queue_due(datetime(2027, 11, 1, 9, 0, tzinfo=UTC)) == {"lapsed": 1}


@pytest.mark.parametrize(
    ("signed", "ends"),
    [
        (datetime(2026, 11, 1, 9, tzinfo=UTC), datetime(2027, 11, 1, 9, tzinfo=UTC)),
        (datetime(2027, 3, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2029, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_a_year_is_a_year_also_around_the_29th_of_february(signed: datetime, ends: datetime) -> None:
    assert scheduled.one_year_after(signed) == ends


def test_the_unsigned_have_no_year() -> None:
    with pytest.raises(ValueError, match="cannot lapse"):
        scheduled.one_year_after(None)


def test_an_agreement_handled_by_another_worker_does_not_stop_the_job() -> None:
    one, two = make.agreement("issued"), make.agreement("issued")
    stale = Agreement.objects.get(pk=one.pk)
    lifecycle.void(one, reason="A mistake.", by="editor:ed", now=NOW)
    assert not scheduled.apply_transition(lifecycle.void, stale, reason="Again.", by="clock", now=NOW)
    assert scheduled.apply_transition(lifecycle.void, two, reason="A mistake.", by="clock", now=NOW)


# --- the seal


def test_every_signature_that_waits_is_sealed_once() -> None:
    first, second = make.agreement("signed"), make.agreement("signed", now=NOW + HOUR)
    make.agreement("issued")
    assert seal(NOW + DAY) == {"sealed": 2}
    assert seal(NOW + DAY) == {}
    for agreement in (first, second):
        agreement.refresh_from_db()
        with storages["private"].open(agreement.sealed_file) as file:
            body = file.read()
        assert (len(body), agreement.status) == (agreement.sealed_size, "sealed")
        assert body.startswith(bytes(agreement.shown.body))


def test_without_a_key_the_signature_stands_and_is_sealed_when_there_is_one(settings: Settings, tmp_path: Path) -> None:
    agreement = make.agreement("signed")
    right = settings.SEAL_KEY
    settings.SEAL_KEY = tmp_path / "missing.pem"
    assert seal(NOW) == {"failed": 1}
    agreement.refresh_from_db()
    assert (agreement.status, agreement.seal_attempts, agreement.seal_after) == ("signed", 1, NOW + MINUTE)
    assert "SealError" in agreement.seal_error
    settings.SEAL_KEY = right
    assert seal(NOW + MINUTE / 2) == {}
    assert seal(NOW + MINUTE) == {"sealed": 1}


def test_a_storage_that_is_full_never_makes_a_seal_without_bytes(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreement = make.agreement("signed")

    def full(name: str, content: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storages["private"], "save", full)
    assert seal(NOW) == {"failed": 1}
    agreement.refresh_from_db()
    assert (agreement.status, agreement.sealed_sha256, agreement.sealed_file) == ("signed", "", "")
    assert "No space left" in agreement.seal_error


def test_one_signature_that_cannot_be_sealed_does_not_stop_the_others(tampering: object) -> None:
    bad, good = make.agreement("signed"), make.agreement("signed", now=NOW + HOUR)
    assert callable(tampering)
    with tampering():
        type(bad.shown).objects.filter(agreement=bad).update(body=b"%PDF something else")
    assert seal(NOW + DAY) == {"failed": 1, "sealed": 1}
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.status, good.status) == ("signed", "sealed")
    assert "not the one that was shown" in bad.seal_error


def test_an_agreement_that_was_voided_while_it_was_sealed_stays_voided() -> None:
    agreement = make.agreement("signed")
    stale = Agreement.objects.select_related("text", "shown").get(pk=agreement.pk)
    lifecycle.void(agreement, reason="Withdrawn.", by="editor:ed", now=NOW)
    assert scheduled.seal_one(stale, NOW) == "lost"
    agreement.refresh_from_db()
    assert (agreement.status, agreement.sealed_at) == ("voided", None)


def test_the_jobs_run_in_the_order_in_which_one_feeds_the_next(mailbox: Mailbox) -> None:
    make.agreement("signed")
    now = scheduled.fixed_clock(NOW)
    tallies = {name: dict(+run(now)) for name, run in scheduled.JOBS.items()}
    assert tallies == {
        "work": {},
        "chase": {},
        "seal": {"sealed": 1},
        "send": {State.SENT: 1},
        "pack": {},
        "check": {},
        "recheck": {},
        "bounces": {},
    }


def test_a_rejected_final_reminder_does_not_count(mailbox: Mailbox) -> None:
    """The most reminders are those that left: where the last one failed for good, the next day of the terms counts."""
    agreement = make.agreement("issued", of=make.paper(make.volume(most_reminders=1)))
    send(NOW)
    now = CLOSES - 14 * DAY
    while not reminders(agreement):
        queue_due(now)
        now += HOUR
    mailbox.at_dot = "554 5.7.1 not today"
    send(now)
    mailbox.reset()
    assert set(reminders(agreement).values()) == {State.FAILED}
    live(now, CLOSES, 6 * HOUR)
    assert sorted(reminders(agreement).values()) == [State.FAILED, State.SENT]
    assert len(mailbox.mails) == 1, "and then it is used up"


def test_a_crash_between_storing_and_saying_so_seals_again_and_leaves_no_row_without_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was stored and never named is an orphan, which harms nobody; a row that names nothing would."""
    agreement = make.agreement("signed")

    def killed(*args: object, **words: object) -> None:
        raise KeyboardInterrupt

    right = lifecycle.seal
    monkeypatch.setattr(lifecycle, "seal", killed)
    with pytest.raises(KeyboardInterrupt):
        seal(NOW)
    monkeypatch.setattr(lifecycle, "seal", right)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.sealed_file) == ("signed", "")
    assert seal(NOW + MINUTE) == {"sealed": 1}
    agreement.refresh_from_db()
    with storages["private"].open(agreement.sealed_file) as file:
        assert sha256(file.read()) == agreement.sealed_sha256


def test_what_is_stored_twice_is_one_file_and_nobody_elses_bytes() -> None:
    agreement = make.agreement("signed")
    name = rendering.store_sealed(agreement, b"%PDF one")
    assert rendering.store_sealed(agreement, b"%PDF one") == name
    other = rendering.store_sealed(agreement, b"%PDF two")
    assert other != name
    for stored, body in ((name, b"%PDF one"), (other, b"%PDF two")):
        with storages["private"].open(stored) as file:
            assert file.read() == body


# --- each sealed file has its day of the year


def recheck(now: datetime) -> dict[str, int]:
    return dict(scheduled.recheck_files(scheduled.fixed_clock(now)))


def day_of(agreement: Agreement) -> datetime:
    """When the agreement's file is read again."""
    return datetime(2027, 1, 1, 9, tzinfo=UTC) + (agreement.pk % 365 - 1) * DAY


def test_the_yearly_reading_passes_over_what_is_not_sealed() -> None:
    agreement, sealed = make.agreement("issued"), make.agreement("sealed")
    assert recheck(day_of(agreement)) == {}
    assert recheck(day_of(sealed)) == {"whole": 1}
    assert "damaged" not in make.history(agreement)


def test_every_file_has_its_day_even_the_last_of_the_year() -> None:
    make.agreement("draft")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence('agreements_agreement', 'id'), 365 * 1000 - 1)")
        else:
            cursor.execute("UPDATE sqlite_sequence SET seq = 365 * 1000 - 1 WHERE name = 'agreements_agreement'")
    agreement = make.agreement("sealed")
    assert agreement.pk == 365 * 1000
    days = [datetime(2026, 12, 30, 9, tzinfo=UTC) + number * DAY for number in range(3)]
    assert [recheck(day) for day in days] == [{}, {"whole": 1}, {}]


def test_withdrawn_papers_are_looked_for_once_an_hour() -> None:
    make.agreement("issued")
    scheduled.void_withdrawn(NOW)
    late = make.agreement("issued")
    Paper.objects.filter(pk=late.paper_id).update(status="withdrawn")
    assert scheduled.void_withdrawn(NOW + MINUTE) == 0
    scheduled.record_run("chase", NOW + HOUR)  # another job counts for itself
    assert scheduled.void_withdrawn(NOW + HOUR + MINUTE) == 1
