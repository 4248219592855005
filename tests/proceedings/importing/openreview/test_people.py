"""Authors of notes: names as their bearers split them, ids, addresses, affiliations, ORCID iDs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.names import Name
from proceedings.importing.openreview.people import Authors, Profiles, read_authors, read_profiles
from proceedings.importing.submissions import Person


def profile(id_: Any = "~Ana_Cruz_Vidal1", **content: Any) -> dict[str, Any]:
    names = [{"first": "Ana", "middle": "", "last": "Cruz Vidal", "preferred": True, "username": "~Ana_Cruz_Vidal1"}]
    return {"id": id_, "content": {"names": names} | content}


def known(*profiles: dict[str, Any]) -> Profiles:
    found = read_profiles(json.dumps(list(profiles)))
    assert not found.problems
    return found


def authors(values: list[Any], ids: list[Any] | None = None, profiles: Profiles | None = None, **more: Any) -> Authors:
    content = {"authors": {"value": values}, "authorids": {"value": ids or []}} | more
    found = read_authors(content, profiles or Profiles())
    plain = {name: held["value"] if isinstance(held, dict) else held for name, held in content.items()}
    assert read_authors(plain, profiles or Profiles()) == found  # version 1
    return found


def one(value: Any, ids: list[Any] | None = None, profiles: Profiles | None = None, **more: Any) -> Person:
    (person,) = authors([value], ids, profiles, **more).people
    return person


def test_an_author_object_is_read_whole() -> None:
    institutions = [{"name": "ETH Zürich", "domain": "ethz.ch", "country": "CH"}, {"domain": "x.org"}]
    person = one({"fullname": "Yi Li", "username": "~Yi_Li7", "institutions": institutions})
    assert (person.name, person.profile) == (Name("Li", "Yi"), "~Yi_Li7")
    assert (person.affiliation, person.email) == ("ETH Zürich; x.org", "")


def test_a_family_name_of_several_words_is_settled_by_the_profile() -> None:
    profiles = known(profile())
    for person in (
        one("Ana Cruz Vidal", ["~Ana_Cruz_Vidal1"], profiles),
        one({"fullname": "Ana Cruz Vidal", "username": "~Ana_Cruz_Vidal1"}, profiles=profiles),
        one({"fullname": "Ana Cruz Vidal", "first": "Ana", "last": "Cruz Vidal"}),
        one({"username": "~Ana_Cruz_Vidal1"}, profiles=profiles),
    ):
        assert (person.name, person.doubts) == (Name("Cruz Vidal", "Ana"), ())
    unsettled = one("Ana Cruz Vidal", ["~Someone_Else1"], profiles)
    assert unsettled.name == Name("Vidal", "Ana Cruz")
    assert unsettled.doubts


@pytest.mark.parametrize(
    ("typed", "first", "middle", "last", "expected"),
    [
        ("A. Cruz Vidal", "Ana", "", "Cruz Vidal", Name("Cruz Vidal", "A.")),
        ("Ana M. Cruz-Vidal", "Ana", "María", "Cruz Vidal", Name("Cruz-Vidal", "Ana M.")),
        ("Jan van der Berg", "Jan", "van der", "Berg", Name("Berg", "Jan", "van der")),
        ("Jan van der Berg", "Jan", "", "van der Berg", Name("Berg", "Jan", "van der")),
        ("Wang Xiaoming", "Xiaoming", "", "Wang", Name("Wang", "Xiaoming")),
        ("Xiaoming Wang", "Xiaoming", "", "Wang", Name("Wang", "Xiaoming")),
        ("José García", "Jose", "", "Garcia", Name("García", "José")),
        ("Sukarno", "", "", "Sukarno", Name("Sukarno")),
        ("Nguyễn Văn An", "An", "Văn", "Nguyễn", Name("Nguyễn", "Văn An")),
    ],
)
def test_names_are_split_where_their_bearer_splits_them(
    typed: str, first: str, middle: str, last: str, expected: Name
) -> None:
    names = [{"first": "Other", "last": "Person"}, {"first": first, "middle": middle, "last": last}]
    person = one(typed, ["~X1"], known({"id": "~X1", "content": {"names": names}}))
    assert (person.name, person.doubts) == (expected, ())


def test_a_name_that_the_profile_does_not_have_is_read_as_typed() -> None:
    person = one("Ana Smith", ["~Ana_Cruz_Vidal1"], known(profile()))
    assert person.name == Name("Smith", "Ana")


def test_profiles_bring_address_affiliation_and_orcid() -> None:
    history = [
        {"start": 2010, "end": 2014, "institution": {"name": "Old"}},
        {"start": 2015, "end": None, "institution": {"name": "Middle", "domain": "m.org"}},
        {"start": "2020", "end": "", "institution": {"name": "New"}},
        {"start": 2022, "end": None, "institution": {}},
    ]
    content = {"history": history, "orcid": "https://orcid.org/0000-0002-1825-0097", "preferredEmail": "****@x.org"}
    profiles = known(profile(**content, emails=["****@x.org", "ana@x.org"]))
    person = one("Ana Cruz Vidal", ["~ana_cruz_vidal1"], profiles)
    assert (person.affiliation, person.email) == ("New", "ana@x.org")
    assert person.orcid == "https://orcid.org/0000-0002-1825-0097"
    assert one("Ana Cruz Vidal", ["ana@x.org"], profiles).profile == "~Ana_Cruz_Vidal1"
    own = one(
        {"fullname": "Ana Cruz Vidal", "username": "~Ana_Cruz_Vidal1", "institutions": [{"name": "Own"}]}, [], profiles
    )
    assert own.affiliation == "Own"


def test_masked_addresses_are_left_out_and_counted() -> None:
    found = authors(["A B", "C D", "E F"], ["****@x.org", "c@x.org", "~E_F1"])
    assert [person.email for person in found.people] == ["", "c@x.org", ""]
    assert found.masked == 1


def test_ids_that_do_not_fit_are_used_for_nobody() -> None:
    found = authors(["A B", "C D"], ["a@x.org"])
    assert [person.email for person in found.people] == ["", ""]
    assert "2 authors, but 1 ids" in found.mismatch


def test_the_corresponding_author_by_id_address_or_name() -> None:
    for chosen in ("~C_D1", ["~C_D1"], "c d", "c@x.org"):
        found = authors(
            ["A B", {"fullname": "C D", "email": "c@x.org", "username": "~C_D1"}], corresponding_author=chosen
        )
        assert [person.is_corresponding for person in found.people] == [False, True]


@pytest.mark.parametrize("value", [None, 3, True, "", [], {}, {"fullname": None}, {"fullname": ["x"]}, "\ud800"])
def test_an_author_without_a_name_is_named_and_the_others_are_read(value: Any) -> None:
    found = authors([value, "Yi Li"])
    assert [person.name for person in found.people] == [Name("Li", "Yi")]
    assert len(found.unread) == 1


def test_hidden_authors_are_said() -> None:
    found = authors(["Anonymous"], ["X/Paper1/Authors"])
    assert (found.people, len(found.unread)) == ([], 1)


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"profiles": []}', "[1]", '[{"id": "~A1"}]'])
def test_profiles_that_cannot_be_read_are_problems(text: str) -> None:
    assert read_profiles(text).problems


def test_profiles_in_every_form() -> None:
    two = [profile(), profile("~B1", names=[{"first": "B", "last": "C", "username": "~B1"}])]
    for text in (json.dumps(two), json.dumps({"profiles": two}), "\n".join(map(json.dumps, two))):
        assert read_profiles(text).of("~b1").names


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["~A_B1", "****@x.org"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["value", "fullname", "username", "institutions", "name", "names", "first", "last", "history", "start",
                 "end", "institution", "emails", "orcid", "content", "id", "authors", "authorids"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@given(ANYTHING, ANYTHING, ANYTHING)
def test_nothing_breaks_the_reading(these: Any, ids: Any, more: Any) -> None:
    profiles = read_profiles(
        json.dumps([more, {"id": these, "content": more}, {"id": "~A_B1", "content": {"names": more}}])
    )
    found = read_authors({"authors": these, "authorids": ids, "corresponding_author": more}, profiles)
    assert all(person.name.family for person in found.people)
