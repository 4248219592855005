"""Addresses that refuse mail, and the lock that keeps two clocks from writing to one person at once (I10)."""

from functools import partial

import pytest
from django.core.management import CommandError, call_command

from agreements import lifecycle
from agreements.domain.schedule import MIN_EMAIL_GAP
from agreements.jobs import scheduled
from agreements.mail import addresses, outbox
from agreements.mail.kinds import REMINDERS
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Message
from tests import make
from tests.agreements.mail.test_crashes import at_once
from tests.agreements.sending import send
from tests.make import CLOSES, DAY, HOUR, NOW
from tests.servers import Mailbox

State = Message.State


def two_papers_of_one_author() -> tuple[Agreement, Agreement]:
    volume = make.the_volume()
    first = make.agreement("issued", of=make.paper(volume, contact="anna@example.org"))
    return first, make.agreement("issued", of=make.paper(volume, contact="Anna@Example.org"))


@pytest.mark.alone
@pytest.mark.django_db
def test_an_author_of_two_papers_is_not_written_to_twice_in_a_day(mailbox: Mailbox) -> None:
    two_papers_of_one_author()
    send(NOW)
    now, due = CLOSES - 7 * DAY, []
    while now < CLOSES - 4 * DAY:
        scheduled.queue_due(scheduled.fixed_clock(now))
        due += [now] * send(now)[State.SENT]
        now += HOUR
    assert due == [CLOSES - 7 * DAY], "one mail"
    _, mail_ = mailbox.texts()
    assert all(one.title in str(mail_.get_body(("plain",))) for one in Agreement.objects.all())


@pytest.mark.usefixtures("committed")
@pytest.mark.django_db
def test_of_two_planners_with_two_papers_of_one_author_one_queues(mailbox: Mailbox) -> None:
    one, other = two_papers_of_one_author()
    send(NOW)
    now = CLOSES - 7 * DAY
    reminders = Message.objects.filter(kind__in=REMINDERS).exclude(state=State.SKIPPED)
    for count in (1, 2, 2, 2, 3, 4):  # the one has its week's reminder, a day later the other has; and so on
        remind = partial(lifecycle.remind, now=now)
        assert at_once(partial(remind, [one.pk]), partial(remind, [other.pk])) == []
        assert reminders.count() == count
        send(now)
        now += DAY


@pytest.mark.alone
@pytest.mark.django_db
def test_an_email_being_sent_starts_the_gap_and_a_failed_one_does_not() -> None:
    one, other = two_papers_of_one_author()
    address = one.signer_email
    assert addresses.quiet_periods([address], MIN_EMAIL_GAP, NOW).until(address) is not None
    Message.objects.update(state=State.FAILED)
    assert addresses.quiet_periods([address], MIN_EMAIL_GAP, NOW) == {}
    assert lifecycle.remind([other.pk], now=CLOSES - 7 * DAY)


@pytest.mark.django_db
def test_the_command_lists_and_lifts(capsys: pytest.CaptureFixture[str]) -> None:
    make.agreement("issued")
    outbox.record_result(
        outbox.claim(NOW)[0], Outcome.address_rejected("550 no such user"), NOW, lifecycle.record_mail_result
    )
    call_command("email_addresses")
    assert capsys.readouterr().out == "mike@example.org  2026-11-01 09:00 UTC  550 no such user\n"
    call_command("email_addresses", "--lift", "Mike@example.org")
    capsys.readouterr()
    call_command("email_addresses")
    assert capsys.readouterr().out == ""
    with pytest.raises(CommandError, match="not an undeliverable address"):
        call_command("email_addresses", "--lift", "mike@example.org")
