"""The table of corresponding authors."""

import pytest

from proceedings.bibtex.names import Name
from proceedings.importing.contacts import Contact, NoMatchError, match, read_contacts

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
    table = read_contacts('\ufeffpaper, Email ,name\na24, a@b.example ,"Lewis, Mike"\n\nb24,c@d.example,Ann\n', "c.csv")

    assert table.findings == ()
    assert table.rows == 2
    assert table.contacts == (
        Contact(2, "a24", "a@b.example", "Lewis, Mike"),
        Contact(4, "b24", "c@d.example", "Ann"),
    )


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "is empty"),
        ("paper;email;name\n", 1, "not semicolons"),
        ("paper,mail,name\n", 1, "columns are paper, mail, name"),
        ("paper,email\n", 1, "must be paper,email,name"),
        ("paper,email,name,phone\n", 1, "phone"),
        ("paper,email,name,name\n", 1, "columns"),
    ],
)
def test_a_wrong_head_is_one_clear_message(text: str, line: int, message: str) -> None:
    table = read_contacts(text, "c.csv")

    (finding,) = table.findings
    assert (finding.file, finding.line, table.contacts) == ("c.csv", line, ())
    assert message in finding.message


@pytest.mark.parametrize(
    ("row", "line", "field", "message"),
    [
        ("a24,a@b.example", 2, "", "has 2 cells"),
        ("a24,a@b.example,A,B", 2, "", "has 4 cells"),
        ('a24,"a@b.example\nBcc: x@y.example",A', 2, "email", "line break"),
        ('a24,"a@b.example\n",A', 2, "email", "line break"),
        ("a24,a@b.example,A\x85B", 2, "name", "line break"),
        ("a24,,A", 2, "email", "is empty"),
        (",a@b.example,A", 2, "paper", "is empty"),
        ("a24,a@b.example,", 2, "name", "is empty"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(row: str, line: int, field: str, message: str) -> None:
    table = read_contacts(f"paper,email,name\n{row}\nz24,z@z.example,Z\n", "c.csv")

    (finding,) = table.findings
    assert (finding.line, finding.field) == (line, field)
    assert message in finding.message
    assert [one.paper for one in table.contacts] == ["z24"]
    assert table.rows == 2


def test_a_quote_that_never_closes_is_named_with_its_line() -> None:
    table = read_contacts('paper,email,name\na24,a@b.example,A\nb24,"b@b.example,B\nc24,c@c.example,C\n')

    (finding,) = table.findings
    assert finding.line == 3
    assert "quote" in finding.message
    assert [one.paper for one in table.contacts] == ["a24"]


def test_of_two_contacts_for_a_paper_neither_is_taken() -> None:
    table = read_contacts("paper,email,name\na24,a@b.example,A\nb24,b@b.example,B\na24,c@d.example,C\n")

    assert [one.paper for one in table.contacts] == ["b24"]
    assert [(finding.line, finding.paper) for finding in table.findings] == [(2, "a24"), (4, "a24")]
    assert "in lines 2, 4" in table.findings[0].message
