"""The form signed on paper, on the desk: who may see it, who may settle it, and what becomes of it."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from agreements.admin.agreements import signed_forms
from agreements.documents.checklist import CONFIRMED_LABELS, MISSING_LABELS
from agreements.domain.states import Status
from agreements.lifecycle import signed_form
from agreements.models import Agreement, SignedForm
from tests import make
from tests.agreements.editors import Roles, bulk, client_for, page_of, queries, read, refreshed
from tests.agreements.pages import all_rows, drop
from tests.agreements.photos import photo

pytestmark = pytest.mark.django_db

BOOKKEEPING = frozenset({"django_session"})


@pytest.fixture
def form(roles: Roles) -> SignedForm:
    """One that came in for the foreign volume."""
    waiting = Agreement.objects.get(paper__volume=roles.foreign, status=Status.ISSUED)
    return make.receive(waiting, now=timezone.now())


@pytest.fixture
def waiting() -> Agreement:
    """One that came in for the volume of `desk`, today."""
    now = timezone.now()
    agreement = make.agreement("issued", now=now)
    make.receive(agreement, now=now)
    return agreement


def accepting(agreement: Agreement, **changes: Any) -> dict[str, Any]:
    scan = signed_form.newest_form(agreement)
    assert scan
    today = timezone.now().date()
    return {
        "accept": "1", "scan": str(scan.pk), "found": list(CONFIRMED_LABELS), "name": agreement.signer,
        "date_written": f"{today:%d %B %Y}", "dated": today.isoformat(),
    } | changes  # fmt: skip


def addresses(page: str) -> list[str]:
    found = re.findall(r'(?:href|src)="([^"]*/scan/file/[^"]*)"', page)
    return list(dict.fromkeys(unescape(address) for address in found))


# --- who


def test_s01_s15_a_stranger_gets_neither_the_page_nor_a_file(roles: Roles, form: SignedForm) -> None:
    page = page_of(form.agreement, "scan/")
    status, body = read(client_for(roles.stranger), page)
    assert status == 200
    paths = [page, *addresses(body)]
    assert len(paths) == 3
    strangers = [(client_for(roles.editor), (404,)), (client_for(roles.nobody), (403, 404)), (client_for(None), (302,))]
    before = all_rows(but=BOOKKEEPING)
    for client, expected in strangers:
        for path in paths:
            status, body = read(client, path)
            assert status in expected, path
            assert "JFIF" not in body
        status, _ = read(client, page, "post", **accepting(form.agreement))
        assert status in (302, 403, 404)
    assert all_rows(but=BOOKKEEPING) == before


def test_s01_an_assistant_sees_the_page_and_resolves_nothing(roles: Roles, form: SignedForm) -> None:
    client = client_for(roles.assistant)
    page = page_of(form.agreement, "scan/")
    status, body = read(client, page)
    assert status == 200
    assert "Accept signed form" not in body
    assert "Send back" not in body
    before = all_rows(but=BOOKKEEPING)
    assert read(client, page, "post", **accepting(form.agreement))[0] == 403
    assert read(client, page, "post", back="1", scan=form.pk, missing="date")[0] == 403
    assert all_rows(but=BOOKKEEPING) == before


def test_there_is_no_such_page_where_nothing_came_in(editor_client: Client) -> None:
    agreement = make.agreement("issued")
    assert editor_client.get(page_of(agreement, "scan/")).status_code == 404
    assert editor_client.get(page_of(agreement, "scan/file/")).status_code == 404
    assert "igned form" not in editor_client.get(page_of(agreement)).content.decode()


# --- the files


def test_s15_a_file_is_a_download_by_an_address_that_ends(
    editor_client: Client, waiting: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(waiting, "scan/")
    original, shot = addresses(editor_client.get(page).content.decode())[::-1]
    if "JFIF" in original:
        original, shot = shot, original
    bodies = set()
    for address in (original, shot):
        answer: Any = editor_client.get(address)
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer["Cache-Control"] or "private" in answer["Cache-Control"]
        bodies.add(b"".join(answer.streaming_content))
        drop(answer)
    assert photo() in bodies
    assert len(bodies) == 2
    assert editor_client.post(original).status_code == 405
    monkeypatch.setattr(signed_forms, "ADDRESS_LIFE", -1)
    late = editor_client.get(original, follow=True)
    assert late.redirect_chain == [(page, 302)]
    assert "That link has expired; links work for five minutes." in late.content.decode()


def test_s15_an_address_works_for_the_one_who_was_given_it(waiting: Agreement) -> None:
    volume = waiting.paper.volume
    one, other = client_for(make.editor("ed", volume)), client_for(make.editor("mo", volume))
    (address, *_) = addresses(one.get(page_of(waiting, "scan/")).content.decode())
    assert other.get(address).status_code == 302
    assert one.get(address[:-2]).status_code == 302
    answer = one.get(address)
    assert answer.status_code == 200
    drop(answer)


def test_an_address_of_one_agreement_opens_nothing_of_another(editor_client: Client, waiting: Agreement) -> None:
    other = make.agreement("received")
    (address, *_) = addresses(editor_client.get(page_of(waiting, "scan/")).content.decode())
    moved = address.replace(f"/agreement/{waiting.pk}/", f"/agreement/{other.pk}/")
    assert editor_client.get(moved).status_code == 302
    user = editor_client.session["_auth_user_id"]
    ticket = signing.dumps([10**6, 0, "name"], salt=f"scan:{user}")
    assert editor_client.get(page_of(waiting, f"scan/file/?ticket={ticket}")).status_code == 302


# --- accepting


def test_l04_an_editor_accepts_with_the_date_as_written_and_as_read(editor_client: Client, waiting: Agreement) -> None:
    answer = editor_client.post(page_of(waiting, "scan/"), accepting(waiting), follow=True)
    assert "Signed form accepted. We seal it within a minute" in answer.content.decode()
    agreement = refreshed(waiting)
    assert (agreement.status, agreement.dated) == (Status.SIGNED, timezone.now().date())
    assert agreement.events.get(kind="accept").by == "editor:ed"
    page = editor_client.get(page_of(waiting, "scan/")).content.decode()
    assert "Accept signed form" not in page
    assert "Accepted on" in page


def day(days: int) -> str:
    return (timezone.now().date() + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"found": list(CONFIRMED_LABELS)[:-1]}, f"Not ticked: {MISSING_LABELS['pages']}."),
        ({"found": []}, f"Not ticked: {', '.join(MISSING_LABELS.values())}."),
        ({"dated": ""}, "Enter the day that the written date means."),
        ({"dated": "06/09/2021"}, "Enter the day as year-month-day, such as 2026-11-03."),
        ({"date_written": "06/09/2021", "dated": ""}, "“06/09/2021” can mean 9 June 2021 or 6 September 2021."),
        ({"date_written": "06/09/2021"}, "“06/09/2021” means 9 June 2021 or 6 September 2021, not"),
        ({"date_written": "soon", "dated": day(2)}, "This day is in the future."),
        ({"date_written": "long ago", "dated": day(-3)}, "The form was issued later"),
        ({"date_written": ""}, "This field is required."),
        ({"name": "\u13a0"}, "The evidence page cannot print"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_lost(
    changes: dict[str, Any], words: str, editor_client: Client, waiting: Agreement
) -> None:
    before = all_rows(but=BOOKKEEPING)
    answer = editor_client.post(page_of(waiting, "scan/"), accepting(waiting, **changes))
    page = unescape(answer.content.decode())
    assert answer.status_code == 400
    assert words in page
    assert page.count(" checked") == len(changes.get("found", CONFIRMED_LABELS))
    assert all_rows(but=BOOKKEEPING) == before


def test_a_form_that_was_overtaken_is_not_accepted(editor_client: Client, waiting: Agreement) -> None:
    sent = accepting(waiting)
    signed_form.receive_again(waiting, make.pages("better"), now=timezone.now())
    answer = editor_client.post(page_of(waiting, "scan/"), sent)
    assert "The author sent a newer form. Review that one." in answer.content.decode()
    assert refreshed(waiting).status == Status.RECEIVED


def test_a_form_whose_author_has_signed_meanwhile_is_not_accepted(editor_client: Client, waiting: Agreement) -> None:
    sent = accepting(waiting)
    make.sign(waiting, now=timezone.now())
    answer = editor_client.post(page_of(waiting, "scan/"), sent)
    assert "Nothing was changed: The agreement changed" in answer.content.decode()
    assert refreshed(waiting).signed_form is None


# --- sending back


def test_l04_an_editor_sends_it_back_with_what_is_missing(editor_client: Client, waiting: Agreement) -> None:
    scan = signed_form.newest_form(waiting)
    assert scan
    sent = {"back": "1", "scan": scan.pk, "missing": ["date", "signature"], "note": " Please sharper. "}
    answer = editor_client.post(page_of(waiting, "scan/"), sent, follow=True)
    assert "Signed form sent back. We email the author what is missing." in answer.content.decode()
    assert refreshed(waiting).status == Status.ISSUED
    data = waiting.events.get(kind="send-back").data
    assert (data["missing"], data["note"]) == (["date", "signature"], "Please sharper.")
    assert waiting.messages.filter(kind="sent-back", recipient=waiting.signer_email).count() == 1


@pytest.mark.parametrize("note", ["", "   "])
def test_nothing_is_sent_back_without_a_note(note: str, editor_client: Client, waiting: Agreement) -> None:
    scan = signed_form.newest_form(waiting)
    assert scan
    answer = editor_client.post(page_of(waiting, "scan/"), {"back": "1", "scan": scan.pk, "note": note})
    assert answer.status_code == 400
    assert "Select or describe what is missing. We tell the author." in answer.content.decode()
    assert refreshed(waiting).status == Status.RECEIVED


# --- lists and figures


def test_the_admin_says_everywhere_that_there_is_a_form_to_review(editor_client: Client, waiting: Agreement) -> None:
    assert "Review signed form" in editor_client.get(page_of(waiting)).content.decode()
    board = editor_client.get(f"/admin/proceedings/volume/{waiting.paper.volume_id}/board/").content.decode()
    assert "signed form needs review" in board
    for path in ("/admin/agreements/agreement/", "/admin/proceedings/paper/"):
        listed = editor_client.get(f"{path}?volume=247&blocker=received").content.decode()
        assert waiting.paper_key in listed
        assert "signed form received, needs review" in listed
    exported = editor_client.get("/admin/agreements/agreement/export.csv?volume=247")
    assert "signed form needs review" in b"".join(exported.streaming_content).decode()  # type: ignore[attr-defined]


def test_reminding_many_skips_it_with_a_reason(editor_client: Client, waiting: Agreement) -> None:
    assert "A signed form needs review." in bulk(editor_client, "remind", waiting.paper)


def test_the_page_takes_as_many_queries_for_many_forms_as_for_one(editor_client: Client, waiting: Agreement) -> None:
    one = queries(editor_client, page_of(waiting, "scan/"))
    for number in range(5):
        signed_form.receive_again(waiting, make.pages(str(number)), now=timezone.now())
    assert queries(editor_client, page_of(waiting, "scan/")) == one <= 16
