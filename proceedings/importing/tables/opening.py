"""Opens a file as tables, whatever it is: text, workbook, or the XML of Excel 2003."""

import re

from proceedings.bibtex.source import Source
from proceedings.importing.submissions import UnreadableFileError
from proceedings.importing.tables.delimited import read_delimited
from proceedings.importing.tables.grid import Grid
from proceedings.importing.tables.layouts import is_known_heading
from proceedings.importing.tables.spreadsheet_xml import is_spreadsheet_xml, read_spreadsheet_xml
from proceedings.importing.tables.workbook import is_workbook, read_workbook

# Some systems write a web page and call it .xls.
_WEB_PAGE = re.compile(r"\ufeff?\s*<(?:!doctype|html|head|body|table|\?xml)\b", re.IGNORECASE)


def is_binary_table(source: Source) -> bool:
    """Whether the file is a workbook, so that its text does not matter."""
    return is_workbook(source.data) or is_spreadsheet_xml(source.data)


def open_tables(source: Source) -> tuple[Grid, ...]:
    """Returns the tables of the file: the sheets of a workbook that are not empty, or the one table of a text.

    Raises UnreadableFileError with the reason and what to do.
    """
    if is_workbook(source.data):
        grids, problem = read_workbook(source.data)
    elif is_spreadsheet_xml(source.data):
        grids, problem = read_spreadsheet_xml(source.data)
    elif source.text is None:
        raise UnreadableFileError(str(source.finding))
    elif _WEB_PAGE.match(source.text):
        grids, problem = (), "the file is a web page: open it in a spreadsheet and save it as .xlsx"
    else:
        grids, problem = (read_delimited(source.text, is_known_heading),), ""
    if problem:
        msg = f"{source.name}: {problem}"
        raise UnreadableFileError(msg)
    if not any(grid.rows for grid in grids):
        msg = f"{source.name} is empty: choose the right file"
        raise UnreadableFileError(msg)
    return grids
