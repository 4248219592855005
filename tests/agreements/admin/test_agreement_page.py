"""One agreement on the desk: what its page says, and what its buttons do."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.test import Client

from agreements import lifecycle
from agreements.documents import history
from agreements.domain.states import Status
from agreements.models import Message
from proceedings.models import Paper, User
from tests import make
from tests.agreements.editors import BOOKKEEPING, page_of, queries
from tests.agreements.pages import all_rows, drop

pytestmark = pytest.mark.django_db


def test_the_page_shows_history_and_emails_as_text(editor_client: Client) -> None:
    page = editor_client.get(page_of(make.agreement("sealed"))).content.decode()
    for words in (
        "issued to Mike Lewis &lt;mike@example.org&gt;",
        "signed as “Mike Lewis”, with consent and authority ticked",
        "2026-11-01 09:00:00",
        "Invitation",
        "Receipt",
        "192.0.2.7",
    ):
        assert words in page, words


def test_what_it_states_stands_beside_what_the_paper_says_today(editor_client: Client) -> None:
    agreement = make.agreement()
    page = editor_client.get(page_of(agreement)).content.decode()
    assert page.count('<span class="quiet">same</span>') == 6
    Paper.objects.update(title="A better title")
    agreement.paper.authors.filter(position=1).update(email="new@example.org")
    page = editor_client.get(page_of(agreement)).content.decode()
    assert page.count('class="differs"') == 2
    for words in ("A better title", "new@example.org", agreement.title, "mike@example.org"):
        assert f"<bdi>{words}</bdi>" in page, words


def test_times_are_in_utc_and_in_the_editors_own_zone(editor_client: Client) -> None:
    agreement = make.agreement("sealed")
    assert "Asia/Tokyo" not in editor_client.get(page_of(agreement)).content.decode()
    User.objects.update(zone="Asia/Tokyo")
    page = editor_client.get(page_of(agreement)).content.decode()
    assert "2026-11-01 09:00:00" in page
    assert "2026-11-01 18:00" in page


def test_voiding_wants_a_reason_and_then_ends_the_agreement(editor_client: Client) -> None:
    agreement = make.agreement()
    path = page_of(agreement, "move/void/")
    before = all_rows(but=BOOKKEEPING)
    assert editor_client.get(path).status_code == 200
    for reason in ("", "   ", "x" * 2001):
        assert editor_client.post(path, {"reason": reason}).status_code == 400
    assert all_rows(but=BOOKKEEPING) == before
    assert editor_client.post(path, {"reason": "Sent twice."}, follow=True).status_code == 200
    agreement.refresh_from_db()
    assert (agreement.status, agreement.reason) == (Status.VOIDED, "Sent twice.")
    assert agreement.events.get(kind="void").by == "editor:ed"


def test_replacing_issues_a_new_agreement_with_the_facts_of_today(editor_client: Client) -> None:
    agreement = make.agreement()
    Paper.objects.filter(pk=agreement.paper_id).update(title="A better title")
    page = editor_client.get(page_of(agreement)).content.decode()
    assert "The paper’s title changed since this agreement was issued." in page
    answer = editor_client.post(page_of(agreement, "move/supersede/"), {"reason": "The title changed."})
    agreement.refresh_from_db()
    assert agreement.status == Status.SUPERSEDED
    assert answer["Location"] == page_of(agreement.successor)
    assert (agreement.successor.status, agreement.successor.title) == (Status.ISSUED, "A better title")
    assert agreement.successor.reference in editor_client.get(page_of(agreement)).content.decode()


def test_a_replacement_that_is_not_ready_changes_nothing_and_says_why(editor_client: Client) -> None:
    agreement = make.agreement()
    agreement.paper.authors.update(is_corresponding=False)
    before = all_rows(but=BOOKKEEPING)
    answer = editor_client.post(page_of(agreement, "move/supersede/"), {"reason": "New contact."}, follow=True)
    assert "Nothing was changed: The paper has no corresponding author." in answer.content.decode()
    assert all_rows(but=BOOKKEEPING) == before


def test_another_corresponding_author_than_the_one_asked_is_pointed_out(editor_client: Client) -> None:
    agreement = make.agreement()
    agreement.paper.authors.filter(is_corresponding=True).update(email="new@example.org")
    assert "The paper’s signer changed" in editor_client.get(page_of(agreement)).content.decode()
    make.sign(agreement)
    assert "changed since this agreement was issued" not in editor_client.get(page_of(agreement)).content.decode()


@pytest.mark.parametrize("verb", ["issue", "sign", "seal", "decline", "lapse", "nonsense"])
def test_transitions_that_editors_may_not_make_are_rejected(verb: str, editor_client: Client) -> None:
    agreement = make.agreement()
    before = all_rows(but=BOOKKEEPING)
    assert editor_client.post(page_of(agreement, f"move/{verb}/"), {"reason": "Because."}).status_code in (403, 404)
    assert all_rows(but=BOOKKEEPING) == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_transition_that_is_no_longer_legal_says_so(method: str, editor_client: Client) -> None:
    agreement = make.agreement("voided")
    answer = getattr(editor_client, method)(page_of(agreement, "move/void/"), {"reason": "Again."}, follow=True)
    assert (
        "Nothing was changed: The agreement changed (voided by an editor). Reload the page." in answer.content.decode()
    )


def test_remind_now_is_a_post_and_sends_one_email_however_often_it_is_pressed(editor_client: Client) -> None:
    agreement = make.agreement()
    agreement.messages.update(state=Message.State.SENT, sent_at=make.NOW)
    assert editor_client.get(page_of(agreement, "remind/")).status_code == 405
    first = editor_client.post(page_of(agreement, "remind/"), follow=True).content.decode()
    assert "1 reminder queued" in first
    second = editor_client.post(page_of(agreement, "remind/"), follow=True).content.decode()
    assert "1 got no reminder" in second
    assert agreement.messages.filter(kind="reminder").count() == 1


def test_the_sealed_file_is_downloaded_as_the_publisher_gets_it(editor_client: Client) -> None:
    agreement = make.agreement("sealed")
    answer: Any = editor_client.get(page_of(agreement, "sealed.pdf"))
    with storages["private"].open(agreement.sealed_file) as file:
        assert b"".join(answer) == file.read()
    assert answer["Content-Disposition"] == 'attachment; filename="lewis26-1Permission.pdf"'
    assert answer["Content-Type"] == "application/pdf"


def test_before_the_seal_there_is_nothing_to_download(editor_client: Client) -> None:
    answer = editor_client.get(page_of(make.agreement("signed"), "sealed.pdf"), follow=True)
    assert "This agreement has no sealed PDF yet." in answer.content.decode()


def test_files_of_agreements_are_not_cached(editor_client: Client) -> None:
    agreement = make.agreement("sealed")
    for name in ("sealed.pdf", "form.pdf"):
        answer = editor_client.get(page_of(agreement, name))
        drop(answer)
        assert "no-store" in answer["Cache-Control"]


def test_a_failed_seal_is_said_on_the_page(editor_client: Client) -> None:
    agreement = make.agreement("signed")
    lifecycle.record_seal_failure(agreement, error="OSError: the disk is full", now=make.NOW)
    page = editor_client.get(page_of(agreement)).content.decode()
    assert "Sealing failed 1 time: OSError: the disk is full" in page
    assert "The signature stays valid." in page


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "עברית", "x" * 500])
def test_hostile_titles_are_text_in_the_admin(text: str, editor_client: Client) -> None:
    agreement = make.agreement(of=make.paper(title=text))
    paths = [page_of(agreement), page_of(agreement, "move/void/"), "/admin/agreements/agreement/"]
    paths += ["/admin/proceedings/paper/", f"/admin/proceedings/paper/{agreement.paper_id}/change/"]
    for path in paths:
        page = editor_client.get(path).content.decode()
        assert "<img src=x" not in page, path


def test_the_page_of_an_agreement_costs_the_same_for_any_history(editor_client: Client) -> None:
    agreement = make.agreement("sealed")
    few = queries(editor_client, page_of(agreement))
    for number in range(20):
        lifecycle.record_event(agreement.pk, "remind", by="editor:ed", now=make.NOW, data={"number": number})
    assert queries(editor_client, page_of(agreement)) == few
    assert few <= 22


def test_every_event_kind_has_a_label() -> None:
    """A kind without words would close the page of its agreement, and the board of its volume."""
    rooms = Path(history.__file__).parents[1].rglob("*.py")
    writers = r'\b(?:record_event|make_event|transition|transition_all)\(\s*[\w.]+,\s*"([\w-]+)"'
    written = {kind for room in rooms for kind in re.findall(writers, room.read_text())}
    assert {"draft", "issue", "pause", "waive", "correction"} <= written
    assert written - set(history.EVENT_LABELS) == set()
