"""The table of corresponding authors."""

import pytest

from proceedings.bibtex.names import Name
from proceedings.bibtex.source import Source
from proceedings.importing.contacts import Contact, ContactTable, NoMatchError, match
from proceedings.importing.formats import read_contact_file
from proceedings.importing.submissions import UnreadableFileError

AUTHORS = (
    Name("Boström", "Henrik"),
    Name("Schaar", "Mihaela", "van der"),
    Name("Stich", "Sebastian U."),
    Name("Galvão Lopes", "Aloysio"),
    Name("Li", "Yi"),
    Name("Li", "Yang"),
    Name("O'Brien", "Jean-Luc"),
    Name("European Space Agency"),
)


def read_contacts(text: str) -> ContactTable:
    return read_contact_file(Source("c.csv", text))


def contact(name: str, author: str = "") -> Contact:
    return Contact(2, "a24", "a@b.example", name, author)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Henrik Boström", 1),
        ("henrik bostrom", 1),
        ("BOSTRÖM, Henrik", 1),
        ('Bostr\\"{o}m, Henrik', 1),
        ("H. Boström", 1),
        ("Mihaela van der Schaar", 2),
        ("van der Schaar, M.", 2),
        ("Sebastian Stich", 3),
        ("Sebastian Urban Stich", 3),
        ("Stich Sebastian", 3),
        ("S. U. Stich", 3),
        ("SU Stich", 3),
        ("Aloysio Galvao Lopes", 4),
        ("Yi Li", 5),
        ("Li Yang", 6),
        ("Jean Luc OBrien", 7),
        ("Jeanluc O’Brien", 7),
        ("J.-L. O'Brien", 7),
        ("European Space Agency", 8),
    ],
)
def test_a_contact_is_found_among_the_authors(name: str, place: int) -> None:
    assert match(contact(name), AUTHORS) == place - 1


@pytest.mark.parametrize(
    ("name", "author", "place"), [("Y. Li", "6", 6), ("Somebody Else", "Li, Yi", 5), ("x", 'Bostr{\\"o}m, Henrik', 1)]
)
def test_the_author_column_decides(name: str, author: str, place: int) -> None:
    assert match(contact(name, author), AUTHORS) == place - 1


@pytest.mark.parametrize(
    ("name", "author", "message"),
    [
        ("Y. Li", "", "matches authors 5 and 6"),
        ("Ada Lovelace", "", "not among the authors"),
        ("Li", "", "not among the authors"),
        ("Karl Stich", "", "not among the authors"),
        ("Sebastian K. Stich", "", "not among the authors"),
        ("x", "0", "there is no author 0"),
        ("x", "9", "there is no author 9; the paper has 8 authors"),
        ("x", "99999999999999999999", "there is no author"),
    ],
)
def test_an_ambiguous_contact_is_rejected(name: str, author: str, message: str) -> None:
    with pytest.raises(NoMatchError, match=message):
        match(contact(name, author), AUTHORS)


def test_rows_are_read_with_their_lines() -> None:
    table = read_contacts('\ufeffpaper, Email ,name\na24, a@b.example ,"Lewis, Mike"\n\nb24,c@d.example,Ann\n')

    assert table.findings == ()
    assert table.rows == 2
    assert table.contacts == (
        Contact(2, "a24", "a@b.example", "Lewis, Mike"),
        Contact(4, "b24", "c@d.example", "Ann"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("paper,phone,name\n", "its first line is paper, phone, name"),
        ("paper,email\n", "needs the columns paper, email and name"),
    ],
)
def test_a_table_without_the_columns_stops_with_its_reason(text: str, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read_contacts(text)


@pytest.mark.parametrize(
    "head",
    [
        "paper,email,name",
        "Paper ID;E-mail;Name",
        "Submission\tEmail Address\tAuthor Name",
        "Key|Mail|Full name",
        "\ufeff\u00a0PAPER_ID ,EMAIL,Name",
        "sep=;\nsubmission #;e-mail address;author",
        "List of contacts,,\nPaper,Email,Corresponding author",
        "phone,paper,email,Author",
    ],
)
def test_a_table_is_read_with_any_separator_and_heading(head: str) -> None:
    separator = next(sign for sign in ";\t|," if sign in head.replace("sep=;", ""))
    cells = ["12", "a@b.example", "Ann Lee"]
    if head.startswith("phone"):
        cells.insert(0, "555")

    table = read_contacts(f"{head}\n{separator.join(cells)}{separator}{separator}\n")

    (found,) = table.contacts
    assert table.findings == ()
    assert (found.paper, found.email, found.name or found.author) == ("12", "a@b.example", "Ann Lee")
    assert found.is_corresponding


@pytest.mark.parametrize(
    ("row", "line", "field", "message"),
    [
        ("a24,a@b.example", 2, "name", "is empty"),
        ("a24,a@b.example,A,B", 2, "", "has 4 cells"),
        ('a24,"a@b.example\nBcc: x@y.example",A', 2, "email", "line break"),
        ("a24,a@b.example,A\u2028B", 2, "name", "line break"),
        ("a24,,A", 2, "email", "is empty"),
        (",a@b.example,A", 2, "paper", "is empty"),
        ("a24,a@b.example,", 2, "name", "is empty"),
        ('b24,"b@b.example,B', 2, "", "quotes"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(row: str, line: int, field: str, message: str) -> None:
    table = read_contacts(f"paper,email,name\n{row}\nz24,z@z.example,Z\n")

    (finding,) = table.findings
    assert (finding.line, finding.field) == (line, field)
    assert message in finding.message
    assert [one.paper for one in table.contacts] == ["z24"]
    assert table.rows == 2


def marks(table: ContactTable) -> list[tuple[str, str, bool]]:
    return [(one.paper, one.email, one.is_corresponding) for one in table.contacts]


@pytest.mark.parametrize("yes", ["yes", "x", "1", "TRUE", "✔"])
@pytest.mark.parametrize("no", ["", "no", "0"])
def test_any_number_of_addresses_with_one_marked(yes: str, no: str) -> None:
    table = read_contacts(
        f"paper,email,name,Corresponding?\na24,a@a.example,A,{no}\na24,b@a.example,B,{yes}\nb24,c@c.example,C,{no}\n"
    )

    assert marks(table) == [
        ("a24", "a@a.example", False),
        ("a24", "b@a.example", True),
        ("b24", "c@c.example", False),
    ]
    assert table.findings == ()


@pytest.mark.parametrize(
    ("head", "first", "second", "message"),
    [
        ("", "", "", "has 2 corresponding authors, in lines 2, 4"),
        (",contact", ",x", ",x", "has 2 corresponding authors, in lines 2, 4"),
        (",contact", ",", ",no", "has no corresponding author, in lines 2, 4"),
    ],
)
def test_several_addresses_without_one_mark_are_a_question(head: str, first: str, second: str, message: str) -> None:
    last = ",yes" if head else ""
    table = read_contacts(
        f"paper,email,name{head}\na24,a@b.example,A{first}\nb24,b@b.example,B{last}\na24,c@d.example,C{second}\n"
    )

    assert marks(table) == [
        ("a24", "a@b.example", False),
        ("b24", "b@b.example", True),
        ("a24", "c@d.example", False),
    ]
    (finding,) = table.findings
    assert (finding.line, finding.paper) == (2, "a24")
    assert message in finding.message


def test_names_in_two_columns_and_numbers_of_a_spreadsheet() -> None:
    table = read_contacts("Paper ID,First Name,Last Name,Email\n12.0,Ann Maria,van Lee,a@b.example\n")

    assert table.contacts == (Contact(2, "12", "a@b.example", "van Lee, Ann Maria"),)
