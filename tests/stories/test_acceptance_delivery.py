"""AC1 to AC18 of the publishing workflow, each by its number, through the commands an editor uses.

The publisher's rules come from `tests.publisher_check`, which knows nothing of ours.
"""

import csv
import hashlib
import io
import json
import re
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from agreements import lifecycle
from agreements.jobs import package_builder, scheduled
from agreements.requests import edits
from proceedings.bibtex.latex import to_latex, to_unicode
from proceedings.delivery.volume_check import check_folder, check_rows
from proceedings.models import Author, Paper, PaperFile, Volume
from tests import make, publisher_check
from tests.agreements.lifecycle.test_lifecycle import LATER
from tests.bulk import copies_of
from tests.proceedings.bib_files import bib, bring_in
from tests.proceedings.pdf_files import pdf
from tests.stories import ready_volume
from tests.stories.ready_volume import deliver, paper, tree

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[1] / "data"
KEYS = ["angstrom26", "lewis26a", "lewis26b"]


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return ready_volume.ready(tmp_path / "camera-ready")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def text_of(body: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages).split())


def refused(out: Path, *reasons: str) -> None:
    """The volume is refused with these reasons, and nothing is written."""
    status, words = deliver(out)
    assert status == 1, words
    for reason in reasons:
        assert reason in words
    assert not out.exists()


def test_ac1_the_publishers_check_finds_no_error_and_no_warning(volume: Volume, out: Path) -> None:
    assert deliver(out)[0] == 0

    verdict = publisher_check.lint(out / "v901")

    assert (verdict.errors, verdict.warnings) == ([], [])


def test_ac1_our_own_check_agrees(volume: Volume, out: Path) -> None:
    deliver(out)
    said = io.StringIO()

    call_command("check_volume", str(out / "v901"), stdout=said)

    assert "3 papers, 0 errors, 1 warnings" in said.getvalue()
    assert "supplement-zipped" in said.getvalue()


def test_ac2_the_python_tool_has_nothing_to_say(volume: Volume, out: Path) -> None:
    deliver(out)

    assert publisher_check.pmlrpy((out / "v901" / "v901.bib").read_text()) == []


def test_ac3_the_file_is_pure_ascii(volume: Volume, out: Path) -> None:
    deliver(out)

    text = (out / "v901" / "v901.bib").read_bytes()

    assert text.isascii()
    assert b'{\\AA}ngstr{\\"o}m' in text


@pytest.mark.parametrize("name", ["acml2025-v304", "colt2024-v247", "copa2024-v230", "l4dc2025-v283"])
def test_ac4_what_occurs_in_real_volumes_goes_there_and_back(name: str) -> None:
    """Every title and every name, from Unicode to LaTeX and back to the same Unicode."""
    bring_in(bib((DATA / f"{name}-facts.bib").read_text(), volume=""))
    texts = {*Paper.objects.values_list("title", flat=True)}
    texts |= {str(author) for author in Author.objects.all()}

    lost = {text for text in texts if to_unicode(to_latex(text)) != text or not to_latex(text).isascii()}

    assert len(texts) > 100
    assert lost == set()


def test_ac4_a_character_nobody_mapped_is_named_with_code_point_paper_and_field(volume: Volume, out: Path) -> None:
    Paper.objects.filter(key="lewis26b").update(abstract="We train 中.")

    refused(out, "lewis26b, abstract: no LaTeX form for U+4E2D")


def test_ac5_a_key_stays_once_it_is_delivered(volume: Volume, out: Path) -> None:
    assert all(re.fullmatch("[a-z0-9-]+", key) for key in Paper.objects.values_list("key", flat=True))
    deliver(out)
    row = paper("lewis26a")
    row.key = "lewis26c"

    with pytest.raises(ValidationError, match="The publisher has the paper as lewis26a"):
        row.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_ac5_before_delivery_a_key_may_change_and_must_be_one_the_publisher_takes(volume: Volume, out: Path) -> None:
    Paper.objects.filter(key="lewis26b").update(key="LEWIS26A")

    refused(out, "2 papers have this key")
    status, _ = deliver(out, "--partial")

    assert status == 1
    assert "LEWIS26A" not in (out / "v901" / "v901.bib").read_text()
    assert Paper.objects.get(key="LEWIS26A").delivered_key == ""


def test_ac5_the_predicted_id_and_address_are_shown(volume: Volume, out: Path) -> None:
    deliver(out)

    rows = csv.DictReader(tree(out)["v901permissions/papers.csv"].decode().splitlines())

    assert [(row["paper"], row["predicted id"], row["predicted address"]) for row in rows] == [
        ("angstrom26", "angstrom26a", "https://proceedings.mlr.press/v901/angstrom26a.html"),
        ("lewis26a", "lewis26a", "https://proceedings.mlr.press/v901/lewis26a.html"),
        ("lewis26b", "lewis26b", "https://proceedings.mlr.press/v901/lewis26b.html"),
    ]


def test_ac6_one_permission_per_paper_that_says_what_it_must(volume: Volume, out: Path) -> None:
    deliver(out)
    folder = out / "v901permissions"

    assert sorted(path.name for path in folder.glob("*.pdf")) == [f"{key}Permission.pdf" for key in KEYS]
    for key in KEYS:
        agreement = paper(key).agreements.get()
        text = text_of((folder / f"{key}Permission.pdf").read_bytes())
        assert agreement.signer in text
        assert agreement.reference in text
        assert f"{make.NOW.day} November 2026" in text
        assert agreement.title.split("$")[0].split("—")[0].strip() in text


def test_ac6_the_evidence_lies_beside(volume: Volume, out: Path) -> None:
    deliver(out)

    for key in KEYS:
        with zipfile.ZipFile(out / "v901permissions" / "evidence" / f"{key}-evidence.zip") as archive:
            assert archive.testzip() is None
            assert archive.read("sealed.pdf") == (out / "v901permissions" / f"{key}Permission.pdf").read_bytes()


def test_ac7_no_permission_comes_into_the_public_package(volume: Volume, out: Path, tmp_path: Path) -> None:
    deliver(out)

    public = tree(out / "v901")
    assert sorted(public) == [
        "angstrom26.pdf", "lewis26a-supp.zip", "lewis26a.pdf", "lewis26b.pdf", "v901.bib",
    ]  # fmt: skip
    for name, body in public.items():
        assert "Publication Agreement" not in (text_of(body) if name.endswith(".pdf") else "")

    # Not even when somebody puts one in a paper's place.
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "lewis26b.pdf").write_bytes(tree(out)["v901permissions/lewis26bPermission.pdf"])
    said = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("attach_files", "901", wrong, stdout=said)
    assert "is a publication agreement, not a paper" in said.getvalue()


def test_ac8_pages_agree_with_the_files(volume: Volume, out: Path, tmp_path: Path) -> None:
    Paper.objects.filter(key="lewis26a").update(pages="4--6")
    refused(out, "lewis26a, pages: has 2 pages, but the range 4--6 has 3")

    Paper.objects.filter(key="lewis26a").update(pages="4--5")
    PaperFile.objects.filter(paper__key="lewis26b").delete()
    refused(out, "lewis26b, file: has no PDF")


def test_ac8_a_gap_between_pages_is_a_warning_because_published_volumes_have_some(volume: Volume, out: Path) -> None:
    Paper.objects.filter(key="lewis26b").update(pages="7--7")
    (finding,) = [one for one in check_rows(volume).findings if one.rule == "pages"]
    assert (finding.severity, finding.message) == ("warning", "starts at page 7, but the last paper ends at page 5")
    assert deliver(out)[0] == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda: Paper.objects.filter(key="lewis26b").update(title="Another"),
            "the title changed after the agreement was issued",
        ),
        (
            lambda: Author.objects.filter(family="Bhosale").delete(),
            "the list of authors changed after the agreement was issued",
        ),
    ],
)
def test_ac9_what_was_signed_is_what_goes_out(
    volume: Volume, out: Path, change: Callable[[], object], reason: str
) -> None:
    change()

    refused(out, reason)


def test_ac9_case_and_spaces_are_no_difference(volume: Volume, out: Path) -> None:
    Paper.objects.filter(key="lewis26b").update(
        title="Simplifying  training once more", title_latex="Simplifying training once more"
    )

    assert deliver(out)[0] == 0


@pytest.mark.parametrize("end", ["missing", "issued", "signed", "declined", "lapsed", "voided"])
def test_ac10_no_paper_without_a_sealed_agreement(out: Path, tmp_path: Path, end: str) -> None:
    volume = ready_volume.imported()
    ready_volume.with_files(volume, tmp_path / "camera-ready")
    for key in KEYS:
        if key != "lewis26b":
            make.agreement("sealed", of=paper(key))
        elif end != "missing":
            make.agreement(end, of=paper(key))

    refused(out, "lewis26b: ")


def test_ac11_no_paper_leaves_with_an_edit_that_its_author_has_not_confirmed(volume: Volume, out: Path) -> None:
    agreement = paper("lewis26b").agreements.get()
    edit = make.edit(agreement)
    refused(out, "lewis26b: the author has not confirmed an edit (clause 5): ask the author again, or undo the edit")

    edits.record_answer(edit, confirmed=False, answer="It was right.", now=make.NOW)
    refused(out, "lewis26b: the author has not confirmed an edit (clause 5)")
    edits.undo(edit, reason="It is as it was.", by="editor:ed", now=make.NOW)
    make.edit(agreement, what="A comma on page 2", substantive=False)
    edits.record_answer(make.edit(agreement), confirmed=True, answer="", now=make.NOW)

    assert deliver(out)[0] == 0
    rows = csv.DictReader(tree(out)["v901permissions/manifest.csv"].decode().splitlines())
    assert {row["paper"]: row["edits"] for row in rows} == {
        "angstrom26": "",
        "lewis26a": "",
        "lewis26b": "A comma on page 2 (not substantive); The proof of Lemma 2 (confirmed by signer, 2026-11-01)",
    }


def test_ac11_a_partial_package_leaves_out_the_paper_that_waits(volume: Volume, out: Path) -> None:
    make.edit(paper("lewis26b").agreements.get())

    assert deliver(out, "--partial")[0] == 1

    assert "lewis26b" not in (out / "v901" / "v901.bib").read_text()
    assert "lewis26b: the author has not confirmed an edit" in tree(out)["v901permissions/PARTIAL.txt"].decode()


def test_ac12_dates_are_iso_and_in_order(volume: Volume, out: Path) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Volume.objects.update(start="2026-09-04")
    Volume.objects.update(published=None, extra={"published": "soon"})

    refused(out, "TEST2026, published: 'soon' is not a date")


def test_a_volume_without_a_publication_date_is_delivered_without_it(volume: Volume, out: Path) -> None:
    Volume.objects.update(published=None)

    assert deliver(out)[0] == 0
    assert "published" not in (out / "v901" / "v901.bib").read_text()
    assert publisher_check.lint(out / "v901").errors == []


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ([], "the section 'Notes' is not declared"),
        (["Talks"], "the section 'Notes' is not a section of the volume"),
        (["Talks", "Posters"], "the section 'Notes' is not a section of the volume"),
        (["Talks", "Notes", "Posters"], "no paper is in the section 'Posters'"),
    ],
)
def test_ac13_sections_are_declared_and_used(volume: Volume, out: Path, sections: list[str], reason: str) -> None:
    Volume.objects.update(sections=sections)

    refused(out, reason)


def test_ac14_every_file_is_listed_with_its_digest(volume: Volume, out: Path) -> None:
    deliver(out)
    files = tree(out)
    listed = {}
    for sums, folder in (("SHA256SUMS", "v901permissions"), ("v901.SHA256SUMS", "v901")):
        for line in files[f"v901permissions/{sums}"].decode().splitlines():
            digest, name = line.split("  ")
            listed[f"{folder}/{name}"] = digest

    assert listed == {
        name: hashlib.sha256(body).hexdigest()
        for name, body in files.items()
        if "/" in name and name != "v901permissions/SHA256SUMS"
    }


def test_the_authors_stand_beside_the_packages_without_their_addresses(volume: Volume, out: Path) -> None:
    deliver(out)
    papers = json.loads((out / "v901-authors.json").read_text())["papers"]
    assert [paper["key"] for paper in papers] == list(volume.papers.values_list("key", flat=True))
    table = (out / "v901-authors.csv").read_text(encoding="utf-8-sig")
    assert table.startswith("paper,title,openreview,position,given")
    assert "@" not in table + (out / "v901-authors.json").read_text()


def test_ac14_two_deliveries_of_one_state_are_the_same_bytes(volume: Volume, out: Path, tmp_path: Path) -> None:
    deliver(out)
    first = tree(out)
    deliver(out)
    deliver(tmp_path / "elsewhere")

    assert tree(out) == first == tree(tmp_path / "elsewhere")
    assert make.history(paper("lewis26a").agreements.get()).count("deliver") == 1


def test_ac15_a_withdrawn_paper_leaves_and_its_agreement_stays(volume: Volume, out: Path) -> None:
    deliver(out)
    Paper.objects.filter(key="lewis26b").update(status="withdrawn")
    Volume.objects.update(sections=[])
    Paper.objects.update(section="")

    assert deliver(out)[0] == 0

    assert not [name for name in tree(out) if "lewis26b" in name]
    assert "lewis26b" not in (out / "v901" / "v901.bib").read_text()
    assert paper("lewis26b").agreements.get().sealed_sha256


# What a chair's own script made of a volume (2.8): every line below that is wrong is in the list behind it.
AS_SENT = r"""@Proceedings{SENT2026,
  booktitle = {Proceedings of the Sent Conference},
  name = {The Sent Conference},
  shortname = {SENT},
  year = {2026},
  editor = {Hung-yi Lee and Liu, Tongliang},
  volume = 328,
  start = {2026-13-04},
  end = {2026-09-03},
  location = {Trondheim, Norway},
  url = {https://sent.example/}
}
@InProceedings{xu26,
  title = {Steering Models},
  author = {YanjunXu and hu, Jianhua},
  pages = {1--2},
  abstract = {We \\textit\{steer\} {\color{blue} models}.}
}
@InProceedings{miñoza26,
  title = { Masks},
  author = {Miñoza, Ana},
  pages = {2--3},
  abstract = {5% more}
  }
"""


def test_ac16_a_volume_as_chairs_send_it_gets_exactly_these_findings(tmp_path: Path) -> None:
    package = tmp_path / "v328"
    (package / "pdfs").mkdir(parents=True)
    (package / "v328.bib").write_text(AS_SENT, encoding="utf-8")
    (package / "pdfs" / "xu26.pdf").write_bytes(pdf("Steering Models", "Yanjun Xu", pages=2))

    found = check_folder(package).findings

    assert [(one.severity[0], one.line, one.paper, one.field, one.rule, one.fix) for one in found] == [
        ("e", 1, "SENT2026", "address", "required", "address = {Trondheim, Norway}"),
        ("w", 1, "SENT2026", "conference_url", "required", "conference_url = {https://sent.example/}"),
        ("e", 6, "SENT2026", "editor", "names", "Lee, Hung-yi"),
        ("e", 7, "SENT2026", "volume", "braces", "volume = {328}"),
        ("w", 8, "SENT2026", "start", "dates", ""),
        ("w", 13, "xu26", "key", "key", "yanjunxu26"),
        ("e", 15, "xu26", "author", "names", "Xu, Yanjun"),
        ("e", 15, "xu26", "author", "names", "Hu, Jianhua"),
        ("e", 17, "xu26", "abstract", "escapes", r"\{ -> \lbrace, \} -> \rbrace"),
        ("e", 17, "xu26", "abstract", "double-backslash", r"\textit"),
        ("w", 17, "xu26", "abstract", "color", ""),
        ("e", 19, "miñoza26", "", "key", "minoza26"),
        ("w", 19, "miñoza26", "", "closing-brace", "put } on a line of its own"),
        ("w", 20, "miñoza26", "title", "padding", "Masks"),
        ("w", 21, "miñoza26", "author", "unicode", r"ñ -> {\~n}"),
        ("w", 22, "miñoza26", "pages", "pages", ""),
        ("e", 23, "miñoza26", "abstract", "percent", r"% -> \%"),
        ("e", None, "xu26", "file", "missing-file", "rename pdfs/xu26.pdf to xu26.pdf"),
        ("e", None, "miñoza26", "file", "missing-file", "miñoza26.pdf"),
        ("e", None, "", "file", "stranded", "move it to xu26.pdf"),
    ]


def test_ac17_a_partial_package_is_made_on_request_and_labelled(out: Path, tmp_path: Path) -> None:
    volume = ready_volume.imported()
    ready_volume.with_files(volume, tmp_path / "camera-ready")
    make.agreement("sealed", of=paper("lewis26a"))
    make.agreement("declined", of=paper("lewis26b"))

    status, words = deliver(out, "--partial")

    assert status == 1
    assert "v901 is not complete: these are partial packages, and 2 papers are missing." in words
    files = tree(out)
    label = files["v901permissions/PARTIAL.txt"].decode()
    assert label.startswith("PARTIAL: v901 is not complete. These packages hold 1 papers")
    assert "lewis26b: declined by the author: The title changed." in label
    assert sorted(name for name in files if name.startswith("v901/")) == [
        "v901/lewis26a-supp.zip", "v901/lewis26a.pdf", "v901/v901.bib",
    ]  # fmt: skip
    assert publisher_check.lint(out / "v901").errors == []

    for key in ("angstrom26", "lewis26b"):
        make.agreement("sealed", of=paper(key))
    assert deliver(out)[0] == 0
    assert "v901permissions/PARTIAL.txt" not in tree(out)


def test_ac17_a_partial_package_without_pdfs_still_has_its_bibtex_file(out: Path) -> None:
    ready_volume.imported()
    Volume.objects.update(published=None)
    make.agreement("sealed", of=paper("lewis26a"))

    status, words = deliver(out, "--partial")

    assert status == 1
    assert "lewis26a, file: has no PDF" in words
    assert "published" not in (out / "v901" / "v901.bib").read_text()
    assert Volume.objects.get().published is None


def test_ac18_1200_papers_in_less_than_a_minute_with_memory_that_stays_flat(volume: Volume) -> None:
    """Both packages, made as the clock makes them: a minute of work, and less memory than their bytes.

    `tests.bench.bench_delivery --job` does the same with 3,500 papers of 1 MiB.
    """
    Volume.objects.update(sections=[])
    sealed = paper("lewis26b").agreements.get()
    copies_of(sealed, 1200 - volume.papers.count())
    package_builder.order_packages(volume, partial=True, by="editor:ed", now=make.CLOSES)
    start = time.process_time()
    tracemalloc.start()

    assert package_builder.make_due(scheduled.fixed_clock(make.CLOSES)) == {"made": 2}

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Tracing alone more than doubles the work.
    assert time.process_time() - start < 60
    packages = {package.which: package for package in volume.packages.all()}
    assert packages["permissions"].done == 2 * 1200 + 5
    assert peak < 50 << 20 < packages["permissions"].size
    with storages["private"].open(packages["public"].stored_as) as file, zipfile.ZipFile(file) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".pdf")]) == 3


def test_files_of_others_stay_where_they_are(volume: Volume, out: Path) -> None:
    (out / "v901" / ".git" / "refs").mkdir(parents=True)
    (out / "v901" / ".git" / "refs" / "head").write_text("abc")
    (out / "v901" / "README.md").write_text("ours")
    (out / "v901permissions" / "evidence").mkdir(parents=True)
    (out / "v901permissions" / "evidence" / "letter.txt").write_text("kept")
    (out / "notes.txt").write_text("kept too")

    for _ in range(2):
        assert deliver(out)[0] == 0
        files = tree(out)
        assert files["v901/.git/refs/head"] == b"abc"
        assert files["v901/README.md"] == b"ours"
        assert files["v901permissions/evidence/letter.txt"] == b"kept"
        assert files["notes.txt"] == b"kept too"
    authors = {"v901-authors.json", "v901-authors.csv"}
    assert {path.name for path in out.iterdir()} == {"v901", "v901permissions", "notes.txt", *authors}


@pytest.mark.parametrize("step", range(4))
def test_an_interrupted_delivery_loses_nothing_and_is_made_good(
    volume: Volume, out: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The machine stops at each renaming in turn: what was there is there after the next run, and all is new."""
    deliver(out)
    (out / "v901" / "README.md").write_text("ours")
    lifecycle.replace(paper("lewis26b").agreements.get(), reason="Again.", by="editor:ed", now=LATER)
    again = paper("lewis26b").agreements.get(status="issued")
    make.seal(make.sign(again, now=LATER), now=LATER)
    rename = Path.rename
    calls = iter(range(100))

    def stops(path: Path, target: Path) -> Path:
        if path.suffix != ".part" and next(calls) == step:
            raise OSError("the power is gone")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stops)
    with pytest.raises(CommandError, match="the power is gone"):
        deliver(out)
    monkeypatch.setattr(Path, "rename", rename)

    assert deliver(out)[0] == 0
    files = tree(out)
    assert files["v901/README.md"] == b"ours"
    assert hashlib.sha256(files["v901permissions/lewis26bPermission.pdf"]).hexdigest() == (
        paper("lewis26b").agreements.get(status="sealed").sealed_sha256
    )
    authors = {"v901-authors.json", "v901-authors.csv"}
    assert {path.name for path in out.iterdir()} == {"v901", "v901permissions", *authors}


def test_what_left_after_an_interruption_leaves_the_package_too(
    volume: Volume, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of our files was aside when the machine stopped; it still says that the withdrawn paper's are ours."""
    deliver(out)
    rename = Path.rename

    def stops(path: Path, target: Path) -> Path:
        if path.name == ".v901permissions.new":
            raise OSError("the power is gone")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stops)
    with pytest.raises(CommandError, match="the power is gone"):
        deliver(out)
    monkeypatch.setattr(Path, "rename", rename)
    Paper.objects.filter(key="lewis26b").update(status="withdrawn")

    deliver(out, "--partial")

    assert not [name for name in tree(out) if "lewis26b" in name]


def test_a_stored_file_that_was_changed_stops_the_delivery(volume: Volume, out: Path, tmp_path: Path) -> None:
    deliver(out)
    before = tree(out)
    (tmp_path / "camera-ready" / "lewis26b.pdf").write_bytes(pdf("Simplifying Training Once More", "Mike Lewis"))
    call_command("attach_files", "901", tmp_path / "camera-ready", stdout=io.StringIO())
    PaperFile.objects.filter(paper__key="lewis26b", kind="paper").update(sha256="0" * 64)

    with pytest.raises(CommandError, match="the stored file was changed after the upload"):
        deliver(out)

    assert tree(out / "v901") == {name[5:]: body for name, body in before.items() if name.startswith("v901/")}
