"""Notes for the desk alone: who writes them, where they stand, and that nobody takes them back."""

import pytest
from django.test import Client

from agreements.documents import evidence_bundle, history
from agreements.domain.states import Status
from agreements.models import Note
from tests import make
from tests.agreements.editors import BOOKKEEPING, Roles, client_for, page_of, rows_of
from tests.agreements.pages import all_rows

pytestmark = pytest.mark.django_db


def paper_page(pk: int, path: str = "change/") -> str:
    return f"/admin/proceedings/paper/{pk}/{path}"


def test_a_note_stands_in_the_timeline_of_the_agreement_and_on_its_paper(editor_client: Client) -> None:
    agreement = make.agreement()
    editor_client.post(page_of(agreement, "note/"), {"text": "They asked\nfor time."})
    note = Note.objects.get()
    assert (note.by, note.text, note.paper) == ("editor:ed", "They asked\nfor time.", agreement.paper)
    assert "note: They asked<br>for time." in editor_client.get(page_of(agreement)).content.decode()
    assert "They asked<br>for time." in editor_client.get(paper_page(agreement.paper_id)).content.decode()


def test_a_paper_without_an_agreement_has_notes_too(editor_client: Client) -> None:
    paper = make.paper(contact=None)
    answer = editor_client.post(paper_page(paper.pk, "note/"), {"text": "No address found."}, follow=True)
    assert "Note added." in answer.content.decode()
    assert "No address found." in answer.content.decode()


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_an_empty_note_and_one_that_is_too_long_are_none(text: str, editor_client: Client) -> None:
    agreement = make.agreement()
    answer = editor_client.post(page_of(agreement, "note/"), {"text": text}, follow=True)
    assert "No note was added." in answer.content.decode()
    assert not Note.objects.exists()


def test_an_assistant_writes_as_an_assistant(roles: Roles) -> None:
    agreement = rows_of(roles.foreign)["agreements_agreement"]
    client = client_for(roles.assistant)
    client.post(f"/admin/agreements/agreement/{agreement.pk}/note/", {"text": "Called them."})
    assert Note.objects.get().by == "assistant:zanzibar-assistant"


@pytest.mark.parametrize("role", ["editor", "nobody"])
def test_nobody_else_reads_or_writes_one(role: str, roles: Roles) -> None:
    rows = rows_of(roles.foreign)
    client = client_for(getattr(roles, role))
    before = all_rows(but=BOOKKEEPING)
    for name, url in (("agreements_agreement", "agreements/agreement"), ("proceedings_paper", "proceedings/paper")):
        path = f"/admin/{url}/{rows[name].pk}/note/"
        assert client.post(path, {"text": "Mine."}).status_code in (403, 404)
    assert all_rows(but=BOOKKEEPING) == before


def test_a_note_is_written_by_a_post_only(editor_client: Client) -> None:
    assert editor_client.get(page_of(make.agreement(), "note/")).status_code == 405


def test_no_package_and_no_evidence_carries_a_note() -> None:
    agreement = make.agreement("sealed")
    before = evidence_bundle.build_bundle(agreement), history.history_lines(agreement.events.all())
    Note.objects.create(paper=agreement.paper, at=make.NOW, by="editor:ed", text="For the desk alone.")
    assert (evidence_bundle.build_bundle(agreement), history.history_lines(agreement.events.all())) == before
    assert agreement.status == Status.SEALED
