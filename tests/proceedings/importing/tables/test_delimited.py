"""Tables as text: separators, quotes, odd lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.importing.tables.delimited import read_delimited
from proceedings.importing.tables.grid import heading
from proceedings.importing.tables.layouts import is_known_heading
from tests.proceedings.workbooks import delimited


def cells(text: str) -> list[tuple[str, ...]]:
    grid = read_delimited(text, is_known_heading)
    assert grid.problems == ()
    return [row.cells for row in grid.rows]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n", [("a", "b"), ("1", "2")]),
        ("a;b\n1;2,5\n", [("a", "b"), ("1", "2,5")]),
        ("a\tb\n1\t2, 3; 4\n", [("a", "b"), ("1", "2, 3; 4")]),
        ("a|b\n1|2\n", [("a", "b"), ("1", "2")]),
        ("sep=;\na;b\n1;2\n", [("a", "b"), ("1", "2")]),
        ('\ufeff"sep=;"\r\na;b\r\n', [("a", "b")]),
        ("SEP=\t\na\tb\n", [("a", "b")]),
        (
            "title,authors\nOn a; b,Ann; Bo; Cy; Dee; Eli\n",
            [("title", "authors"), ("On a; b", "Ann; Bo; Cy; Dee; Eli")],
        ),
        ("title;authors\n1,2,3,4,5,6;Ann\n", [("title", "authors"), ("1,2,3,4,5,6", "Ann")]),
        ('a,b\n"1, ""x""\ny",2\n', [("a", "b"), ('1, "x"\ny', "2")]),
        ("\n\n,,\na,b,,,\n1,2,,,\n", [("a", "b"), ("1", "2")]),
        ("a,b\r1,2\r", [("a", "b"), ("1", "2")]),
        ("a,b\r\n1,2\r\n", [("a", "b"), ("1", "2")]),
        ("a,b\n1\u20282,3\n", [("a", "b"), ("1\u20282", "3")]),
        ("\u00a0a\u200b ,b\u00a0\n", [("a", "b")]),
        ('a,b\n="007",2\n', [("a", "b"), ("007", "2")]),
        ('a,b\n"say "hi" there",2\n', [("a", "b"), ('say "hi" there', "2")]),
        ("", []),
        (" \n", []),
    ],
)
def test_a_table(text: str, rows: list[tuple[str, ...]]) -> None:
    assert cells(text) == rows


def test_a_quote_that_does_not_end_costs_one_row() -> None:
    grid = read_delimited('a,b\n1,"x\n2,"y, z"\n3,"w"\n')

    assert [(row.line, row.cells) for row in grid.rows] == [(1, ("a", "b")), (3, ("2", "y, z")), (4, ("3", "w"))]
    assert [line for line, _ in grid.problems] == [2]
    assert "correct its quotes" in grid.problems[0][1]


def test_a_file_full_of_faults_ends() -> None:
    grid = read_delimited("a,b\n" + '1,"x\n' * 1000)

    assert "too many rows cannot be read" in grid.problems[-1][1]
    assert len(grid.problems) < 30


def test_a_table_without_end_is_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proceedings.importing.tables.delimited.MAX_ROWS", 3)

    grid = read_delimited("a,b\n" + "1,2\n" * 9)

    assert len(grid.rows) == 3
    assert grid.problems == ((4, "the table has more than 3 rows: split it"),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("E-mail", "EMAIL"),
        ("Paper ID", "paper_id"),
        ("\ufeffTitle\u00a0", "title"),
        ("Corresponding?", "corresponding"),
        ("Submission #", "submission#"),
        ("Ｔｉｔｌｅ", "title"),
        ("1: First Name", "1firstname"),
    ],
)
def test_headings_are_compared_by_their_letters(one: str, other: str) -> None:
    assert heading(one) == heading(other)


CELL = st.text(st.sampled_from('ab ,;\t|"\né'), max_size=8).map(str.strip)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=6), st.sampled_from(",;\t|"))
def test_what_a_writer_quotes_is_read_again(rows: list[list[str]], separator: str) -> None:
    table = [["title", "authors", "abstract"], *rows]
    text = delimited(table, separator)

    found = [row.cells for row in read_delimited(text, is_known_heading).rows]

    assert [(*cells, *[""] * (3 - len(cells))) for cells in found] == [tuple(row) for row in table if any(row)]
