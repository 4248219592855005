"""Spellings of affiliations: which belong together, and which do not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.people.affiliations import find_spellings, group_spellings, make_group


def groups(*texts: str) -> list[set[str]]:
    return [{spelling.text for spelling in group.spellings} for group in group_spellings({text: [1] for text in texts})]


@pytest.mark.parametrize(
    "spellings",
    [
        ("Stanford University", "Stanford Univ.", "STANFORD UNIVERSITY", "stanford university "),
        ("University of Oxford", "Oxford University", "Univ. of Oxford", "The University of Oxford"),
        ("ETH Zürich", "ETH Zurich", "ETH Zuerich", "ETH, Zürich", "ETH Zürich, Switzerland"),
        ("Massachusetts Institute of Technology", "MIT", "M.I.T.", "Massachusetts Inst. of Technology"),
        ("École polytechnique fédérale de Lausanne", "EPFL", "Ecole Polytechnique Federale de Lausanne (EPFL)"),
        ("Georgia Tech", "Georgia Institute of Technology"),
        ("Stanford University", "Standford University"),
        ("Department of Statistics, Stanford University", "Stanford University, CA 94305, USA", "Stanford University"),
        ("Google Research", "Google Researrch"),
        ("DeepMind", "Deepmind Ltd.", "DeepMind, UK"),
        ("Universität Wien", "Universitat Wien"),
        ("Université de Montréal", "Universite de Montreal", "University of Montreal"),
    ],
)
def test_spellings_of_one_institution_are_one_group(spellings: tuple[str, ...]) -> None:
    assert groups(*spellings) == [set(spellings)]


@pytest.mark.parametrize(
    "spellings",
    [
        ("University of California, Berkeley", "University of California, San Diego"),
        ("University of York", "New York University"),
        ("Eastern University", "Western University"),
        ("Northern University", "Southern University"),
        ("Université Paris 1", "Université Paris 7"),
        ("University of Texas at Austin", "University of Texas at Dallas"),
        ("Microsoft", "Microsoft Research"),
        ("Google", "Google DeepMind"),
        ("MIT", "MIT-IBM Watson AI Lab"),
        ("Boston University", "Boston College"),
        ("清华大学", "北京大学"),
        ("Meta", "Beta"),
        (",", ";"),
    ],
)
def test_different_institutions_stay_apart(spellings: tuple[str, ...]) -> None:
    assert groups(*spellings) == []


def test_the_most_frequent_spelling_is_proposed_and_counts_are_of_papers() -> None:
    (group,) = group_spellings({"MIT": [1, 1, 2], "Massachusetts Institute of Technology": [2, 3, 4, 5], "Else": [9]})
    assert (group.proposal, group.papers) == ("Massachusetts Institute of Technology", 5)
    assert [(one.text, one.papers, one.authors) for one in group.spellings] == [
        ("Massachusetts Institute of Technology", 4, 4),
        ("MIT", 2, 3),
    ]


def test_only_spellings_with_the_same_words_lose_nothing() -> None:
    group = make_group({"Stanford University": [1, 2], "Stanford Univ.": [3], "Dept. of Law, Stanford University": [4]})
    assert [(one.text, one.same_words) for one in group.spellings] == [
        ("Stanford University", True),
        ("Dept. of Law, Stanford University", False),
        ("Stanford Univ.", True),
    ]


def test_a_search_finds_spellings_by_the_beginnings_of_their_words() -> None:
    texts = ["ETH Zürich", "Universität Zürich", "Lab A"]
    assert find_spellings(texts, "zur") == ["ETH Zürich", "Universität Zürich"]
    assert find_spellings(texts, "zurich eth") == ["ETH Zürich"]
    assert find_spellings(texts, "nowhere") == []


@given(st.dictionaries(st.text(max_size=12), st.lists(st.integers(0, 5), min_size=1, max_size=3), max_size=8))
def test_every_spelling_is_in_at_most_one_group(uses: dict[str, list[int]]) -> None:
    found = [spelling.text for group in group_spellings(uses) for spelling in group.spellings]
    assert len(found) == len(set(found))
    assert set(found) <= set(uses)


@pytest.mark.alone
def test_thousands_of_spellings_are_grouped_within_seconds() -> None:
    places = ["Vonga", "Merl"] * 2000
    uses = {f"University of {place}{chr(97 + n % 26)}, Faculty {n}": [n] for n, place in enumerate(places)}
    start = time.process_time()
    group_spellings(uses)
    assert time.process_time() - start < 5
