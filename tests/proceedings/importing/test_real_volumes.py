"""Four real volumes as published, with abstracts. They are beside the repository, not in it."""

from pathlib import Path

import pytest

from proceedings.bibtex.findings import Severity
from proceedings.bibtex.latex import to_latex, to_unicode
from proceedings.bibtex.records import read_volume_file
from proceedings.bibtex.source import Source
from proceedings.delivery.public_package import bibliography
from proceedings.delivery.volume_check import check_text
from proceedings.importing.plan import Change
from proceedings.importing.planner import apply, make_plan
from tests.proceedings import suggested_fixes

VOLUMES = Path(__file__).parents[4] / "shared" / "data" / "volumes"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not VOLUMES.is_dir(), reason="the real volumes are not beside the repository"),
]
IN = {"acml2025-v304": 79, "colt2024-v247": 170, "copa2024-v230": 36, "l4dc2025-v283": 120}


@pytest.mark.parametrize("name", IN)
def test_every_paper_is_accounted_for_and_comes_out_as_it_went_in(name: str) -> None:
    source = Source.read(f"{name}.bib", (VOLUMES / f"{name}.bib").read_bytes())
    plan = make_plan(source)
    volume = apply(plan)
    text = bibliography(volume, volume.papers.all())

    assert plan.counts == {**dict.fromkeys(Change, 0), Change.NEW: IN[name]}
    assert not make_plan(source).changes_anything
    assert text.isascii()
    again = make_plan(Source("again.bib", text))
    assert again.gone == ()
    changed = {one.label for plan in again.of(Change.CHANGED) for one in plan.differences}
    assert changed <= {"title_latex", "abstract", "pages", "extra"}, "only what is mended on export"
    assert bibliography(apply(again), volume.papers.all()) == text
    assert not make_plan(Source("again.bib", text)).changes_anything


@pytest.mark.parametrize("name", IN)
def test_titles_and_names_survive_the_way_out_and_back(name: str) -> None:
    file = read_volume_file((VOLUMES / f"{name}.bib").read_text(encoding="utf-8"))

    for entry in file.papers:
        if entry.record:
            parts = [str(author) for author in entry.record.authors]
            for text in [entry.record.title, *parts]:
                assert to_unicode(to_latex(text)) == text


NEEDS_A_PERSON = {
    "acml2025-v304": [("li25c", "author", "names")],  # 'yimingqiao': one word, and nobody knows where to split it
    "colt2024-v247": [],
    "copa2024-v230": [],
    "l4dc2025-v283": [],
}


@pytest.mark.parametrize("name", IN)
def test_the_suggested_fixes_leave_only_what_an_editor_must_decide(name: str, tmp_path: Path) -> None:
    """Every error of the source has a suggested fix that removes it from the file."""
    file = tmp_path / f"{name}.bib"
    file.write_bytes((VOLUMES / f"{name}.bib").read_bytes())

    for _ in range(4):  # names in one field have one suggestion each
        text = suggested_fixes.closed(file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
        file.write_text(suggested_fixes.apply(text, check_text(file).of(Severity.ERROR)), encoding="utf-8")

    left = [(one.paper, one.field, one.rule) for one in check_text(file).of(Severity.ERROR)]
    assert left == NEEDS_A_PERSON[name]
    volume = apply(make_plan(Source.read("mended.bib", file.read_bytes())))
    assert volume.papers.count() == IN[name]
    exported = tmp_path / "exported.bib"
    exported.write_text(bibliography(volume, volume.papers.all()), encoding="ascii")
    # A name of one word goes out in braces, which the publisher accepts; an editor is still asked about it.
    assert check_text(exported).of(Severity.ERROR) == []


@pytest.mark.parametrize("name", IN)
def test_every_error_of_the_source_has_a_suggested_fix_unless_an_editor_must_decide(name: str) -> None:
    found = check_text(VOLUMES / f"{name}.bib").of(Severity.ERROR)

    assert {(one.paper, one.field, one.rule) for one in found if not one.fix} == set(NEEDS_A_PERSON[name])
