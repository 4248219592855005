"""A damaged file of any format gives findings or one reason, never a traceback."""

import contextlib
import json
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.records import VolumeRecord
from proceedings.bibtex.source import ENCODINGS, Source
from proceedings.importing.formats import Format, open_export, read_export, read_second
from proceedings.importing.mapping import map_submissions
from proceedings.importing.submissions import UnreadableFileError
from proceedings.importing.tables.authors import AuthorTable
from proceedings.importing.tables.spreadsheet_xml import read_spreadsheet_xml
from proceedings.importing.tables.workbook_reader import UnreadableWorkbookError, read_sheets
from tests.proceedings.importing.tables import exports
from tests.proceedings.workbooks import delimited, excel_2003, xlsx

VOLUME = VolumeRecord(number=1, bib_key="X", name="n", shortname="s", booktitle="b", year=2026)
TABLES = (
    *(exports.EASYCHAIR, exports.CMT, exports.CMT_CAMERA_READY, exports.HOTCRP_AUTHORS, exports.HOTCRP_PAPERS),
    *(exports.START, exports.START_NUMBERED, exports.PLAIN, exports.EASYCHAIR_AUTHORS),
)
TEXTS = [
    *(
        delimited(rows, separator).encode(encoding)
        for rows in TABLES
        for separator, encoding in ((",", "utf-8"), ("\t", "utf-16"))
    ),
    *(delimited(rows, ";").encode("cp1252", "replace") for rows in TABLES),
    *(excel_2003({"S": rows}) for rows in TABLES),
    json.dumps(exports.HOTCRP_JSON).encode(),
    exports.START_METADATA.encode(),
]
BOOKS = [xlsx({"S": rows}) for rows in TABLES]
PIECE = st.sampled_from(
    [b"", b'"', b"\n", b",", b";", b"\t", b"\x00", b"\xff", b"<", b">", b"&", b"{", b"}", b"[", b"null", b"(", b"*"]
)


@st.composite
def damaged(draw: st.DrawFn, files: list[bytes]) -> bytes:
    data = draw(st.sampled_from(files))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(PIECE | st.binary(max_size=3)) + data[at + draw(st.integers(0, 30)) :]
    return data


def survives(read: Callable[[], object]) -> None:
    """Reads; a reason why the file cannot be read is an answer as well."""
    with contextlib.suppress(UnreadableFileError):
        read()


@given(damaged(TEXTS), st.sampled_from([None, *list(Format)[1:]]), st.sampled_from(["", *ENCODINGS]))
def test_a_damaged_text(data: bytes, kind: Format | None, encoding: str) -> None:
    source = Source.read("f.csv", data, encoding)
    if source.data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return  # the child reads it

    def read() -> None:
        export = open_export(source, kind)
        if export.kind is Format.BIBTEX:
            return
        found = read_export(export, columns={"title": "Title", "authors": "Authors"} if export.kind is None else None)
        assert len(found.submissions) <= found.rows
        map_submissions(found, VOLUME, [], "f.csv")

    survives(read)


@given(damaged(TEXTS))
def test_a_damaged_second_file(data: bytes) -> None:
    source = Source.read("f.csv", data, "windows-1252")

    def read() -> None:
        second = read_second(source)
        authors = second if isinstance(second, AuthorTable) else None
        read_export(open_export(Source("e.csv", delimited(exports.EASYCHAIR))), authors=authors)

    survives(read)


@given(damaged(BOOKS))
def test_a_damaged_workbook(data: bytes) -> None:
    with contextlib.suppress(UnreadableWorkbookError):
        read_sheets(data)


@given(damaged([excel_2003({"S": rows}) for rows in TABLES]))
def test_a_damaged_workbook_of_excel_2003(data: bytes) -> None:
    grids, problem = read_spreadsheet_xml(data)

    assert not (grids and problem)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["pid", "title", "authors", "contacts", "email", "first", "last", "decision", "status"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_of_hotcrp(data: object) -> None:
    found = read_export(open_export(Source("f.json", json.dumps([{"pid": 1}, data])), Format.HOTCRP))

    assert found.rows == 2
    map_submissions(found, VOLUME, [], "f.json")
