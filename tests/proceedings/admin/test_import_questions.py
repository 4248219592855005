"""Questions of an import in the admin: encodings and unclear decisions. Each is asked before anything changes."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from proceedings.importing.remembered import known_columns, known_decisions, remember_columns, remember_decisions
from proceedings.models import Paper, User, Volume
from tests import make
from tests.agreements.pages import all_rows
from tests.proceedings.admin.test_imports import PAGE, SESSIONS, apply_plan, client_for, text_of
from tests.proceedings.bib_files import paper
from tests.proceedings.importing.tables import exports
from tests.proceedings.workbooks import Table, delimited, excel_2003, xlsx

pytestmark = pytest.mark.django_db

TABLE: Table = [
    ["number", "title", "authors", "decision"],
    [1, "One", "Ann Lee", "Accept"],
    [2, "Two", "Bo Kim", "Conditional accept"],
    [3, "Three", "Cy Wu", "conditional accept"],
    [4, "Four", "Dee Oh", "yes"],
]


@pytest.fixture
def superuser() -> Client:
    return client_for(User.objects.create_superuser("boss"))


def upload(editor: Client, data: bytes, second: bytes = b"", *, name: str = "f.csv", **fields: Any) -> Any:
    files = {"file": SimpleUploadedFile(name, data)}
    if second:
        files["second"] = SimpleUploadedFile("second.csv", second)
    return editor.post(PAGE, {**files, **fields}, follow=True)


def decisions_of(page: Any) -> dict[str, str]:
    """The fields of the question, by the decision that each is about."""
    form = page.context["form"]
    return {form.values[name]: name for name in form.fields}


def keys() -> list[str]:
    return sorted(Paper.objects.values_list("submission", flat=True))


def test_unclear_decisions_are_asked_once_and_remembered(superuser: Client) -> None:
    volume = make.volume()
    before = all_rows(but=SESSIONS)
    page = upload(superuser, delimited(TABLE).encode(), volume=str(volume.pk))
    text = page.content.decode()
    assert "“Conditional accept” (2 papers)" in text
    assert "“yes” (1 paper)" in text
    assert all_rows(but=SESSIONS) == before
    names = decisions_of(page)
    incomplete = superuser.post(PAGE, {"question": "decisions", names["yes"]: "accepted"})
    assert incomplete.status_code == 400
    assert known_decisions(volume) == {}
    answers = {names["Conditional accept"]: "accepted", names["yes"]: "not accepted"}
    plan = superuser.post(PAGE, {"question": "decisions", **answers}, follow=True)
    apply_plan(superuser, plan)
    assert keys() == ["1", "2", "3"]
    again = upload(superuser, delimited(TABLE).encode(), volume=str(volume.pk))
    assert "There is nothing to change." in again.content.decode()


def test_an_answer_can_be_changed(superuser: Client) -> None:
    volume = make.volume()
    names = decisions_of(upload(superuser, delimited(TABLE).encode(), volume=str(volume.pk)))
    both = {names["Conditional accept"]: "not accepted", names["yes"]: "not accepted"}
    plan = superuser.post(PAGE, {"question": "decisions", **both}, follow=True)
    assert "Answer the decisions again" in plan.content.decode()
    page = superuser.post(PAGE, {"plan": "x", "question": "again"})
    assert page.status_code == 200
    assert page.content.decode().count("checked") == 2
    both[names["yes"]] = "accepted"
    apply_plan(superuser, superuser.post(PAGE, {"question": "decisions", **both}, follow=True))
    assert keys() == ["1", "4"]


def test_an_answer_after_the_volume_was_lost_is_not_kept(superuser: Client) -> None:
    volume = make.volume()
    editor = make.editor("ed", volume, make.volume(300))
    client = client_for(editor)
    names = decisions_of(upload(client, delimited(TABLE).encode(), volume=str(volume.pk)))
    editor.volumes.remove(volume)
    page = client.post(PAGE, {"question": "decisions", **dict.fromkeys(names.values(), "accepted")}, follow=True)
    assert "Choose the volume." in page.content.decode()
    volume.refresh_from_db()
    assert volume.columns == {}


def test_columns_and_decisions_are_remembered_beside_each_other() -> None:
    volume = make.volume()
    remember_decisions(volume, {"Conditional  Accept": True})
    remember_columns(volume, {"title": "Titel", "authors": "Autoren", "pages": ""})
    remember_decisions(volume, {"yes": False})
    volume = Volume.objects.get(pk=volume.pk)
    assert known_columns(volume) == {"title": "Titel", "authors": "Autoren", "pages": ""}
    assert known_decisions(volume) == {"conditional accept": True, "yes": False}
    remember_columns(volume, {"title": "T", "authors": "A"})
    volume = Volume.objects.get(pk=volume.pk)
    assert known_columns(volume) == {"title": "T", "authors": "A"}
    assert known_decisions(volume) == {"conditional accept": True, "yes": False}


@pytest.mark.parametrize("which", ["file", "second"])
def test_a_file_that_is_not_utf_8_shows_its_lines_first(which: str, superuser: Client) -> None:
    bib = text_of(paper("a25", title="Naïve", author="Müller, Ann")).encode("cp1252" if which == "file" else "utf-8")
    contacts = "paper;E-mail;Name\na25;ann@a.example;Ann Müller\n".encode("cp1252" if which == "second" else "utf-8")
    before = all_rows(but=SESSIONS)
    page = upload(superuser, bib, contacts, name="v.bib")
    text = page.content.decode()
    assert f"{'v.bib' if which == 'file' else 'second.csv'} is not in UTF-8." in text
    assert "Ann Müller" in text or "Müller, Ann" in text
    assert all_rows(but=SESSIONS) == before
    assert superuser.post(PAGE, {"question": "encoding"}).status_code == 400
    assert superuser.post(PAGE, {"question": "encoding", "encoding": "klingon"}).status_code == 400
    plan = superuser.post(PAGE, {"question": "encoding", "encoding": "windows-1252"}, follow=True)
    apply_plan(superuser, plan)
    (author,) = Paper.objects.get(key="a25").authors.all()
    assert (author.family, author.email, author.is_corresponding) == ("Müller", "ann@a.example", True)


def test_two_files_may_need_two_answers(superuser: Client) -> None:
    bib = text_of(paper("a25", author="Müller, Ann")).encode("cp1252")
    contacts = "paper,email,name\na25,ann@a.example,Ann Müller\n".encode("mac-roman")
    upload(superuser, bib, contacts, name="v.bib")
    page = superuser.post(PAGE, {"question": "encoding", "encoding": "windows-1252"}, follow=True)
    assert "second.csv is not in UTF-8." in page.content.decode()
    plan = superuser.post(PAGE, {"question": "encoding", "encoding": "mac-roman"}, follow=True)
    assert "<dt>corresponding authors to set</dt><dd>1</dd>" in plan.content.decode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Papers.xlsx", xlsx({"Main": exports.CMT})),
        ("Papers.xls", excel_2003({"Main": exports.CMT})),
        ("easychair.xlsx", xlsx({"Submissions": exports.EASYCHAIR, "Authors": exports.EASYCHAIR_AUTHORS})),
    ],
)
def test_a_workbook_is_imported(name: str, data: bytes, superuser: Client) -> None:
    volume = make.volume()
    apply_plan(superuser, upload(superuser, data, name=name, volume=str(volume.pk)))
    first = volume.papers.get(submission="7")
    assert first.title == exports.TITLE
    assert [(str(one), one.email) for one in first.authors.all()] == [
        ("Ann Lee", "ann@a.example"),
        ("José van der Berg", "jose@b.example"),
    ]
    assert keys() == ["7", "8"]


def test_contacts_beside_an_export_are_matched_by_number(superuser: Client) -> None:
    volume = make.volume()
    contacts = "Submission,Email Address,Author,Corresponding\n7,new@a.example,2,yes\n7,old@a.example,Ann Lee,\n"
    page = upload(superuser, delimited(exports.EASYCHAIR).encode(), contacts.encode(), volume=str(volume.pk))
    apply_plan(superuser, page)
    authors = volume.papers.get(submission="7").authors.all()
    assert [(one.email, one.is_corresponding) for one in authors] == [("old@a.example", False), ("new@a.example", True)]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (xlsx({"S": [["#", "title", "authors"]]})[:300], b"", "the workbook is damaged"),
        (delimited(exports.EASYCHAIR).encode(), b"\x89PNG\x00\xff", "second.csv: the file is no text"),
        (delimited(exports.EASYCHAIR).encode(), b"a,b\n1,2\n", "second.csv is no table of corresponding authors"),
        (text_of(paper("a25")).encode(), b"a,b\n1,2\n", "second.csv is no table of corresponding authors"),
    ],
)
def test_a_file_that_cannot_be_read_stops_with_its_reason(
    first: bytes, second: bytes, message: str, superuser: Client
) -> None:
    volume = make.volume()
    name = "v.bib" if first.startswith(b"@") else "f.csv"
    before = all_rows(but=SESSIONS | {"proceedings_user"})
    page = upload(superuser, first, second, name=name, volume=str(volume.pk))
    assert "Nothing was changed." in page.content.decode()
    assert message in page.content.decode()
    assert all_rows(but=SESSIONS | {"proceedings_user"}) == before


def test_a_column_that_a_person_left_out_is_not_read(superuser: Client) -> None:
    volume = make.volume()
    table = [["Titel", "Autoren", "pages"], ["One", "Ann Lee", "wrong"]]
    upload(superuser, delimited(table).encode(), volume=str(volume.pk))
    plan = superuser.post(PAGE, {"columns": "said", "title": "Titel", "authors": "Autoren", "pages": ""}, follow=True)
    apply_plan(superuser, plan)
    assert volume.papers.get().pages == ""
