"""Citations of a published paper."""

import io
import json
from dataclasses import replace
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from proceedings.bibtex.names import Name
from proceedings.bibtex.parser import read_bibtex
from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.models import Paper
from proceedings.publisher.citations import bibtex, csl_json, ris
from tests.proceedings.bib_files import bib, bring_in, paper

VOLUME = VolumeRecord(
    number=247,
    bib_key="X",
    name="n",
    shortname="s",
    booktitle="Proceedings of R & D",
    year=2024,
    published=date(2024, 6, 30),
    editor_names=("Boström, Henrik",),
)
PAPER = PaperRecord(
    key="schaar24",
    position=1,
    title=r"Größe of $\ell_1$ for \$5",
    title_latex=r"Gr{\"o}{\ss}e of $\ell_1$ for \$5",
    authors=(Name("Schaar", "Mihaela", "van der", "Jr"), Name("ESA Group")),
    pages="1-10",
)
URL = "https://proceedings.mlr.press/v247/schaar24a.html"


def test_bibtex() -> None:
    text = bibtex(VOLUME, PAPER, "schaar24a", URL)

    (entry,) = read_bibtex(text).entries
    assert text.isascii()
    assert entry.key == "pmlr-v247-schaar24a"
    assert entry.fields["author"] == "van der Schaar, Jr, Mihaela and {ESA Group}"
    assert entry.fields["pages"] == "1--10"
    assert entry.fields["booktitle"] == r"Proceedings of R \& D"
    assert entry.fields["editor"] == 'Bostr{\\"o}m, Henrik'
    assert entry.fields["url"] == URL


def test_ris() -> None:
    assert ris(VOLUME, PAPER, "schaar24a", URL).split("\r\n") == [
        "TY  - CPAPER",
        r"TI  - Größe of $\ell_1$ for $5",
        "AU  - van der Schaar, Mihaela, Jr",
        "AU  - ESA Group",
        "BT  - Proceedings of R & D",
        "DA  - 2024/06/30",
        "PY  - 2024",
        "PB  - PMLR",
        "T3  - Proceedings of Machine Learning Research",
        "VL  - 247",
        "SP  - 1",
        "EP  - 10",
        "ID  - pmlr-v247-schaar24a",
        f"UR  - {URL}",
        "ER  - ",
        "",
    ]


def test_csl_json() -> None:
    (item,) = json.loads(csl_json(VOLUME, PAPER, "schaar24a", URL))

    assert item["author"] == [
        {"family": "Schaar", "given": "Mihaela", "non-dropping-particle": "van der", "suffix": "Jr"},
        {"literal": "ESA Group"},
    ]
    assert (item["page"], item["issued"]) == ("1-10", {"date-parts": [[2024, 6, 30]]})
    assert item["URL"] == URL


def test_what_is_not_known_is_left_out() -> None:
    volume, paper = replace(VOLUME, published=None), replace(PAPER, pages="")

    assert "SP  -" not in ris(volume, paper, "x", URL)
    assert "DA  -" not in ris(volume, paper, "x", URL)
    (item,) = json.loads(csl_json(volume, paper, "x", URL))
    assert item["issued"] == {"date-parts": [[2024]]}
    assert "page" not in item
    assert "pages" not in read_bibtex(bibtex(volume, paper, "x", URL)).entries[0].fields


@pytest.mark.django_db
def test_the_command_prints_the_papers_asked_for() -> None:
    bring_in(bib(paper("lewis25", "One"), paper("li25", "Two", "Li, Yi"), paper("li25b", "Three", "Li, Yi")))
    out = io.StringIO()

    call_command("citations", "901", paper=["li25b"], stdout=out)

    (entry,) = read_bibtex(out.getvalue()).entries
    assert entry.fields["title"] == "Three"
    assert entry.fields["url"] == "https://proceedings.mlr.press/v901/li25b.html"
    with pytest.raises(CommandError, match=r"v901 has no paper x"):
        call_command("citations", "901", paper=["x"], stdout=out)


@pytest.mark.django_db
@pytest.mark.parametrize(("form", "mark"), [("bibtex", "@InProceedings{"), ("ris", "TY  - CPAPER"), ("csl", '"id"')])
def test_every_form_has_every_paper(form: str, mark: str) -> None:
    bring_in(bib(paper("lewis25", "One"), paper("li25", "Two", "Li, Yi")))
    out = io.StringIO()

    call_command("citations", "901", format=form, stdout=out)

    assert out.getvalue().count(mark) == 2


@pytest.mark.django_db
def test_a_paper_that_cannot_be_written_is_named() -> None:
    bring_in(bib(paper("lewis25", "One")))
    Paper.objects.update(title="中")

    with pytest.raises(CommandError, match=r"lewis25: no LaTeX form for U\+4E2D"):
        call_command("citations", "901", stdout=io.StringIO())
