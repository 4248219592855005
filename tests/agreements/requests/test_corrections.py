"""Corrections after publication: requested, approved by an editor of the volume, and sent to the publisher."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.test import Client

from agreements.delivery import publication
from agreements.mail import compose
from agreements.models import Agreement, Correction, Message
from agreements.requests import corrections
from agreements.requests.corrections import (
    AlreadyResolvedError,
    NotPermittedError,
    NotPublishedError,
    Permission,
    TooManyOpenError,
)
from proceedings.models import Volume
from tests import make
from tests.agreements.editors import client_for, page_of
from tests.agreements.pages import all_rows, browser
from tests.make import DAY, NOW, PERMISSION

pytestmark = pytest.mark.django_db

Kind, State = Message.Kind, Correction.State


@pytest.fixture
def agreement() -> Agreement:
    return make.published(make.agreement("sealed"))


@pytest.fixture
def editor_client(agreement: Agreement) -> Client:
    return client_for(make.editor("ed", agreement.paper.volume))


def mails(kind: str) -> list[Message]:
    return list(Message.objects.filter(kind=kind).order_by("pk"))


def path_for_authors(agreement: Agreement) -> str:
    publication.notify_authors(agreement.paper.volume, NOW.date(), now=NOW)
    body = str(compose.compose(mails(Kind.PUBLISHED)[0], NOW).body)
    (path,) = set(re.findall(r"http://testserver(/sign/correction/\S+/)", body))
    return str(path)


@pytest.mark.alone
def test_an_author_requests_a_correction_by_the_link_in_the_publication_email(agreement: Agreement) -> None:
    path = path_for_authors(agreement)
    before = all_rows()
    page = browser().get(path).content.decode()
    assert all_rows() == before
    assert "Mike Lewis" in page
    assert "https://proceedings.mlr.press/v247/lewis26a.html" in page

    asked = browser().post(path, {"nature": "pdf", "description": "Equation 3 lacks a sign."})

    made = Correction.objects.get()
    assert asked.status_code == 200
    assert (made.role, made.name, made.email, made.state) == ("author", "Mike Lewis", "mike@example.org", State.OPEN)
    (notice,) = mails(Kind.EDITOR_CORRECTION)
    assert "Equation 3 lacks a sign." in str(compose.compose(notice, NOW).body)


def test_what_is_left_out_is_asked_for(agreement: Agreement) -> None:
    refused = browser().post(path_for_authors(agreement), {"description": " "})

    assert refused.status_code == 400
    for said in ("Choose what should change.", "Say where it is, what it says now and what it should say."):
        assert said in refused.content.decode()


def test_only_so_many_wait_at_a_time(agreement: Agreement) -> None:
    path = path_for_authors(agreement)
    for _ in range(corrections.MAX_OPEN_REQUESTS):
        make.correction(agreement)

    refused = browser().post(path, {"nature": "pdf", "description": "Another one."})

    assert refused.status_code == 409
    assert "The editors have not answered earlier requests" in refused.content.decode()
    with pytest.raises(TooManyOpenError):
        make.correction(agreement)


@pytest.mark.alone
@pytest.mark.parametrize("published", [None, NOW.date() + DAY])
def test_before_publication_there_is_nothing_to_correct(agreement: Agreement, published: date | None) -> None:
    path = path_for_authors(agreement)
    Volume.objects.update(published=published)

    assert browser().post(path, {"nature": "pdf", "description": "x"}).status_code == 409
    with pytest.raises(NotPublishedError):
        make.correction(Agreement.objects.get(pk=agreement.pk))
    assert not Correction.objects.exists()


def test_a_link_of_another_kind_opens_nothing(agreement: Agreement) -> None:
    assert browser().get(f"/sign/correction/{make.token(agreement)}/").status_code == 404


@pytest.mark.parametrize(
    "lacking",
    [
        Permission(),
        replace(PERMISSION, by=""),
        replace(PERMISSION, how=""),
        replace(PERMISSION, on=None),
        replace(PERMISSION, by="Somebody, Else"),
        replace(PERMISSION, on=NOW.date() + DAY),
    ],
)
@pytest.mark.parametrize("nature", ["pdf", "content"])
def test_another_pdf_or_content_needs_the_approval_of_an_editor_of_the_volume(
    agreement: Agreement, nature: str, lacking: Permission
) -> None:
    correction = make.correction(agreement, nature=nature)

    with pytest.raises(NotPermittedError):
        corrections.approve(correction, lacking, by="editor:ed", now=NOW)

    correction.refresh_from_db()
    assert correction.state == State.OPEN
    corrections.approve(correction, PERMISSION, by="editor:ed", now=NOW)
    assert correction.state == State.APPROVED


def test_a_slip_in_the_metadata_needs_none(agreement: Agreement) -> None:
    correction = make.correction(agreement, nature="meta")

    corrections.approve(correction, Permission(), by="editor:ed", now=NOW)

    assert correction.state == State.APPROVED


def test_a_correction_is_approved_applied_and_its_requester_told(agreement: Agreement) -> None:
    correction = make.correction(agreement)
    with pytest.raises(AlreadyResolvedError):
        corrections.apply(correction, by="editor:ed", now=NOW)
    corrections.approve(correction, PERMISSION, by="editor:ed", now=NOW)
    assert mails(Kind.CORRECTION) == []
    corrections.apply(correction, by="editor:ed", now=NOW)

    (told,) = mails(Kind.CORRECTION)
    assert told.recipient == "shruti@example.org"
    assert "The correction is now published." in str(compose.compose(told, NOW).body)
    with pytest.raises(AlreadyResolvedError):
        corrections.apply(correction, by="editor:ed", now=NOW)
    with pytest.raises(AlreadyResolvedError):
        corrections.reject(correction, reason="x", by="editor:ed", now=NOW)
    with pytest.raises(AlreadyResolvedError):
        corrections.approve(correction, PERMISSION, by="editor:ed", now=NOW)
    assert len(mails(Kind.CORRECTION)) == 1


def test_a_rejection_says_why(agreement: Agreement) -> None:
    corrections.reject(make.correction(agreement), reason="It is right as it is.", by="editor:ed", now=NOW)

    (told,) = mails(Kind.CORRECTION)
    mail = compose.compose(told, NOW)
    assert mail.subject.startswith("Correction rejected: ")
    assert "It is right as it is." in str(mail.body)


def test_volume_info_uses_the_publishers_names(agreement: Agreement) -> None:
    correction = make.correction(agreement)
    corrections.approve(correction, PERMISSION, by="editor:ed", now=NOW)

    text = corrections.format_pull_request(correction)

    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Paper Edit Request",
        "## Your Role",
        "## Nature of Changes",
        "## For Content Changes",
        "## GitHub Information",
        "## Description of Changes",
        "## Additional Notes",
    ]
    for said in (
        "v247, lewis26a: Simplifying Training 1",
        "- [x] I am an author of this paper",
        "- [ ] I am an editor of this volume",
        "- [x] PDF change (requires proceedings editor permission)",
        "1. Name of the proceedings editor who gave permission: Roth, Aaron",
        "2. Method of permission: e-mail",
        "3. Date permission was granted: 2026-11-01",
        "4. Relevant correspondence or notes: Agreed on the list.",
        "Proceedings editor's GitHub username: @aaronroth",
        "Equation 3 lacks a sign.",
        agreement.reference,
    ):
        assert said in text
    assert text.count("- [x]") == 2


# --- admin

ASKED = {"role": "editor", "name": "Aaron Roth", "nature": "content", "description": "Table 1 has the wrong units."}
PERMITTED = {"permitted_by": "Roth, Aaron", "permitted_how": "e-mail", "permitted_on": "2026-11-01"}


@pytest.mark.alone
def test_an_editor_asks_approves_forwards_and_closes(agreement: Agreement, editor_client: Client) -> None:
    page = f"/admin/agreements/correction/ask/{agreement.pk}/"
    assert page in editor_client.get(page_of(agreement)).content.decode()
    assert editor_client.post(page, ASKED | {"name": ""}).status_code == 400

    asked: Any = editor_client.post(page, ASKED, follow=True)

    correction = Correction.objects.get()
    own = f"/admin/agreements/correction/{correction.pk}/"
    assert "Correction requested." in asked.content.decode()
    assert mails(Kind.EDITOR_CORRECTION) == [], "the editors know of what one of them asks"
    lacking = editor_client.post(own + "change/", {"approve": "1"})
    assert lacking.status_code == 400
    assert "Choose the volume editor who gave permission" in lacking.content.decode()
    approved = editor_client.post(own + "change/", PERMITTED | {"approve": "1"}, follow=True).content.decode()
    assert "Correction approved. Send the text below to the publisher" in approved
    text = editor_client.get(own + "request.md")
    assert text["Content-Disposition"] == f'attachment; filename="lewis26-1-correction-{correction.pk}.md"'
    assert text.content.decode() == corrections.format_pull_request(Correction.objects.get())
    assert (
        "Correction marked as published."
        in editor_client.post(own + "change/", {"apply": "1"}, follow=True).content.decode()
    )
    again = editor_client.post(own + "change/", {"refuse": "1", "reason": "x"}, follow=True).content.decode()
    assert "another editor resolved this correction" in again
    correction.refresh_from_db()
    assert (correction.state, correction.resolved_by, correction.applied_by) == (
        State.APPLIED,
        "editor:ed",
        "editor:ed",
    )


def test_before_publication_the_admin_says_what_to_do(editor_client: Client, agreement: Agreement) -> None:
    Volume.objects.update(published=None)

    refused = editor_client.post(f"/admin/agreements/correction/ask/{agreement.pk}/", ASKED)

    assert refused.status_code == 400
    assert "Change the paper on its page instead" in refused.content.decode()


def test_corrections_are_for_the_editors_of_their_volume(agreement: Agreement) -> None:
    correction = make.correction(agreement)
    assistant = make.editor("helper")
    agreement.paper.volume.assistants.add(assistant)
    stranger = make.editor("stranger", make.volume(300))
    own = f"/admin/agreements/correction/{correction.pk}/"
    paths = (f"/admin/agreements/correction/ask/{agreement.pk}/", own + "change/")
    for user in (stranger, assistant):
        client = client_for(user)
        client.get("/admin/")
        before = all_rows()
        for path in paths:
            for sent in (ASKED, PERMITTED | {"approve": "1"}, {"apply": "1"}, {"refuse": "1", "reason": "Mine."}):
                assert client.post(path, sent).status_code in (403, 404), path
        assert all_rows() == before
    for path in (own + "change/", own + "request.md"):
        assert client_for(stranger).get(path).status_code == 404
        assert client_for(assistant).get(path).status_code == 200
        assert Client().get(path).status_code == 302
    assert "Equation 3" not in client_for(stranger).get("/admin/agreements/correction/").content.decode()
