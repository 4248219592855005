"""Verification by page, JSON and command: all agree on the same bytes, and none fails."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from pytest_django import Settings

from agreements.documents import rendering, seal, verification
from agreements.domain.facts import sha256
from agreements.models import Agreement, Event, ShownForm
from tests import make
from tests.agreements.documents.seal.test_seal import TAMPERING
from tests.agreements.pages import all_rows

pytestmark = pytest.mark.django_db


def stored(agreement: Agreement) -> bytes:
    with storages["private"].open(agreement.sealed_file) as file:
        return bytes(file.read())


def other_page(data: bytes) -> bytes:
    """Replaces the second page by the first."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    first = writer.pages[0]
    writer.remove_page(1)
    writer.insert_page(first, 1)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def packed_again(data: bytes) -> bytes:
    """Saves the file with another program that removes unused objects and compresses everything."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
    for page in writer.pages:
        page.compress_content_streams()
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def retitled_in_place(data: bytes) -> bytes:
    assert data.count(b"Simplifying") == 1  # in the XMP metadata; the pages are compressed
    return data.replace(b"Simplifying", b"Complifying")


OF_OURS = {name: TAMPERING[name] for name in TAMPERING if name not in ("nothing", "not a PDF", "half of it")} | {
    "a page replaced": other_page,
    "packed again": packed_again,
    "two letters of the metadata": retitled_in_place,
}
# The cuts that `test_seal` makes at lengths of its own document are made at this document's lengths.
OF_OURS["only the form that was shown"] = lambda data: data[: data.index(b"%%EOF") + 6]
OF_OURS["not sealed yet"] = lambda data: data[: data.rindex(b"%%EOF", 0, -10) + 6]
FOREIGN: dict[str, Callable[[bytes], bytes]] = {
    "not a PDF": lambda _: b"Dear reader, this is no PDF at all.",
    "noise": lambda _: b"%PDF-1.7\n" + bytes(range(256)) * 40,
    "another PDF": lambda _: blank(),
    "the first half": lambda data: data[: len(data) // 3],
}


def blank() -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def everywhere(body: bytes, folder: Path) -> tuple[int, dict[str, Any]]:
    """Returns the command's exit status and the JSON verdict, after comparing page and command."""
    upload = {"file": SimpleUploadedFile("agreement.pdf", body, "application/pdf")}
    answer = Client().post("/verify/?format=json", upload)
    assert answer.status_code == 200
    verdict: dict[str, Any] = answer.json()
    upload["file"].seek(0)
    page = Client().post("/verify/", upload)
    assert page.status_code == 200
    (folder / "file.pdf").write_bytes(body)
    said, status = io.StringIO(), 0
    try:
        call_command("verify_agreement", str(folder / "file.pdf"), stdout=said)
    except SystemExit as end:
        status = int(end.code or 0)
    shown = text_of(page)
    for line in (verdict["headline"], *verdict["lines"]):
        assert line in shown
        assert line in said.getvalue()
    assert verdict["sha256"] == sha256(body)
    return status, verdict


def text_of(page: Any) -> str:
    content: str = page.content.decode()
    return unescape(content)


def test_the_sealed_file_is_valid_everywhere_and_nothing_is_written(tmp_path: Path) -> None:
    agreement = make.agreement("sealed")
    before = all_rows()
    status, verdict = everywhere(stored(agreement), tmp_path)
    assert (status, verdict["valid"], verdict["headline"]) == (0, True, verification.UNCHANGED)
    assert agreement.reference in verdict["lines"][0]
    assert "PAdES B-B" in verdict["lines"][2]
    assert all_rows() == before


@pytest.mark.parametrize("name", OF_OURS)
def test_every_tampering_is_reported_with_what_differs(name: str, tmp_path: Path) -> None:
    body = stored(make.agreement("sealed"))
    tampered = OF_OURS[name](body)
    assert tampered != body

    status, verdict = everywhere(tampered, tmp_path)

    assert (status, verdict["valid"], verdict["ours"]) == (1, False, True)
    assert verdict["headline"].startswith("This is not the sealed file")
    assert any("byte" in line for line in verdict["lines"])


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_is_distinguished_from_a_changed_one(name: str, tmp_path: Path) -> None:
    status, verdict = everywhere(FOREIGN[name](stored(make.agreement("sealed"))), tmp_path)
    assert (status, verdict["valid"], verdict["ours"]) == (2, False, False)
    assert verdict["headline"] == verification.FOREIGN


def test_verifying_an_unsigned_form_says_so_and_not_its_status(tmp_path: Path) -> None:
    waiting, declined = make.agreement(), make.agreement("declined")
    for agreement in (waiting, declined):
        status, verdict = everywhere(rendering.render_form(agreement), tmp_path)
        assert (status, verdict["headline"]) == (1, verification.UNSEALED)
        assert "declin" not in str(verdict["lines"])


def test_a_seal_of_ours_that_is_not_on_record_is_not_valid(settings: Settings, tmp_path: Path) -> None:
    agreement = make.agreement("sealed")
    key = seal.SealKey.load(settings.SEAL_KEY, settings.SEAL_CERT)
    again = rendering.seal_form(agreement, key, seal.TrustMaterial())  # the same text, sealed again
    status, verdict = everywhere(again, tmp_path)
    assert (status, verdict["headline"]) == (1, verification.CHANGED)
    strange = seal.seal(blank(), key, reason="x")
    status, verdict = everywhere(strange, tmp_path)
    assert (status, verdict["lines"]) == (1, ["Its seal is valid, but we have no record of this file."])


# --- audit log


def changed_event(agreement: Agreement) -> None:
    Event.objects.filter(agreement=agreement, kind="issue").update(by="somebody else")


def lost_event(agreement: Agreement) -> None:
    Event.objects.filter(agreement=agreement, kind="seal").delete()


def forged_event(agreement: Agreement) -> None:
    """Recomputes the hash chain around a seal event that names another file."""
    event = agreement.events.get(kind="seal")
    event.data = event.data | {"sha256": "0" * 64}
    event.digest = event.compute_digest(agreement.reference)
    event.save()
    Agreement.objects.filter(pk=agreement.pk).update(event_head=event.digest)


def lost_form(agreement: Agreement) -> None:
    ShownForm.objects.filter(agreement=agreement).delete()


def other_form(agreement: Agreement) -> None:
    Agreement.objects.filter(pk=agreement.pk).update(shown_sha256="0" * 64)


@pytest.mark.parametrize("spoil", [changed_event, lost_event, forged_event, lost_form, other_form])
def test_a_record_that_was_tampered_with_vouches_for_nothing(
    spoil: Callable[[Agreement], None],
    tampering: Callable[[], AbstractContextManager[None]],
    tmp_path: Path,
) -> None:
    agreement = make.agreement("sealed")
    with tampering():
        spoil(agreement)

    status, verdict = everywhere(stored(agreement), tmp_path)

    assert (status, verdict["valid"], verdict["ours"]) == (1, False, True)
    assert verdict["lines"]


def test_an_event_between_two_readings_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement("sealed")
    readings = iter(["its last event is missing.", None])
    monkeypatch.setattr("agreements.documents.audit.check_chain", lambda *_: next(readings))
    assert verification.verify(stored(agreement)).valid


# --- without sending the file


def ask(**query: str) -> Any:
    return Client().get("/verify/", {"format": "json", **query})


def test_a_digest_gets_the_verdict_without_the_file() -> None:
    agreement = make.agreement("sealed")
    known = ask(sha256=agreement.sealed_sha256.upper()).json()
    assert known == Client().post("/verify/?format=json", {"file": io.BytesIO(stored(agreement))}).json()
    assert known["valid"]
    unknown = ask(sha256="0" * 64).json()
    assert (unknown["valid"], unknown["headline"]) == (False, verification.UNKNOWN)
    assert verification.UNCHANGED in text_of(Client().get("/verify/", {"sha256": agreement.sealed_sha256}))


def test_a_digest_whose_file_is_missing_is_not_called_valid(caplog: pytest.LogCaptureFixture) -> None:
    agreement = make.agreement("sealed")
    body = stored(agreement)
    storages["private"].delete(agreement.sealed_file)
    assert not ask(sha256=agreement.sealed_sha256).json()["valid"]
    assert "cannot be read" in caplog.text
    assert verification.verify(body).valid
    assert not verification.verify(body + b"\n").valid


@pytest.mark.parametrize("digest", ["x", "0" * 63, "0" * 65, "é" * 64])
def test_what_is_no_digest_is_said(digest: str) -> None:
    answer = ask(sha256=digest)
    assert (answer.status_code, answer.json()) == (400, {"error": "This is not a SHA-256. Send 64 hexadecimal digits."})


def test_the_address_in_print_shows_the_record_and_nobodys_name() -> None:
    agreement = make.agreement("sealed")
    known = ask(agreement=agreement.reference).json()
    assert known["record"] == {
        "reference": agreement.reference,
        "paper": agreement.paper_key,
        "status": agreement.get_status_display(),
        "sealed_at": "2026-11-01T09:00:00Z",
        "sha256": agreement.sealed_sha256,
        "level": "B-B",
    }
    page = text_of(Client().get(rendering.verify_url(agreement.reference)))
    for said in (agreement.sealed_sha256, agreement.paper_key, "PAdES B-B"):
        assert said in page
    for kept in (agreement.title, agreement.signer, agreement.signer_email, *agreement.authors):
        assert kept not in page


@pytest.mark.parametrize("status", ["issued", "signed", "declined", "voided"])
def test_what_was_never_sealed_is_as_unknown_as_what_never_was(status: str) -> None:
    agreement = make.agreement(status)
    nothing = {"known": False, "record": None}
    assert ask(agreement=agreement.reference).json() == ask(agreement="247-nobody-000000").json() == nothing
    page = text_of(Client().get("/verify/", {"agreement": agreement.reference}))
    assert "We have no sealed agreement" in page
    assert agreement.paper.title not in page


@pytest.mark.parametrize("reference", ["\0", "\ud7ff", "é" * 50, "247-lewis26-1-7QKX2M\n", "' OR 1=1 --"])
def test_a_reference_that_cannot_be_one_is_unknown(reference: str) -> None:
    assert ask(agreement=reference).json() == {"known": False, "record": None}


def test_a_hostile_reference_is_text() -> None:
    page = Client().get("/verify/", {"agreement": "<script>alert(1)</script>" + "x" * 5000}).content.decode()
    assert "<script>alert" not in page
    assert len(page) < 5000


# --- the page


def test_json_is_for_whom_asks_for_it() -> None:
    def kind(accept: str, **query: str) -> str:
        return str(Client().get("/verify/", query, headers={"accept": accept})["Content-Type"])

    assert kind("application/json", sha256="0" * 64) == "application/json"
    for accept in ("", "*/*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"):
        assert kind(accept).startswith("text/html")
    assert kind("text/html", sha256="0" * 64, format="json") == "application/json"
    answer = Client().get("/verify/", headers={"accept": "application/json"})
    assert (answer.status_code, "error" in answer.json()) == (400, True)
    assert "Accept" in answer["Vary"]


def test_a_script_needs_neither_cookie_nor_token() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/verify/?format=json", {"file": io.BytesIO(b"%PDF-1.7")})
    assert answer.status_code == 200
    assert not client.cookies


def test_a_file_is_wanted_and_that_is_said_beside_the_field() -> None:
    for sent in ({}, {"file": SimpleUploadedFile("a.pdf", b"")}):
        answer = Client().post("/verify/", sent)
        assert answer.status_code == 400
        assert 'aria-invalid="true" aria-describedby="file-error" autofocus>' in answer.content.decode()
        assert Client().post("/verify/?format=json", sent).status_code == 400


def test_no_file_larger_than_any_agreement_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agreements.views.forms.MAX_BYTES", 10)
    sent = Client().post("/verify/", {"file": SimpleUploadedFile("a.pdf", b"01234567890")})
    assert (sent.status_code, "larger than 20 MB" in text_of(sent)) == (400, True)
    monkeypatch.setattr("agreements.views.verify.MAX_BYTES", -200_000)
    sent = Client().post("/verify/?format=json", {"file": SimpleUploadedFile("a.pdf", b"0")})
    assert (sent.status_code, "larger than 20 MB" in sent.json()["error"]) == (413, True)


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "application/pdf", "x"])
def test_an_invalid_upload_is_rejected_and_breaks_nothing(kind: str) -> None:
    answer = Client().post("/verify/?format=json", b"--x\r\nno part at all", content_type=kind)
    assert answer.status_code == 400


def test_a_strangers_file_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    make.agreement("sealed")
    monkeypatch.setattr(seal, "inspect", lambda *_, **__: pytest.fail("it was parsed"))
    assert verification.verify(blank()).headline == verification.FOREIGN


def test_other_methods_are_rejected() -> None:
    for method in ("put", "delete", "patch"):
        assert getattr(Client(), method)("/verify/").status_code == 405


def test_the_page_runs_no_script_but_its_own() -> None:
    page = Client().get("/verify/").content.decode()
    assert page.count("<script") == 1
    assert '<script src="/static/verify.js" defer></script>' in page
    assert " style=" not in page
    assert "<style" not in page
    assert len(page) < 4000


def test_the_command_names_what_it_cannot_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("verify_agreement", str(tmp_path / "none.pdf"))
