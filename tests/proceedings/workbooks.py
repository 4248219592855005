"""Small workbooks for tests: .xlsx written with the standard library, and the XML of Excel 2003."""

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Cell = Any
"""A text, a number, a boolean, a date, or None for an empty cell."""
Table = Sequence[Sequence[Any]]

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_OLD = "urn:schemas-microsoft-com:office:spreadsheet"


def xlsx(sheets: Mapping[str, Table], *, hidden: Sequence[str] = ()) -> bytes:
    """Returns a workbook with these sheets. Dates are numbers with a format, as spreadsheets write them."""
    names = list(sheets)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_BOOK}sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_BOOK}styles+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{at}.xml" ContentType="{_BOOK}worksheet+xml"/>'
            for at in range(1, len(names) + 1)
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="b" Type="{_LINKS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">'
        + "".join(
            f'<Relationship Id="s{at}" Type="{_LINKS}/worksheet" Target="worksheets/sheet{at}.xml"/>'
            for at in range(1, len(names) + 1)
        )
        + f'<Relationship Id="st" Type="{_LINKS}/styles" Target="styles.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>'
        + "".join(
            f'<sheet name={quoteattr(name)} sheetId="{at}"{_state(name in hidden)} r:id="s{at}"/>'
            for at, name in enumerate(names, 1)
        )
        + "</sheets></workbook>",
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    for at, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{at}.xml"] = _sheet(rows)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return file.getvalue()


def _state(hidden: bool) -> str:
    return ' state="hidden"' if hidden else ""


def _sheet(rows: Table) -> str:
    lines = [
        f'<row r="{number}">'
        + "".join(_cell(f"{_letters(place)}{number}", cell) for place, cell in enumerate(row) if cell is not None)
        + "</row>"
        for number, row in enumerate(rows, 1)
    ]
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _letters(place: int) -> str:
    return (_letters(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def _cell(at: str, cell: Cell) -> str:
    if isinstance(cell, bool):
        return f'<c r="{at}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, dt.date):
        return f'<c r="{at}" s="1"><v>{(cell - dt.date(1899, 12, 30)).days}</v></c>'
    if isinstance(cell, int | float):
        return f'<c r="{at}"><v>{cell}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(cell or "")}</t></is></c>'


def excel_2003(sheets: Mapping[str, Table], *, encoding: str = "utf-8", before: str = "") -> bytes:
    """Returns a workbook in the XML of Excel 2003, as CMT exports it. An empty cell is left out, and the next numbered.

    `before` stands after the XML declaration.
    """
    text = f'<?xml version="1.0" encoding="{encoding}"?>{before}<?mso-application progid="Excel.Sheet"?>'
    text += f'<Workbook xmlns="{_OLD}" xmlns:ss="{_OLD}">'
    for name, rows in sheets.items():
        text += f"<Worksheet ss:Name={quoteattr(name)}><Table>"
        for row in rows:
            text += "<Row>"
            for place, cell in enumerate(row, 1):
                if cell is not None:
                    kind = "Number" if isinstance(cell, int | float) else "String"
                    shown = escape(str(cell)).replace("\n", "&#10;")
                    text += f'<Cell ss:Index="{place}"><Data ss:Type="{kind}">{shown}</Data></Cell>'
            text += "</Row>"
        text += "</Table></Worksheet>"
    return (text + "</Workbook>").encode(encoding)


def delimited(rows: Table, separator: str = ",") -> str:
    """Returns rows as text, with every cell in quotes that needs them."""

    def written(cell: Cell) -> str:
        text = "" if cell is None else str(cell)
        return f'"{text.replace(chr(34), chr(34) * 2)}"' if set(text) & {separator, '"', "\n"} else text

    return "".join(separator.join(map(written, row)) + "\n" for row in rows)
