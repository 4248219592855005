"""``manage.py check_volume`` on folders with the mistakes that editors really make (2.8, AC16), one at a time."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.source import Source
from proceedings.delivery.public_package import bibliography
from proceedings.delivery.volume_check import check_folder, check_rows, check_text, identity_findings
from proceedings.models import Author, Volume
from tests import make, publisher_check
from tests.proceedings.bib_files import bring_in
from tests.proceedings.pdf_files import pdf

DATA = Path(__file__).parents[2] / "data"
HEAD = r"""@Proceedings{TEST2026,
  booktitle = {Proceedings of the Test Conference},
  name = {The Test Conference},
  shortname = {TEST},
  year = {2026},
  editor = {Lee, Hung-yi and Liu, Tongliang},
  volume = {304},
  start = {2026-09-01},
  end = {2026-09-03},
  published = {2026-12-03},
  address = {Trondheim, Norway},
  conference_url = {https://test.example/}
}

"""
FIRST = r"""@InProceedings{lewis26,
  title = {Simplifying Training},
  author = {Lewis, Mike and {ESA Group}},
  pages = {1--2},
  abstract = {We train.}
}

"""
SECOND = r"""@InProceedings{li26,
  title = {Masked Gradients},
  author = {Li, Yi},
  pages = {3--3},
  abstract = {We mask.}
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A valid package."""
    package = tmp_path / "v304"
    package.mkdir()
    (package / "v304.bib").write_text(HEAD + FIRST + SECOND)
    (package / "lewis26.pdf").write_bytes(pdf("Simplifying Training", "Mike Lewis, ESA Group", pages=2))
    (package / "li26.pdf").write_bytes(pdf("Masked Gradients", "Yi Li"))
    return package


def said(folder: Path) -> list[tuple[str, str, str, str]]:
    return [(one.severity[0], one.rule, one.paper, one.field) for one in check_folder(folder).findings]


def bib_with(folder: Path, old: str, new: str) -> None:
    text = HEAD + FIRST + SECOND
    assert old in text
    (folder / "v304.bib").write_text(text.replace(old, new), encoding="utf-8")


def test_a_sound_package_has_no_finding(folder: Path) -> None:
    assert check_folder(folder).findings == ()


AUTHOR = "author = {Li, Yi}"
ABSTRACT = "abstract = {We mask.}"
IN_BIB = [
    # the volume's own entry
    ("volume = {304}", "volume = 304", 7, "e braces TEST2026 volume", "volume = {304}"),
    ("volume = {304}", "volume = {}", 7, "e required TEST2026 volume", ""),
    ("{2026-12-03}", "{}", 10, "e dates TEST2026 published", ""),
    ("{2026-12-03}", "{2026-12-03|2026-12-05}", 10, "e dates TEST2026 published", "2026-12-03"),
    ("{2026-09-01}", "{2021-13-04}", 8, "w dates TEST2026 start", ""),
    ("address =", "location =", 1, "e required TEST2026 address", "address = {Trondheim, Norway}"),
    ("conference_url =", "url =", 1, "w required TEST2026 conference_url", "conference_url = {https://test.example/}"),
    ("Lee, Hung-yi and Liu", "Hung-yi Lee and Liu", 6, "e names TEST2026 editor", "Lee, Hung-yi"),
    ("name = {The", "name = { The", 3, "w padding TEST2026 name", "The Test Conference"),
    # names
    (AUTHOR, "author = {YanjunXu}", 24, "e names li26 author", "Xu, Yanjun"),
    (AUTHOR, "author = {yimingqiao}", 24, "e names li26 author", ""),
    (AUTHOR, "author = {Ziboxu}", 24, "e names li26 author", "{Ziboxu}"),
    (AUTHOR, "author = {ZeRong}", 24, "e names li26 author", "Rong, Ze"),
    (AUTHOR, "author = {li, Yi}", 24, "e names li26 author", "Li, Yi"),
    (AUTHOR, "author = {Li, Yi and Jianhua, Hu}", 24, "w names li26 author", "Hu, Jianhua"),
    (AUTHOR, "author = {Li, Yi and van der maaten, L}", 24, "e names li26 author", "Van Der Maaten, L"),
    (AUTHOR, "author = {Li, Yi and Sukarno}", 24, "e names li26 author", "{Sukarno}"),
    (AUTHOR, "author = {Li, Yi and Big Consortium}", 24, "e names li26 author", "Consortium, Big"),
    (AUTHOR, "author = {Li,, Yi}", 24, "e names li26 author", "Li, Yi"),
    (AUTHOR, "author = {Li, Yi and Mcallester, David}", 24, "w names li26 author", "McAllester, David"),
    (AUTHOR, "author = {Li, Yi and Whye Teh, Yee}", 24, "w names li26 author", "Teh, Yee Whye"),
    (AUTHOR, "author = {Li, Yi and Sa, Christopher De}", 24, "w names li26 author", "De Sa, Christopher"),
    (AUTHOR, 'author = "Li, Yi"', 24, "w quotes li26 author", "write it in braces"),
    ("  author = {Li, Yi},\n", "", 22, "e author li26 author", ""),
    # text
    (ABSTRACT, r"abstract = {We \\textbf{mask}.}", 26, "e double-backslash li26 abstract", r"\textbf"),
    (ABSTRACT, r"abstract = {We \$mask\$.}", 26, "e escapes li26 abstract", r"\$ -> $"),
    (ABSTRACT, r"abstract = {We a\_b.}", 26, "e escapes li26 abstract", r"\_ -> _"),
    (ABSTRACT, r"abstract = {We $\{0,1\}$.}", 26, "e escapes li26 abstract", r"\{ -> \lbrace, \} -> \rbrace"),
    (ABSTRACT, r"abstract = {\color{blue} We mask.}", 26, "w color li26 abstract", ""),
    (ABSTRACT, "abstract = {We mask 5% more.}", 26, "e percent li26 abstract", r"% -> \%"),
    (ABSTRACT, "abstract = {We mask – so.}", 26, "w unicode li26 abstract", "– -> --"),
    ("title = {Masked Gradients}", r'title = "Masked Gr\"adients"', 23, "e quotes li26 title", "write it in braces"),
    (ABSTRACT, "", 22, "w required li26 abstract", ""),
    ("  pages = {3--3},\n", "", 22, "w required li26 pages", ""),
    (ABSTRACT, r"abstract = {A \textbackslash alpha.}", 26, "e textbackslash li26 abstract", ""),
    (ABSTRACT, r"abstract = {A $\left\{a_1\right\}$ and \_.}", 26, "e escapes li26 abstract", r"\_ -> _"),
    (ABSTRACT, "abstract = {We mask a gener- ation.}", 26, "e wrap-hyphen li26 abstract", "gener- ation -> generation"),
    (ABSTRACT, "abstract = {A gener-\n  ation of a generation.}", 26, "e wrap-hyphen li26 abstract",
     "gener- ation -> generation"),
    (ABSTRACT, "abstract = {A state- of-the-art.}", 26, "e wrap-hyphen li26 abstract",
     "state- of-the-art -> state-of-the-art"),
    (ABSTRACT, "abstract = {pre- and post-training.}", 26, "e wrap-hyphen li26 abstract",
     "pre- and -> pre-training and"),
    (ABSTRACT, "abstract = {An of- magnitude, magnitude.}", 26, "e wrap-hyphen li26 abstract",
     "of- magnitude -> of magnitude"),
    (ABSTRACT, "abstract = {We mask \ufb01.}", 26, "e ligature li26 abstract", "\ufb01 -> fi"),
    (ABSTRACT, "abstract = {We mask \x7f.}", 26, "e control li26 abstract", "remove it"),
    ("title = {Masked Gradients}", "title = {Masked SVM}", 23, "e title-words li26 title", "title = {Masked {SVM}}"),
    ("title = {Masked Gradients}", "title = {{Masked SVM}}", 23, "e title-words li26 title",
     "title = {{Masked {SVM}}}"),
    ("title = {Masked Gradients}", "title = {Masked LSTM}", 23, "w capitals li26 title", "{LSTM}"),
    ("of the Test Conference", "of the AI Conference", 2, "e title-words TEST2026 booktitle",
     "booktitle = {Proceedings of the {AI} Conference}"),
    ("{3--3}", "{{3--3}}", 25, "e page-braces li26 pages", "pages = {3--3}"),
    ("  pages = {3--3},", "  pages = {3--3},\n  section = {Talks},", 26, "e sections li26 section",
     "declare it in the volume’s sections"),
    ("{3--3}", "{4--4}", 25, "w pages li26 pages", ""),
    ("{3--3}", "{2--2}", 25, "w pages li26 pages", ""),
    (ABSTRACT, ABSTRACT + "}", 22, "w closing-brace li26 ", "put } on a line of its own"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "expected", "fix"), IN_BIB)
def test_each_mistake_in_the_text_is_found(
    folder: Path, old: str, new: str, line: int, expected: str, fix: str
) -> None:
    bib_with(folder, old, new)
    severity, rule, key, field = expected.split(" ")

    found = [one for one in check_folder(folder).findings if (one.rule, one.paper, one.field) == (rule, key, field)]

    assert [(one.severity[0], one.line, one.fix) for one in found] == [(severity, line, fix)]


def test_a_missing_comma_is_found(folder: Path) -> None:
    bib_with(folder, "abstract = {We mask.}", "abstract = {We mask.}\n  software = {https://a.example}")

    assert ("e", "comma", "li26", "abstract") in said(folder)


@pytest.mark.parametrize(
    ("key", "fix"),
    [("miñoza26", "minoza26"), ("ñu26", "nu26"), ("o'brien26", "obrien26"), ("schrödter26", "schrodter26")],
)
def test_a_key_that_the_publisher_overlooks_is_found(folder: Path, key: str, fix: str) -> None:
    bib_with(folder, "{li26", f"{{{key}")

    (finding,) = [one for one in check_folder(folder).findings if one.rule == "key"]

    assert (finding.severity, finding.line, finding.paper, finding.fix) == (Severity.ERROR, 22, key, fix)


@pytest.mark.parametrize(
    ("more", "rule"),
    [(SECOND, "duplicate-key"), (HEAD, "volume"), ("@InProceedings{x26, title = {a", "syntax")],
)
def test_entries_that_are_too_many_or_break_off_are_found(folder: Path, more: str, rule: str) -> None:
    (folder / "v304.bib").write_text(HEAD + FIRST + SECOND + more)

    assert rule in {one[1] for one in said(folder) if one[0] == "e"}


def move(folder: Path, old: str, new: str) -> None:
    (folder / new).parent.mkdir(exist_ok=True)
    (folder / old).rename(folder / new)


def place(folder: Path, name: str, body: bytes = b"x") -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(body)


AGREEMENT = pdf("Publication Agreement", "Proceedings of Machine Learning Research")
IN_FILES = [
    ("li26.pdf", "Li26.pdf", None, "e missing-file li26 ", "rename Li26.pdf to li26.pdf"),
    ("li26.pdf", "pdfs/li26.pdf", None, "e stranded  pdfs/li26.pdf", "move it to li26.pdf"),
    ("", "supplementary_material/li26-supp.pdf", pdf("a"), "e stranded  supplementary_material/li26-supp.pdf",
     "move it to li26-supp.pdf"),
    ("", "other26.pdf", pdf("a"), "w extra-file  other26.pdf", ""),
    ("", "li26-supp.zip", b"PK", "w supplement-zipped  li26-supp.zip", ""),
    ("", "li26_supp.pdf", pdf("a"), "e supplement-name  li26_supp.pdf", "li26-supp.pdf"),
    ("", "li26-supp.rar", b"x", "e supplement-kind  li26-supp.rar", "li26-supp.zip"),
    ("", "li26Permission.pdf", AGREEMENT, "e permission-mixed  li26Permission.pdf", "move it to vNNpermissions/"),
    ("", "permissions/li26.pdf", AGREEMENT, "e permission-mixed  permissions/li26.pdf", "move it to vNNpermissions/"),
    ("", "second.bib", b"", "e one-bib  v304.bib", ""),
    ("v304.bib", "v304.txt", None, "e one-bib  ", ""),
    ("", "é26.pdf", pdf("a"), "e file-name  é26.pdf", r"\xe926.pdf"),
    ("", "li26.pdf", AGREEMENT, "e pdf li26 li26.pdf", ""),
    ("", "li26.pdf", b"no PDF", "e pdf li26 li26.pdf", ""),
    ("", "li26.pdf", pdf("Masked Gradients", "Yi Li", pages=2), "e page-count li26 li26.pdf", "3--4"),
    ("", "li26.pdf", pdf("Something Else", "Yi Li"), "w pdf-title li26 li26.pdf", ""),
    ("", "li26.pdf", pdf("Masked Gradients", "Somebody"), "w pdf-authors li26 li26.pdf", ""),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "body", "expected", "fix"), IN_FILES)
def test_each_mistake_with_files_is_found(
    folder: Path, old: str, new: str, body: bytes | None, expected: str, fix: str
) -> None:
    if body is None:
        move(folder, old, new)
    else:
        place(folder, new, body)
    severity, rule, key, file = expected.split(" ")

    found = [one for one in check_folder(folder).findings if (one.rule, one.paper) == (rule, key)]

    assert [(one.severity[0], one.file, one.fix) for one in found] == [(severity, file, fix)]


def test_two_papers_with_one_file_are_found(folder: Path) -> None:
    place(folder, "li26.pdf", (folder / "lewis26.pdf").read_bytes())

    assert ("e", "duplicate-file", "li26", "file") in said(folder)


def test_permissions_beside_the_package_are_checked_by_name(folder: Path) -> None:
    permissions = folder.parent / "v304permissions"
    permissions.mkdir()
    place(permissions, "lewis26Permission.pdf", AGREEMENT)
    place(permissions, "li26-Permission.pdf", AGREEMENT)

    found = {(one.rule, one.paper, one.fix) for one in check_folder(folder).findings}

    assert found == {
        ("missing-permission", "li26", "rename li26-Permission.pdf to li26Permission.pdf"),
        ("extra-file", "", ""),
    }


def test_hidden_files_assets_and_a_cleaned_bib_are_left_out(folder: Path) -> None:
    place(folder, ".git/x.pdf")
    place(folder, "v304_clean.bib")
    place(folder, "assets/figure.pdf")

    assert check_folder(folder).findings == ()


def test_a_file_in_another_encoding_is_one_finding(folder: Path) -> None:
    (folder / "v304.bib").write_bytes((HEAD + FIRST).encode("utf-16"))

    assert ("e", "encoding", "", "") in said(folder)


def run(what: object) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("check_volume", str(what), stdout=out)
    except SystemExit as stopped:
        return int(stopped.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_command_distinguishes_errors_from_warnings_by_its_exit_status(folder: Path) -> None:
    assert run(folder) == (0, f"\n{folder}: 2 papers, 0 errors, 0 warnings\n")

    place(folder, "other26.pdf", pdf("a"))
    assert run(folder)[0] == 0

    bib_with(folder, "volume = {304}", "volume = 304")
    status, words = run(folder)
    assert status == 1
    assert words.index("Errors") < words.index("volume: must be in braces") < words.index("Warnings")
    assert f"{folder}/v304.bib:7: TEST2026, volume: must be in braces" in words
    assert words.endswith(f"{folder}: 2 papers, 1 errors, 1 warnings\n")


@pytest.mark.django_db
def test_the_command_takes_a_volume_a_folder_or_a_file(folder: Path) -> None:
    bring_in(Source.read("v304.bib", (HEAD + FIRST + SECOND).encode()))

    assert "lewis26, file: has no PDF; proposed: lewis26.pdf [missing-file]" in run(304)[1]
    assert run(folder / "v304.bib")[0] == 0
    with pytest.raises(CommandError, match="There is no volume"):
        run(999)
    with pytest.raises(CommandError, match="is not a volume number"):
        run(folder / "nowhere")


# Names in lower case, and dollar signs that may be mathematics: only an editor can decide.
LEFT_TO_PEOPLE = {
    "acml2025-v304": ["C6 author hu, Jianhua", "C6 author shen, yelong", "C6 author xiaofeng, Shen"]
    + ["C6 author hongjun, Li"]
    + [r"C8 \$ in title"] * 2
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["acml2025-v304", "colt2024-v247", "copa2024-v230", "l4dc2025-v283"])
def test_what_we_export_has_no_fault_of_form(name: str, tmp_path: Path) -> None:
    """On real volumes, only findings that an editor must decide remain, the same for rows and for the file."""
    bring_in(Source.read(f"{name}.bib", (DATA / f"{name}-facts.bib").read_bytes()))
    volume = Volume.objects.get()
    file = tmp_path / "v.bib"
    file.write_text(bibliography(volume, volume.papers.all()))

    found = check_text(file).findings

    of_form = {"braces", "closing-brace", "own-line", "quotes", "unicode", "padding", "syntax", "comma", "encoding"}
    assert [one for one in found if one.rule in of_form] == []
    left = {(one.rule, one.paper, one.field) for one in errors(found)}
    assert left <= {(one.rule, one.paper, one.field) for one in errors(check_rows(volume).findings)}
    for paper in volume.papers.all():
        (tmp_path / f"{paper.key}.pdf").touch()
    assert publisher_check.lint(tmp_path).errors == LEFT_TO_PEOPLE.get(name, [])


def errors(findings: tuple[Finding, ...]) -> list[Finding]:
    return [one for one in findings if one.severity is Severity.ERROR]


def test_a_file_that_cannot_be_read_is_a_finding(folder: Path) -> None:
    (folder / "li26.pdf").unlink()
    (folder / "li26.pdf").symlink_to(folder / "nowhere")
    (finding,) = [one for one in check_folder(folder).findings if one.rule == "pdf"]
    assert (finding.file, finding.message) == ("li26.pdf", "cannot be read: No such file or directory")


@pytest.mark.django_db
def test_rows_with_doubtful_ids_or_another_licence_are_findings() -> None:
    volume = make.volume()
    first, second = make.paper(volume, licence="CC BY-NC 4.0"), make.paper(volume)
    Author.objects.filter(paper=first, position=1).update(orcid="0000-0002-1825-0098")
    Author.objects.filter(paper=first, position=2).update(orcid="0000-0002-1825-0097")
    Author.objects.filter(paper=second, position=1).update(orcid="0000-0002-1825-0097")

    found = [finding for finding in check_rows(volume).findings if finding.rule in ("orcid", "licence")]

    assert [(finding.rule, finding.paper) for finding in found] == [
        ("licence", first.key),
        ("orcid", first.key),
        ("orcid", first.key),
        ("orcid", second.key),
    ]
    alone = [*identity_findings(first), *identity_findings(second)]
    assert [finding.message for finding in alone] == [finding.message for finding in found]
