"""The board as a page: figures, words, a picture with its words, and the way on."""

import html
import re

import pytest
from django.test import Client
from django.utils import timezone

from agreements.admin.bulk import BULK_ACTIONS
from agreements.dashboard.blockers import BLOCKER_INFO, SUITABLE_ACTIONS, Blocker
from agreements.domain.schedule import FOREVER
from agreements.jobs import package_builder, scheduled
from agreements.models import Message, Package, SigningSettings
from proceedings.models import User, Volume
from tests import make
from tests.agreements.editors import Roles, client_for, queries

pytestmark = pytest.mark.django_db


def overview_path(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/board/"


def text(editor_client: Client, volume: Volume) -> str:
    page = editor_client.get(overview_path(volume)).content.decode()
    return re.sub(r"\s+", " ", page)


def test_an_empty_overview_says_what_to_do_next(editor_client: Client) -> None:
    page = text(editor_client, make.the_volume())
    assert "No papers yet." in page
    assert "/admin/proceedings/volume/import/?volume=247" in page


def test_an_assistants_empty_overview_offers_no_import(roles: Roles) -> None:
    volume = make.volume(300)
    volume.assistants.add(roles.assistant)
    page = text(client_for(roles.assistant), volume)
    assert "A volume editor must import them." in page
    assert "/import/" not in page


def test_an_overview_without_a_deadline_says_where_it_is_set(editor_client: Client) -> None:
    make.paper()
    SigningSettings.objects.all().delete()
    page = text(editor_client, make.the_volume())
    assert "No deadline is set." in page
    assert f"/admin/proceedings/volume/{make.the_volume().pk}/change/" in page


def test_the_overview_shows_figures_tasks_emails_and_events(editor_client: Client) -> None:
    make.agreement("sealed")
    make.agreement("declined")
    make.agreement()
    make.paper(contact=None, key="nobody26")
    page = text(editor_client, make.the_volume())
    for words in (
        "<strong>1</strong> of 4 signed",
        "<dt>need action</dt><dd>2</dd>",
        'aria-label="1: declined"',
        'aria-label="1: no corresponding author"',
        "nobody26",
        "declined: The title changed.",
        "Invitation",
    ):
        assert words in page, words


def test_the_chart_has_a_text_alternative(editor_client: Client) -> None:
    make.agreement("sealed")
    make.agreement()
    page = text(editor_client, make.the_volume())
    assert 'role="img" aria-labelledby="chart-title"' in page
    assert re.search(r'<title id="chart-title">Signatures over time: 1 of 2 today; .*</title>', page)


def test_paused_reminders_are_said(editor_client: Client) -> None:
    make.agreement()
    SigningSettings.objects.update(paused_until=FOREVER)
    assert "Reminders are paused." in text(editor_client, make.the_volume())


def test_figures_of_thousands_are_whole_numbers_in_links(editor_client: Client) -> None:
    Volume.objects.filter(pk=make.the_volume().pk).update(number=12345)
    make.paper(Volume.objects.get())
    page = text(editor_client, Volume.objects.get())
    assert "?volume=12345&amp;blocker=" in page
    assert "12,345" not in page


def test_an_overview_costs_the_same_for_ten_papers_and_for_thirty(editor_client: Client) -> None:
    volume = make.the_volume()
    for _ in range(10):
        make.agreement()
    few = queries(editor_client, overview_path(volume))
    for _ in range(20):
        make.agreement()
    assert queries(editor_client, overview_path(volume)) == few
    assert few < 13  # five of the board, session and user, the volume with its terms, who may what, checks, left out


def test_the_list_and_the_page_of_a_volume_link_to_its_overview(editor_client: Client) -> None:
    volume = make.the_volume()
    for path in ("/admin/proceedings/volume/", f"/admin/proceedings/volume/{volume.pk}/change/"):
        assert f'href="{overview_path(volume)}"' in editor_client.get(path).content.decode()


def test_the_overview_shows_the_editors_time_beside_utc(editor_client: Client) -> None:
    make.agreement()
    User.objects.update(zone="Asia/Tokyo")
    assert "1 Nov 18:00 Asia/Tokyo" in text(editor_client, make.the_volume())


def offered(page: str) -> dict[str, str]:
    """The moves that the board offers: by blocker, the verb."""
    form = (
        r'blocker=([\w-]+)"><input type="hidden" name="csrfmiddlewaretoken"[^>]*><input[^>]*name="action" value="(\w+)"'
    )
    return dict(re.findall(form, page))


def test_each_count_offers_the_fitting_bulk_action_and_leads_to_its_confirmation(editor_client: Client) -> None:
    make.agreement("declined")
    waits = make.agreement()
    waits.messages.update(state=Message.State.SENT, sent_at=make.NOW)
    make.paper(contact=None)
    make.paper(key="ready26")
    page = text(editor_client, make.the_volume())
    moves = offered(page)
    assert moves == {"no-contact": "contact", "declined": "issue", "not-issued": "issue", "waiting": "remind"}
    for blocker, verb in moves.items():
        sent = {"action": verb, "select_across": "1", "_selected_action": "0", "index": "0"}
        answer = editor_client.post(f"/admin/proceedings/paper/?volume=247&blocker={blocker}", sent)
        assert "This applies to <strong>1</strong> of 1 paper." in re.sub(r"\s+", " ", answer.content.decode()), blocker
    assert not waits.messages.filter(kind="reminder").exists(), "it asks first"


def test_an_assistant_is_offered_reminders_only(roles: Roles) -> None:
    Message.objects.filter(kind="invitation").update(state=Message.State.SENT, sent_at=make.NOW)
    make.paper(roles.foreign)
    assert set(offered(text(client_for(roles.assistant), roles.foreign)).values()) == {"remind"}


def test_every_bulk_action_on_the_overview_is_one_of_the_lists() -> None:
    assert set(SUITABLE_ACTIONS.values()) <= set(BULK_ACTIONS)
    assert set(SUITABLE_ACTIONS) <= set(BLOCKER_INFO) == set(Blocker)


def test_the_overview_shows_the_state_of_the_email(editor_client: Client) -> None:
    waits = make.agreement()
    page = text(editor_client, make.the_volume())
    assert "Email is late. Check that a Celery worker is running." in page, "an invitation of 1 November, and no worker"
    waits.messages.update(state=Message.State.SENT, sent_at=make.NOW)
    assert "No delivery problems." in text(editor_client, make.the_volume())
    waits.messages.update(state=Message.State.FAILED, sent_at=None)
    assert "The last email to 1 address failed." in text(editor_client, make.the_volume())
    waits.messages.update(state=Message.State.UNKNOWN)
    assert "The delivery of 1 email is unknown." in text(editor_client, make.the_volume())


def test_the_two_downloads_are_on_the_overview_for_those_who_may_have_them(roles: Roles) -> None:
    client = client_for(roles.stranger)
    assert "Make both packages" in text(client, roles.foreign)
    package_builder.make_due(scheduled.fixed_clock(make.NOW))
    page = text(client, roles.foreign)
    assert Package.objects.count() == 2
    for package in Package.objects.all():
        assert f"/packages/{package.pk}.zip" in page
    assert ".zip" not in text(client_for(roles.assistant), roles.foreign)


def test_the_overview_says_when_scheduled_jobs_or_workers_have_stopped(editor_client: Client) -> None:
    agreement = make.agreement("issued", now=timezone.now())
    page = editor_client.get(overview_path(agreement.paper.volume)).content.decode()
    assert "Scheduled jobs have never run. Check that Celery beat is running." in html.unescape(page)
    scheduled.record_run("chase", timezone.now())
    page = editor_client.get(overview_path(agreement.paper.volume)).content.decode()
    assert "Tell your administrator" not in page
    Message.objects.update(due_at=timezone.now() - 20 * make.MINUTE)
    page = html.unescape(editor_client.get(overview_path(agreement.paper.volume)).content.decode())
    assert "An email has been due for 20 minutes. Check that a Celery worker is running." in page
