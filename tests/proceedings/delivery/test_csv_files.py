"""CSV files: no cell is a formula."""

import csv
import io

import pytest

from proceedings.delivery.csv_files import escape_formula, write_csv


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    ((cell,),) = csv.reader(io.StringIO(write_csv([[escape_formula(text)]]).decode(), newline=""))
    assert cell == f"'{text}"


def test_any_other_cell_stays_as_it_is() -> None:
    assert escape_formula("a=b") == "a=b"


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "a\nb"])
def test_a_line_end_does_not_end_the_row(text: str) -> None:
    assert list(csv.reader(io.StringIO(write_csv([[text, "c"]]).decode(), newline=""))) == [["a\nb", "c"]]
