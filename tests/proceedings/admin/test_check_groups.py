"""How a change is shown: the words that differ, and some text around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.admin.check_groups import ShownChange, shorten
from proceedings.delivery.fixes import FieldChange


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("a gener- ation of", "a generation of", ShownChange("a ", "gener- ation", "generation", " of")),
        ("An LSTM", "An {LSTM}", ShownChange("An ", "LSTM", "{LSTM}", "")),
        ("", "Talks", ShownChange("", "", "Talks", "")),
        ("Talks", "", ShownChange("", "Talks", "", "")),
    ],
)
def test_the_words_that_differ_are_shown(old: str, new: str, shown: ShownChange) -> None:
    assert shorten(FieldChange("title", old, new)) == shown


WORDS = st.lists(st.sampled_from(["a", "b", "ab", "-"]), max_size=8).map(" ".join)


@given(WORDS, WORDS)
def test_a_short_change_can_be_put_together_again(old: str, new: str) -> None:
    shown = shorten(FieldChange("title", old, new))
    assert shown.before + shown.old + shown.after == old
    assert shown.before + shown.new + shown.after == new
