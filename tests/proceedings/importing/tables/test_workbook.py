"""Workbooks: cells as people write them, and strangers' bytes that harm nobody."""

import datetime as dt
import io
import zipfile

import pytest

from proceedings.bibtex.source import Source
from proceedings.importing.formats import open_export
from proceedings.importing.submissions import UnreadableFileError
from proceedings.importing.tables import workbook, workbook_reader
from proceedings.importing.tables.opening import open_tables
from proceedings.importing.tables.spreadsheet_xml import read_spreadsheet_xml
from proceedings.importing.tables.workbook import read_workbook
from proceedings.importing.tables.workbook_reader import UnreadableWorkbookError, read_sheets
from tests.proceedings.workbooks import Table, excel_2003, xlsx

CELLS = [12, 12.0, 1.5, 1e20, True, dt.date(2026, 3, 4), "Größe\nzwei", "_x000D_x", None, "end"]
SHOWN = ("12", "12", "1.5", "1e+20", "yes", "2026-03-04", "Größe\nzwei", "x", "", "end")


def test_cells_are_text_as_people_write_it() -> None:
    ((grid,), problem) = read_workbook(xlsx({"S": [["a"], CELLS]}))

    assert problem == ""
    assert (grid.rows[1].line, grid.rows[1].cells) == (2, SHOWN)


def test_cells_of_excel_2003() -> None:
    rows: Table = [["a"], [12, 12.0, "12.0", "Größe\nzwei", None, "end"]]

    ((grid,), problem) = read_spreadsheet_xml(excel_2003({"S": rows}))

    assert problem == ""
    assert grid.rows[1].cells == ("12", "12", "12.0", "Größe\nzwei", "", "end")


def test_merged_and_left_out_cells_keep_their_columns() -> None:
    text = """<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
     xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:h="http://www.w3.org/TR/REC-html40">
     <Worksheet ss:Name="P"><Table><Row ss:Index="3"><Cell ss:MergeAcross="2"><Data ss:Type="String">a</Data></Cell>
     <Cell><ss:Data ss:Type="String"><h:B>b</h:B>c</ss:Data></Cell></Row>
     <Row><Cell ss:Index="2"><Data ss:Type="DateTime">2026-01-02T00:00:00.000</Data></Cell>
     <Cell><Data ss:Type="DateTime">2026-01-02T03:04:05.000</Data></Cell><Cell><Data ss:Type="Boolean">1</Data></Cell>
     </Row></Table></Worksheet></Workbook>"""

    ((grid,), _) = read_spreadsheet_xml(text.encode())

    assert [(row.line, row.cells) for row in grid.rows] == [
        (3, ("a", "", "", "bc")),
        (4, ("", "2026-01-02", "2026-01-02 03:04:05", "yes")),
    ]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (excel_2003({"S": [["a"]]}, before=BOMB), "declares a document type"),
        (excel_2003({"S": [["a"]]}, before='<!DOCTYPE x SYSTEM "file:///etc/passwd">'), "declares a document type"),
        (excel_2003({"S": [["a"]]})[:-20], "the XML cannot be read"),
        (excel_2003({"S": [["a"]]}).replace(b'Index="1"', b'Index="99999999"'), "more than 1000 columns"),
        (excel_2003({"S": [["a"]]}).replace(b"<Row>", b'<Row ss:Index="99999999">'), "more than 20000 rows"),
        (excel_2003({"S": [["a"]]}).replace(b'"utf-8"', b'"klingon"'), "the XML cannot be read"),
        (b"PK\x03\x04 and no more", "the workbook is damaged"),
        (xlsx({"S": [["a"]]})[:200], "the workbook is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more", "the workbook cannot be read"),
        (b"<html><table><tr><td>title</td></tr></table></html>", "is a web page"),
        (xlsx({"S": [[None]]}), "is empty"),
        (excel_2003({"S": []}), "is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_message(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        open_export(Source.read("f.xlsx", data))


_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODS = {
    "mimetype": _ODS,
    "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0"><manifest:file-entry '
    f'manifest:full-path="/" manifest:media-type="{_ODS}"/></manifest:manifest>',
    "content.xml": f'<office:document-content xmlns:office="{_ODF}:office:1.0" xmlns:table="{_ODF}:table:1.0" '
    f'xmlns:text="{_ODF}:text:1.0"><office:body><office:spreadsheet><table:table table:name="S"><table:table-row>'
    '<table:table-cell office:value-type="float" office:value="12"><text:p>12</text:p></table:table-cell>'
    '<table:table-cell office:value-type="date" office:date-value="2026-01-02"><text:p>2</text:p></table:table-cell>'
    '<table:table-cell office:value-type="string"><text:p>Größe</text:p></table:table-cell></table:table-row>'
    "</table:table></office:spreadsheet></office:body></office:document-content>",
}


def test_open_document_spreadsheets_are_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in ODS.items():
            archive.writestr(name, text)

    ((grid,), problem) = read_workbook(file.getvalue())

    assert problem == ""
    assert grid.rows[0].cells == ("12", "2026-01-02", "Größe")


def test_another_archive_is_no_workbook() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("paper.pdf", "x")

    with pytest.raises(UnreadableFileError, match="save it again as"):
        open_tables(Source.read("f.zip", file.getvalue()))


def test_a_workbook_that_unpacks_too_large_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_reader, "MAX_UNPACKED", 100)

    with pytest.raises(UnreadableWorkbookError, match="unpacks to more than"):
        read_sheets(xlsx({"S": [["a"]]}))


def test_a_sheet_with_too_many_rows_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_reader, "MAX_ROWS", 2)

    with pytest.raises(UnreadableWorkbookError, match="has 3 rows and 1 columns"):
        read_sheets(xlsx({"S": [["a"], ["b"], ["c"]]}))


def test_a_sheet_with_too_much_text_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_reader, "MAX_TEXT", 2)

    with pytest.raises(UnreadableWorkbookError, match="million characters"):
        read_sheets(xlsx({"S": [["abc"]]}))


def test_a_child_that_takes_too_long_or_dies_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    data = xlsx({"S": [["a"]]})
    monkeypatch.setattr(workbook, "MAX_SECONDS", 0.001)
    assert "takes too long" in read_workbook(data)[1]
    monkeypatch.setattr(workbook, "MAX_SECONDS", 60)
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert "with the memory we allow" in read_workbook(data)[1]
