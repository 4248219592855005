"""The list of authors: JSON and CSV, with what the .bib file has no field for, and without addresses."""

import codecs
import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from proceedings.delivery.author_files import COLUMNS, authors_csv, authors_json
from proceedings.models import Author, Paper, Volume
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def volume() -> Volume:
    made = make.volume()
    first = make.paper(made, title="=1+1", extra={"openreview": "AbC_1-x"})
    make.paper(made, status=Paper.Status.WITHDRAWN)
    make.paper(made, extra={"openreview": ["odd"]})
    Author.objects.filter(paper=first, position=2).update(
        particle="van", suffix="Jr", orcid="0000-0002-1825-0097", affiliation="@Lab, A", profile="~Shruti_B1"
    )
    return made


def test_the_json_has_every_accepted_paper_with_its_authors_in_parts(volume: Volume) -> None:
    read = json.loads(authors_json(volume))
    assert (read["volume"], [paper["key"] for paper in read["papers"]]) == (247, ["lewis26-1", "lewis26-3"])
    assert [paper["openreview"] for paper in read["papers"]] == ["AbC_1-x", ""]
    assert read["papers"][0]["authors"][1] == {
        "position": 2,
        "given": "Shruti",
        "particle": "van",
        "family": "Bhosale",
        "suffix": "Jr",
        "orcid": "0000-0002-1825-0097",
        "affiliation": "@Lab, A",
        "profile": "~Shruti_B1",
        "corresponding": False,
    }


def test_the_csv_has_a_row_for_each_author_and_no_formula(volume: Volume) -> None:
    head, *rows = csv.reader(io.StringIO(authors_csv(volume).decode("utf-8-sig"), newline=""))
    assert tuple(head) == COLUMNS
    assert authors_csv(volume).startswith(codecs.BOM_UTF8)
    assert len(rows) == 6
    found = dict(zip(head, rows[1], strict=True))
    assert (found["title"], found["affiliation"], found["corresponding"]) == ("'=1+1", "'@Lab, A", "")
    assert rows[0][-1] == "yes"


def test_no_file_has_an_email_address_and_both_are_always_the_same(volume: Volume) -> None:
    for write in (authors_json, authors_csv):
        assert b"example.org" not in write(volume)
        assert write(volume) == write(Volume.objects.get())


def test_papers_and_authors_are_two_queries(volume: Volume, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(2):
        authors_json(volume)


def test_the_command_writes_the_file_that_its_name_asks_for(
    volume: Volume, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, write in (("a.json", authors_json), ("a.CSV", authors_csv)):
        call_command("export_authors", "v247", to=tmp_path / name)
        assert (tmp_path / name).read_bytes() == write(volume)
        assert capsys.readouterr().out == f"Wrote {tmp_path / name}.\n"
    with pytest.raises(CommandError, match=r"ends in neither \.json nor \.csv"):
        call_command("export_authors", "247", to=tmp_path / "a.txt")
    with pytest.raises(CommandError, match="Cannot write"):
        call_command("export_authors", "247", to=tmp_path / "nowhere" / "a.json")
