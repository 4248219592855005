"""Attaching a folder of files: each file is reported, and none that cannot be the paper is attached."""

import io
import zlib
from pathlib import Path

import pypdf
import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from proceedings.files.attach import AttachResult, Outcome, accepted_findings, attach, read_digest, rejections
from proceedings.models import Paper, PaperFile, Volume
from tests.proceedings.bib_files import bib, bring_in, paper
from tests.proceedings.pdf_files import pdf, pdf_of

pytestmark = pytest.mark.django_db
AGREEMENT = "Publication Agreement Proceedings of Machine Learning Research"


@pytest.fixture
def volume() -> Volume:
    bring_in(
        bib(
            paper("lewis25", "Simplifying the Training of Models", "Lewis, Mike", "1--2"),
            paper("li25", "Masked Gradients and Their Friends", "Li, Yi", "3--3"),
        )
    )
    return Volume.objects.get()


def fill(folder: Path, **files: bytes) -> Path:
    for name, body in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".").replace("_SUPP", "-supp")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
    return folder


def body_of(key: str) -> bytes:
    return pdf_of(Paper.objects.get(key=key))


def stored(file: PaperFile) -> bytes:
    with storages["private"].open(file.stored_as) as body:
        return bytes(body.read())


def why(intake: AttachResult) -> dict[str, str]:
    return {finding.file: finding.rule for finding in rejections(intake)}


def test_files_find_their_papers_by_key(volume: Volume, tmp_path: Path) -> None:
    fill(tmp_path, lewis25_DOT_pdf=body_of("lewis25"), lewis25_SUPP_DOT_zip=b"PK", v901_DOT_bib=b"")

    intake = attach(volume, tmp_path)

    assert intake.outcomes == {
        "lewis25.pdf": Outcome.ATTACHED,
        "lewis25-supp.zip": Outcome.ATTACHED,
        "v901.bib": Outcome.IGNORED,
    }
    assert intake.findings == []
    assert intake.without_pdf == ["li25"]
    main, supplement = PaperFile.objects.select_related("paper")
    assert (main.name, main.pages, main.extension) == ("lewis25.pdf", 2, "pdf")
    assert (supplement.name, supplement.pages) == ("lewis25-supp.zip", 0)
    assert "Simplifying the Training" in main.first_page
    body = body_of("lewis25")
    assert (main.size, main.crc32) == (len(body), zlib.crc32(body))
    assert stored(main) == body


def test_a_second_run_changes_nothing_and_a_new_file_replaces(volume: Volume, tmp_path: Path) -> None:
    fill(tmp_path, lewis25_DOT_pdf=body_of("lewis25"))
    attach(volume, tmp_path)
    first = PaperFile.objects.get()

    assert attach(volume, tmp_path).outcomes == {"lewis25.pdf": Outcome.UNCHANGED}

    better = pdf("Simplifying the Training of Models", "Mike Lewis", "camera ready", pages=2)
    fill(tmp_path, lewis25_DOT_pdf=better)
    assert attach(volume, tmp_path).outcomes == {"lewis25.pdf": Outcome.REPLACED}
    second = PaperFile.objects.get()
    assert (second.pk, second.sha256 == first.sha256) == (first.pk, False)
    assert stored(first) == body_of("lewis25")
    assert stored(second) == better


def encrypted() -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("x")))
    writer.encrypt("", "owner", algorithm="AES-256")
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def test_what_cannot_be_the_paper_is_rejected(volume: Volume, tmp_path: Path) -> None:
    Paper.objects.create(
        volume=volume, key="gone25", position=3, title="Gone", title_latex="Gone", status=Paper.Status.WITHDRAWN
    )
    fill(
        tmp_path,
        Li25_DOT_pdf=pdf("x"),
        gone25_DOT_pdf=pdf("Gone"),
        lewis25Permission_DOT_pdf=pdf(AGREEMENT),
        readme_DOT_txt=b"hello",
        pdfs__li25_DOT_pdf=body_of("li25"),
        lewis25_SUPP_DOT_zip=b"PK",
        lewis25_SUPP_DOT_pdf=pdf("More"),
    )

    intake = attach(volume, tmp_path)

    assert why(intake) == {
        "Li25.pdf": "extra-file",
        "gone25.pdf": "withdrawn",
        "lewis25Permission.pdf": "permission-mixed",
        "readme.txt": "file-name",
        "pdfs/li25.pdf": "stranded",
        "lewis25-supp.zip": "supplement",
        "lewis25-supp.pdf": "supplement",
    }
    assert set(intake.outcomes.values()) == {Outcome.REJECTED}
    assert next(one.fix for one in intake.findings if one.file == "Li25.pdf") == "li25.pdf"
    assert not PaperFile.objects.exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is empty"),
        (b"<html>", "does not open"),
        (b"%PDF-1.4\nbroken", "does not open"),
        (encrypted(), "encrypted"),
        (pdf(AGREEMENT, "Title of Article"), "publication agreement"),
    ],
)
def test_a_file_that_is_no_paper_is_rejected(volume: Volume, tmp_path: Path, body: bytes, message: str) -> None:
    fill(tmp_path, li25_DOT_pdf=body)

    intake = attach(volume, tmp_path)

    (finding,) = rejections(intake)
    assert message in finding.message
    assert (finding.file, finding.paper) == ("li25.pdf", "li25")
    assert not PaperFile.objects.exists()


def test_one_file_for_two_papers_is_rejected(volume: Volume, tmp_path: Path) -> None:
    fill(tmp_path, lewis25_DOT_pdf=body_of("lewis25"), li25_DOT_pdf=body_of("lewis25"))

    intake = attach(volume, tmp_path)

    assert why(intake) == {"li25.pdf": "duplicate-file"}
    assert "lewis25" in rejections(intake)[0].message
    assert attach(volume, tmp_path).outcomes == {"lewis25.pdf": Outcome.UNCHANGED, "li25.pdf": Outcome.REJECTED}


def test_a_questionable_file_is_attached_with_a_warning(volume: Volume, tmp_path: Path) -> None:
    fill(tmp_path, lewis25_DOT_pdf=pdf("Another Paper Entirely", "Somebody Else", pages=3), li25_DOT_pdf=pdf(""))

    intake = attach(volume, tmp_path)

    assert set(intake.outcomes.values()) == {Outcome.ATTACHED}
    found = [(one.file, one.rule, one.severity.value) for one in accepted_findings(intake)]
    assert found == [
        ("lewis25.pdf", "page-count", "error"),
        ("lewis25.pdf", "pdf-title", "warning"),
        ("lewis25.pdf", "pdf-authors", "warning"),
        ("li25.pdf", "first-page", "warning"),
    ]


def test_bytes_that_change_places_are_rejected_only_while_both_claim_them(volume: Volume, tmp_path: Path) -> None:
    fill(tmp_path, lewis25_DOT_pdf=body_of("li25"))
    attach(volume, tmp_path)
    fill(tmp_path, lewis25_DOT_pdf=body_of("lewis25"), li25_DOT_pdf=body_of("li25"))

    intake = attach(volume, tmp_path)

    assert intake.outcomes == {"lewis25.pdf": Outcome.REPLACED, "li25.pdf": Outcome.ATTACHED}


def test_a_paper_s_file_is_a_pdf_also_for_the_database(volume: Volume) -> None:
    fields = {"kind": "paper", "original_name": "x", "stored_as": "x", "size": 1, "crc32": 1, "sha256": "0" * 64}

    other_kind = {"extension": "pdf", "kind": "x"}
    for wrong in ({"extension": "zip", "pages": 1}, {"extension": "pdf", "pages": 0}, other_kind):
        with pytest.raises(IntegrityError), transaction.atomic():
            PaperFile.objects.create(paper=volume.papers.get(key="li25"), **{**fields, **wrong})


def test_the_digest_of_a_file_is_read_in_one_pass(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")

    digest = read_digest(tmp_path / "f")

    assert (digest.size, digest.crc32) == (3, zlib.crc32(b"abc"))
    assert digest.sha256.startswith("ba7816bf")


def test_the_command_says_what_became_of_every_file(volume: Volume, tmp_path: Path) -> None:
    fill(tmp_path, lewis25_DOT_pdf=body_of("lewis25"), what_DOT_txt=b"?")
    out = io.StringIO()

    with pytest.raises(SystemExit):
        call_command("attach_files", "901", tmp_path, stdout=out)

    assert "v901: 2 files: 1 attached, 0 replaced, 0 unchanged, 1 rejected, 0 ignored" in out.getvalue()
    assert "what.txt: file: is not named <key>.pdf or <key>-supp.<ext>" in out.getvalue()
    assert "Papers without a PDF (1)\n  li25" in out.getvalue()
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("attach_files", "901", tmp_path / "nowhere")


def test_a_file_that_somebody_else_attached_meanwhile_is_not_overwritten(
    volume: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, li25_DOT_pdf=body_of("li25"))
    attach(volume, tmp_path)
    monkeypatch.setattr("proceedings.files.attach.PaperFile.objects.filter", lambda **_: PaperFile.objects.none())
    fill(tmp_path, li25_DOT_pdf=pdf("Masked Gradients and Their Friends", "Yi Li", "newer"))

    intake = attach(volume, tmp_path)

    assert why(intake) == {"li25.pdf": "busy"}
