"""The editors' morning mail: once a day, volume and editor, only when something needs a person."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from agreements import lifecycle
from agreements.domain.schedule import FOREVER
from agreements.jobs import digest, scheduled
from agreements.mail import outbox
from agreements.models import Agreement, Message, SigningSettings
from agreements.reminders import invariants
from proceedings.models import User, Volume
from tests import make
from tests.agreements.mail.test_crashes import at_once
from tests.agreements.sending import send
from tests.make import CLOSES, DAY, HOUR, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State, Kind = Message.State, Message.Kind
MORNING = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
"""Nine o'clock in Paris, on the Monday after `NOW`."""


def needy(**signing_settings: object) -> tuple[Volume, User]:
    """A volume in Paris with one paper whose author declined, and its editor."""
    office = {"from_hour": 9, "to_hour": 17, "weekend": [6, 7], "office_zone": "Europe/Paris"}
    volume = make.volume(**(office | signing_settings))  # type: ignore[arg-type]
    make.agreement("declined", of=make.paper(volume))
    editor = make.editor("ed", volume)
    digest.write_due(NOW)
    Message.objects.update(state=State.CANCELLED)
    return volume, editor


def mornings(volume: Volume) -> list[str]:
    return list(volume.messages.filter(kind=Kind.EDITOR_DAILY).order_by("pk").values_list("idempotency_key", flat=True))


def live(start: datetime, end: datetime, step: timedelta = HOUR) -> None:
    while start <= end:
        scheduled.queue_due(scheduled.stopped(start))
        send(start)
        start += step


def test_the_digest_comes_once_each_working_day_in_the_zone_of_the_volume(mailbox: Mailbox) -> None:
    volume, _ = needy()
    live(NOW, NOW + 7 * DAY, timedelta(minutes=30))
    sent = Message.objects.filter(kind=Kind.EDITOR_DAILY).order_by("pk")
    assert [message.sent_at for message in sent] == [MORNING + n * DAY for n in range(5)], "not on the weekend"
    assert len(mornings(volume)) == 5
    assert mailbox.recipients() == ["ed@desk.example"] * 5


def test_it_says_what_and_how_many_and_leads_to_the_lists(mailbox: Mailbox) -> None:
    volume, _ = needy()
    make.paper(volume, contact=None)
    digest.write_due(MORNING)
    send(MORNING)
    (mail_,) = mailbox.texts()
    part = mail_.get_body(("plain",))
    assert part is not None
    text = str(part.get_content())
    assert mail_["Subject"] == "COLT 2026: 2 papers need you; 0 of 2 signed"
    assert "Monday, 2 November 2026" in text
    assert "1 × declined" in text
    assert "1 × no corresponding author" in text
    assert "http://testserver/admin/proceedings/paper/?volume=247&blocker=declined" in text
    assert f"http://testserver/admin/proceedings/volume/{volume.pk}/board/" in text
    assert "30 November 2026, 23:59 anywhere on Earth" in text


def test_nothing_comes_when_nobody_is_needed() -> None:
    volume = make.volume()
    make.agreement("issued", of=make.paper(volume))
    make.editor("ed", volume)
    Message.objects.update(state=State.SENT, sent_at=NOW)
    digest.write_due(NOW)
    assert digest.write_due(NOW + DAY) == 0
    assert mornings(volume) == []


def test_an_outage_of_days_makes_one_mail() -> None:
    volume, _ = needy()
    assert digest.write_due(MORNING + 3 * DAY + 5 * HOUR) == 1
    assert digest.write_due(MORNING + 3 * DAY + 6 * HOUR) == 0
    assert len(mornings(volume)) == 1


def test_each_editor_gets_one_and_whoever_switched_it_off_gets_none() -> None:
    volume, editor = needy()
    other = make.editor("zoe", volume)
    volume.assistants.add(make.editor("assistant"))
    inactive = make.editor("gone", volume)
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    digest.set_digest(volume.signing_settings, editor, on=False)
    assert digest.write_due(MORNING) == 1
    assert list(volume.messages.values_list("recipient", flat=True)) == [other.email]
    digest.set_digest(volume.signing_settings, editor, on=True)
    assert digest.write_due(MORNING + DAY) == 2


def test_it_ends_when_the_volume_is_delivered() -> None:
    volume, _ = needy()
    lifecycle.volume_delivered(volume.pk, now=NOW)
    assert SigningSettings.objects.get(volume=volume).daily_at == FOREVER
    assert digest.write_due(MORNING + 300 * DAY) == 0


@pytest.mark.usefixtures("committed")
def test_of_two_workers_one_writes() -> None:
    volume, _ = needy()
    assert at_once(partial(digest.write_due, MORNING), partial(digest.write_due, MORNING)) == []
    assert len(mornings(volume)) == 1


def test_a_job_that_runs_again_after_a_crash_writes_no_second_digest() -> None:
    """The slot is the day: whatever becomes of the row that says when to look."""
    needy()
    assert digest.write_due(MORNING) == 1
    SigningSettings.objects.update(daily_at=MORNING)
    assert digest.write_due(MORNING + MINUTE) == 0


def test_a_worker_that_dies_in_the_hand_over_leaves_it_in_doubt_and_never_sends_it_again(mailbox: Mailbox) -> None:
    needy()
    digest.write_due(MORNING)
    (held,) = outbox.claim(MORNING)
    assert outbox.mark_sending(held, MORNING)
    assert send(MORNING + outbox.LEASE + MINUTE) == {State.UNKNOWN: 1}
    assert mailbox.mails == []
    assert list(invariants.findings(MORNING + outbox.LEASE + MINUTE)) == []


def test_an_editors_address_that_is_refused_stops_quietly(mailbox: Mailbox) -> None:
    needy()
    mailbox.at_address = {"ed@desk.example": "550 5.1.1 no such user"}
    digest.write_due(MORNING)
    send(MORNING)
    assert Message.objects.get(kind=Kind.EDITOR_DAILY).state == State.FAILED
    assert Message.objects.filter(kind=Kind.EDITOR_REFUSED).count() == 0


def test_an_unanswered_reminder_is_on_the_list_before_the_deadline(mailbox: Mailbox) -> None:
    """After M reminders the editors hear of it, with what to do."""
    volume = make.volume(editors_after=2)
    agreement = make.agreement("issued", of=make.paper(volume))
    make.editor("ed", volume)
    live(NOW, CLOSES - 2 * DAY, 6 * HOUR)
    slots = dict(Agreement.objects.get(pk=agreement.pk).messages.values_list("idempotency_key", "state"))
    assert slots["r1:T-7"] == State.SENT
    first = Message.objects.filter(kind=Kind.EDITOR_DAILY).order_by("pk").first()
    assert first
    assert first.sent_at
    assert CLOSES - 7 * DAY < first.sent_at < CLOSES - 5 * DAY
    assert first.details["needs"][0]["words"] == "no answer to reminders"
    assert "choose a co-author" in first.details["needs"][0]["advice"]
