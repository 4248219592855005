"""Moves for many at once: what is asked before, what is said afterwards."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from agreements.domain.states import TRANSITIONS, Status
from agreements.models import Agreement, Message
from tests import make
from tests.agreements.editors import BOOKKEEPING, Roles, bulk, client_for, confirmation_page, refreshed
from tests.agreements.pages import all_rows, fields_of

pytestmark = pytest.mark.django_db


def test_before_a_bulk_action_a_page_says_how_many_and_changes_nothing(editor_client: Client) -> None:
    ready, without = make.paper(key="ready26"), make.paper(key="without26", contact=None)
    before = all_rows(but=BOOKKEEPING)
    page = confirmation_page(editor_client, "issue", ready, without)
    assert "This applies to <strong>1</strong> of 2 papers." in page
    assert "Each corresponding author gets an email with a personal link." in page
    assert "The paper has no corresponding author." in page
    assert all_rows(but=BOOKKEEPING) == before


@pytest.mark.parametrize(("verb", "said"), [("prepare", True), ("issue", True), ("waive", False)])
def test_before_somebody_is_asked_to_sign_other_licences_are_said(verb: str, said: bool, editor_client: Client) -> None:
    same, other = make.paper(licence="CC BY 4.0"), make.paper(key="other26", licence="CC BY-NC 4.0")
    page = confirmation_page(editor_client, verb, same, other)
    assert ("another licence" in page.lower()) is said
    assert ("<bdi>CC BY-NC 4.0</bdi>" in page) is said
    assert "This applies to <strong>2</strong> of 2 papers." in page


def test_issuing_from_the_list_names_every_skipped_paper(editor_client: Client) -> None:
    ready, again = make.paper(key="ready26"), make.paper(key="again26")
    without, withdrawn = make.paper(key="without26", contact=None), make.paper(key="gone26", status="withdrawn")
    make.agreement(of=again)
    page = bulk(editor_client, "issue", ready, again, without, withdrawn)
    assert "<strong>1</strong> issued. We send the invitations within a minute." in page
    for why, key in (
        ("It has an issued agreement already.", "again26"),
        ("The paper has no corresponding author. Choose one and enter an email address.", "without26"),
        ("The paper is withdrawn.", "gone26"),
    ):
        assert f'{why} <span class="quiet">1: {key}</span>' in page
    assert ready.agreements.get().status == Status.ISSUED
    assert ready.agreements.get().events.get(kind="issue").by == "editor:ed"
    assert not without.agreements.exists()


@pytest.mark.alone
def test_issuing_twice_issues_once(editor_client: Client) -> None:
    paper = make.paper()
    bulk(editor_client, "issue", paper)
    bulk(editor_client, "issue", paper)
    assert paper.agreements.count() == 1
    assert Message.objects.count() == 1


def test_a_page_that_showed_other_papers_than_the_present_ones_changes_nothing(editor_client: Client) -> None:
    one, other = make.paper(), make.paper()
    data = {"action": "issue", "_selected_action": [str(one.pk), str(other.pk)]}
    seen = fields_of(editor_client.post("/admin/proceedings/paper/", data))["seen"]
    make.agreement(of=other)
    before = all_rows(but=BOOKKEEPING)
    page = editor_client.post("/admin/proceedings/paper/", data | {"seen": seen}).content.decode()
    assert "The selected papers have changed." in page
    assert all_rows(but=BOOKKEEPING) == before


@pytest.mark.alone
def test_preparing_drafts_and_sends_nothing(editor_client: Client) -> None:
    paper = make.paper()
    assert "<strong>1</strong> prepared." in bulk(editor_client, "prepare", paper)
    assert paper.agreements.get().status == Status.DRAFT
    assert not Message.objects.exists()
    assert "<strong>1</strong> issued." in bulk(editor_client, "issue", paper)
    assert paper.agreements.get().status == Status.ISSUED


def test_a_volume_without_a_deadline_issues_nothing_and_says_what_to_do(roles: Roles) -> None:
    bare = make.volume(300, deadline=None)
    page = bulk(client_for(roles.superuser), "issue", make.paper(bare))
    assert "The volume has no deadline. Set one in the volume’s settings." in page
    assert not Agreement.objects.filter(paper__volume=bare).exists()


@pytest.mark.parametrize("verb", ["void", "supersede"])
def test_ending_many_wants_a_reason_that_goes_on_record_with_each(verb: str, editor_client: Client) -> None:
    waiting, sealed, declined = (make.agreement(status) for status in ("issued", "sealed", "declined"))
    papers = [agreement.paper for agreement in (waiting, sealed, declined)]
    before = all_rows(but=BOOKKEEPING)
    assert "This field is required." in bulk(editor_client, verb, *papers, reason=" ")
    assert all_rows(but=BOOKKEEPING) == before
    page = bulk(editor_client, verb, *papers, reason="Wrong volume.")
    assert "<strong>2</strong> " in page
    assert "It has no agreement that this action applies to." in page
    for agreement in (refreshed(waiting), refreshed(sealed)):
        assert (agreement.status, agreement.reason) == (TRANSITIONS[verb].target, "Wrong volume.")
        assert hasattr(agreement, "successor") == (verb == "supersede")
    assert refreshed(declined).status == Status.DECLINED


@pytest.mark.alone
def test_more_than_any_volume_has_is_rejected_before_anything_is_done(
    editor_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agreements.admin.bulk.MAX_ROWS", 1)
    papers = [make.paper(), make.paper()]
    page = bulk(editor_client, "issue", *papers)
    assert "You selected more than 1. Nothing was changed. Choose a volume or filter the list." in page
    assert not Agreement.objects.exists()


def test_reminding_from_the_list_says_who_gets_none(editor_client: Client) -> None:
    waiting = make.agreement()
    waiting.messages.update(state=Message.State.SENT, sent_at=make.NOW)
    on_its_way = make.agreement()
    signed = make.agreement("signed")
    page = bulk(editor_client, "remind", waiting.paper, on_its_way.paper, signed.paper)
    assert "<strong>1</strong> reminders queued" in page
    assert "It has no agreement awaiting a signature." in page
    assert "An email is queued already." in page


def test_reminders_of_many_are_paused_until_a_day_and_resumed(editor_client: Client) -> None:
    waiting, signed = make.agreement(), make.agreement("signed")
    page = bulk(editor_client, "pause", waiting.paper, signed.paper, until="2199-01-02")
    assert "<strong>1</strong> paused." in page
    assert "It has no agreement awaiting a signature." in page
    assert refreshed(waiting).paused_until == datetime(2199, 1, 2, tzinfo=UTC)
    assert "<strong>1</strong> resumed." in bulk(editor_client, "resume", waiting.paper)
    assert refreshed(waiting).paused_until is None
    assert "Its reminders are not paused." in bulk(editor_client, "resume", waiting.paper)


def test_a_pause_until_a_day_that_has_passed_is_none(editor_client: Client) -> None:
    waiting = make.agreement()
    assert "Enter a future day, or leave this empty." in bulk(editor_client, "pause", waiting.paper, until="2001-01-01")
    assert refreshed(waiting).paused_until is None
    assert "<strong>1</strong> paused." in bulk(editor_client, "pause", waiting.paper, until="")
    assert refreshed(waiting).paused_until is not None
