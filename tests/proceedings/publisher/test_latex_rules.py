"""A macro in a title that nobody knows: it is named, and the correction writes what people mean."""

from dataclasses import replace

import pytest

from proceedings.bibtex.records import PaperRecord, VolumeRecord, read_volume_file
from proceedings.bibtex.writer import UnwritableError, write_volume_file
from proceedings.publisher.fixes import Fixer
from proceedings.publisher.latex_rules import check_latex
from proceedings.publisher.rules import proposed_pages

VOLUME = VolumeRecord(number=1, bib_key="V", name="A", shortname="A", booktitle="A", year=2025)


def paper(title: str) -> PaperRecord:
    read = read_volume_file(f"@InProceedings{{lee25,\n  title = {{{title}}},\n  author = {{Lee, Ann}}\n}}\n")
    (entry,) = read.papers
    assert entry.record
    return entry.record


@pytest.mark.parametrize(
    ("written", "proposed", "latex"),
    [
        (r"\Matthew on trees", "Matthew on trees", "Matthew on trees"),
        (r"\ccon{Smith} \& more", "Smith & more", r"Smith \& more"),
        (r"{\'E}clair \foo", "Éclair foo", r"{\'E}clair foo"),
    ],
)
def test_an_unknown_macro_is_an_error_with_a_correction(written: str, proposed: str, latex: str) -> None:
    before = paper(written)
    (finding,) = check_latex(before, ())
    assert (finding.rule, finding.severity, finding.field, finding.fix) == ("latex", "error", "title", proposed)

    after = Fixer(VOLUME, [before]).paper(before, "latex")
    assert (after.title, after.title_latex) == (proposed, latex)
    assert list(check_latex(after, ())) == []


@pytest.mark.parametrize("title", [r"{\'E}clair", "Plain", r"On $\foo$ in mathematics", r"{SVM} \& more"])
def test_a_title_that_can_be_read_is_left_as_it_is(title: str) -> None:
    before = paper(title)
    assert [one for one in check_latex(before, ()) if one.rule == "latex"] == []
    assert Fixer(VOLUME, [before]).paper(before, "latex") == before


def test_a_character_without_a_latex_form_is_named() -> None:
    before = paper("Plain")
    changed = PaperRecord(key="lee25", position=1, title="A \ue000 sign", title_latex="Plain", authors=before.authors)
    assert [(one.rule, one.field) for one in check_latex(changed, ())] == [("unmapped", "title")]


def test_the_export_names_the_unknown_macro() -> None:
    with pytest.raises(UnwritableError, match=r"we do not know the macro \\Matthew"):
        write_volume_file(VOLUME, [paper(r"\Matthew on trees")])


@pytest.mark.parametrize(
    ("pages", "proposed"), [("1/1--42", "1--42"), ("12/3-4", "3-4"), ("1--42", ""), ("1/2", ""), ("e7", ""), ("", "")]
)
def test_pages_with_a_volume_before_them_are_corrected(pages: str, proposed: str) -> None:
    before = replace(paper("Plain"), pages=pages)
    assert proposed_pages(pages) == proposed
    assert Fixer(VOLUME, [before]).paper(before, "pages").pages == (proposed or pages)
