"""The pages for who is not the right person, and for facts that are not right."""

import re
from typing import Any

import pytest
from django.utils.html import escape

from agreements import lifecycle
from agreements.domain.states import Status
from agreements.lifecycle import delegate
from agreements.models import ChangeRequest, NonAuthorSigner
from agreements.requests import change_requests
from proceedings.models import Author as PaperAuthor
from proceedings.models import Volume
from tests import make
from tests.agreements.editors import client_for
from tests.agreements.pages import FormReader, all_rows, author_of, browser
from tests.agreements.views.test_signing import shown
from tests.make import NOW

pytestmark = pytest.mark.django_db

BOTH = pytest.mark.parametrize("page", ["hand-over/", "correct/"])


@BOTH
def test_a_machine_that_presses_the_button_changes_nothing(page: str) -> None:
    author = author_of(make.agreement())
    before = all_rows()
    opened = author.open(page)
    assert opened.status_code == 200
    answer = author.client.post(author.url + page, FormReader(shown(opened)).fields)
    assert answer.status_code == 400
    assert shown(answer).count(" autofocus") == 1
    assert all_rows() == before


@BOTH
def test_what_is_signed_leads_to_the_receipt(page: str) -> None:
    author = author_of(make.agreement("signed"))
    answer = author.open(page)
    assert (answer.status_code, answer["Location"]) == (303, author.url)


@BOTH
def test_without_the_csrf_token_nothing_happens(page: str) -> None:
    author = author_of(make.agreement())
    before = all_rows()
    fields = {"title": "Another", "authors": "Mike Lewis", "to": "1", "sure": "on"}
    assert author.client.post(author.url + page, fields).status_code == 403
    assert all_rows() == before


# --- handing over


def test_delegating_to_a_co_author_on_file_takes_effect_at_once() -> None:
    agreement = make.agreement()
    to = make.coauthor(agreement, email="shruti@example.org")
    author = author_of(agreement)
    page = shown(author.open("hand-over/"))
    assert "shruti@example.org" not in page, "addresses of others are nobody's business"
    answer = author.send("hand-over/", to=str(to.pk), sure="on")
    assert answer.status_code == 200
    assert "We asked <bdi>Shruti Bhosale</bdi> to sign" in shown(answer)
    assert author.open().status_code == 404
    new = agreement.paper.agreements.get(status=Status.ISSUED)
    assert (new.signer, new.signer_email) == ("Shruti Bhosale", "shruti@example.org")


def test_delegating_to_a_co_author_without_an_address_is_a_change_request() -> None:
    agreement = make.agreement()
    to = make.coauthor(agreement)
    author = author_of(agreement)
    refused = author.send("hand-over/", to=str(to.pk), sure="on")
    assert refused.status_code == 400
    assert "We have no address for Shruti Bhosale." in shown(refused)
    answer = author.send("hand-over/", to=str(to.pk), email="shruti@example.org", sure="on")
    assert "Change requested" in shown(answer)
    made = ChangeRequest.objects.get()
    assert made.data == {"author": to.pk, "name": "Shruti Bhosale", "email": "shruti@example.org"}
    assert author.open().status_code == 200, "until the editors have answered, the link lives"
    again = author.send("hand-over/", to=str(to.pk), email="shruti@example.org", sure="on")
    assert again.status_code == 409
    assert "already requested a change" in shown(again)


def test_another_address_for_a_co_author_on_file_is_the_editors_to_decide() -> None:
    agreement = make.agreement()
    to = make.coauthor(agreement, email="shruti@example.org")
    author_of(agreement).send("hand-over/", to=str(to.pk), email="mallory@example.org", sure="on")
    agreement.refresh_from_db()
    assert agreement.status == Status.ISSUED
    assert ChangeRequest.objects.get().data["email"] == "mallory@example.org"
    assert PaperAuthor.objects.get(pk=to.pk).email == "shruti@example.org"


@pytest.mark.parametrize(
    "fields",
    [
        {"sure": "on"},
        {"to": "0", "sure": "on"},
        {"to": "x", "sure": "on"},
        {"to": "2"},
        {"to": "3", "sure": "on", "email": "no address"},
        {"to": "3", "sure": "on", "email": "a@b.example\nBcc: c@d.example"},
    ],
)
def test_an_incomplete_delegation_is_a_400(fields: dict[str, str]) -> None:
    agreement = make.agreement()
    ids = {str(place): str(make.coauthor(agreement, place, email="a@example.org").pk) for place in (2, 3)}
    author = author_of(agreement)
    before = all_rows()
    answer = author.send("hand-over/", **(fields | {"to": ids.get(fields.get("to", ""), fields.get("to", ""))}))
    assert answer.status_code == 400
    assert shown(answer).count(" autofocus") == 1
    assert all_rows() == before


def test_nobody_delegates_to_an_author_of_another_paper() -> None:
    agreement, other = make.agreement(), make.agreement()
    stranger = make.coauthor(other, email="stranger@example.org")
    answer = author_of(agreement).send("hand-over/", to=str(stranger.pk), sure="on")
    assert answer.status_code == 400
    assert "Choose a person from the list." in shown(answer)


def test_delegating_while_the_other_tab_signs_shows_how_things_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement()
    to = make.coauthor(agreement, email="shruti@example.org")
    author = author_of(agreement)
    first = delegate.delegate

    def slower(of: Any, *args: Any, **when: Any) -> Any:
        make.sign(type(of).objects.get(pk=of.pk))
        return first(of, *args, **when)

    monkeypatch.setattr(delegate, "delegate", slower)
    answer = author.send("hand-over/", to=str(to.pk), sure="on")
    assert (answer.status_code, answer["Location"]) == (303, author.url)
    assert "Signed. Thank you." in shown(author.open())


def test_a_paper_that_is_not_ready_says_so_and_keeps_the_link() -> None:
    agreement = make.agreement()
    to = make.coauthor(agreement, email="shruti@example.org")
    PaperAuthor.objects.filter(paper=agreement.paper_id, position=3).update(given="\ue000")
    author = author_of(agreement)
    answer = author.send("hand-over/", to=str(to.pk), sure="on")
    assert answer.status_code == 409
    assert "This paper cannot get another signer yet." in shown(answer)
    assert author.open().status_code == 200


# --- other facts


def test_a_corrected_title_goes_to_the_editors_with_the_difference() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    fields = FormReader(shown(author.open("correct/"))).fields
    assert fields["title"] == agreement.title
    assert fields["authors"].splitlines() == agreement.authors
    answer = author.send("correct/", **(fields | {"title": "  A   Better Title ", "note": "We renamed it."}))
    assert answer.status_code == 200
    page = shown(answer)
    assert re.search(r"<del>.*Simplifying Training 1.*</del> <ins>.*A Better Title.*</ins>", page)
    made = ChangeRequest.objects.get()
    assert (made.data["title"], made.note) == ("A Better Title", "We renamed it.")
    again = author.send("correct/", **(fields | {"title": "Another"}))
    assert again.status_code == 409


def test_a_name_may_be_spelled_differently_and_with_its_own_characters() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    fields = FormReader(shown(author.open("correct/"))).fields
    lines = fields["authors"].splitlines()
    lines[0] = "Mike Lewis 李卓翰"
    answer = author.send("correct/", **(fields | {"authors": "\r\n".join(["", *lines, " "])}))
    assert "<dt>Author 1</dt>" in shown(answer)
    new = change_requests.accept(ChangeRequest.objects.get(), by="editor:ed", now=NOW)
    assert new.authors == ["Mike Lewis 李卓翰", "Shruti Bhosale", "Tim Dettmers"]
    assert new.signer == "Mike Lewis 李卓翰"
    assert author_of(new).sign("mike lewis 李卓翰").status_code == 303


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "The agreement already says this."),
        ({"title": ""}, "The title is empty. Type the title."),
        ({"authors": " \n "}, "The list of authors is empty. Type at least one author."),
        ({"title": "x" * 501}, "This title is too long"),
        ({"title": "A \u202e sign"}, "The form cannot print U+202E."),
        ({"authors": "Mike\x00Lewis"}, ""),
        ({"authors": "x" * 201}, "is too long for a name"),
        ({"authors": "Mike Lewis", "note": "x" * 2001}, ""),
    ],
)
def test_a_correction_that_cannot_be_is_a_400_beside_its_field(changed: dict[str, str], said: str) -> None:
    author = author_of(make.agreement())
    fields = FormReader(shown(author.open("correct/"))).fields
    before = all_rows()
    answer = author.send("correct/", **(fields | changed))
    assert answer.status_code == 400
    assert said in shown(answer)
    assert shown(answer).count(" autofocus") == 1
    assert all_rows() == before


@pytest.mark.parametrize("title", ["<img src=x onerror=alert(1)>", "{{ settings.SECRET_KEY }}"])
def test_a_hostile_change_request_is_shown_as_text(title: str) -> None:
    author = author_of(make.agreement())
    fields = FormReader(shown(author.open("correct/"))).fields
    page = shown(author.send("correct/", **(fields | {"title": title})))
    assert "<img src=x" not in page
    assert escape(title) in page


# --- the editor's page


def editor_client(volume: Volume, **fields: Any) -> Any:
    client = browser()
    client.force_login(make.editor("ed", volume, **fields))
    return client


def test_an_editor_accepts_and_sees_the_new_agreement() -> None:
    agreement = make.agreement()
    made = make.change_request(agreement, note="We renamed it.")
    client, url = editor_client(agreement.paper.volume), f"/admin/agreements/changerequest/{made.pk}/change/"
    page = shown(client.get(url))
    for words in ("A Better Title", "We renamed it.", "Accept request", "Reject request", agreement.reference):
        assert words in page
    assert "A Better Title" in shown(client.get("/admin/agreements/changerequest/"))
    answer = client.post(url, {"accept": "Accept"})
    new = agreement.paper.agreements.get(status=Status.ISSUED)
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/agreements/agreement/{new.pk}/change/")
    assert new.title == "A Better Title"
    after = shown(client.get(url))
    assert "by editor:ed" in after
    assert 'name="accept"' not in after


def test_an_editor_rejects_with_a_reason_only() -> None:
    agreement = make.agreement()
    made = make.change_request(agreement)
    client, url = editor_client(agreement.paper.volume), f"/admin/agreements/changerequest/{made.pk}/change/"
    refused = client.post(url, {"refuse": "Refuse", "reason": " "})
    assert refused.status_code == 400
    assert "Enter a reason. We send it to the author." in shown(refused)
    assert client.post(url, {"refuse": "Refuse", "reason": "It is printed."}).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.answer, made.resolved_by) == ("refused", "It is printed.", "editor:ed")
    again = client.post(url, {"accept": "Accept"}, follow=True)
    assert "Nothing was changed" in shown(again)


def test_s01_another_volumes_change_requests_are_not_found() -> None:
    made = make.change_request(make.agreement())
    client, url = editor_client(make.volume(248)), f"/admin/agreements/changerequest/{made.pk}/change/"
    before = all_rows()
    for answer in (client.get(url), client.post(url, {"accept": "Accept"})):
        assert answer.status_code in (403, 404)
    assert "A Better Title" not in shown(client.get("/admin/agreements/changerequest/"))
    assert all_rows() == before


def test_what_changed_meanwhile_says_so_and_has_no_buttons() -> None:
    agreement = make.agreement()
    made = make.change_request(agreement)
    lifecycle.void(agreement, reason="A mistake.", by="editor:ed", now=NOW)
    client = editor_client(agreement.paper.volume)
    page = shown(client.get(f"/admin/agreements/changerequest/{made.pk}/change/"))
    assert 'name="accept"' not in page
    assert "voided" in shown(client.get("/admin/agreements/changerequest/"))


# --- somebody who is no author


ADA = {"to": "somebody-else", "name": "Ada Byron", "email": "ada@example.org", "sure": "on"}


def test_a_non_author_signer_is_requested_from_the_editors() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    answer = author.send("hand-over/", **ADA, note="She leads the group.")
    assert "Change requested" in shown(answer)
    made = ChangeRequest.objects.get()
    assert (made.kind, made.data) == ("signer", {"name": "Ada Byron", "email": "ada@example.org"})
    assert made.note == "She leads the group."
    agreement.refresh_from_db()
    assert agreement.status == Status.ISSUED, "until the editors have answered, the link lives"


def test_the_new_signers_address_is_kept_as_it_is_sent() -> None:
    author_of(make.agreement()).send("hand-over/", **ADA | {"email": "mailto:Ada@straße.example\u200b"})
    assert ChangeRequest.objects.get().data["email"] == "Ada@xn--strae-oqa.example"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Type the name of the person who should sign."),
        ({"email": ""}, "Type their email address. An editor will check it."),
        ({"name": "shruti bhosale"}, "Shruti Bhosale is an author. Choose this name above."),
        ({"name": "Ada \u202eByron"}, "The form cannot print"),
        ({"name": "W" * 100}, "is too long for the signature line"),
        ({"email": "no address"}, "This is not an email address."),
        ({"email": "a***@example.org"}, "This is not an email address."),
        ({"email": "jörg@example.org"}, "Our mail server cannot send to this address."),
        ({"sure": ""}, "Nothing was changed yet."),
        ({"note": "x" * 2001}, "This is too long."),
    ],
)
def test_an_incomplete_request_for_another_signer_is_a_400_that_keeps_the_input(
    fields: dict[str, str], words: str
) -> None:
    author = author_of(make.agreement())
    before = all_rows()
    answer = author.send("hand-over/", **(ADA | fields))
    assert answer.status_code == 400
    assert words in shown(answer)
    assert shown(answer).count(" autofocus") == 1
    assert re.search(r'value="somebody-else"[^>]* checked', shown(answer))
    assert all_rows() == before


def test_the_only_author_of_a_paper_may_name_somebody_else() -> None:
    agreement = make.agreement()
    agreement.paper.authors.exclude(is_corresponding=True).delete()
    assert "Change requested" in shown(author_of(agreement).send("hand-over/", **ADA))


def test_a_non_author_signer_is_shown_in_which_capacity_they_sign() -> None:
    agreement = make.agreement()
    assert "Corresponding author, for all authors of the article (clause 1)" in shown(author_of(agreement).open())
    new = change_requests.accept(make.request_other_signer(agreement), by="editor:ed", now=NOW)
    author = author_of(new)
    capacity = "Agent of all authors of the article (clause 1), not being one of them"
    assert capacity in shown(author.open())
    assert capacity in shown(author.fill_in("Ada Byron"))
    assert author.sign("Ada Byron").status_code == 303
    assert new.events.get(kind="sign").data["capacity"] == capacity


def test_the_admin_tells_an_editor_that_a_signer_is_not_an_author() -> None:
    agreement = make.agreement()
    page = f"/admin/agreements/changerequest/{make.request_other_signer(agreement).pk}/change/"
    editor_client = client_for(make.editor("ed", agreement.paper.volume))
    assert "is not an author of the paper" in shown(editor_client.get(page))
    facts = f"/admin/agreements/changerequest/{make.change_request(agreement).pk}/change/"
    assert "is not an author of the paper" not in shown(editor_client.get(facts))


@pytest.mark.parametrize("role", ["editor", "assistant", "stranger"])
def test_s01_only_the_volumes_editors_withdraw_a_non_author_signer(role: str) -> None:
    agreement = make.agreement()
    change_requests.accept(make.request_other_signer(agreement), by="editor:ed", now=NOW)
    user = make.editor("zoe", *([agreement.paper.volume] if role == "editor" else []))
    if role == "assistant":
        agreement.paper.volume.assistants.add(user)
    editor_client = client_for(user)
    non_author_signer = NonAuthorSigner.objects.get()
    assert ("Ada Byron" in shown(editor_client.get("/admin/agreements/nonauthorsigner/", follow=True))) == (
        role != "stranger"
    )
    answer = editor_client.post(f"/admin/agreements/nonauthorsigner/{non_author_signer.pk}/delete/", {"post": "yes"})
    assert answer.status_code == {"editor": 302, "assistant": 403, "stranger": 403}[role]
    assert NonAuthorSigner.objects.exists() == (role != "editor")
