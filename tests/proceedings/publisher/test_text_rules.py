"""The text of a file by lines and characters: what the scanner keeps, and that no text breaks the rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.records import PaperRecord
from proceedings.bibtex.scanner import scan
from proceedings.delivery.volume_check import check_text
from proceedings.files.pdf_reader import read_pdf
from proceedings.publisher.pdf_rules import PdfFacts, check_pdf
from proceedings.publisher.text_rules import check_text as check_layout
from tests.proceedings.pdf_files import pdf


def test_the_scanner_keeps_delimiters_lines_and_blanks() -> None:
    text = '% remark\n@Article{a,\n  x = { A {B} },\n\n  y = "C", z = 12 }\n@comment{q, x = {y}}\n@Book(b, t = {u}\n)'

    first, second = scan(text)

    assert (first.kind, first.key, first.line, first.alone) == ("article", "a", 2, False)
    assert [(one.name, one.line, one.opening, one.value, one.own_line) for one in first.fields] == [
        ("x", 3, "{", " A {B} ", True),
        ("y", 5, '"', "C", True),
        ("z", 5, "", "12", False),
    ]
    assert (second.kind, second.line, [one.name for one in second.fields]) == ("book", 7, ["t"])


PIECES = [
    "@InProceedings{a,",
    "@Proceedings{",
    "title = {",
    "author = {",
    "}",
    "\n",
    ",",
    '"',
    "\\",
    "\\\\",
    "{",
    " and ",
]
PIECES += ["volume = 3", "é", "中", "$", "Li, Yi", "\x00", "\u200b", "x = ", "#", "@", "(", ")", "%", "year = {2026}"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join))
def test_no_text_breaks_the_rules(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    check_layout(text)
    file = tmp_path_factory.mktemp("fuzz", numbered=True) / "v.bib"
    file.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")

    check_text(file)


@given(st.binary(max_size=200), st.integers(0, 900), st.integers(0, 255))
def test_no_file_breaks_the_inspection(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, cut: int, byte: int
) -> None:
    """Damaged PDFs: noise in the middle of a valid one."""
    whole = pdf("A Title", "An Author")
    file = tmp_path_factory.mktemp("fuzz", numbered=True) / "a.pdf"
    file.write_bytes(whole[:cut] + bytes([byte]) + noise + whole[cut + 1 + len(noise) :])

    facts = read_pdf(file)

    assert facts.problem or facts.encrypted or facts.pages >= 0


def paper(title: str, *authors: str) -> PaperRecord:
    from proceedings.bibtex.names import read_name

    names = tuple(read_name(author).name for author in authors)
    return PaperRecord(key="a26", position=1, title=title, title_latex=title, authors=names, pages="1--2")


@pytest.mark.parametrize(
    ("first_page", "rules"),
    [
        ("Simplifying Training Mike Lewis", []),
        ("SIMPLIFYING TRAIN-\nING MIKE LEWIS", []),
        ("Simplifying Training by ﬁne people: M. Lewis", []),
        ("Other Words Mike Lewis", ["pdf-title"]),
        ("Simplifying Training by Nobody", ["pdf-authors"]),
        ("", ["first-page"]),
    ],
)
def test_the_first_page_is_held_against_title_and_authors(first_page: str, rules: list[str]) -> None:
    facts = PdfFacts(pages=2, first_page=first_page)

    assert [one.rule for one in check_pdf(paper("Simplifying Training", "Lewis, Mike"), facts)] == rules


def test_mathematics_in_a_title_is_not_compared() -> None:
    facts = PdfFacts(pages=2, first_page="Bounds for 1-norms. Yi Li")

    assert list(check_pdf(paper(r"Bounds for $\ell_1$-Norms", "Li, Yi"), facts)) == []


def test_what_a_file_calls_itself_is_only_noted() -> None:
    facts = PdfFacts(pages=2, first_page="Masked Gradients Yi Li", title="Microsoft Word - final draft version")

    (finding,) = check_pdf(paper("Masked Gradients", "Li, Yi"), facts)

    assert (finding.rule, finding.severity.value) == ("pdf-metadata", "note")
