"""The author's pages: what each state shows, and what changes a row."""

import html
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils.html import escape
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries, Settings

from agreements import lifecycle
from agreements.documents import rendering
from agreements.domain.facts import sha256
from agreements.domain.states import FINAL, Status
from agreements.mail import links
from agreements.models import Agreement, Link
from tests import make
from tests.agreements.pages import Author, all_rows, author_of, browser, drop, public_paths

pytestmark = pytest.mark.django_db

COUNTED = frozenset({"proceedings_attempt"})
"""Where posts are counted that went nowhere."""

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>",
    "{{ settings.SECRET_KEY }} {% debug %}",
    'A "quoted" \' title & more',
    "כותרת עברית עם English באמצע",
    "عنوان عربي",
    "x" * 500,
    "词" * 250,
]


def shown(answer: Any) -> str:
    return str(answer.content.decode())


# --- links that open nothing


def expired_links() -> dict[str, str]:
    """A path for every way in which a link can be dead."""
    expired = make.agreement()
    old = make.token(expired, now=make.NOW - timedelta(days=31))
    revoked = make.agreement()
    gone = make.token(revoked)
    links.revoke_links(revoked.pk, make.NOW)
    other_purpose = make.token(make.agreement("sealed"), purpose=Link.Purpose.COPY)
    ended = {}
    for status in sorted(FINAL - {Status.LAPSED}):
        agreement = make.agreement()
        token = make.token(agreement)
        match status:
            case Status.DECLINED:
                lifecycle.decline(agreement, reason="", now=make.NOW)
            case Status.SUPERSEDED:
                lifecycle.replace(agreement, reason="Other authors.", by="editor:ed", now=make.NOW)
            case Status.VOIDED:
                lifecycle.void(agreement, reason="A mistake.", by="editor:ed", now=make.NOW)
        ended[str(status)] = token
    return {"unknown": "A" * 43, "short": "A", "strange": quote("ä' OR 1=1"), "expired": old, "revoked": gone} | {
        "copy link": other_purpose,
        **ended,
    }


@pytest.mark.parametrize("page", ["", "agreement.pdf", "decline/"])
def test_s10_every_expired_link_gives_the_same_status_and_the_same_bytes(page: str) -> None:
    answers = {why: Author(token).open(page) for why, token in expired_links().items()}
    assert {answer.status_code for answer in answers.values()} == {404}
    assert len({answer.content for answer in answers.values()}) == 1
    assert len({tuple(sorted(answer.headers)) for answer in answers.values()}) == 1
    assert all(not answer.cookies for answer in answers.values())


def test_an_expired_link_accepts_no_signature_and_no_decline() -> None:
    token = expired_links()["superseded"]
    before = all_rows(but=COUNTED)
    for path in (f"/sign/{token}/", f"/sign/{token}/decline/"):
        answer = browser().post(path, {"typed_name": "Mike Lewis", "sure": "on"})
        assert answer.status_code == 404
    assert all_rows(but=COUNTED) == before


def test_a_copy_link_opens_nothing_before_the_seal_and_a_sign_link_never_opens_the_sealed_pdf() -> None:
    agreement = make.agreement("sealed")
    sign, copy = make.token(agreement), make.token(agreement, purpose=Link.Purpose.COPY)
    client = browser()
    assert client.get(f"/sign/copy/{sign}/").status_code == 404
    opened = client.get(f"/sign/copy/{copy}/")
    assert opened.status_code == 200
    drop(opened)
    unsealed = make.token(make.agreement("signed"), purpose=Link.Purpose.COPY)
    assert client.get(f"/sign/copy/{unsealed}/").status_code == 404


# --- reading


@pytest.mark.parametrize("status", ["issued", "signed", "sealed", "declined"])
def test_s07_get_head_and_options_change_no_row(status: str) -> None:
    paths = public_paths(make.agreement(status))
    assert len(paths) >= 14
    before = all_rows()
    for path in paths:
        for method in ("get", "head", "options"):
            answer = getattr(browser(), method)(path)
            assert answer.status_code in (200, 404, 405, 303) or path == "/health/ready", path
            drop(answer)
    assert all_rows() == before


SCANNERS = [
    ("Mozilla/5.0 (compatible; SafeLinks)", "head"),
    ("Mozilla/5.0 (compatible; SafeLinks)", "get"),
    ("python-requests/2.32", "get"),
    ("curl/8", "options"),
    ("Mozilla/5.0 HeadlessChrome/120.0", "get"),
] * 4
"""Who comes before the reader does, some at once after each other: seen in the wild, see reference/signing.md 2."""


@pytest.mark.parametrize("status", ["issued", "signed", "sealed"])
def test_s07_twenty_fetches_of_every_public_page_and_what_it_links_to_leave_no_trace(status: str) -> None:
    paths = public_paths(make.agreement(status))
    before = all_rows()
    for agent, method in SCANNERS:
        scanner = browser(headers={"user-agent": agent})
        for path in paths:
            answer = getattr(scanner, method)(path)
            if "text/html" in answer.get("Content-Type", ""):
                for link in set(re.findall(r'(?:href|src)="(/sign/[^"]*)"', shown(answer))) - set(paths):
                    drop(scanner.get(link))
            drop(answer)
    assert all_rows() == before


def test_l05_l19_the_page_shows_the_facts_the_whole_text_and_nothing_filled_in() -> None:
    agreement = make.agreement()
    page = shown(author_of(agreement).open())
    for words in (
        agreement.title,
        "Mike Lewis",
        "Shruti Bhosale",
        "Tim Dettmers",
        "30 November 2026, 23:59 anywhere on Earth",
    ):
        assert words in page
    for clause in ("By signing this form, you warrant", "within one year of the date of your signature"):
        assert clause in page
    assert " checked" not in page
    assert re.search(r'name="typed_name"[^>]* value=""', page)


def test_after_the_deadline_the_page_says_that_a_signature_is_still_welcome() -> None:
    page = shown(author_of(make.agreement(), now=make.CLOSES + make.DAY).open())
    assert "This date has passed, but you can still sign" in page
    assert "This date has passed" not in shown(author_of(make.agreement(), now=make.CLOSES - make.MINUTE).open())


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_shown_as_text(title: str) -> None:
    agreement = make.agreement(of=make.paper(title=title))
    author = author_of(agreement)
    for path in ("", "decline/"):
        page = shown(author.open(path))
        assert "<img src=x" not in page
        assert "<script>" not in page
        assert escape(title) in page
    assert author.open("agreement.pdf").status_code == 200
    assert author.sign("Mike Lewis").status_code == 303
    assert escape(title) in shown(author.open())


def test_l07_the_pdf_is_the_one_whose_digest_the_page_carries() -> None:
    author = author_of(make.agreement())
    pdf = author.open("agreement.pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf["Content-Disposition"] == 'inline; filename="lewis26-1-agreement.pdf"'
    assert f'name="shown" value="{sha256(pdf.content)}"' in shown(author.open())


# --- signing


def test_a_name_and_two_ticks_sign() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    answer = author.sign("mike  LEWIS")
    assert (answer.status_code, answer["Location"]) == (303, author.url)
    agreement.refresh_from_db()
    assert agreement.status == Status.SIGNED
    assert agreement.typed_name == "mike LEWIS"
    assert (agreement.signer_address, agreement.signer_agent) == ("127.0.0.1", "Mozilla/5.0")
    assert agreement.signed_at == make.NOW
    assert agreement.shown_sha256 == sha256(rendering.render_form(agreement))
    assert "Tim Dettmers" in agreement.authority
    receipt = shown(author.open())
    assert "Signed. Thank you." in receipt
    assert "1 November 2026, 09:00 UTC" in receipt
    assert "We are sealing the PDF" in receipt


def test_after_the_seal_the_receipt_says_so() -> None:
    page = shown(author_of(make.agreement("sealed")).open())
    assert "The agreement is sealed." in page


def test_a_second_click_shows_the_receipt_and_signs_nothing_twice() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    author.sign("Mike Lewis")
    before = all_rows()
    again = author.client.post(author.url, {"csrfmiddlewaretoken": author.client.cookies["csrftoken"].value})
    assert again.status_code == 200
    assert "Signed. Thank you." in shown(again)
    assert all_rows() == before


def test_s08_two_clicks_at_once_make_one_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    first = lifecycle.sign

    def slower(of: Agreement, act: lifecycle.SignatureInput, **when: Any) -> None:
        monkeypatch.setattr(lifecycle, "sign", first)
        lifecycle.sign(Agreement.objects.get(pk=of.pk), act, **when)  # the other click
        first(of, act, **when)

    monkeypatch.setattr(lifecycle, "sign", slower)
    answer = author.sign("Mike Lewis")
    assert answer.status_code == 303
    assert make.history(agreement).count("sign") == 1
    assert "Signed. Thank you." in shown(author.open())


def test_signing_what_an_editor_has_just_voided_shows_the_expired_link_page(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    first = lifecycle.sign

    def slower(of: Agreement, act: lifecycle.SignatureInput, **when: Any) -> None:
        lifecycle.void(Agreement.objects.get(pk=of.pk), reason="A mistake.", by="editor:ed", **when)
        first(of, act, **when)

    monkeypatch.setattr(lifecycle, "sign", slower)
    assert author.sign("Mike Lewis").status_code == 303
    assert author.open().status_code == 404
    agreement.refresh_from_db()
    assert agreement.status == Status.VOIDED
    assert not agreement.typed_name


INCOMPLETE = {
    "nothing": {"typed_name": "", "authority": "", "consent": ""},
    "no name": {"typed_name": ""},
    "blank name": {"typed_name": "   "},
    "no authority": {"authority": ""},
    "no consent": {"consent": ""},
    "no digest": {"shown": ""},
    "another person": {"typed_name": "Ada Lovelace"},
    "a hidden direction mark": {"typed_name": "Mike \u202eLewis"},
    "a null byte": {"typed_name": "Mike\x00Lewis"},
    "an endless name": {"typed_name": "Mike Lewis " * 40},
}


@pytest.mark.parametrize("fields", INCOMPLETE.values(), ids=INCOMPLETE)
def test_l01_l05_s08_an_incomplete_form_is_a_400_and_changes_nothing(fields: dict[str, str]) -> None:
    author = author_of(make.agreement())
    before = all_rows()
    answer = author.send(**({"typed_name": "Mike Lewis", "authority": "on", "consent": "on"} | fields))
    assert answer.status_code == 400
    assert all_rows() == before
    page = shown(answer)
    assert "Not signed yet." in page


def test_an_error_keeps_the_input_stands_beside_its_field_and_has_the_focus() -> None:
    page = shown(author_of(make.agreement()).sign("Mike Lewis", consent=""))
    assert 'value="Mike Lewis"' in page
    assert re.search(r'id="authority"[^>]* checked', page)
    assert page.count(" autofocus") == 1
    box = re.search(r'<input type="checkbox" id="consent"[^>]*>', page)
    assert box
    assert ' aria-describedby="consent-error"' in box[0]
    assert " autofocus" in box[0]
    assert " checked" not in box[0]
    assert 'id="consent-error"' in page
    assert '<a href="#consent">' in page


def test_only_the_first_of_several_errors_has_the_focus() -> None:
    page = shown(author_of(make.agreement()).send())
    assert page.count(" autofocus") == 1
    assert re.search(r'id="typed_name"[^>]* autofocus', page)


def test_another_name_asks_and_a_tick_answers() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    page = author.sign("Michael Q. Lewis-Smith")
    assert page.status_code == 400
    assert "The agreement names Mike Lewis." in shown(page)
    assert 'name="same_name"' in shown(page)
    assert author.sign("Michael Q. Lewis-Smith", same_name="on").status_code == 303
    agreement.refresh_from_db()
    assert agreement.typed_name == "Michael Q. Lewis-Smith"


def test_a_document_that_changed_meanwhile_is_a_409_that_wants_new_ticks() -> None:
    author = author_of(make.agreement())
    before = all_rows()
    answer = author.sign("Mike Lewis", shown="0" * 64)
    assert answer.status_code == 409
    assert all_rows() == before
    page = shown(answer)
    assert "The agreement changed while you were reading." in page
    assert 'value="Mike Lewis"' in page
    assert " checked" not in page
    assert f'value="{"0" * 64}"' not in page


@pytest.mark.parametrize("path", ["", "decline/"])
def test_s08_a_post_without_the_csrf_token_is_rejected_with_a_page_and_changes_nothing(path: str) -> None:
    author = author_of(make.agreement())
    author.open()
    before = all_rows()
    fields = {"typed_name": "Mike Lewis", "authority": "on", "consent": "on", "sure": "on"}
    answer = author.client.post(author.url + path, fields)
    assert answer.status_code == 403
    assert "Nothing was changed." in shown(answer)
    assert 'class="brand"' in shown(answer)
    assert all_rows() == before


def test_a_hostile_typed_name_is_shown_as_text() -> None:
    author = author_of(make.agreement())
    name = "<img src=x onerror=alert(1)> Lewis"
    assert "<img src=x" not in shown(author.sign(name))
    assert author.sign(name, same_name="on").status_code == 303
    receipt = shown(author.open())
    assert "<img src=x" not in receipt
    assert escape(name) in receipt


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "address"),
    [
        (False, "203.0.113.9", "127.0.0.1"),
        (True, "203.0.113.9", "203.0.113.9"),
        (True, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (True, "nonsense", None),
        (True, "", "127.0.0.1"),
    ],
)
def test_the_address_on_record_is_the_one_that_the_own_proxy_saw(
    behind_proxy: bool, forwarded: str, address: str | None, settings: Settings
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    agreement = make.agreement()
    author = author_of(agreement)
    author.client.defaults["HTTP_X_FORWARDED_FOR"] = forwarded
    assert author.sign("Mike Lewis").status_code == 303
    agreement.refresh_from_db()
    assert agreement.signer_address == address


L02 = {
    "paper instead, free of charge": "I can sign it on paper instead, free of charge, by the way that this page offers",
    "the right to withdraw, and how": "until I sign I can withdraw this consent by leaving this page or by declining",
    "what it covers": "this one agreement",
    "how to correct the address": "I can correct my e-mail address by answering the mail that brought me here",
    "what is needed to read and keep it": "a browser and a program that opens PDF files to read and keep my copy",
}


@pytest.mark.parametrize("words", L02.values(), ids=L02)
def test_l02_the_statement_stands_on_the_page_before_it_is_ticked(words: str) -> None:
    assert words in html.unescape(shown(author_of(make.agreement()).open()))


# --- looking over what was filled in


def test_l06_the_filled_in_form_is_shown_before_it_is_signed() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    review = author.fill_in("mike lewis")
    page = shown(review)
    assert review.status_code == 200
    for words in (agreement.title, "Shruti Bhosale", "mike lewis", "1 November 2026 (UTC)", "Nothing is signed yet."):
        assert words in page
    apart = page.replace("<bdi>", "").replace("</bdi>", "")
    assert "I sign for all authors: Mike Lewis; Shruti Bhosale; Tim Dettmers." in apart
    assert "within one year of the date of your signature" in page
    assert make.history(agreement) == ["draft", "issue", "reviewed"]
    agreement.refresh_from_db()
    assert agreement.status == Status.ISSUED


def test_l05_the_line_of_the_form_stands_directly_above_the_button_that_signs() -> None:
    page = shown(author_of(make.agreement()).fill_in("Mike Lewis"))
    assert re.search(
        r'<p class="final" lang="en">I HAVE READ AND AGREE[^<]*</p>\s*<div class="ways">\s*'
        r'<button type="submit" name="step" value="sign">Sign the agreement</button>',
        page,
    )


@pytest.mark.parametrize(("name", "fields"), [("Mike Lewis", {}), ("M. Q. Smith & Co", {"same_name": "on"})])
def test_l06_the_way_back_keeps_what_was_filled_in_and_changes_nothing(name: str, fields: dict[str, str]) -> None:
    author = author_of(make.agreement())
    review = author.fill_in(name, **fields)
    before = all_rows()
    back = author.answer(review, step="back")
    assert back.status_code == 200
    assert all_rows() == before
    page = shown(back)
    assert f'value="{escape(name)}"' in page
    assert re.search(r'id="authority"[^>]* checked', page)
    assert re.search(r'id="consent"[^>]* checked', page)
    assert bool(re.search(r'id="same_name"[^>]* checked', page)) == bool(fields)
    assert "Not signed yet." not in page
    assert author.answer(author.fill_in(name, **fields), step="sign").status_code == 303


def test_l03_signing_before_the_review_is_a_409_that_keeps_the_input() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    before = all_rows(but=COUNTED)
    answer = author.fill_in("Mike Lewis", step="sign")
    assert answer.status_code == 409
    assert all_rows(but=COUNTED) == before
    page = shown(answer)
    assert "You must review the filled-in form before you sign." in page
    assert 'value="Mike Lewis"' in page
    assert author.sign("Mike Lewis").status_code == 303


def test_l17_a_document_that_changed_after_the_review_is_a_409(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    review = author.fill_in("Mike Lewis")
    before = all_rows(but=COUNTED)
    monkeypatch.setattr(rendering, "render_form", lambda of: b"%PDF-another")
    answer = author.answer(review, step="sign")
    assert answer.status_code == 409
    assert "The agreement changed while you were reading." in shown(answer)
    assert all_rows(but=COUNTED) == before


def test_reviewing_what_an_editor_has_just_voided_shows_the_expired_link_page(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    first = lifecycle.review

    def slower(of: Agreement, act: lifecycle.SignatureInput, **when: Any) -> None:
        lifecycle.void(Agreement.objects.get(pk=of.pk), reason="A mistake.", by="editor:ed", **when)
        first(of, act, **when)

    monkeypatch.setattr(lifecycle, "review", slower)
    assert author.fill_in("Mike Lewis").status_code == 303
    assert author.open().status_code == 404
    assert "reviewed" not in make.history(agreement)


def test_s11_a_link_is_signed_with_five_times_an_hour_at_most() -> None:
    author = author_of(make.agreement())
    for _ in range(5):
        assert author.fill_in("Mike Lewis", shown="0" * 64, step="sign").status_code == 409
    assert author.sign("Mike Lewis").status_code == 429
    other = author_of(make.agreement())
    assert other.sign("Mike Lewis").status_code == 303
    later = Author(author.token, now=make.NOW + make.HOUR)
    assert later.sign("Mike Lewis").status_code == 303


# --- declining


def test_l18_declining_takes_a_tick_and_a_reason_if_the_author_likes() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    answer = author.send("decline/", reason="  The title changed. ", sure="on")
    assert answer.status_code == 200
    assert "You declined to sign" in shown(answer)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.reason) == (Status.DECLINED, "The title changed.")
    assert author.open().status_code == 404


@pytest.mark.parametrize("fields", [{}, {"reason": "No."}, {"sure": "on", "reason": "x" * 2001}])
def test_a_machine_that_presses_the_button_declines_nothing(fields: dict[str, str]) -> None:
    author = author_of(make.agreement())
    before = all_rows()
    answer = author.send("decline/", **fields)
    assert answer.status_code == 400
    assert shown(answer).count(" autofocus") == 1
    assert fields.get("reason", "") in shown(answer)
    assert all_rows() == before


def test_declining_what_is_signed_leads_to_the_receipt() -> None:
    agreement = make.agreement("signed")
    author = author_of(agreement)
    for answer in (author.open("decline/"), author.client.get(author.url + "decline/")):
        assert (answer.status_code, answer["Location"]) == (303, author.url)


def test_declining_while_the_other_tab_signs_shows_how_things_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    first = lifecycle.decline

    def slower(of: Agreement, **fields: Any) -> None:
        make.sign(Agreement.objects.get(pk=of.pk))
        first(of, **fields)

    monkeypatch.setattr(lifecycle, "decline", slower)
    answer = author.send("decline/", sure="on")
    assert (answer.status_code, answer["Location"]) == (303, author.url)
    assert "Signed. Thank you." in shown(author.open())


# --- the sealed copy


def test_the_sealed_pdf_is_downloaded_under_the_publishers_name() -> None:
    agreement = make.agreement("sealed")
    token = make.token(agreement, purpose=Link.Purpose.COPY)
    answer = browser().get(f"/sign/copy/{token}/")
    assert answer["Content-Disposition"] == 'attachment; filename="lewis26-1Permission.pdf"'
    assert sha256(b"".join(answer)) == agreement.sealed_sha256


# --- the application


def test_health_answers_as_json_and_reaches_the_database() -> None:
    answer = Client().get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("path", "most"), [("", 1), ("agreement.pdf", 1), ("decline/", 1)], ids=["sign", "agreement.pdf", "decline"]
)
def test_a_page_of_the_authors_costs_one_query(
    path: str, most: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    author = author_of(make.agreement())
    with django_assert_num_queries(most):
        author.open(path)


def test_a_malformed_token_costs_no_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        Author("nonsense").open()
    with django_assert_num_queries(1):
        Author("A" * 43).open()


def test_error_pages_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Client().get("/nothing/here/")
    assert missing.status_code == 404
    assert "Page not found" in shown(missing)

    def broken(*_: Any) -> None:
        raise RuntimeError("the password is hunter2")

    author = author_of(make.agreement())
    author.client.raise_request_exception = False
    monkeypatch.setattr(rendering, "render_form", broken)
    answer = author.open()
    assert answer.status_code == 500
    assert "Something went wrong" in shown(answer)
    assert "hunter2" not in shown(answer)


OWN_SCRIPT = re.compile(r'<script src="/static/draw[.\w]*js" defer></script>')
"""The one for drawing a signature, an extra that hides itself where it does not run."""


def test_l19_a_page_needs_no_script_and_fetches_nothing_from_elsewhere() -> None:
    author = author_of(make.agreement())
    for path in (author.url, author.url + "decline/", "/nothing/"):
        page = OWN_SCRIPT.sub("", shown(author.client.get(path)))
        assert "<script" not in page
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)
    assert len(author.open().content) < 20_000


@pytest.mark.parametrize("name", ["Mike Lewis (李卓翰)", "محمد الخوارزمي (Mike Lewis)", "M. Lewis"])
def test_signers_choose_how_their_own_name_is_written(name: str) -> None:
    """In the family's own letters and in Latin ones, from the page to the sealed form and its page of evidence."""
    agreement = make.agreement()
    author = author_of(agreement)
    assert name in html.unescape(shown(author.fill_in(name)))
    assert author.sign(name).status_code == 303
    assert name in html.unescape(shown(author.open()))
    agreement.refresh_from_db()
    assert agreement.typed_name == name
    sealed = rendering.complete_form(agreement, rendering.render_form(agreement))
    form, evidence = (page.extract_text() for page in PdfReader(io.BytesIO(sealed)).pages[-2:])
    assert all(word in form for word in re.findall(r"\w+", name))
    assert all(word in evidence for word in re.findall(r"\w+", name))
    assert "Mike Lewis" in form, "the line of the corresponding author has the name as the paper has it"
