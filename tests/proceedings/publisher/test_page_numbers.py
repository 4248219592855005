"""Page numbers from the lengths of the PDFs."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from proceedings.models import Paper, Volume
from proceedings.publisher.page_numbers import NewPages, NoLengthError, Sheet, number, to_roman
from proceedings.publisher.rules import page_range
from tests.proceedings.bib_files import VOLUME, bib, bring_in, paper
from tests.proceedings.pdf_files import pdf


def sheet(key: str, length: int, *, position: int = 1, section: str = "", pages: str = "") -> Sheet:
    return Sheet(key, position, section, pages, length)


def test_sections_come_in_their_order_and_papers_by_position() -> None:
    sheets = [
        sheet("note", 2, section="Notes"),
        sheet("second", 3, position=2, section="Talks"),
        sheet("first", 10, position=1, section="Talks"),
        sheet("nowhere", 1),
    ]

    assert number(sheets, ["Talks=All Talks", "Notes"]) == [
        NewPages("first", "", "1--10"),
        NewPages("second", "", "11--13"),
        NewPages("note", "", "14--15"),
        NewPages("nowhere", "", "16--16"),
    ]


def test_a_preface_keeps_roman_pages_of_its_own() -> None:
    sheets = [sheet("preface", 4, pages="i-i"), sheet("a", 2, position=2, pages="1-2"), sheet("b", 1, position=3)]

    result = number(sheets, [])

    assert [(one.new, one.changed) for one in result] == [("i--iv", True), ("1-2", False), ("3--3", True)]


def test_papers_without_a_pdf_are_named() -> None:
    with pytest.raises(NoLengthError, match="2 papers have no PDF, so pages cannot be numbered: a c"):
        number([sheet("a", 0), sheet("b", 1), sheet("c", 0)], [])


@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["", "A", "B", "C"])), max_size=20))
def test_ranges_never_leave_a_gap_nor_overlap(papers: list[tuple[int, str]]) -> None:
    sheets = [sheet(f"p{at}", length, position=at, section=name) for at, (length, name) in enumerate(papers)]

    spans = [page_range(one.new) for one in number(sheets, ["B", "A"])]

    following = 1
    for span in spans:
        assert span is not None
        assert span[0] == following
        following = span[1] + 1
    assert following == 1 + sum(length for length, _ in papers)


@given(st.integers(1, 3000))
def test_roman_numbers_are_read_back(value: int) -> None:
    assert page_range(f"{to_roman(value)}--{to_roman(value)}") == (value, value)


@pytest.mark.django_db
def test_the_command_shows_the_difference_and_writes_only_with_apply(tmp_path: Path) -> None:
    sections = VOLUME.replace("  year", "  sections = {Talks|Notes},\n  year")
    papers = [
        paper("li25", "Masked", "Li, Yi", "1--1", ",\n  section = {Notes}"),
        paper("lewis25", "Simplifying", "Lewis, Mike", "", ",\n  section = {Talks}"),
    ]
    bring_in(bib(*papers, volume=sections))
    out = io.StringIO()
    with pytest.raises(CommandError, match="2 papers have no PDF"):
        call_command("number_pages", "901", stdout=out)
    (tmp_path / "li25.pdf").write_bytes(pdf("Masked", "Yi Li", pages=3))
    (tmp_path / "lewis25.pdf").write_bytes(pdf("Simplifying", "Mike Lewis", pages=2))
    call_command("attach_files", "901", tmp_path, stdout=io.StringIO())

    call_command("number_pages", "901", stdout=out)

    assert out.getvalue() == (
        "  lewis25: none -> 1--2\n  li25: 1--1 -> 3--5\nv901: 2 page ranges to change; add --apply to write them.\n"
    )
    assert Paper.objects.get(key="li25").pages == "1--1"

    call_command("number_pages", "901", apply=True, stdout=io.StringIO())
    assert dict(Volume.objects.get().papers.values_list("key", "pages")) == {"li25": "3--5", "lewis25": "1--2"}
