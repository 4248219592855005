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

pytestmark = [pytest.mark.django_db, pytest.mark.alone]

State, Kind = Message.State, Message.Kind
DIGEST_TIME = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
"""Nine o'clock in Paris, on the Monday after `NOW`."""


def needy(**signing_settings: object) -> tuple[Volume, User]:
    """A volume in Paris with one paper whose author declined, and its editor."""
    office = {"from_hour": 9, "to_hour": 17, "weekend": [6, 7], "office_zone": "Europe/Paris"}
    volume = make.volume(**(office | signing_settings))  # type: ignore[arg-type]
    make.agreement("declined", of=make.paper(volume))
    editor = make.editor("ed", volume)
    digest.queue_due(NOW)
    Message.objects.update(state=State.CANCELLED)
    return volume, editor


def digests(volume: Volume) -> list[str]:
    return list(volume.messages.filter(kind=Kind.EDITOR_DAILY).order_by("pk").values_list("idempotency_key", flat=True))


def live(start: datetime, end: datetime, step: timedelta = HOUR) -> None:
    while start <= end:
        scheduled.queue_due(scheduled.fixed_clock(start))
        send(start)
        start += step


def test_it_is_sent_once_each_working_morning_in_the_time_zone_of_the_volume(mailbox: Mailbox) -> None:
    volume, _ = needy()
    live(NOW, NOW + 7 * DAY, timedelta(minutes=30))
    sent = Message.objects.filter(kind=Kind.EDITOR_DAILY).order_by("pk")
    assert [message.sent_at for message in sent] == [DIGEST_TIME + n * DAY for n in range(5)], "not on the weekend"
    assert len(digests(volume)) == 5
    assert mailbox.recipients() == ["ed@desk.example"] * 5


def test_it_says_what_and_how_many_and_leads_to_the_lists(mailbox: Mailbox) -> None:
    volume, _ = needy()
    make.paper(volume, contact=None)
    digest.queue_due(DIGEST_TIME)
    send(DIGEST_TIME)
    (mail_,) = mailbox.texts()
    part = mail_.get_body(("plain",))
    assert part is not None
    text = str(part.get_content())
    assert mail_["Subject"] == "COLT 2026: 2 papers need action; 0 of 2 signed"
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
    digest.queue_due(NOW)
    assert digest.queue_due(NOW + DAY) == 0
    assert digests(volume) == []


def test_an_outage_of_days_makes_one_email() -> None:
    volume, _ = needy()
    assert digest.queue_due(DIGEST_TIME + 3 * DAY + 5 * HOUR) == 1
    assert digest.queue_due(DIGEST_TIME + 3 * DAY + 6 * HOUR) == 0
    assert len(digests(volume)) == 1


def test_each_editor_gets_one_unless_they_switched_it_off() -> None:
    volume, editor = needy()
    other = make.editor("zoe", volume)
    volume.assistants.add(make.editor("assistant"))
    inactive = make.editor("gone", volume)
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    digest.set_digest(volume.signing_settings, editor, on=False)
    assert digest.queue_due(DIGEST_TIME) == 1
    assert list(volume.messages.values_list("recipient", flat=True)) == [other.email]
    digest.set_digest(volume.signing_settings, editor, on=True)
    assert digest.queue_due(DIGEST_TIME + DAY) == 2


def test_it_ends_when_the_volume_is_delivered() -> None:
    volume, _ = needy()
    lifecycle.stop_volume_reminders(volume.pk, now=NOW)
    assert SigningSettings.objects.get(volume=volume).daily_at == FOREVER
    assert digest.queue_due(DIGEST_TIME + 300 * DAY) == 0


@pytest.mark.usefixtures("committed")
def test_of_two_planners_one_queues() -> None:
    volume, _ = needy()
    assert at_once(partial(digest.queue_due, DIGEST_TIME), partial(digest.queue_due, DIGEST_TIME)) == []
    assert len(digests(volume)) == 1


def test_planning_again_after_a_crash_queues_no_second_email() -> None:
    """The slot is the day: whatever becomes of the row that says when to look."""
    needy()
    assert digest.queue_due(DIGEST_TIME) == 1
    SigningSettings.objects.update(daily_at=DIGEST_TIME)
    assert digest.queue_due(DIGEST_TIME + MINUTE) == 0


def test_a_worker_killed_while_sending_leaves_it_unknown_and_never_sent_again(mailbox: Mailbox) -> None:
    needy()
    digest.queue_due(DIGEST_TIME)
    (held,) = outbox.claim(DIGEST_TIME)
    assert outbox.mark_sending(held, DIGEST_TIME)
    assert send(DIGEST_TIME + outbox.LEASE + MINUTE) == {State.UNKNOWN: 1}
    assert mailbox.mails == []
    assert list(invariants.check_all(DIGEST_TIME + outbox.LEASE + MINUTE)) == []


def test_a_rejected_editors_address_gets_no_more_email(mailbox: Mailbox) -> None:
    needy()
    mailbox.at_address = {"ed@desk.example": "550 5.1.1 no such user"}
    digest.queue_due(DIGEST_TIME)
    send(DIGEST_TIME)
    assert Message.objects.get(kind=Kind.EDITOR_DAILY).state == State.FAILED
    assert Message.objects.filter(kind=Kind.EDITOR_REFUSED).count() == 0


def test_who_does_not_answer_is_on_the_list_before_the_deadline(mailbox: Mailbox) -> None:
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
