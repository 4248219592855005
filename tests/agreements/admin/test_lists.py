"""The desk's lists and the volumes' terms: what they say and what they cost."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from agreements.domain.states import Status
from agreements.models import Agreement, Message, SigningSettings
from proceedings.models import Paper, User, Volume
from tests import make
from tests.agreements.editors import ADMIN_LISTS, Roles, admin_routes, client_for, filled, queries, read, rows_of
from tests.agreements.pages import fields_of

pytestmark = pytest.mark.django_db


def test_the_list_of_papers_says_what_each_one_lacks(editor_client: Client) -> None:
    make.paper(contact=None)
    make.agreement("sealed")
    make.paper(status="withdrawn")
    page = editor_client.get("/admin/proceedings/paper/").content.decode()
    for words in ("none: choose one", "not issued", "signed and sealed", "paper withdrawn", "mike@example.org"):
        assert words in page


@pytest.mark.parametrize(("value", "count"), [("none", 2), ("issued", 1), ("sealed", 1), ("declined", 1)])
def test_the_list_of_papers_is_filtered_by_agreement(value: str, count: int, editor_client: Client) -> None:
    make.agreement()
    make.agreement("sealed")
    make.agreement("declined")
    make.paper(contact=None)
    make.paper(status="withdrawn")
    answer: Any = editor_client.get(f"/admin/proceedings/paper/?agreement={value}")
    assert answer.context["cl"].result_count == count


def test_the_list_of_volumes_counts_and_leads_to_the_papers_it_counts(editor_client: Client) -> None:
    make.agreement()
    make.agreement("sealed")
    make.agreement("declined")
    make.paper(contact=None)
    make.paper(status="withdrawn")
    page = editor_client.get("/admin/proceedings/volume/").content.decode()
    counted = dict(re.findall(r'href="/admin/proceedings/paper/\?volume=247(?:&amp;agreement=(\w+))?">(\d+)</a>', page))
    assert counted == {"": "4", "none": "2", "issued": "1", "declined": "1", "sealed": "1"}
    for status, count in counted.items():
        listed: Any = editor_client.get(
            f"/admin/proceedings/paper/?volume=247&agreement={status}"
            if status
            else "/admin/proceedings/paper/?status__exact=accepted"
        )
        assert listed.context["cl"].result_count == int(count)


@pytest.mark.parametrize(
    ("path", "most"),
    [("/admin/proceedings/volume/", 7), ("/admin/proceedings/paper/", 12), ("/admin/agreements/agreement/", 11)],
)
def test_a_list_costs_the_same_for_three_rows_and_for_thirty(path: str, most: int, editor_client: Client) -> None:
    def costs(more: int) -> int:
        for _ in range(more):
            make.agreement()
        # Once the invitations have left there are reminders to come, which take more looking.
        Message.objects.update(state=Message.State.SENT, sent_at=make.NOW)
        return queries(editor_client, path)

    few = costs(3)
    assert costs(27) == few
    assert few <= most


# --- filters, order, CSV


def keys(editor_client: Client, query: str, path: str = "/admin/proceedings/paper/") -> list[str]:
    answer: Any = editor_client.get(path + query)
    assert answer.status_code == 200
    return [row.paper_key if isinstance(row, Agreement) else row.key for row in answer.context["cl"].result_list]


@pytest.mark.parametrize("status", [None, *Status])
def test_each_figure_of_the_overview_leads_to_just_those_papers(status: Status | None, editor_client: Client) -> None:
    volume = make.the_volume()
    make.paper(volume, contact=None)
    for _ in range(2):
        paper = make.paper(volume)
        if status:
            make.agreement(status, of=paper)
    Paper.objects.filter(pk=paper.pk).update(title="Another title")
    page = editor_client.get(f"/admin/proceedings/volume/{volume.pk}/board/").content.decode()
    figures = re.findall(r'href="([^"]+blocker=[^"]+)" aria-label="(\d+):', page)
    assert figures
    for link, count in figures:
        listed: Any = editor_client.get(link.replace("&amp;", "&"))
        assert listed.context["cl"].result_count == int(count), link


def test_a_blocker_asked_for_without_a_volume_lists_nobody_and_says_what_to_choose(roles: Roles) -> None:
    answer: Any = client_for(roles.superuser).get("/admin/proceedings/paper/?blocker=no-pdf")
    assert answer.context["cl"].result_count == 0
    assert "Choose a volume first. This filter works within one volume." in answer.content.decode()


@pytest.mark.parametrize("path", ADMIN_LISTS)
def test_lists_are_filtered_by_section_and_by_how_long_somebody_waits(path: str, editor_client: Client) -> None:
    make.agreement(of=make.paper(key="old26", section="Talks"))
    make.agreement(of=make.paper(key="new26", section="Notes"), now=timezone.now())
    make.agreement("sealed", of=make.paper(key="done26", section="Notes"))
    Volume.objects.update(published=None)
    assert set(keys(editor_client, "?section=Notes", path)) == {"new26", "done26"}
    assert keys(editor_client, "?waiting=7", path) == ["old26"]
    assert keys(editor_client, "?section=Notes&waiting=7", path) == []
    assert len(keys(editor_client, "?waiting=nonsense", path)) == 3


def test_in_one_volume_what_needs_action_comes_first(editor_client: Client) -> None:
    for status in ("sealed", "signed", "issued", "voided", "received", "declined"):
        make.agreement(status, of=make.paper(key=f"{status}26"))
    make.paper(key="none26")
    make.paper(key="gone26", status="withdrawn")
    order = ["declined26", "received26", "voided26", "none26", "issued26", "signed26", "sealed26", "gone26"]
    assert keys(editor_client, "?volume=247") == order
    assert keys(editor_client, "", "/admin/agreements/agreement/") == [*(order[:2] + order[4:7]), "voided26"]


@pytest.mark.parametrize("words", ["simplifying", "lewis26-1", "mike@example", "Bhosale"])
@pytest.mark.parametrize("path", ADMIN_LISTS)
def test_lists_are_searched_by_title_key_address_and_author(words: str, path: str, editor_client: Client) -> None:
    make.agreement()
    assert len(keys(editor_client, f"?q={words}", path)) == 1
    assert keys(editor_client, "?q=nothing+like+it", path) == []


def test_lists_show_the_last_email_the_next_and_the_deadline(editor_client: Client) -> None:
    agreement = make.agreement(now=timezone.now() - timedelta(days=1))
    SigningSettings.objects.update(deadline=timezone.now().date() + timedelta(days=9))
    agreement.messages.update(state=Message.State.SENT, sent_at=make.NOW)
    for path in ADMIN_LISTS:
        page = editor_client.get(path).content.decode()
        assert 'class="field-last_email nowrap"' in page or 'class="field-last_email"' in page
        for day in (make.NOW, SigningSettings.objects.get().closes_at - timedelta(days=7)):
            assert f"{day:%Y-%m-%d}" in page, path
        assert f"{SigningSettings.objects.get().deadline:%Y-%m-%d}</span> AoE" in page


def test_no_list_counts_without_end(editor_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agreements.admin.lists.MAX_ROWS", 2)
    for _ in range(3):
        make.agreement()
    for path in ADMIN_LISTS:
        assert "2 or more. Filter the list." in editor_client.get(path).content.decode()


def table(editor_client: Client, path: str, query: str = "") -> list[dict[str, str]]:
    answer: Any = editor_client.get(f"{path}export.csv{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))


@pytest.mark.parametrize("path", ADMIN_LISTS)
def test_a_list_as_csv_has_the_same_rows_and_no_formula(path: str, editor_client: Client) -> None:
    make.agreement(of=make.paper(key="plain26", title="Plain"))
    make.agreement("sealed", of=make.paper(key="evil26", title='=HYPERLINK("http://evil")', contact="-x@example.org"))
    rows = {row["paper"]: row for row in table(editor_client, path)}
    assert set(rows) == {"plain26", "evil26"}
    assert rows["evil26"]["title"] == '\'=HYPERLINK("http://evil")'
    assert rows["evil26"]["e-mail"] == "'-x@example.org"
    assert rows["plain26"]["status"] == "awaiting signature"
    assert rows["plain26"]["blocked by"] == "invitation queued; no PDF"
    assert [row["paper"] for row in table(editor_client, path, "?q=Plain")] == ["plain26"]
    assert table(editor_client, path, "?volume=999") == []


@pytest.mark.parametrize("path", ADMIN_LISTS)
def test_a_csv_never_holds_what_is_anothers(path: str, roles: Roles) -> None:
    for query in ("", "?volume=666", "?q=zanzibar", "?waiting=7"):
        assert {row["volume"] for row in table(client_for(roles.editor), path, query)} <= {"247"}
    assert {row["volume"] for row in table(client_for(roles.assistant), path)} == {"666"}
    roles.foreign.assistants.clear()
    assert client_for(roles.assistant).get(f"{path}export.csv").status_code == 403


# --- terms


def signing_settings_page(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/change/"


def test_a_volume_without_a_deadline_shows_where_it_goes(roles: Roles) -> None:
    bare = make.volume(300, deadline=None)
    bare.editors.add(roles.editor)
    client = client_for(roles.editor)
    fields = fields_of(client.get(signing_settings_page(bare)))
    assert fields["signing_settings-TOTAL_FORMS"] == "1"
    assert (
        client.post(signing_settings_page(bare), fields | {"signing_settings-0-deadline": "2026-12-24"}).status_code
        == 302
    )
    assert SigningSettings.objects.get(volume=bare).deadline_in_words == "24 December 2026, 23:59 anywhere on Earth"


def test_a_new_deadline_has_its_own_reminders_and_plans_them_at_once(editor_client: Client) -> None:
    agreement = make.agreement()
    Agreement.objects.filter(pk=agreement.pk).update(next_check_at=None)
    volume = make.the_volume()
    fields = fields_of(editor_client.get(signing_settings_page(volume)))
    editor_client.post(signing_settings_page(volume), fields | {"signing_settings-0-deadline": "2026-12-24"})
    agreement.refresh_from_db()
    assert agreement.next_check_at is not None
    assert SigningSettings.objects.get().revision == 2
    editor_client.post(signing_settings_page(volume), fields_of(editor_client.get(signing_settings_page(volume))))
    assert SigningSettings.objects.get().revision == 2


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("zone", "Mars/Olympus", "is not a time zone"),
        ("offsets", '["a"]', "Enter a list of different whole numbers of days"),
        ("offsets", "[1, 1]", "Enter a list of different whole numbers of days"),
        ("most_reminders", "99", "less than or equal to 30"),
        ("reply_to", "not an address", "is not an email address. Write it like name@example.org."),
    ],
)
def test_invalid_signing_settings_are_rejected_with_a_message(
    field: str, value: str, words: str, editor_client: Client
) -> None:
    volume = make.the_volume()
    fields = fields_of(editor_client.get(signing_settings_page(volume))) | {f"signing_settings-0-{field}": value}
    answer = editor_client.post(signing_settings_page(volume), fields)
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_what_editors_change_by_hand_is_logged_where_only_they_can_read_it(roles: Roles) -> None:
    client = client_for(roles.stranger)
    paper = rows_of(roles.foreign)["proceedings_paper"]
    path = f"/admin/proceedings/paper/{paper.pk}/change/"
    client.post(path, fields_of(client.get(path)) | {"title": "Zanzibar renamed"})
    assert LogEntry.objects.get().object_repr.endswith("Zanzibar renamed")
    assert "Changed Title." in read(client, f"/admin/proceedings/paper/{paper.pk}/history/")[1]
    for user in (roles.editor, roles.nobody):
        for route, name in admin_routes():
            if name in ("index", "app_list") or name.endswith("_history"):
                assert "renamed" not in read(client_for(user), filled(route, paper))[1]


@pytest.mark.parametrize("path", ["/admin/proceedings/paper/", "/admin/agreements/agreement/"])
def test_an_empty_list_says_what_to_do_next(path: str, editor_client: Client) -> None:
    def said(query: str = "") -> str:
        return re.sub(r"\s+", " ", editor_client.get(path + query).content.decode())

    assert "what to do first." in said()
    make.agreement()
    assert "what to do first." not in said()
    for query in ("?q=nothing+like+it", "?waiting=90"):
        assert 'Nothing matches. <a href="?">Show all</a>' in said(query)


@pytest.mark.parametrize("path", ["/admin/proceedings/paper/", "/admin/agreements/agreement/"])
def test_times_are_in_ones_own_zone_beside_utc(path: str, editor_client: Client) -> None:
    make.agreement().messages.update(state=Message.State.SENT, sent_at=make.NOW)
    assert "JST" not in editor_client.get(path).content.decode()
    User.objects.update(zone="Asia/Tokyo")
    page = editor_client.get(path).content.decode()
    assert '<span class="when">2026-11-01</span> <span class="when">09:00</span>' in page
    assert "01 Nov 18:00 JST" in page
    assert "18:00" not in b"".join(editor_client.get(f"{path}export.csv")).decode(), "tables keep to UTC, as they say"
