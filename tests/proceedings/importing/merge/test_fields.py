"""What changed where: the last import, here, and the file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.importing.merge.fields import compare, origin
from proceedings.importing.plan import Origin


def said(**values: Any) -> dict[str, dict[str, Any]]:
    return {
        name: {"value": value, "file": "v.bib", "at": "2026-11-12T15:00:00+00:00"} for name, value in values.items()
    }


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "where"),
    [
        ("a", "a", "a", None),
        ("a", "b", "b", None),
        ("a", "a", "b", Origin.FILE),
        ("a", "b", "a", Origin.HERE),
        ("a", "b", "c", Origin.BOTH),
        (None, "a", "b", Origin.BOTH),
        (None, "", "b", Origin.FILE),
        (None, "a", "", Origin.BOTH),
    ],
)
def test_where_a_field_has_changed(base: str | None, ours: str, theirs: str, where: Origin | None) -> None:
    assert origin(said(title=base) if base else {}, "title", theirs, ours) is where


def test_a_title_and_its_latex_are_one_decision() -> None:
    base = said(title="A", title_latex="A")

    (one,) = compare(base, {"title": "A", "title_latex": "{A}"}, {"title": "B", "title_latex": "B"})

    assert (one.field, one.label, one.origin, one.since) == ("title", "title", Origin.BOTH, "v.bib, 2026-11-12")
    (latex,) = compare(base, {"title": "A", "title_latex": "{A}"}, {"title": "A", "title_latex": "A"})
    assert (latex.field, latex.label, latex.binding, one.binding) == ("title", "title_latex", False, True)


VALUES = st.sampled_from(["", "a", "b", "c"])


@given(VALUES | st.none(), VALUES, VALUES)
def test_no_correction_is_taken_for_a_change_of_the_file(base: str | None, ours: str, theirs: str) -> None:
    where = origin(said(x=base) if base is not None else {}, "x", theirs, ours)

    assert (where is None) == (ours == theirs)
    if where is Origin.FILE:  # only this one is taken without a question
        assert ours == (base if base is not None else "")
    if where is Origin.HERE:  # only this one is kept without a question
        assert theirs == base
