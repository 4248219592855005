"""`manage.py show_agreement`: the PDF of a paper's agreement in its present state, or as shown to its author."""

import io
import subprocess
from pathlib import Path

import pypdf
import pytest
from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import CommandError

from agreements import lifecycle
from agreements.documents import rendering
from agreements.domain.facts import sha256
from agreements.models import Agreement
from tests import make
from tests.agreements.documents_for_tests import words

pytestmark = pytest.mark.django_db


def show(agreement: Agreement, folder: Path, *options: str) -> tuple[str, bytes]:
    """Returns the command's output and the file it wrote."""
    said, file = io.StringIO(), folder / "agreement.pdf"
    call_command("export_agreement", "247", agreement.paper_key, *options, to=file, stdout=said)
    return said.getvalue(), file.read_bytes()


def test_before_it_is_signed_it_is_the_form(tmp_path: Path) -> None:
    agreement = make.agreement()
    said, body = show(agreement, tmp_path)
    assert "the unsigned form" in said
    assert agreement.reference in said
    assert body == rendering.render_form(agreement) == show(agreement, tmp_path, "--unsigned")[1]


def test_signed_and_not_sealed_yet_it_has_name_and_evidence_and_no_seal(tmp_path: Path) -> None:
    agreement = make.agreement("signed")
    said, body = show(agreement, tmp_path)
    assert "signed, not sealed yet" in said
    assert body.startswith(bytes(agreement.shown.body))
    assert b"/ByteRange" not in body
    assert len(pypdf.PdfReader(io.BytesIO(body)).pages) == 3


def test_sealed_it_is_the_sealed_file(tmp_path: Path) -> None:
    agreement = make.agreement("sealed")
    said, body = show(agreement, tmp_path)
    assert "the sealed PDF" in said
    assert sha256(body) == agreement.sealed_sha256


@pytest.mark.parametrize("status", ["signed", "sealed"])
def test_unsigned_it_is_what_was_shown_even_after_the_layout_changed(
    status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreement = make.agreement(status)
    monkeypatch.setattr(rendering, "render_form", lambda _: b"drawn otherwise today")
    said, body = show(agreement, tmp_path, "--unsigned")
    assert "the unsigned form" in said
    assert sha256(body) == agreement.shown_sha256


def test_it_shows_the_newest_agreement_of_a_paper(tmp_path: Path) -> None:
    old = make.agreement()
    new = lifecycle.replace(old, reason="Other authors.", by="editor:ed", now=make.NOW + make.DAY)
    said, _ = show(old, tmp_path)
    assert new.reference in said


def test_every_page_says_what_it_belongs_to_and_where_to_check_it(tmp_path: Path) -> None:
    agreement = make.agreement("sealed")
    _, body = show(agreement, tmp_path)
    pages = [words(page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(body)).pages]
    assert len(pages) == 3
    for page in pages:
        assert words(f"{agreement.reference}  ·  paper {agreement.paper_key}  ·  text pmlr-2017") in page
        assert words(rendering.verify_url(agreement.reference)) in page
    assert "formpage1of2" in pages[0]
    assert "formpage2of2" in pages[1]
    assert "evidencepage1of1" in pages[2]


def test_what_is_missing_or_cannot_be_written_is_named(tmp_path: Path) -> None:
    agreement = make.agreement()
    with pytest.raises(CommandError, match="has no agreement for nobody26"):
        call_command("export_agreement", "247", "nobody26", to=tmp_path / "x.pdf")
    with pytest.raises(CommandError, match="Cannot write"):
        call_command("export_agreement", "247", agreement.paper_key, to=tmp_path / "no" / "folder" / "x.pdf")


@pytest.mark.tools
@pytest.mark.parametrize("status", ["issued", "sealed"])
def test_the_tools_of_poppler_and_qpdf_find_nothing_to_say(status: str, tmp_path: Path) -> None:
    agreement = make.agreement(status)
    show(agreement, tmp_path)
    path = tmp_path / "agreement.pdf"
    info = subprocess.run(["pdfinfo", path], check=True, capture_output=True, text=True)
    assert info.stderr == ""
    facts = {line.partition(":")[0]: line.partition(":")[2].strip() for line in info.stdout.splitlines()}
    assert facts["Title"] == f"Publication Agreement: {agreement.title}"
    assert facts["Tagged"] == "yes"
    assert facts["Encrypted"] == "no"
    assert facts["JavaScript"] == "no"
    assert facts["Pages"] == ("3" if status == "sealed" else "2")
    assert "letter" in facts["Page size"]
    fonts = subprocess.run(["pdffonts", path], check=True, capture_output=True, text=True).stdout.splitlines()[2:]
    assert fonts
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts)  # embedded, a subset, with Unicode
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
    protection = subprocess.run(["qpdf", "--show-encryption", path], check=True, capture_output=True, text=True)
    assert "File is not encrypted" in protection.stdout
    root = pypdf.PdfReader(path).trailer["/Root"]
    assert root["/Lang"] == "en-US"  # type: ignore[index]
    stored = storages["private"].open(agreement.sealed_file) if status == "sealed" else None
    if stored:
        with stored as file:
            assert file.read() == path.read_bytes()
