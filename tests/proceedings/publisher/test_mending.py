"""What is mended on export without a decision, and what is corrected after one."""

from dataclasses import replace

import pytest

from proceedings.bibtex.names import Name
from proceedings.publisher.fixes import Fixer
from proceedings.publisher.mending import Mender, plain_pages
from tests.proceedings.publisher.test_rules import VOLUME, paper


@pytest.mark.parametrize(
    ("changes", "field", "exported", "rule"),
    [
        ({"abstract": "5% of A & B"}, "abstract", r"5\% of A \& B", "percent"),
        ({"abstract": r"5\% of A \& B $a & b$"}, "abstract", r"5\% of A \& B $a & b$", None),
        ({"abstract": r"\begin{tabular}a & b\end{tabular}"}, "abstract", r"\begin{tabular}a & b\end{tabular}", None),
        ({"abstract": r"costs \$5"}, "abstract", r"costs \textdollar 5", "escapes"),
        ({"abstract": r"\$x\$"}, "abstract", r"\$x\$", None),
        (
            {"abstract": r"$x_{a\_b}$ and $\text{a\_b}$ a\_b"},
            "abstract",
            r"$x_{a\text{_}b}$ and $\text{a_b}$ a_b",
            "escapes",
        ),
        ({"abstract": r"\{0\}"}, "abstract", r"\lbrace 0\rbrace", "escapes"),
        ({"abstract": "\ufb01ne\x07 \ufb05"}, "abstract", "fine st", "ligature"),
        ({"abstract": "generation gener- ation"}, "abstract", "generation generation", "wrap-hyphen"),
        ({"pages": "{ 4 -- 24 }"}, "pages", "4--24", "page-braces"),
        ({"pages": "1 - 13"}, "pages", "1-13", "page-braces"),
    ],
)
def test_what_needs_no_decision_is_mended(
    changes: dict[str, object], field: str, exported: str, rule: str | None
) -> None:
    stored = replace(paper(), **changes)  # type: ignore[arg-type]
    mended, notes = Mender([stored]).paper(stored)
    assert getattr(mended, field).replace(r"\lbrace0", r"\lbrace 0") == exported
    assert rule is None or rule in {note.rule for note in notes}
    assert Mender([mended]).paper(mended)[0] == mended


def test_the_title_for_people_stays() -> None:
    stored = paper(title="Gaussian 5% of gener- ation", title_latex="Gaussian 5% of gener- ation")
    mended, notes = Mender([stored]).paper(stored)
    assert (mended.title, mended.title_latex) == (stored.title, r"{Gaussian} 5\% of gener- ation")
    assert {note.rule for note in notes} == {"percent", "title-words"}
    assert all(note.severity == "note" and note.message.endswith("(mended on export)") for note in notes)


def test_plain_pages() -> None:
    assert [plain_pages(text) for text in ("{{1-2}}", " i -- iv ", "", "7")] == ["1-2", "i--iv", "", "7"]


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("textbackslash", r"A \textbackslash alpha", r"A $\alpha$"),
        ("textbackslash", r"$\textbackslash beta$ in C:\textbackslash{}Users", r"$\beta$ in C:$\backslash$Users"),
        ("double-backslash", r"\\textbf{so} a\\b", r"\textbf{so} a b"),
        ("double-backslash", r"$\begin{matrix}a\\b\end{matrix}$", r"$\begin{matrix}a\cr b\end{matrix}$"),
        ("double-backslash", r"\\textit\lbrace so\rbrace, $x$", r"\textit{so}, $x$"),
        ("double-backslash", r"\\textcolor\{red\}\{so\} \$i\\in[K]\$", r"\textcolor{red}{so} $i\in[K]$"),
        ("double-backslash", r"the end.\\Then we", "the end. Then we"),
        ("escapes", r"\$i\\in \\mathbb\lbrace R\rbrace\$", r"$i\in \mathbb{R}$"),
        ("escapes", r"\$x^2\$ for \$ 5 and \$y\$", r"$x^2$ for \textdollar{} 5 and $y$"),
        ("braces", "a } b {c", "a b c"),
        ("color", r"\textcolor{red}{so} \color{blue} x", "{so} x"),
    ],
)
def test_corrections_of_text(rule: str, before: str, after: str) -> None:
    stored = paper(abstract=before)
    assert Fixer(VOLUME, [stored]).paper(stored, rule).abstract.replace("  ", " ") == after


def test_sections_are_proposed_from_slips_and_neighbours() -> None:
    volume = replace(VOLUME, sections=("Talks=All Talks", "Notes"))
    places = ["talks", "", "All Talks", "Posters", ""]
    papers = [paper(f"k{at}", position=at, section=section) for at, section in enumerate(places)]
    fixer = Fixer(volume, papers)
    assert [fixer.paper(one, "sections").section for one in papers] == ["Talks", "Talks", "Talks", "Posters", "Posters"]
    assert fixer.volume("sections").sections == ("Talks=All Talks", "Posters")


def test_names_get_capitals_and_lose_hyphens() -> None:
    stored = paper(authors=(Name("lewis", "Mike"), Name("Smith-", "Jean- pierre"), Name("lewis")))
    assert Fixer(VOLUME, [stored]).paper(stored, "names").authors[0] == Name("Lewis", "Mike")
    joined = Fixer(VOLUME, [stored]).paper(stored, "wrap-hyphen").authors
    assert joined[1:] == (Name("Smith", "Jean-pierre"), Name("lewis"))
