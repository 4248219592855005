"""The author's page for signing on paper: what it offers, what it takes, and the sentence for what it does not take."""

import io
import sys
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements.documents.uploads import inspect
from agreements.documents.uploads.inspect import Refusal
from agreements.documents.uploads.rules import MAX_BYTES
from agreements.domain.states import Status
from agreements.lifecycle import signed_form
from agreements.requests import rate_limits
from agreements.views.signed_form import WORDS
from tests import make
from tests.agreements.pages import Author, all_rows, author_of, drop
from tests.agreements.photos import photo, raw_pdf, scanned
from tests.make import DAY, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The quarantine without its child; how many files each look was about."""
    asked: list[int] = []

    def look(bodies: list[bytes]) -> inspect.Pages:
        asked.append(len(bodies))
        return make.pages(str(len(bodies)))

    monkeypatch.setattr(inspect, "inspect_upload", look)
    return asked


def upload(author: Author, *bodies: bytes) -> Any:
    names = ("first", "second")
    files = {name: SimpleUploadedFile("scan.bin", body) for name, body in zip(names, bodies, strict=False)}
    token = author.open("paper/").content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    return author.client.post(f"{author.url}paper/", {"csrfmiddlewaretoken": token, **files})


def shown(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_l04_the_page_has_the_form_and_what_to_do_with_it() -> None:
    author = author_of(make.agreement())
    page = shown(author.open("paper/"))
    assert f'href="{author.url}agreement.pdf" download="lewis26-1-agreement.pdf"' in page
    assert page.count("<li>") == 3
    assert 'enctype="multipart/form-data"' in page
    assert 'accept="application/pdf,image/jpeg,image/png,.pdf,.jpg,.jpeg,.png"' in page
    assert "paper/" in shown(author.open())
    form = author.open("agreement.pdf")
    assert form.content.startswith(b"%PDF-")
    drop(form)


def test_l04_a_pdf_sent_through_the_link_comes_in() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    answer = upload(author, scanned())
    assert (answer.status_code, answer["Location"]) == (303, f"{author.url}paper/")
    assert "We received your signed form" in shown(author.open("paper/"))
    assert "We received your signed form." in shown(author.open())
    scan = agreement.signed_forms.get()
    assert (scan.pages, scan.files[0]["kind"]) == (2, "pdf")
    agreement.refresh_from_db()
    assert (agreement.status, agreement.received_at) == (Status.RECEIVED, NOW)


SCANNER = f"{sys.executable} -c 'import sys; sys.exit(b\"EICAR\" in sys.stdin.buffer.read())'"


def test_s15_what_the_scanner_objects_to_is_not_taken(looked: list[int], settings: Any) -> None:
    settings.VIRUS_SCANNER = SCANNER
    agreement = make.agreement()
    author = author_of(agreement)
    refused = upload(author, photo("one"), b"EICAR")
    assert refused.status_code == 400
    assert "The virus scanner rejected this file." in shown(refused)
    assert looked == []
    assert upload(author, photo("one"), photo("two")).status_code == 303


@pytest.mark.parametrize("program", ["/nowhere/scanner", "sh -c 'exit 2'", "sh -c 'kill -9 $$'"])
def test_s15_a_scanner_that_cannot_say_lets_nothing_in(program: str, looked: list[int], settings: Any) -> None:
    settings.VIRUS_SCANNER = program
    refused = upload(author_of(make.agreement()), photo("one"))
    assert refused.status_code == 400
    assert "We could not check the file." in shown(refused)
    assert looked == []


def test_s15_a_volume_takes_so_many_bytes_and_the_operator_hears_of_it(
    looked: list[int], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    assert upload(author, photo("one")).status_code == 303
    settings.UPLOADS_PER_VOLUME = agreement.signed_forms.get().files[0]["size"]
    refused = upload(author, photo("one"))
    assert refused.status_code == 503
    assert "We cannot store more files at the moment" in shown(refused)
    assert (agreement.signed_forms.count(), looked) == (1, [1])
    assert "raise UPLOADS_PER_VOLUME" in caplog.text


def test_a_photo_of_each_page_is_one_form(looked: list[int]) -> None:
    agreement = make.agreement()
    assert upload(author_of(agreement), photo("one"), photo("two")).status_code == 303
    assert looked == [2]
    assert agreement.signed_forms.count() == 1


def test_a_better_form_can_follow_until_an_editor_has_reviewed_it(looked: list[int]) -> None:
    agreement = make.agreement("received")
    author = author_of(agreement)
    assert "Was it the wrong file?" in shown(author.open("paper/"))
    assert upload(author, photo("better")).status_code == 303
    assert agreement.signed_forms.count() == 2


def test_looking_at_the_page_changes_nothing() -> None:
    author = author_of(make.agreement())
    before = all_rows()
    for method in ("get", "head", "options"):
        getattr(author.client, method)(f"{author.url}paper/")
    assert all_rows() == before


@pytest.mark.parametrize("refusal", Refusal)
def test_s15_every_rejection_is_a_message_beside_its_file_and_changes_nothing(
    refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(bodies: list[bytes]) -> inspect.Pages:
        raise inspect.UploadRejectedError(refusal, 1)

    monkeypatch.setattr(inspect, "inspect_upload", refuse)
    agreement = make.agreement()
    author = author_of(agreement)
    answer = upload(author, photo(), photo("two"))
    page = shown(answer)
    assert answer.status_code == 400
    assert f'<p class="error" id="second-error">{WORDS[refusal]}</p>' in page
    assert "autofocus" in page.split('id="second"')[1].split(">")[0]
    assert agreement.signed_forms.count() == 0
    assert agreement.events.count() == 2


def test_s15_every_rejection_says_what_to_do() -> None:
    asks = ("Choose", "choose", "Save", "Scan", "Send", "send", "Print", "Take")
    assert set(WORDS) == set(Refusal)
    for words in WORDS.values():
        assert any(word in str(words) for word in asks)


def test_s15_a_pdf_with_a_script_is_rejected_by_the_child_behind_the_page() -> None:
    agreement = make.agreement()
    answer = upload(author_of(agreement), raw_pdf(catalog=b"/OpenAction<</S/JavaScript>>"))
    assert answer.status_code == 400
    assert str(WORDS[Refusal.ACTIVE]) in shown(answer)


@pytest.mark.parametrize("files", [(), (b"",)], ids=["none", "empty"])
def test_nothing_at_all_is_said_so(files: tuple[bytes, ...], looked: list[int]) -> None:
    answer = upload(author_of(make.agreement()), *files)
    assert answer.status_code == 400
    assert "scan or the photo of the signed form." in shown(answer)
    assert looked == []


def test_s15_two_files_are_too_large_together(looked: list[int]) -> None:
    half = bytes(MAX_BYTES // 2 + 1)
    answer = upload(author_of(make.agreement()), half, half)
    assert answer.status_code == 400
    assert "This is more than 20 MB." in shown(answer)
    assert looked == []


def test_s15_a_request_that_is_too_large_is_rejected_before_it_is_read(looked: list[int]) -> None:
    author = author_of(make.agreement())

    class Unread(io.BytesIO):
        def read(self, *args: Any) -> bytes:
            raise AssertionError("The body was read.")

    sent: dict[str, Any] = {"CONTENT_LENGTH": str(MAX_BYTES + 200_000), "wsgi.input": Unread()}
    kind = "multipart/form-data; boundary=x"
    answer = author.client.generic("POST", f"{author.url}paper/", b"", content_type=kind, **sent)
    assert answer.status_code == 413
    assert "This is more than 20 MB." in shown(answer)


def test_s12_a_form_from_another_site_is_rejected() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    answer = author.client.post(f"{author.url}paper/", {"first": SimpleUploadedFile("x.jpg", photo())})
    assert answer.status_code == 403
    assert agreement.signed_forms.count() == 0


def test_s11_so_many_forms_an_hour_and_no_more(looked: list[int]) -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    for _ in range(rate_limits.UPLOADS.max_count):
        assert upload(author, photo()).status_code == 303
    assert upload(author_of(agreement), photo()).status_code == 429
    assert len(looked) == rate_limits.UPLOADS.max_count


def test_what_was_missing_is_on_the_page_until_another_form_comes_in() -> None:
    agreement = make.agreement("received")
    scan = signed_form.newest_form(agreement)
    assert scan
    signed_form.send_back(agreement, scan, ["date"], "<b>Please</b>", by="editor:ed", now=NOW)
    author = author_of(agreement)
    page = shown(author.open("paper/"))
    assert "The date is missing." in page
    assert "&lt;b&gt;Please&lt;/b&gt;" in page
    make.receive(agreement)
    assert "The date is missing." not in shown(author.open("paper/"))


@pytest.mark.parametrize("status", ["signed", "declined", "voided", "sealed"])
def test_a_link_that_signs_nothing_any_more_takes_no_form(status: str, looked: list[int]) -> None:
    agreement = make.agreement("issued")
    token = make.token(agreement)
    author = Author(token)
    page = author.open("paper/").content.decode()
    assert "Send the signed form" in page
    match status:
        case "declined":
            from agreements import lifecycle

            lifecycle.decline(agreement, reason="", now=NOW)
        case "voided":
            from agreements import lifecycle

            lifecycle.void(agreement, reason="A mistake.", by="editor:ed", now=NOW)
        case _:
            make.sign(agreement)
            if status == "sealed":
                make.seal(agreement)
    answer = author.client.post(f"{author.url}paper/", {"first": SimpleUploadedFile("x.jpg", photo())})
    assert answer.status_code == (303 if status in ("signed", "sealed") else 404)
    assert agreement.signed_forms.count() == 0


def test_signing_in_another_tab_is_noticed_after_the_inspection(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement("issued")

    def look(bodies: list[bytes]) -> inspect.Pages:
        make.sign(agreement)
        return make.pages()

    monkeypatch.setattr(inspect, "inspect_upload", look)
    author = author_of(agreement)
    answer = upload(author, photo())
    assert (answer.status_code, answer["Location"]) == (303, author.url)
    assert "Signed. Thank you." in shown(author.open())
    assert agreement.signed_forms.count() == 0


def test_the_receipt_of_a_form_on_paper_has_its_day_and_no_hour() -> None:
    agreement = make.agreement("issued")
    author = author_of(agreement, now=NOW + DAY)
    make.receive(agreement)
    make.accept(agreement, now=NOW + DAY, dated=NOW.date())
    page = shown(author.open())
    assert "Signed by hand on" in page
    assert "1 November 2026" in page
    assert "09:00" not in page


def test_the_page_takes_three_queries_more_or_less() -> None:
    author = author_of(make.agreement())
    author.open("paper/")
    with CaptureQueriesContext(connection) as captured:
        author.open("paper/")
    assert len(captured) <= 3
