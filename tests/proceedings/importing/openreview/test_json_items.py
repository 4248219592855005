"""JSON as people export it: arrays, objects, lines; a damaged file loses only what follows the damage."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.importing.openreview.json_items import read_items

THREE = [{"id": "a"}, {"id": "b", "notes": [1]}, {"id": "c"}]


def items(text: str) -> list[Any]:
    return [item for _, item in read_items(text, ("notes",)).items]


@pytest.mark.parametrize("indent", [None, 2])
def test_every_form_of_a_list_is_read(indent: int | None) -> None:
    for whole in (THREE, {"notes": THREE}, {"count": 3, "more": {"notes": []}, "notes": THREE, "after": []}):
        text = json.dumps(whole, indent=indent)
        for around in (text, f"\n  {text}\n", text.replace("\n", "\r\n")):
            found = read_items(around, ("notes",))
            assert [item for _, item in found.items] == THREE
            assert not found.problems
    lines = "\n".join(json.dumps(one, indent=indent) for one in THREE)
    assert items(lines) == items(lines + "\n\n") == THREE


def test_joined_files_are_read_one_after_the_other() -> None:
    assert items(json.dumps(THREE) + "\n" + json.dumps(THREE)) == THREE * 2
    assert items(json.dumps({"notes": THREE, "count": 3}) + json.dumps({"notes": THREE})) == THREE * 2


@pytest.mark.parametrize("rest", ["]", "}", ' x "y"', ', {"id": "b"}]'])
def test_what_follows_the_end_is_a_problem(rest: str) -> None:
    found = read_items('[{"id": "a"}]\n' + rest, ())
    assert (next(item for _, item in found.items), found.problems[0][0]) == ({"id": "a"}, 2)
    assert read_items('{"notes": [{"id": "a"}]\n' + rest, ("notes",)).problems or rest == "}"


def test_items_have_their_lines() -> None:
    text = '{"count": 2,\n "notes": [\n  {"id":\n "a"},\n\n  {"id": "b"}]}'
    assert [line for line, _ in read_items(text, ("notes",)).items] == [3, 6]


def test_what_stands_before_the_damage_is_kept() -> None:
    text = '{"notes": [\n{"id": "a"},\n{"id": "b"},\n{"id": '
    found = read_items(text, ("notes",))
    assert [item for _, item in found.items] == [{"id": "a"}, {"id": "b"}]
    assert found.problems == [(4, "the file is damaged from here on: export it again")]
    assert read_items('[{"id": 1},\n', ()).problems == [(2, "the file ends in the middle: export it again")]


def test_a_damaged_line_among_json_lines_loses_only_itself() -> None:
    found = read_items('{"id": "a"}\n{"id": \n{"id": "c"}\nnonsense\n{"id": "d"}\n', ())
    assert [item["id"] for _, item in found.items] == ["a", "c", "d"]
    assert [line for line, _ in found.problems] == [2, 4]


@pytest.mark.parametrize("text", ["", "  ", "[", "{", '{"notes"', '{"notes": [', "[" * 100_000, '{"a":' * 100_000])
def test_hardly_any_json_raises_nothing(text: str) -> None:
    assert items(text) == []


def test_a_number_of_thousands_of_digits_is_a_problem_of_its_place() -> None:
    found = read_items('[{"id": "a"}, ' + "9" * 5000 + "]", ())
    assert (len(found.items), len(found.problems)) == (1, 1)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=4), st.sampled_from([None, 1]), st.integers(0, 200), st.sampled_from('"[]{},:\\\n1x'))
def test_a_changed_character_raises_nothing(values: list[Any], indent: int | None, at: int, other: str) -> None:
    text = json.dumps({"notes": values}, indent=indent)
    assert items(text) == values
    at = min(at, len(text))
    for changed in (text[:at], text[:at] + other + text[at:], text[:at] + other + text[at + 1 :]):
        read_items(changed, ("notes",))
