"""Reminders on the desk: what will go out, pauses, own words, the morning mail; and who may do what."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from agreements.domain.schedule import CUSTOM, FOREVER, PRESETS
from agreements.jobs import scheduled
from agreements.models import Agreement, EmailTemplate, Message, RecipientSettings, SigningSettings
from proceedings.models import Volume
from tests import make
from tests.agreements.editors import Roles, client_for, page_of, queries
from tests.agreements.pages import all_rows, fields_of
from tests.make import CLOSES, DAY, NOW

pytestmark = pytest.mark.django_db

BOOKKEEPING = frozenset({"django_session"})


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def volume() -> Volume:
    return make.the_volume()


@pytest.fixture
def editor_client(volume: Volume) -> Client:
    return client_for(make.editor("ed", volume))


def path_of(volume: Volume, rest: str = "") -> str:
    return f"/admin/proceedings/volume/{volume.pk}/reminders/{rest}"


def text(answer: Any) -> str:
    return str(answer.content.decode())


def press(editor_client: Client, volume: Volume, verb: str, **fields: str) -> str:
    return text(editor_client.post(path_of(volume), {"do": verb, **fields}, follow=True))


def waiting(volume: Volume, contact: str = "mike@example.org") -> Agreement:
    agreement = make.agreement("issued", of=make.paper(volume, contact=contact))
    Message.objects.update(state="sent", sent_at=NOW - 30 * DAY)
    return agreement


def test_the_page_shows_who_gets_what_and_when(editor_client: Client, volume: Volume) -> None:
    SigningSettings.objects.filter(volume=volume).update(deadline=datetime(2026, 11, 10, tzinfo=UTC).date())
    agreement = waiting(volume)
    page = text(editor_client.get(path_of(volume)))
    assert "Wed 4 Nov 12:00" in page
    assert "mike@example.org" in page
    assert agreement.paper_key in page
    assert "final reminder" in page


def test_a_volume_is_paused_and_resumed(editor_client: Client, volume: Volume) -> None:
    waiting(volume)
    page = press(editor_client, volume, "pause-volume")
    assert "All reminders paused." in page
    assert "until an editor resumes them." in page
    assert SigningSettings.objects.get(volume=volume).paused_until == FOREVER
    assert "Reminders are paused." in text(editor_client.get(f"/admin/proceedings/volume/{volume.pk}/board/"))
    assert "Reminders resumed." in press(editor_client, volume, "resume-volume")
    assert SigningSettings.objects.get(volume=volume).paused_until is None


def test_a_pause_until_a_day_ends_with_the_night_before_in_the_volumes_zone(
    editor_client: Client, volume: Volume
) -> None:
    SigningSettings.objects.filter(volume=volume).update(office_zone="Europe/Paris")
    press(editor_client, volume, "pause-volume", **{"volume-until": "2026-11-20"})
    assert SigningSettings.objects.get(volume=volume).paused_until == datetime(2026, 11, 19, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize("day", ["2026-11-01", "2020-01-01", "tomorrow"])
def test_a_past_or_invalid_day_is_rejected_with_a_message(editor_client: Client, volume: Volume, day: str) -> None:
    answer = editor_client.post(path_of(volume), {"do": "pause-volume", "volume-until": day})
    assert answer.status_code == 400
    assert "Enter a future day, or leave this empty." in text(answer) or "Enter a valid date." in text(answer)
    assert SigningSettings.objects.get(volume=volume).paused_until is None


def test_a_recipient_is_paused_by_address_whatever_its_case(editor_client: Client, volume: Volume) -> None:
    waiting(volume)
    page = press(editor_client, volume, "pause-person", **{"person-address": "Mike@Example.org"})
    assert "Reminders to Mike@example.org about papers of this volume paused." in page
    assert RecipientSettings.objects.get().address == "mike@example.org"
    assert scheduled.remind_due(CLOSES) == 0
    page = press(editor_client, volume, "resume-person", address="mike@example.org")
    assert "Reminders to mike@example.org resumed." in page
    assert scheduled.remind_due(CLOSES) == 1


def test_a_recipients_time_zone_moves_their_emails_into_their_working_hours(
    editor_client: Client, volume: Volume
) -> None:
    SigningSettings.objects.filter(volume=volume).update(
        from_hour=9, to_hour=17, weekend=[6, 7], deadline=datetime(2026, 11, 10, tzinfo=UTC).date()
    )
    waiting(volume)
    assert "Wed 4 Nov 12:00" in text(editor_client.get(path_of(volume)))
    page = press(
        editor_client, volume, "place-person", **{"place-address": "mike@example.org", "place-zone": "Asia/Tokyo"}
    )
    assert "Asia/Tokyo" in page
    assert "Wed 4 Nov 00:00" in page
    refused = editor_client.post(
        path_of(volume), {"do": "place-person", "place-address": "mike@example.org", "place-zone": "Mars"}
    )
    assert refused.status_code == 400
    assert "is not a time zone" in text(refused)


def test_one_paper_is_paused_and_resumed_on_its_agreements_page(editor_client: Client, volume: Volume) -> None:
    agreement = waiting(volume)
    assert "Pause reminders…" in text(editor_client.get(page_of(agreement)))
    page = text(editor_client.post(page_of(agreement, "remind/pause/"), {"until": ""}, follow=True))
    assert "paused until an editor resumes them" in page
    assert "paused reminders" in page
    assert agreement.paper_key in text(editor_client.get(path_of(volume)))
    page = text(editor_client.post(page_of(agreement, "remind/pause/"), {"resume": "1"}, follow=True))
    assert "Reminders resumed." in page
    agreement.refresh_from_db()
    assert agreement.paused_until is None
    sealed = make.agreement("sealed", of=make.paper(volume))
    assert "no reminders to pause" in text(editor_client.get(page_of(sealed, "remind/pause/"), follow=True))


def test_an_email_template_is_previewed_saved_and_deleted(editor_client: Client, volume: Volume) -> None:
    path = path_of(volume, "reminder/")
    body = "Please sign {title} by {deadline}:\n\n{link}"
    looked = text(editor_client.post(path, {"body": body, "extra": "", "look": "1"}))
    assert "Please sign A Sample Paper by 30 November 2026" in looked
    assert not EmailTemplate.objects.exists()
    kept = text(editor_client.post(path, {"body": body, "extra": "Thank you.", "save": "1"}, follow=True))
    assert "your text" in kept
    assert EmailTemplate.objects.get().body == body
    editor_client.post(path, {"body": "", "extra": "", "save": "1"})
    assert not EmailTemplate.objects.exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [("Sign by {deadline}.", "{link} must occur exactly once"), ("{link}", "{deadline} must occur exactly once")],
)
def test_an_email_template_without_link_or_deadline_is_rejected_and_stays_in_the_form(
    editor_client: Client, volume: Volume, body: str, said: str
) -> None:
    answer = editor_client.post(path_of(volume, "invitation/"), {"body": body, "extra": "", "save": "1"})
    assert answer.status_code == 400
    assert said in text(answer)
    assert body in text(answer)
    assert not EmailTemplate.objects.exists()


def test_an_editor_switches_the_daily_digest_off_for_themselves(editor_client: Client, volume: Volume) -> None:
    other = make.editor("zoe", volume)
    assert "Daily digest stopped." in press(editor_client, volume, "daily-off")
    assert [user.username for user in volume.signing_settings.digest_opt_outs.all()] == ["ed"]
    assert "Send me the daily digest" in text(editor_client.get(path_of(volume)))
    assert "You get the daily digest." in press(editor_client, volume, "daily-on")
    assert other.pk


def test_a_preset_brings_its_numbers_and_numbers_by_hand_are_the_volumes_own(
    editor_client: Client, volume: Volume
) -> None:
    path = f"/admin/proceedings/volume/{volume.pk}/change/"
    fields = fields_of(editor_client.get(path)) | {"signing_settings-0-preset": "urgent"}
    editor_client.post(path, fields)
    signing_settings = SigningSettings.objects.get(volume=volume)
    assert (tuple(signing_settings.offsets), signing_settings.most_reminders) == (
        PRESETS["urgent"].offsets,
        PRESETS["urgent"].max_reminders,
    )
    assert (signing_settings.preset, signing_settings.coauthors_after) == ("urgent", PRESETS["urgent"].coauthors_after)
    editor_client.post(path, fields_of(editor_client.get(path)) | {"signing_settings-0-most_reminders": "3"})
    signing_settings.refresh_from_db()
    assert (signing_settings.preset, signing_settings.most_reminders) == (CUSTOM, 3)


def test_an_assistant_sees_and_changes_nothing(roles: Roles) -> None:
    assistant, stranger = client_for(roles.assistant), client_for(roles.editor)
    page = text(assistant.get(path_of(roles.foreign)))
    assert "Next emails if nobody signs" in page
    assert "<button" not in page.partition('id="content"')[2]
    before = all_rows(but=BOOKKEEPING)
    agreement = Agreement.objects.get(paper__volume=roles.foreign, status="issued")
    for path, fields in [
        (path_of(roles.foreign), {"do": "pause-volume"}),
        (path_of(roles.foreign), {"do": "pause-person", "person-address": "a@example.org"}),
        (path_of(roles.foreign), {"do": "daily-off"}),
        (path_of(roles.foreign, "reminder/"), {"body": "{link} {deadline}", "save": "1"}),
        (page_of(agreement, "remind/pause/"), {"until": ""}),
    ]:
        assert assistant.post(path, fields).status_code == 403, path
        assert stranger.post(path, fields).status_code == 404, path
    assert all_rows(but=BOOKKEEPING) == before


def test_an_unknown_button_or_kind_of_email_is_a_404(editor_client: Client, volume: Volume) -> None:
    assert editor_client.post(path_of(volume), {"do": "launch"}).status_code == 404
    assert editor_client.get(path_of(volume, "receipt/")).status_code == 404


def test_without_a_deadline_it_leads_to_where_it_is_set() -> None:
    volume = make.volume(300, deadline=None)
    page = text(client_for(make.editor("ed", volume)).get(path_of(volume), follow=True))
    assert "Set the deadline first" in page


def test_the_page_costs_the_same_however_many_wait(editor_client: Client, volume: Volume) -> None:
    waiting(volume)
    few = queries(editor_client, path_of(volume))
    for number in range(6):
        waiting(volume, contact=f"a{number}@example.org")
    assert queries(editor_client, path_of(volume)) == few
