"""Matching authors from one import to the next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.names import Name
from proceedings.bibtex.records import Details
from proceedings.importing.authorship import AuthorState, carry_over, contact_of, unsure_namesakes, with_contact


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
    assert [author.pk for author in carry_over(known(Name("Ng", "A"), li, li), [li, li])] == [2, 3]
    assert [author.pk for author in carry_over(known(li, Name("Ng", "A"), li), [Name("Ng", "A"), li, li])] == [2, 1, 3]
    assert [author.pk for author in carry_over(known(li, Name("Ng", "A"), li), [li, Name("Ng", "A")])] == [1, 2]


def test_the_source_tells_namesakes_apart() -> None:
    li, ng = Name("Li", "Yi"), Name("Ng", "A")
    before = known(li, ng, li)
    details = [Details("3@A.example"), Details(), Details("1@a.example")]

    assert [author.pk for author in carry_over(before, [li, ng, li], details)] == [3, 2, 1]
    assert [author.pk for author in carry_over(before, [li, li], [Details(), Details("1@a.example")])] == [3, 1]
    assert unsure_namesakes(before, [li, ng, li], details) == []


def test_namesakes_who_may_be_confused_are_named() -> None:
    li, ng = Name("Li", "Yi"), Name("Ng", "A")

    assert unsure_namesakes(known(li, ng, li), [ng, li, li]) == [li]
    assert unsure_namesakes(known(li, ng, li), [li, ng]) == [li]
    assert unsure_namesakes(known(li, ng, li), [li, ng, li, ng]) == []
    assert unsure_namesakes([AuthorState(li), AuthorState(ng), AuthorState(li)], [ng, li, li]) == []


NAMES = st.lists(st.sampled_from([Name("Li", "Yi"), Name("Ng", "Ann"), Name("Stich", "Sebastian")]), max_size=6)


@given(NAMES, st.data())
def test_whoever_still_stands_on_a_paper_is_carried_over(names: list[Name], data: st.DataObject) -> None:
    """Each existing author is used once, and a name that stays takes as many of its bearers as there are."""
    after = data.draw(st.permutations(names) | NAMES)

    authors = carry_over(before := known(*names), after)

    kept = [author.pk for author in authors if author.pk]
    assert len(set(kept)) == len(kept)
    assert [author.name for author in authors] == list(after)
    for name in set(names):
        bearers = [author.pk for author in authors if author.name == name and author.pk]
        assert len(bearers) == min(names.count(name), list(after).count(name))
        assert set(bearers) <= {author.pk for author in before if author.name == name}


def test_there_is_one_contact() -> None:
    authors = with_contact(known(Name("Lewis", "Mike"), Name("Li", "Yi")), 0, "new@a.example")
    assert contact_of(authors) == AuthorState(Name("Lewis", "Mike"), "new@a.example", is_corresponding=True, pk=1)

    authors = with_contact(authors, 1, "yi@a.example")
    assert [(author.email, author.is_corresponding) for author in authors] == [
        ("new@a.example", False),
        ("yi@a.example", True),
    ]
    assert contact_of(known(Name("Li", "Yi"))) is None
