"""Publication: every author gets the paper's URL and citation, once (clause 3)."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from agreements import lifecycle
from agreements.delivery import publication
from agreements.mail import compose
from agreements.models import Message
from proceedings.models import Paper, Volume
from tests import make
from tests.agreements.editors import client_for
from tests.agreements.pages import all_rows
from tests.make import NOW

pytestmark = pytest.mark.django_db

Kind = Message.Kind
TODAY = NOW.date()


@pytest.fixture
def volume() -> Volume:
    volume = make.volume()
    Volume.objects.update(editor_names=["Agrawal, Shipra", "Roth, Aaron"])
    sealed = make.agreement("sealed", of=make.paper(volume))
    make.coauthor(sealed, email="shruti@example.org")
    make.agreement("sealed", of=make.paper(volume))
    volume.refresh_from_db()
    return volume


def mails() -> list[Message]:
    return list(Message.objects.filter(kind=Kind.PUBLISHED).order_by("agreement", "recipient"))


@pytest.mark.alone
def test_every_author_with_an_address_gets_an_email(volume: Volume) -> None:
    assert publication.notify_authors(volume, TODAY, now=NOW) == 3

    assert [(mail.agreement.paper_key, mail.recipient) for mail in mails()] == [
        ("lewis26-1", "mike@example.org"),
        ("lewis26-1", "shruti@example.org"),
        ("lewis26-2", "mike@example.org"),
    ]
    volume.refresh_from_db()
    assert volume.published == TODAY
    assert list(Paper.objects.values_list("public_id", flat=True)) == ["lewis26a", "lewis26b"]


@pytest.mark.alone
def test_once_however_often_it_is_pressed(volume: Volume) -> None:
    publication.notify_authors(volume, TODAY, now=NOW)

    assert publication.notify_authors(volume, TODAY, now=NOW) == 0
    assert publication.plan_notifications(volume).emails == 0
    # Another spelling of the same address is the same author; a new address is a new one.
    make.coauthor(Paper.objects.get(key="lewis26-1").agreements.get(), email="SHRUTI@example.org")
    make.coauthor(Paper.objects.get(key="lewis26-2").agreements.get(), email="late@example.org")
    assert publication.notify_authors(volume, TODAY, now=NOW) == 1
    assert len(mails()) == 4


def test_the_email_has_address_citation_and_three_files(volume: Volume) -> None:
    publication.notify_authors(volume, TODAY, now=NOW)

    mail: Any = compose.compose(mails()[0], NOW)

    assert mail.subject == "Published: “Simplifying Training 1” (COLT)"
    for said in ("https://proceedings.mlr.press/v247/lewis26a.html", "@InProceedings{pmlr-v247-lewis26a,", "clause 3"):
        assert said in mail.body
    files = {name: body for name, body, _ in mail.attachments}
    assert sorted(files) == ["lewis26a.bib", "lewis26a.json", "lewis26a.ris"]
    assert files["lewis26a.ris"].decode().startswith("TY  - CPAPER\r\n")
    assert json.loads(files["lewis26a.json"])[0]["URL"] == "https://proceedings.mlr.press/v247/lewis26a.html"
    assert files["lewis26a.bib"].decode() in mail.body


@pytest.mark.alone
def test_a_publisher_id_that_the_publisher_changed_is_the_one_announced(volume: Volume) -> None:
    Paper.objects.filter(key="lewis26-2").update(public_id="lewis26z")

    publication.notify_authors(volume, TODAY, now=NOW)

    assert "v247/lewis26z.html" in str(compose.compose(mails()[2], NOW).body)
    assert list(Paper.objects.values_list("public_id", flat=True)) == ["lewis26a", "lewis26z"]


def test_cite_says_the_same(volume: Volume, capsys: pytest.CaptureFixture[str]) -> None:
    Paper.objects.filter(key="lewis26-2").update(public_id="lewis26z")

    call_command("citations", "247")

    assert "pmlr-v247-lewis26z" in capsys.readouterr().out


@pytest.mark.parametrize("status", ["issued", "signed", "declined", "voided", "waived"])
def test_papers_without_a_sealed_agreement_are_named(volume: Volume, status: str) -> None:
    paper = make.paper(volume)
    if status == "waived":
        waived = make.agreement("issued", of=paper)
        lifecycle.waive(waived, reason="By letter.", by="editor:ed", now=NOW)
    else:
        make.agreement(status, of=paper)

    assert [out.paper.key for out in publication.plan_notifications(volume).unreachable] == ["lewis26-3"]
    assert publication.notify_authors(volume, TODAY, now=NOW) == 3


def test_a_withdrawn_paper_is_not_published(volume: Volume) -> None:
    Paper.objects.filter(key="lewis26-1").update(status="withdrawn")

    assert publication.notify_authors(volume, TODAY, now=NOW) == 1


def test_a_big_volume_costs_few_statements(volume: Volume, django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        make.agreement("sealed", of=make.paper(volume))
    with django_assert_max_num_queries(16):
        assert publication.notify_authors(volume, TODAY, now=NOW) == 23


# --- admin


@pytest.fixture
def editor_client(volume: Volume) -> Client:
    return client_for(make.editor("ed", volume))


def page(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/publication/"


def test_an_editor_previews_then_sends(volume: Volume, editor_client: Client) -> None:
    editor_client.get("/admin/")
    before = all_rows()
    shown = editor_client.get(page(volume)).content.decode()
    assert all_rows() == before
    assert "Email the authors: 3 emails" in shown
    assert "https://proceedings.mlr.press/v247/lewis26a.html" in shown

    told: Any = editor_client.post(page(volume), {"published": "2026-11-01", "seen": "on"}, follow=True)

    assert "3 emails queued." in told.content.decode()
    assert "We have emailed the authors of 2 papers." in told.content.decode()
    again: Any = editor_client.post(page(volume), {"published": "2026-11-01", "seen": "on"}, follow=True)
    assert "All authors were emailed before." in again.content.decode()
    assert len(mails()) == 3


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"published": "2026-11-01"}, "Open some of the addresses, then tick the box."),
        ({"seen": "on"}, "Enter the publication date of the volume."),
        ({"seen": "on", "published": "2999-01-01"}, "This day is in the future."),
        ({"seen": "on", "published": "yesterday"}, "Enter a valid date."),
    ],
)
def test_nothing_is_sent_before_it_is_confirmed(
    volume: Volume, editor_client: Client, sent: dict[str, str], said: str
) -> None:
    refused = editor_client.post(page(volume), sent)

    assert refused.status_code == 400
    assert said in refused.content.decode()
    assert mails() == []


def test_telling_is_for_the_volumes_editors(volume: Volume) -> None:
    assistant = make.editor("helper")
    volume.assistants.add(assistant)
    stranger = make.editor("stranger", make.volume(300))
    sent = {"published": "2026-11-01", "seen": "on"}

    assert client_for(assistant).post(page(volume), sent).status_code == 403
    assert "Email the authors" not in client_for(assistant).get(page(volume)).content.decode()
    assert client_for(stranger).post(page(volume), sent).status_code == 404
    assert Client().post(page(volume), sent).status_code == 302
    assert mails() == []
