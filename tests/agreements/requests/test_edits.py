"""Clause 5: edits after the signature are recorded, and the author confirms substantive ones."""

import re
from typing import Any

import pytest
from django.test import Client

from agreements import lifecycle
from agreements.dashboard import overview
from agreements.documents import audit
from agreements.jobs import scheduled
from agreements.mail import compose, links
from agreements.models import Agreement, Edit, Link, Message
from agreements.requests import edits
from proceedings.models import Volume
from tests import make
from tests.agreements.editors import client_for, page_of
from tests.agreements.pages import all_rows, browser
from tests.make import DAY, NOW

pytestmark = pytest.mark.django_db

Kind, State = Message.Kind, Edit.State


@pytest.fixture
def agreement() -> Agreement:
    return make.agreement("sealed")


@pytest.fixture
def editor_client(agreement: Agreement) -> Client:
    return client_for(make.editor("ed", agreement.paper.volume))


def mails(agreement: Agreement, kind: str) -> list[Message]:
    return list(agreement.messages.filter(kind=kind).order_by("pk"))


def link_in(message: Message) -> str:
    (path,) = set(re.findall(r"http://testserver(/sign/edit/\S+/)", str(compose.compose(message, NOW).body)))
    return str(path)


def answered(agreement: Agreement, **fields: str) -> Any:
    return browser().post(link_in(mails(agreement, Kind.EDIT)[-1]), fields)


def test_a_substantive_edit_asks_the_signer_with_what_was_and_what_is(agreement: Agreement) -> None:
    edit = make.edit(agreement)

    (asked,) = mails(agreement, Kind.EDIT)
    text = str(compose.compose(asked, NOW).body)
    assert (edit.state, asked.recipient) == (State.OPEN, agreement.signer_email)
    for said in ("The proof of Lemma 2", "x > 0", "x ≥ 0", "x may be 0.", "clause 5"):
        assert said in text


def test_any_other_edit_is_put_on_record_and_asks_nobody(agreement: Agreement) -> None:
    edit = make.edit(agreement, substantive=False)

    assert edit.state == State.NOTED
    assert mails(agreement, Kind.EDIT) == []
    assert make.history(agreement)[-1] == "edit"


@pytest.mark.alone
@pytest.mark.parametrize("status", ["draft", "issued", "declined", "voided", "superseded", "lapsed"])
def test_only_what_is_signed_has_edits(status: str) -> None:
    with pytest.raises(lifecycle.TransitionError):
        make.edit(make.agreement(status))
    assert not Edit.objects.exists()


@pytest.mark.parametrize(("right", "state", "words"), [("yes", "confirmed", ""), ("no", "declined", "It was right.")])
def test_the_author_answers_once_and_the_editors_hear_of_it(
    agreement: Agreement, right: str, state: str, words: str
) -> None:
    edit = make.edit(agreement)
    path = link_in(mails(agreement, Kind.EDIT)[0])
    page = browser().get(path).content.decode()
    assert "x ≥ 0" in page

    answer = browser().post(path, {"right": right, "words": words})

    edit.refresh_from_db()
    assert (answer.status_code, edit.state, edit.resolved_by, edit.answer) == (200, state, "signer", words)
    (notice,) = mails(agreement, Kind.EDITOR_EDIT)
    assert words in str(compose.compose(notice, NOW).body)
    before = all_rows()
    again = browser().post(path, {"right": "yes"})
    assert "Your answer is recorded" in again.content.decode()
    assert all_rows() == before


@pytest.mark.alone
def test_who_says_no_says_why(agreement: Agreement) -> None:
    make.edit(agreement)

    for fields, said in (({}, "Choose yes or no."), ({"right": "no"}, "Say what should be different")):
        refused = answered(agreement, **fields)
        assert refused.status_code == 400
        assert said in refused.content.decode()
    assert Edit.objects.get().state == State.OPEN


def test_looking_says_nothing(agreement: Agreement) -> None:
    make.edit(agreement)
    path = link_in(mails(agreement, Kind.EDIT)[0])
    before = all_rows()

    for method in ("get", "head"):
        assert getattr(browser(), method)(path).status_code == 200

    assert all_rows() == before


def test_a_link_ends_with_its_agreement_and_with_time(agreement: Agreement) -> None:
    make.edit(agreement)
    path = link_in(mails(agreement, Kind.EDIT)[0])
    assert browser(NOW + links.LINK_LIFE[Link.Purpose.EDIT]).get(path).status_code == 404
    sign = make.token(agreement)
    assert browser().get(f"/sign/edit/{sign}/").status_code == 404, "another purpose"

    lifecycle.replace(agreement, reason="Again.", by="editor:ed", now=NOW)

    assert browser().get(path).status_code == 404
    assert browser().post(path, {"right": "yes"}).status_code == 404


@pytest.mark.alone
def test_no_answer_is_no_confirmation(agreement: Agreement) -> None:
    make.edit(agreement)
    for days in (1, 30, 200):
        for run in scheduled.JOBS.values():
            run(scheduled.fixed_clock(NOW + days * DAY))

    assert Edit.objects.get().state == State.OPEN


def test_the_author_is_asked_again_but_not_while_an_email_is_being_sent(agreement: Agreement) -> None:
    edit = make.edit(agreement)
    assert not edits.ask_author(edit, now=NOW)
    agreement.messages.filter(kind=Kind.EDIT).update(state=Message.State.SENT, sent_at=NOW)

    assert edits.ask_author(edit, now=NOW + DAY)

    assert len(mails(agreement, Kind.EDIT)) == 2
    edits.undo(edit, reason="Never mind.", by="editor:ed", now=NOW)
    assert not edits.ask_author(edit, now=NOW + 2 * DAY)


def test_what_is_resolved_stays_resolved(agreement: Agreement) -> None:
    edit = make.edit(agreement)
    edits.confirm(edit, reason="By telephone, 3 November.", by="editor:ed", now=NOW)

    with pytest.raises(lifecycle.TransitionError):
        edits.record_answer(edit, confirmed=False, answer="No.", now=NOW)
    with pytest.raises(lifecycle.TransitionError):
        edits.undo(edit, reason="x", by="editor:ed", now=NOW)
    with pytest.raises(lifecycle.TransitionError):
        edits.confirm(edit, reason="x", by="editor:ed", now=NOW)
    edit.refresh_from_db()
    assert (edit.state, edit.resolved_by, edit.answer) == (State.CONFIRMED, "editor:ed", "By telephone, 3 November.")


def test_every_step_is_in_the_chain(agreement: Agreement) -> None:
    before = len(make.history(agreement))

    make.every_edit_and_correction(agreement)

    assert make.history(agreement)[before:] == [
        *("edit", "edit-confirmed", "edit", "edit-declined", "edit", "edit-undone"),
        *("correction", "correction-refused", "correction", "correction-approved", "correction-applied"),
    ]
    assert list(audit.check_all()) == []


@pytest.mark.alone
def test_the_overview_names_papers_that_wait_for_their_authors(agreement: Agreement) -> None:
    def blocked() -> list[str]:
        return [count.blocker for count in overview.build_overview(Volume.objects.get(), NOW).counts]

    assert "edit" not in blocked()
    edit = make.edit(agreement)
    assert "edit" in blocked()
    edits.record_answer(edit, confirmed=True, answer="", now=NOW)
    assert "edit" not in blocked()


# --- admin


@pytest.mark.alone
def test_an_editor_records_an_edit_and_resolves_it(agreement: Agreement, editor_client: Client) -> None:
    page = f"/admin/agreements/edit/note/{agreement.pk}/"
    assert page in editor_client.get(page_of(agreement)).content.decode()
    empty = editor_client.post(page, {"what": ""})
    assert empty.status_code == 400
    assert "Choose one. Clause 5 requires" in empty.content.decode()

    done = editor_client.post(page, {"what": "Figure 2", "after": "Another scale", "substantive": "yes"}, follow=True)

    assert "Edit recorded. We ask the author by email" in done.content.decode()
    edit = Edit.objects.get()
    own = f"/admin/agreements/edit/{edit.pk}/change/"
    assert own in done.content.decode()
    assert "is queued already" in editor_client.post(own, {"ask": "1"}, follow=True).content.decode()
    assert editor_client.post(own, {"undo": "1", "reason": ""}).status_code == 400
    assert (
        "Edit undone."
        in editor_client.post(own, {"undo": "1", "reason": "The author wrote."}, follow=True).content.decode()
    )
    assert (
        "Nothing was changed" in editor_client.post(own, {"confirm": "1", "reason": "x"}, follow=True).content.decode()
    )
    edit.refresh_from_db()
    assert (edit.state, edit.resolved_by) == (State.UNDONE, "editor:ed")
    assert "Figure 2" in editor_client.get("/admin/agreements/edit/").content.decode()


def test_an_edit_before_the_signature_is_rejected_with_a_message(editor_client: Client) -> None:
    waiting = make.agreement("issued", of=make.paper())

    said = editor_client.post(
        f"/admin/agreements/edit/note/{waiting.pk}/", {"what": "Figure 2", "substantive": "no"}, follow=True
    )

    assert "No edit was recorded" in said.content.decode()


def test_edits_are_for_the_editors_of_their_volume(agreement: Agreement) -> None:
    edit = make.edit(agreement)
    assistant = make.editor("helper")
    agreement.paper.volume.assistants.add(assistant)
    stranger = make.editor("stranger", make.volume(300))
    paths = (f"/admin/agreements/edit/note/{agreement.pk}/", f"/admin/agreements/edit/{edit.pk}/change/")
    sent = {"what": "Mine", "substantive": "no", "undo": "1", "reason": "Mine."}
    for user in (stranger, assistant):
        client = client_for(user)
        client.get("/admin/")
        before = all_rows()
        for path in paths:
            assert client.post(path, sent).status_code in (403, 404), path
        assert all_rows() == before
    assert client_for(stranger).get(paths[1]).status_code == 404
    assert "The proof of Lemma 2" not in client_for(stranger).get("/admin/agreements/edit/").content.decode()
    assert client_for(assistant).get(paths[1]).status_code == 200
    for path in paths:
        assert Client().get(path).status_code == 302
