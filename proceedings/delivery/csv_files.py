"""CSV files that spreadsheets open as they are."""

import csv
import io
from collections.abc import Iterable


def write_csv(rows: Iterable[Iterable[str]]) -> bytes:
    """Formats `rows` as CSV in UTF-8. Every line end within a cell is a line feed, which is quoted."""
    text = io.StringIO()
    plain = ([cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows)
    csv.writer(text, lineterminator="\n").writerows(plain)
    return text.getvalue().encode()


def escape_formula(text: str) -> str:
    """Escapes a text that a spreadsheet would read as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
