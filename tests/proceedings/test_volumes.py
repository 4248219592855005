"""The four real volumes as they were published, with their abstracts; they lie beside the repository, not in it."""

from pathlib import Path

import pytest

from proceedings.delivery import bibliography
from proceedings.importing import apply, make_plan
from proceedings.latex import to_latex, to_unicode
from proceedings.plans import Change, Source
from proceedings.records import read_volume_file

VOLUMES = Path(__file__).parents[3] / "shared" / "data" / "volumes"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not VOLUMES.is_dir(), reason="the real volumes are not beside the repository"),
]
IN = {"acml2025-v304": 79, "colt2024-v247": 170, "copa2024-v230": 36, "l4dc2025-v283": 120}
REJECTED = {"l4dc2025-v283": {"begzadic25a"}}  # its key holds U+0087


@pytest.mark.parametrize("name", IN)
def test_every_paper_is_accounted_for_and_comes_out_as_it_went_in(name: str) -> None:
    source = Source.read(f"{name}.bib", (VOLUMES / f"{name}.bib").read_bytes())
    plan = make_plan(source)
    volume = apply(plan)
    text = bibliography(volume, volume.papers.all())

    refused = {paper.key for paper in plan.of(Change.REJECTED)}
    assert refused == REJECTED.get(name, set())
    assert plan.counts[Change.NEW] == IN[name] - len(refused)
    assert sum(plan.counts.values()) == IN[name]
    assert not make_plan(source).changes_anything
    assert text.isascii()
    again = make_plan(Source("again.bib", text))
    assert not again.changes_anything
    assert again.gone == ()


@pytest.mark.parametrize("name", IN)
def test_titles_and_names_survive_the_way_out_and_back(name: str) -> None:
    file = read_volume_file((VOLUMES / f"{name}.bib").read_text(encoding="utf-8"))

    for entry in file.papers:
        if entry.record:
            parts = [str(author) for author in entry.record.authors]
            for text in [entry.record.title, *parts]:
                assert to_unicode(to_latex(text)) == text
