"""Reads workbooks (.xlsx, .xls, .ods) through a confined child process."""

import json
import subprocess
import sys
from pathlib import Path

from proceedings.importing.tables.grid import Grid, make_row

MAX_SECONDS = 60
_ROOT = Path(__file__).parents[3]
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def is_workbook(data: bytes) -> bool:
    """Whether `data` begins like a workbook: .xlsx and .ods are zip archives, the older .xls is an OLE file."""
    return data.startswith((_ZIP, _OLE))


def read_workbook(data: bytes) -> tuple[tuple[Grid, ...], str]:
    """Returns the sheets that are not empty, or why the workbook cannot be read. Raises nothing."""
    try:
        done = subprocess.run(
            [sys.executable, "-E", "-s", "-m", "proceedings.importing.tables.workbook_reader"],
            cwd=_ROOT, env={"LANG": "C.UTF-8"}, input=data, capture_output=True, timeout=MAX_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return (), "reading the workbook takes too long: save the sheet as .csv in UTF-8"
    try:
        answer = json.loads(done.stdout)
    except ValueError:  # the child was ended by its limits
        return (), "the workbook cannot be read with the memory we allow: save the sheet as .csv in UTF-8"
    if "problem" in answer:
        return (), answer["problem"]
    grids = (_grid(name, rows) for name, rows in answer["sheets"])
    return tuple(grid for grid in grids if grid.rows), ""


def _grid(name: str, rows: list[list[str]]) -> Grid:
    found = (make_row(number, cells) for number, cells in enumerate(rows, 1))
    return Grid(tuple(row for row in found if row), name)
