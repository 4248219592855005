"""Notes and profiles on the import page: an unclear decision is asked, another licence is shown."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from proceedings.models import Author, Paper
from tests import make
from tests.agreements.pages import fields_of
from tests.proceedings.importing.openreview.test_notes import PROFILE, note

pytestmark = pytest.mark.django_db

PAGE = "/admin/proceedings/volume/import/"


def upload(client: Client, notes: list[Any], profiles: str) -> Any:
    files = {
        "file": SimpleUploadedFile("notes.json", json.dumps({"notes": notes}).encode()),
        "second": SimpleUploadedFile("profiles.json", profiles.encode()),
    }
    return client.post(PAGE, {**files, "volume": str(make.the_volume().pk)}, follow=True)


def test_a_licence_and_settled_names_are_shown_and_imported() -> None:
    client = Client()
    client.force_login(make.editor("ed", make.the_volume()))
    page = upload(client, [note() | {"license": "CC BY-NC 4.0"}], json.dumps([PROFILE]))
    shown = page.content.decode()
    assert "the licence is &#x27;CC BY-NC 4.0&#x27;, but the agreement grants CC BY 4.0" in shown
    client.post(PAGE, {"plan": fields_of(page)["plan"], "take": ["li26"]}, follow=True)
    assert Paper.objects.get().licence == "CC BY-NC 4.0"
    assert Author.objects.get(position=2).orcid == "0000-0002-1825-0097"


def test_an_unclear_decision_is_asked_on_a_page() -> None:
    client = Client()
    client.force_login(make.editor("ed", make.the_volume()))
    page = upload(client, [note(venue="COLT 2025", venueid="")], json.dumps([PROFILE]))
    assert "COLT 2025" in page.content.decode()
    assert 'name="plan"' not in page.content.decode()


def test_profiles_that_cannot_be_read_change_nothing() -> None:
    client = Client()
    client.force_login(make.editor("ed", make.the_volume()))
    page = upload(client, [note()], '[{"id":')
    assert "Nothing was changed. profiles.json:1: the file is damaged from here on" in page.content.decode()
    assert not Paper.objects.exists()
