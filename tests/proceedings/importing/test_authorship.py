"""Matching authors from one import to the next."""

import pytest

from proceedings.bibtex.names import Name
from proceedings.importing.authorship import AuthorState, carry_over, contact_of, with_contact


def known(*names: Name) -> list[AuthorState]:
    return [AuthorState(name, email=f"{place}@a.example", pk=place) for place, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Name("Bostrom", "Henrik"), Name("Boström", "Henrik")),
        (Name("LI", "YI"), Name("Li", "Yi")),
        (Name("Yi", "Li"), Name("Li", "Yi")),
        (Name("BabaAhmadi", "Amir Reza"), Name("BabaAhmadi", "AmirReza")),
        (Name("Stich", "S."), Name("Stich", "Sebastian U.")),
        (Name("Stich", "Sebastian"), Name("Stich", "Sebastian U.")),
        (Name("von Rohr", "Alexander"), Name("Rohr", "Alexander", "von")),
    ],
)
def test_a_corrected_name_is_the_same_person(before: Name, after: Name) -> None:
    (author,) = carry_over(known(before), [after])

    assert (author.name, author.pk, author.email) == (after, 1, "1@a.example")


@pytest.mark.parametrize("name", [Name("Lewis", "Ann"), Name("Lovelace", "Mike"), Name("Lewis")])
def test_another_name_is_another_person(name: Name) -> None:
    assert carry_over(known(Name("Lewis", "Mike")), [name]) == (AuthorState(name),)


def test_people_keep_their_addresses_when_the_order_changes() -> None:
    one, two, three = Name("Lewis", "Mike"), Name("Li", "Yi"), Name("Stich", "Ann")

    authors = carry_over(known(one, two, three), [three, Name("New", "Nora"), one])

    assert [author.pk for author in authors] == [3, None, 1]


def test_of_two_namesakes_each_stays_in_place() -> None:
    li = Name("Li", "Yi")

    assert [author.pk for author in carry_over(known(li, Name("Ng", "A"), li), [li, Name("Ng", "A"), li])] == [1, 2, 3]
    assert [author.pk for author in carry_over(known(Name("Ng", "A"), li, li), [li, li])] == [3, 2]


def test_there_is_one_contact() -> None:
    authors = with_contact(known(Name("Lewis", "Mike"), Name("Li", "Yi")), 0, "new@a.example")
    assert contact_of(authors) == AuthorState(Name("Lewis", "Mike"), "new@a.example", is_corresponding=True, pk=1)

    authors = with_contact(authors, 1, "yi@a.example")
    assert [(author.email, author.is_corresponding) for author in authors] == [
        ("new@a.example", False),
        ("yi@a.example", True),
    ]
    assert contact_of(known(Name("Li", "Yi"))) is None
