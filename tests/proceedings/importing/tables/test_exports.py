"""Every system's export gives the same papers, in any file and encoding that people have."""

import json
from collections.abc import Sequence

import pytest

from proceedings.bibtex.findings import Severity
from proceedings.bibtex.latex import fold
from proceedings.bibtex.source import Source
from proceedings.importing.contacts import ContactTable
from proceedings.importing.formats import Format, open_export, read_contact_file, read_export, read_second
from proceedings.importing.submissions import Submission, Submissions
from proceedings.importing.tables.authors import AuthorTable
from tests.proceedings.importing.tables import exports
from tests.proceedings.workbooks import Table, delimited, excel_2003, xlsx

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252")
SYSTEMS: dict[str, tuple[Format, Table]] = {
    "EasyChair": (Format.EASYCHAIR, exports.EASYCHAIR),
    "CMT": (Format.CMT, exports.CMT),
    "CMT, camera-ready": (Format.CMT, exports.CMT_CAMERA_READY),
    "HotCRP, authors": (Format.HOTCRP, exports.HOTCRP_AUTHORS),
    "HotCRP, papers": (Format.HOTCRP, exports.HOTCRP_PAPERS),
    "START": (Format.START, exports.START),
    "START, authors in columns": (Format.START, exports.START_NUMBERED),
    "plain": (Format.CSV, exports.PLAIN),
}
FILES = ("comma", "semicolon", "tab", "sep", "xlsx", "xml")


def encoded(text: str, encoding: str) -> bytes:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    return mark + text.encode(encoding, "replace")


def file_of(rows: Table, kind: str, encoding: str) -> tuple[str, bytes]:
    match kind:
        case "xlsx":
            return "f.xlsx", xlsx({"Sheet1": rows})
        case "xml":
            return "f.xls", excel_2003({"Sheet1": rows}, encoding="utf-16" if "16" in encoding else "utf-8")
        case "sep":
            return "f.csv", encoded("sep=;\n" + delimited(rows, ";"), encoding)
        case _:
            separator = {"comma": ",", "semicolon": ";", "tab": "\t"}[kind]
            return "f.csv", encoded(delimited(rows, separator), encoding)


def opened(name: str, data: bytes) -> Source:
    source = Source.read(name, data)
    return Source.read(name, data, "windows-1252") if source.doubtful else source


def summary(found: Submissions) -> list[tuple[str, str, list[str]]]:
    return [(one.number, one.title, [str(person.name) for person in one.people]) for one in found.submissions]


EXPECTED = [("7", exports.TITLE, ["Ann Lee", "José van der Berg"]), ("8", "Second", ["Chi-Wei Wu"])]


def details(one: Submission) -> list[tuple[str, str, bool]]:
    return [(person.email, person.affiliation, person.is_corresponding) for person in one.people]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("file", FILES[:4])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_text_file(system: str, file: str, encoding: str) -> None:
    check(system, file, encoding)


@pytest.mark.parametrize("file", FILES[4:])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_workbook(system: str, file: str) -> None:
    check(system, file, "utf-8")


def test_a_workbook_in_utf_16() -> None:
    check("CMT", "xml", "utf-16")


def check(system: str, file: str, encoding: str) -> None:
    kind, rows = SYSTEMS[system]
    export = open_export(opened(*file_of(rows, file, encoding)))
    assert export.kind is kind

    found = read_export(export)

    assert summary(found) == EXPECTED
    assert [one.rule for one in found.findings if one.severity is Severity.ERROR] == []
    assert found.questions == ()
    abstract = "" if system.startswith(("EasyChair", "HotCRP")) else fold(exports.ABSTRACT)
    assert found.submissions[0].abstract == abstract
    assert details(found.submissions[0]) == {
        "EasyChair": [("", "", False), ("", "", False)],
        "HotCRP, papers": [("", "MIT", False), ("", "Université B, Lab", False)],
        "START": [("ann@a.example", "", True), ("jose@b.example", "", False)],
    }.get(system, [("ann@a.example", "MIT", True), ("jose@b.example", "Université B, Lab", False)])
    if system == "plain":
        assert [one.extra for one in found.submissions] == [{"openreview": "AbC_1-xyz9"}, {"openreview": "Zz9_-8abcd"}]
        assert found.submissions[0].section == "Talks"
    else:
        assert {one.section for one in found.submissions} == {""}


# --- EasyChair's two tables


@pytest.mark.parametrize("file", ["comma", "xlsx"])
def test_easychair_with_author_csv(file: str) -> None:
    second = read_second(opened(*file_of(exports.EASYCHAIR_AUTHORS, file, "utf-8")))
    assert isinstance(second, AuthorTable)

    found = read_export(open_export(opened(*file_of(exports.EASYCHAIR, file, "utf-8"))), authors=second)

    assert summary(found) == EXPECTED  # in the order of the paper, not of the second table
    assert details(found.submissions[0]) == [
        ("ann@a.example", "MIT", True),
        ("jose@b.example", "Université B, Lab", False),
    ]


@pytest.mark.parametrize("name", ["Authors", "Author list"])
def test_easychair_with_the_sheet_of_authors(name: str) -> None:
    sheets: dict[str, Table] = {
        "Submissions": exports.EASYCHAIR,
        name: exports.EASYCHAIR_AUTHORS,
        "Reviews": [["#", "score"], [1, 2]],
    }

    export = open_export(Source.read("easychair.xlsx", xlsx(sheets)))

    found = read_export(export)
    assert export.kind is Format.EASYCHAIR
    assert summary(found) == EXPECTED
    assert found.submissions[0].people[0].email == "ann@a.example"


def test_the_longer_of_two_lists_of_authors_is_taken_and_said() -> None:
    short = [exports.EASYCHAIR_AUTHORS[0], *exports.EASYCHAIR_AUTHORS[2:]]
    second = read_second(Source("author.csv", delimited(short)))
    assert isinstance(second, AuthorTable)

    found = read_export(open_export(Source("s.csv", delimited(exports.EASYCHAIR))), authors=second)

    assert summary(found) == EXPECTED
    assert found.submissions[0].people[0].email == "ann@a.example"
    (said,) = [one for one in found.findings if one.severity is Severity.WARNING]
    assert (said.paper, said.line) == ("7", 2)
    assert "has 2 authors here, 1 in the table of authors" in said.message


# --- CMT's variants


@pytest.mark.parametrize("titles", [0, 1, 2, 3])
@pytest.mark.parametrize("file", ["comma", "tab", "xml", "xlsx"])
def test_cmt_with_rows_of_titles(titles: int, file: str) -> None:
    above: Table = [["Conference 2026", None], ["Submissions"], ["as of today"]]
    rows: Table = [*above[:titles], *exports.CMT]

    found = read_export(open_export(opened(*file_of(rows, file, "utf-8"))))

    assert summary(found) == EXPECTED


def test_each_track_of_cmt_is_a_sheet() -> None:
    sheets = {"Main": exports.CMT[:2], "Other": [exports.CMT[0], *exports.CMT[2:]], "Empty": [], "Notes": [["x"]]}

    found = read_export(open_export(Source.read("Papers.xlsx", xlsx(sheets))))

    assert summary(found) == EXPECTED


def test_a_hidden_sheet_is_not_read() -> None:
    sheets = {"Old": exports.CMT[:3], "Now": [exports.CMT[0], exports.CMT[2]]}

    found = read_export(open_export(Source.read("p.xlsx", xlsx(sheets, hidden=["Old"]))))

    assert [one.number for one in found.submissions] == ["8"]


# --- files that are no tables


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_hotcrp_data_json(encoding: str, wrapped: bool) -> None:
    data = {"papers": exports.HOTCRP_JSON} if wrapped else exports.HOTCRP_JSON
    export = open_export(opened("data.json", encoded(json.dumps(data, ensure_ascii=False, indent=1), encoding)))

    found = read_export(export)

    assert export.kind is Format.HOTCRP
    assert summary(found) == EXPECTED
    assert details(found.submissions[0]) == [
        ("ann@a.example", "MIT", True),
        ("jose@b.example", "Université B, Lab", False),
    ]
    assert found.submissions[1].people[0].is_corresponding
    assert [one.message for one in found.findings] == [
        "paper 3 of the file: skipped: its decision is 'Rejected'",
        "paper 4 of the file: skipped: it is withdrawn",
    ]


@pytest.mark.parametrize("contact", ["bo@STRASSE.example", "\u200bbo@strasse.example", "<bo@strasse.example>"])
def test_hotcrp_contacts_are_found_whatever_the_spelling_of_their_address(contact: str) -> None:
    authors = [{"name": "Ann Lee", "email": "ann@a.example"}, {"name": "Bo Kim", "email": "bo@strasse.example"}]
    papers = [{"pid": 1, "title": "A", "status": "accepted", "authors": authors, "contacts": [contact]}]

    found = read_export(open_export(Source("data.json", json.dumps(papers))))

    assert [one.is_corresponding for one in found.submissions[0].people] == [False, True]


def test_hotcrp_of_an_older_version_has_the_decision_as_status() -> None:
    papers = [{"pid": 1, "title": "A", "status": "accepted"}, {"pid": 2, "title": "B", "status": "submitted"}]

    found = read_export(open_export(Source("data.json", json.dumps(papers))))

    assert [one.number for one in found.submissions] == ["1"]


def test_hotcrp_without_authors_takes_them_from_the_second_file() -> None:
    papers = [{"pid": 7, "title": exports.TITLE, "decision": "Accepted"}]
    second = read_second(Source("authors.csv", delimited(exports.HOTCRP_AUTHORS)))
    assert isinstance(second, AuthorTable)

    found = read_export(open_export(Source("data.json", json.dumps(papers))), authors=second)

    assert summary(found) == EXPECTED[:1]
    assert "office@a.example is a contact and no author" in " ".join(one.message for one in found.findings)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_start_metadata(encoding: str) -> None:
    export = open_export(opened("metadata.txt", encoded(exports.START_METADATA, encoding)))

    found = read_export(export)

    assert export.kind is Format.START
    assert summary(found)[1] == EXPECTED[1]
    assert (found.submissions[0].title, [str(one.name) for one in found.submissions[0].people]) == EXPECTED[0][1:]
    assert found.submissions[0].abstract == fold(exports.ABSTRACT)
    assert details(found.submissions[0])[1] == ("jose@b.example", "Université B, Lab", False)
    assert [one.line for one in found.submissions] == [1, 16]


def test_hotcrps_papers_with_its_authors() -> None:
    second = read_second(Source("authors.csv", delimited(exports.HOTCRP_AUTHORS)))
    assert isinstance(second, AuthorTable)

    found = read_export(open_export(Source("papers.csv", delimited(exports.HOTCRP_PAPERS))), authors=second)

    assert summary(found) == EXPECTED
    assert details(found.submissions[0])[0] == ("ann@a.example", "MIT", True)


# --- the second file


def test_beside_a_bibtex_file_a_table_of_authors_has_their_addresses() -> None:
    table = read_contact_file(Source("author.csv", delimited(exports.EASYCHAIR_AUTHORS)))

    assert [(one.paper, one.email, one.name, one.is_corresponding) for one in table.contacts] == [
        ("7", "jose@b.example", "van der Berg, José", False),
        ("7", "ann@a.example", "Lee, Ann", True),
        ("8", "wu@c.example", "Wu, Chi-Wei", False),
    ]
    assert table.findings == ()


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (exports.EASYCHAIR_AUTHORS, AuthorTable),
        (exports.HOTCRP_AUTHORS, AuthorTable),
        ([["Paper ID", "E-mail", "Name"], [7, "a@b.example", "Ann Lee"]], ContactTable),
        ([["Key", "Mail", "Author", "Corresponding"], ["lee26", "a@b.example", "Ann Lee", "x"]], ContactTable),
    ],
)
@pytest.mark.parametrize("file", ["comma", "semicolon", "xlsx", "xml"])
def test_a_second_file_is_known_by_its_headings(rows: Sequence[Sequence[str]], kind: type, file: str) -> None:
    assert isinstance(read_second(opened(*file_of(rows, file, "utf-8"))), kind)
