"""Addresses that refuse mail, and the lock that keeps two clocks from writing to one person at once (I10)."""

from functools import partial

import pytest
from django.core.management import CommandError, call_command

from agreements import addresses, clock, lifecycle, mail
from agreements.models import Agreement, Message
from agreements.reminders import GAP
from agreements.transports import Outcome
from tests import make
from tests.agreements.sending import send
from tests.agreements.test_mail_crashes import at_once
from tests.make import CLOSES, DAY, HOUR, NOW
from tests.servers import Mailbox

State = Message.State


def two_papers_of_one_author() -> tuple[Agreement, Agreement]:
    volume = make.the_volume()
    first = make.agreement("issued", of=make.paper(volume, contact="anna@example.org"))
    return first, make.agreement("issued", of=make.paper(volume, contact="Anna@Example.org"))


@pytest.mark.django_db
def test_an_author_of_two_papers_is_not_written_to_twice_in_a_day(mailbox: Mailbox) -> None:
    two_papers_of_one_author()
    send(NOW)
    now, due = CLOSES - 7 * DAY, []
    while now < CLOSES - 4 * DAY:
        clock.chase(clock.stopped(now))
        due += [now] * send(now)[State.SENT]
        now += HOUR
    assert len(due) == 2, "each paper is reminded of"
    assert due[1] - due[0] >= GAP


@pytest.mark.usefixtures("committed")
@pytest.mark.django_db
def test_of_two_clocks_that_chase_two_papers_of_one_author_one_writes(mailbox: Mailbox) -> None:
    one, other = two_papers_of_one_author()
    send(NOW)
    now = CLOSES - 7 * DAY
    for round_ in range(5):
        slot = f"r1:T{-7 + round_:+d}"
        remind = partial(lifecycle.remind, slot=slot, skipped=(), look_at=now, now=now)
        assert at_once(partial(remind, one), partial(remind, other)) == []
        assert Message.objects.filter(slot=slot).count() == 1
        send(now)
        now += DAY


@pytest.mark.django_db
def test_a_mail_on_its_way_keeps_the_address_quiet_and_one_that_failed_does_not() -> None:
    one, other = two_papers_of_one_author()
    address = one.signer_email
    assert addresses.quiet([address], GAP, NOW).until(address) is not None
    Message.objects.update(state=State.FAILED)
    assert addresses.quiet([address], GAP, NOW) == {}
    assert lifecycle.remind(other, slot="r1:T-7", skipped=(), look_at=NOW, now=NOW)


@pytest.mark.django_db
def test_the_command_lists_and_lifts(capsys: pytest.CaptureFixture[str]) -> None:
    make.agreement("issued")
    mail.settle(mail.claim(NOW)[0], Outcome.no_such_address("550 no such user"), NOW, lifecycle.note_mail)
    call_command("addresses")
    assert capsys.readouterr().out == "mike@example.org  2026-11-01 09:00 UTC  550 no such user\n"
    call_command("addresses", "--lift", "Mike@example.org")
    capsys.readouterr()
    call_command("addresses")
    assert capsys.readouterr().out == ""
    with pytest.raises(CommandError, match="not among them"):
        call_command("addresses", "--lift", "mike@example.org")
