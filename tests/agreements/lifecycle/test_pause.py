"""A pause, a time zone, a delivery: each concerns its own volume and its own person, and nobody else."""

import pytest

from agreements import lifecycle
from agreements.models import Agreement, RecipientSettings
from tests import make
from tests.agreements.sending import send
from tests.make import DAY, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

LATER = NOW + 2 * DAY


def next_check(agreement: Agreement) -> object:
    return Agreement.objects.values_list("next_check_at", flat=True).get(pk=agreement.pk)


def two_volumes() -> tuple[Agreement, Agreement]:
    """An agreement of one volume, and one of another volume with the same signer."""
    return make.agreement(), make.agreement(of=make.paper(make.volume(300)))


def test_a_delivered_volume_ends_its_own_reminders_only() -> None:
    here, there = two_volumes()
    before = next_check(there)
    assert before
    lifecycle.stop_volume_reminders(here.paper.volume_id, now=LATER)
    assert next_check(here) is None
    assert next_check(there) == before


def test_settings_that_change_ask_again_about_their_own_volume_only() -> None:
    here, there = two_volumes()
    before = next_check(there)
    lifecycle.recheck_volume(here.paper.volume_id, LATER)
    assert (next_check(here), next_check(there)) == (LATER, before)


def test_a_pause_of_somebody_else_keeps_no_reminder_back(mailbox: Mailbox) -> None:
    here, there = two_volumes()
    send(NOW)
    volume = here.paper.volume_id
    lifecycle.set_time_zone(volume, here.signer_email, "Asia/Tokyo", now=LATER)
    lifecycle.pause_recipient(volume, "other@example.org", until=None, now=LATER)
    # The same address, in a volume that has paused nothing.
    lifecycle.pause_recipient(there.paper.volume_id, here.signer_email, until=None, now=LATER)
    assert lifecycle.remind_now(here, by="editor:ed", now=LATER)


@pytest.mark.parametrize("scope", ["agreement", "recipient", "volume"])
def test_each_pause_keeps_the_reminder_back_until_it_is_over(mailbox: Mailbox, scope: str) -> None:
    agreement = make.agreement()
    send(NOW)
    volume, end = agreement.paper.volume_id, LATER + DAY
    if scope == "agreement":
        assert lifecycle.pause(agreement, until=end, by="editor:ed", now=LATER)
    elif scope == "recipient":
        lifecycle.pause_recipient(volume, agreement.signer_email.upper(), until=end, now=LATER)
    else:
        lifecycle.pause_volume(volume, until=end, now=LATER)
    fresh = Agreement.objects.get(pk=agreement.pk)
    assert not lifecycle.remind_now(fresh, by="editor:ed", now=LATER)
    assert lifecycle.remind_now(Agreement.objects.get(pk=agreement.pk), by="editor:ed", now=end)


def test_a_person_has_settings_for_each_volume() -> None:
    here, there = two_volumes()
    for agreement, zone in ((here, "Asia/Tokyo"), (there, "Europe/Oslo")):
        lifecycle.set_time_zone(agreement.paper.volume_id, "Mike@Example.org", zone, now=LATER)
    lifecycle.set_time_zone(here.paper.volume_id, "mike@example.org", "", now=LATER)
    settings = RecipientSettings.objects.filter(address="mike@example.org").order_by("volume__number")
    assert list(settings.values_list("address", "zone")) == [
        ("mike@example.org", ""),
        ("mike@example.org", "Europe/Oslo"),
    ]
