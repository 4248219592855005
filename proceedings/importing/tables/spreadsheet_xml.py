"""Reads workbooks in the XML of Excel 2003, which CMT exports with the ending .xls. Pure."""

from collections.abc import Mapping
from xml.parsers import expat

from proceedings.importing.tables.grid import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Grid, Row, make_row

_NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"


def is_spreadsheet_xml(data: bytes) -> bool:
    """Whether `data` begins like a workbook in the XML of Excel 2003."""
    start = data[:4000].replace(b"\0", b"")
    return b"<" in start[:16] and _NAMESPACE.encode() in start


def read_spreadsheet_xml(data: bytes) -> tuple[tuple[Grid, ...], str]:
    """Returns the sheets that are not empty, or why the file cannot be read. Raises nothing.

    A document type, and with it any entity, is rejected: they can read other files and fill the memory.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except _RejectedError as error:
        return (), str(error)
    except (expat.ExpatError, ValueError, LookupError) as error:  # an encoding that nobody knows is a LookupError
        return (), f"the XML cannot be read ({error}): open the file in a spreadsheet and save it as .xlsx"
    return tuple(grid for grid in reader.grids if grid.rows), ""


class _RejectedError(Exception):
    """The file is rejected; the message says why."""


class _Reader:
    """Collects rows while expat reads."""

    def __init__(self) -> None:
        self.grids: list[Grid] = []
        self.sheet = ""
        self.rows: list[Row] = []
        self.row_number = 0
        self.cells: dict[int, str] = {}
        self.cell_number = 0
        self.merged = 0
        self.data: list[str] | None = None
        self.kind = ""
        self.count = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._reject
        self.parser.EntityDeclHandler = self._reject
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    @staticmethod
    def _reject(*_: object) -> None:
        msg = "the XML declares a document type, which we do not read: save the file as .xlsx"
        raise _RejectedError(msg)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        match name.removeprefix(f"{_NAMESPACE} "):
            case "Worksheet":
                self.sheet = attributes.get(f"{_NAMESPACE} Name", "")
                self.rows, self.row_number = [], 0
            case "Row":
                self.row_number = self._index(attributes, self.row_number, MAX_ROWS, "rows")
                self.cells, self.cell_number = {}, 0
            case "Cell":
                self.cell_number = self._index(attributes, self.cell_number, MAX_COLUMNS, "columns")
                merged = attributes.get(f"{_NAMESPACE} MergeAcross", "")
                self.merged = int(merged) if merged.isascii() and merged.isdigit() and len(merged) < 5 else 0
                self.count += 1
                if self.count > MAX_CELLS:
                    msg = f"the workbook has more than {MAX_CELLS} cells: split it"
                    raise _RejectedError(msg)
            case "Data":
                self.data, self.kind = [], attributes.get(f"{_NAMESPACE} Type", "String")

    @staticmethod
    def _index(attributes: Mapping[str, str], before: int, most: int, what: str) -> int:
        """Returns the number of a row or cell. The file leaves out empty ones and then gives the next a number."""
        given = attributes.get(f"{_NAMESPACE} Index", "")
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else before + 1
        if number > most:
            msg = f"a sheet has more than {most} {what}: split it"
            raise _RejectedError(msg)
        return max(number, before + 1)

    def _text(self, text: str) -> None:
        if self.data is not None:
            self.data.append(text)

    def _end(self, name: str) -> None:
        match name.removeprefix(f"{_NAMESPACE} "):
            case "Data":
                self.cells[self.cell_number] = _shown("".join(self.data or ()), self.kind)
                self.data = None
            case "Cell":
                self.cell_number += self.merged
            case "Row":
                cells = [self.cells.get(place, "") for place in range(1, max(self.cells, default=0) + 1)]
                if row := make_row(self.row_number, cells):
                    self.rows.append(row)
            case "Worksheet":
                self.grids.append(Grid(tuple(self.rows), self.sheet))


def _shown(text: str, kind: str) -> str:
    """Returns the value of a cell as people write it: ``12`` for 12.0, the date of ``2026-01-02T00:00:00.000``."""
    if kind == "Number":
        whole, _, rest = text.strip().partition(".")
        return whole if whole and not rest.strip("0") else text
    if kind == "DateTime":
        return text.replace("T00:00:00.000", "").replace(".000", "").replace("T", " ")
    if kind == "Boolean":
        return {"1": "yes", "0": "no"}.get(text.strip(), text)
    return text
