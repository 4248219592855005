"""The page of what imports left out."""

import pytest
from django.test import Client

from agreements.models import SigningSettings
from proceedings.models import Leftover, Paper, User, Volume
from tests import make
from tests.agreements.pages import all_rows
from tests.proceedings.bib_files import bib, bring_in, paper, table

pytestmark = pytest.mark.django_db

NO_PAPER = "@InProceedings{,\n  pages = {1--10}\n}"


@pytest.fixture
def volume() -> Volume:
    bring_in(bib(paper("a25"), NO_PAPER), table("a25,mike@a.example,Mike Lewis"))
    return Volume.objects.get()


@pytest.fixture
def editor_client(volume: Volume) -> Client:
    return client_for(make.editor("ed", volume))


def client_for(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def path_of(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/left-out/"


def test_the_overview_leads_to_what_is_left_out(editor_client: Client, volume: Volume) -> None:
    overview = editor_client.get(f"/admin/proceedings/volume/{volume.pk}/board/").content.decode()
    assert "1 part of the imported files was left out." in overview
    assert path_of(volume) in overview

    page = editor_client.get(path_of(volume)).content.decode()
    assert "v.bib, line 22" in page
    assert "pages = {1--10}" in page
    assert "Fix and take in" in page


def test_an_editor_dismisses_one_with_name_and_time(editor_client: Client, volume: Volume) -> None:
    pk = str(Leftover.objects.get().pk)

    page = editor_client.post(path_of(volume), {"leftover": pk, "dismiss": "x", "text": ""}, follow=True)

    text = page.content.decode()
    assert "Nothing is left out." in text
    assert "Dismissed by ed" in text
    again = editor_client.post(path_of(volume), {"leftover": pk, "dismiss": "x"}, follow=True).content.decode()
    assert "It was resolved before" in again


def test_an_editor_corrects_the_text_until_it_can_be_imported(editor_client: Client, volume: Volume) -> None:
    pk = str(Leftover.objects.get().pk)

    failed = editor_client.post(path_of(volume), {"leftover": pk, "take": "x", "text": "@InProceedings{b25,"})
    assert failed.status_code == 400
    assert "@InProceedings{b25," in failed.content.decode()
    right = paper("b25", "Found", "Ng, Ann")
    done = editor_client.post(path_of(volume), {"leftover": pk, "take": "x", "text": right}, follow=True)

    assert "Imported: b25." in done.content.decode()
    assert volume.papers.get(key="b25").title == "Found"
    assert Leftover.objects.get().resolved_by == "ed"


def test_a_corrected_entry_changes_nothing_that_an_agreement_binds(editor_client: Client, volume: Volume) -> None:
    SigningSettings.objects.create(volume=volume, deadline=make.DEADLINE)
    make.agreement(of=Paper.objects.get())
    pk = str(Leftover.objects.get().pk)
    text = paper("a25", "Another Title", pages="3--9")

    done = editor_client.post(path_of(volume), {"leftover": pk, "take": "x", "text": text}, follow=True)

    assert "because they were corrected here or an agreement is issued: title" in done.content.decode()
    row = Paper.objects.get()
    assert (row.title, row.pages) == ("A Title", "3--9")


def test_only_editors_of_the_volume_resolve(volume: Volume) -> None:
    assistant, stranger = make.editor("help"), make.editor("other", make.volume(300))
    volume.assistants.add(assistant)
    before = all_rows(but=frozenset({"django_session", "proceedings_user"}))
    posted = {"leftover": str(Leftover.objects.get().pk), "dismiss": "x"}

    assert client_for(stranger).get(path_of(volume)).status_code == 404
    assert client_for(assistant).post(path_of(volume), posted).status_code == 403
    page = client_for(assistant).get(path_of(volume)).content.decode()
    assert "pages = {1--10}" in page
    assert "Dismiss" not in page
    assert client_for(assistant).put(path_of(volume)).status_code == 405
    assert all_rows(but=frozenset({"django_session", "proceedings_user"})) == before
