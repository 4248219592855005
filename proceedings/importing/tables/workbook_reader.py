"""Reads the cells of a workbook (.xlsx, .xls, .ods) in a child process, because its bytes come from strangers.

``python -m proceedings.importing.tables.workbook_reader`` is the child. It reads the workbook from its standard input
and writes the sheets as JSON. It has no secrets, no database and no files, little memory and little time.
"""

import datetime as dt
import io
import json
import sys
import zipfile
from typing import Any

import python_calamine

from proceedings.files.sandbox import MAX_MEMORY, set_limits
from proceedings.importing.tables.grid import MAX_CELLS, MAX_COLUMNS, MAX_ROWS

MAX_UNPACKED = 300 * 1024 * 1024
"""Bytes of an unpacked .xlsx or .ods file. 12,000 submissions with abstracts need 60 MB."""
MAX_TEXT = 64 * 1024 * 1024
"""Characters of one sheet."""

Sheet = tuple[str, list[list[str]]]


class UnreadableWorkbookError(ValueError):
    """The file is no workbook that can be read. The message says why and what to do."""


def read_sheets(data: bytes) -> list[Sheet]:
    """Returns the visible sheets of a workbook with their rows as text. Raises UnreadableWorkbookError."""
    _check_size(data)
    try:
        with python_calamine.load_workbook(io.BytesIO(data)) as book:
            return [_sheet(book, about.name) for about in book.sheets_metadata if _is_shown(about)]
    except python_calamine.PasswordError as error:
        msg = "the workbook has a password: save it without one and import it again"
        raise UnreadableWorkbookError(msg) from error
    except UnreadableWorkbookError:
        raise
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a fault in the library's Rust code is no Exception
        msg = f"the workbook cannot be read ({str(error)[:200]}): save it again as .xlsx, or as .csv in UTF-8"
        raise UnreadableWorkbookError(msg) from error


def _check_size(data: bytes) -> None:
    if not data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError) as error:
        msg = f"the workbook is damaged ({str(error)[:200]}): save it again as .xlsx"
        raise UnreadableWorkbookError(msg) from error
    if size > MAX_UNPACKED:
        msg = f"the workbook unpacks to more than {MAX_UNPACKED >> 20} MB: split it"
        raise UnreadableWorkbookError(msg)


def _is_shown(about: "python_calamine.SheetMetadata") -> bool:
    return (
        about.typ == python_calamine.SheetTypeEnum.WorkSheet
        and about.visible == python_calamine.SheetVisibleEnum.Visible
    )


def _sheet(book: "python_calamine.CalamineWorkbook", name: str) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    last = sheet.end
    height, width = (last[0] + 1, last[1] + 1) if last else (0, 0)
    if height > MAX_ROWS or width > MAX_COLUMNS or height * width > MAX_CELLS:
        msg = f"the sheet {name} has {height} rows and {width} columns; we read {MAX_ROWS} and {MAX_COLUMNS}: split it"
        raise UnreadableWorkbookError(msg)
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    if sum(len(cell) for row in rows for cell in row) > MAX_TEXT:
        msg = f"the sheet {name} has more than {MAX_TEXT >> 20} million characters: split it"
        raise UnreadableWorkbookError(msg)
    return name, rows


def _text(cell: Any) -> str:
    """Returns a cell as people write it: ``12`` for 12.0, dates as ISO, booleans as yes and no."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        whole_day = (cell.hour, cell.minute, cell.second, cell.microsecond) == (0, 0, 0, 0)
        return cell.date().isoformat() if whole_day else cell.isoformat(" ", "seconds")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)


def main() -> None:
    """Reads one workbook from the standard input, and writes its sheets or the reason why it cannot."""
    set_limits(MAX_MEMORY)
    try:
        answer: dict[str, Any] = {"sheets": read_sheets(sys.stdin.buffer.read())}
    except UnreadableWorkbookError as error:
        answer = {"problem": str(error)}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
