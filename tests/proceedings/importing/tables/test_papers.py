"""Rows of any table of papers: what is read, and what is said about the rest."""

import pytest

from proceedings.bibtex.findings import Severity
from proceedings.bibtex.source import Source
from proceedings.importing.formats import Format, open_export, read_export
from proceedings.importing.submissions import Person, Submissions
from proceedings.importing.tables.layouts import guess_columns


def read(text: str, **columns: str) -> Submissions:
    return read_export(open_export(Source("f.csv", text), Format.CSV), columns=columns)


def people(found: Submissions) -> list[Person]:
    return [person for one in found.submissions for person in one.people]


@pytest.mark.parametrize(
    ("emails", "wanted"),
    [
        ("a@x.example; b@x.example", ["a@x.example", "b@x.example"]),
        ("a@x.example, b@x.example;", ["a@x.example", "b@x.example"]),
        ("a@x.example b@x.example", ["a@x.example", "b@x.example"]),
        ("; b@x.example", ["", "b@x.example"]),
        ("Ann Lee <a@x.example>; Bo <b@x.example>", ["a@x.example", "b@x.example"]),
        ("a@x.example*;b@x.example", ["a@x.example", "b@x.example"]),
        ("* a@x.example;b@x.example", ["a@x.example", "b@x.example"]),
        ("", ["", ""]),
    ],
)
def test_addresses_in_the_order_of_the_authors(emails: str, wanted: list[str]) -> None:
    found = read(f'title,authors,emails\nT,Ann Lee; Bo Kim,"{emails}"\n')

    assert [one.email for one in people(found)] == wanted
    assert [one.is_corresponding for one in people(found)] == ["*" in emails, False]
    assert found.findings == ()


@pytest.mark.parametrize("masked", ["****@x.example", "a***@x.example", "a*b@x.example"])
def test_the_stars_of_a_masked_address_mark_nobody(masked: str) -> None:
    found = read(f"title,authors,emails\nT,Ann Lee; Bo Kim,{masked}; b@x.example\n")

    assert [one.email for one in people(found)] == [masked, "b@x.example"]
    assert [one.is_corresponding for one in people(found)] == [False, False]


def test_addresses_of_another_number_are_left_out_and_said() -> None:
    found = read("title,authors,emails\nT,Ann Lee; Bo Kim,a@x.example\n")

    assert [one.email for one in people(found)] == ["", ""]
    assert [str(one) for one in found.findings] == ["f.csv:2: 2 authors, but 1 email addresses: we set none"]


@pytest.mark.parametrize("contact", ["2", "Bo Kim", "b@x.example", "BO KIM"])
def test_the_corresponding_author_by_place_name_or_address(contact: str) -> None:
    found = read(f"title,authors,emails,contact\nT,Ann Lee; Bo Kim,a@x.example; b@x.example,{contact}\n")

    assert [one.is_corresponding for one in people(found)] == [False, True]


@pytest.mark.parametrize(
    ("text", "line", "rule", "severity", "message"),
    [
        ("title,authors,title\nT,Ann Lee,U\n", 1, "columns", Severity.WARNING, "the column 'title' appears twice"),
        ("title,authors\nT,Ann Lee,x\n", 2, "columns", Severity.ERROR, "has 3 cells under 2 headings"),
        ("number,title,authors\n1,T,A B\n1.0,U,C D\n", 3, "duplicate", Severity.ERROR, "the number 1 appears twice"),
        ("title,authors,openreview\nT,Ann Lee,see\n", 2, "openreview", Severity.WARNING, "is no OpenReview forum"),
        ('title,authors\n"T,Ann Lee\n', 2, "csv", Severity.ERROR, "correct its quotes"),
        ('title,authors\nT,"Ann Lee, Bo Kim"\n', 2, "authors", Severity.WARNING, "reads as two people or as one"),
        ("titles,author\nT,Ann Lee\n", 1, "columns", Severity.ERROR, "the columns 'title' and 'authors' are missing"),
    ],
)
def test_what_is_wrong_is_a_finding_with_its_line(
    text: str, line: int, rule: str, severity: Severity, message: str
) -> None:
    (finding,) = read(text).findings

    assert (finding.file, finding.line, finding.rule, finding.severity) == ("f.csv", line, rule, severity)
    assert message in finding.message


def test_empty_columns_at_the_end_and_odd_headings_do_not_matter() -> None:
    found = read("\ufeff\u00a0TITLE\u200b; Authors \u00a0;Paper_ID;;\nT;Ann Lee;12.0;;\n")

    (one,) = found.submissions
    assert (one.number, one.title) == ("12", "T")
    assert found.findings == ()


def test_a_bracket_that_does_not_close_is_doubted() -> None:
    (one,) = people(read("title,authors\nT,Ann Lee (MIT\n"))

    assert [doubt.reason for doubt in one.doubts if "bracket" in doubt.reason]


def test_a_named_column_is_read_and_one_that_was_left_out_is_not() -> None:
    text = "Titel,Autoren,abstract,pages\nT,Ann Lee,Yes.,1--2\n"

    (one,) = read(text, title="Titel", authors="Autoren", pages="").submissions

    assert (one.title, one.abstract, one.pages) == ("T", "Yes.", "")


def test_columns_are_guessed_by_known_headings_and_by_parts() -> None:
    head = [
        "Paper ID",
        "Paper title",
        "Author emails",
        "Author list",
        "E-mail",
        "Keywords",
        "Homepage",
        "Status",
        "Forum",
    ]

    assert guess_columns(head) == {
        "number": "Paper ID",
        "title": "Paper title",
        "authors": "Author list",
        "emails": "Author emails",
        "decision": "Status",
        "openreview": "Forum",
    }
