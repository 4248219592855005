"""Addresses that refuse mail, and the lock that keeps two clocks from writing to one person at once (I10)."""

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from agreements import lifecycle
from agreements.dashboard.paper_state import with_requests
from agreements.domain.schedule import MIN_EMAIL_GAP
from agreements.jobs import scheduled
from agreements.mail import addresses, outbox
from agreements.mail.kinds import REMINDERS
from agreements.mail.transports import Outcome
from agreements.models import Agreement, EmailAddress, Message
from agreements.models.plain_address import rows_with_address
from agreements.reminders import planner
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


# --- rows that are older than the keys


OLD = "Anna@stra\u200bße.example"
NEW = "anna@xn--strae-oqa.example"


@pytest.fixture
def old_agreement(tampering: Callable[[], AbstractContextManager[None]]) -> Agreement:
    """An agreement that was issued before addresses were cleaned. Its rows keep the spelling."""
    made = make.agreement("issued")
    with tampering():
        Agreement.objects.filter(pk=made.pk).update(signer_email=OLD)
    made.messages.update(recipient=OLD)
    made.refresh_from_db()
    return made


@pytest.mark.django_db
@pytest.mark.parametrize("spelling", [OLD, NEW, "ANNA@STRA\u00dfe.example"])
def test_an_old_spelling_is_the_same_address(old_agreement: Agreement, spelling: str) -> None:
    other = make.agreement("issued", of=make.paper(contact=spelling.replace("STRA", "stra")))
    assert other.signer_email.lower() == NEW
    assert Message.objects.get(agreement=other).carrier == Message.objects.get(agreement=old_agreement).carrier
    assert addresses.quiet_periods([spelling], MIN_EMAIL_GAP, NOW).until(OLD)
    assert addresses.agreements_with_mail_to(spelling) == {old_agreement.pk, other.pk}
    assert planner.include_related([other.pk]) == [old_agreement.pk, other.pk]
    assert addresses.mark_undeliverable(spelling, "550 no such user", NOW)
    assert not addresses.mark_undeliverable(OLD, "550 no such user", NOW)
    assert set(addresses.find_undeliverable([OLD])) == {NEW}
    both = with_requests(Agreement.objects.filter(pk__in=[old_agreement.pk, other.pk]))
    assert [vars(one)["is_undeliverable"] for one in both] == [True, True]
    lifecycle.pause_recipient(old_agreement.paper.volume_id, spelling, until=None, now=NOW)
    assert planner.is_paused(old_agreement, NOW)
    assert planner.is_paused(other, NOW)
    assert addresses.mark_deliverable(OLD)
    addresses.remember_language(spelling, "fr")
    assert addresses.find_languages([OLD]) == {NEW: "fr"}


@pytest.mark.django_db
def test_a_new_key_takes_over_the_block_and_the_language_of_old_rows() -> None:
    old = EmailAddress.objects.create(
        address="anna@straße.example", undeliverable_at=NOW, reason="550 no such user", language="fr"
    )
    migration = importlib.import_module("agreements.migrations.0023_address_keys")
    migration.add_keys(apps, None)
    key = EmailAddress.objects.get(address=NEW)
    assert (key.undeliverable_at, key.reason, key.language) == (NOW, old.reason, "fr")
    count = EmailAddress.objects.count()
    migration.add_keys(apps, None)
    assert EmailAddress.objects.count() == count
    assert addresses.mark_deliverable("ANNA@straße.example")
    assert not addresses.find_undeliverable([NEW])


@pytest.mark.django_db
def test_the_addresses_of_both_tables_are_found_by_their_indexes() -> None:
    for table, column in (("agreement", "signer_email"), ("message", "recipient")):
        model = apps.get_model("agreements", table)
        plan = rows_with_address(model.objects.all(), column, "anna@example.org").explain()
        if connection.vendor == "sqlite":  # PostgreSQL reads a table as small as this from end to end
            assert f"{'agreement_by_signer' if table == 'agreement' else 'message_by_address'}" in plan
