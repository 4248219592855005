"""Hyphens left from a line break: what is meant, and when a person must decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.publisher.wrap_hyphens import find_wraps, has_wraps, mend_wraps, vocabulary
from tests import publisher_check

KNOWN = vocabulary(
    ["A generation of data-driven networks works of magnitude.", "Information about formation in a real-time net."]
)


@pytest.mark.parametrize(
    ("text", "meant", "sure"),
    [
        ("gener- ation", "generation", True),
        ("state- of-the-art", "state-of-the-art", True),
        ("of- magnitude", "of magnitude", True),
        ("order-of- magnitude", "order-of-magnitude", True),
        ("data- driven", "data-driven", True),
        ("real- time", "real-time", True),
        ("net- works", "networks", True),
        ("In- formation", "Information", True),
        ("represen- tation", "representation", True),
        ("self- play", "self-play", False),
        ("low- rank", "low-rank", False),
        ("sparsi- fying", "sparsifying", False),
        ("pre- and post-training", "pre-training and post-training", False),
        ("two- or three-layer", "two-layer or three-layer", False),
        ("pre- or postoperative", "preoperative or postoperative", False),
        ("two- and some", "two and some", False),
        ("$n- k$", "$n-k$", True),
    ],
)
def test_what_is_meant(text: str, meant: str, sure: bool) -> None:
    (one,) = find_wraps(text, KNOWN)
    assert one.sure is sure
    assert mend_wraps(text, KNOWN, unsure=True) == meant
    assert mend_wraps(text, KNOWN) == (meant if sure else text)


@pytest.mark.parametrize("text", ["state-of-the-art", "a -- b", "A-- b", "1- b", "Jean- Pierre", "a - b", "well-being"])
def test_what_is_none(text: str) -> None:
    assert not has_wraps(text)


PIECES = st.sampled_from(
    ["gener-", "ation", "pre-", "and", "or", "post-training", "$n-", "k$", "of-", "a-", "B", "the", "x"]
)


@given(st.lists(PIECES, max_size=9).map(" ".join))
def test_with_all_proposals_nothing_is_left_for_the_publisher(text: str) -> None:
    mended = mend_wraps(text, KNOWN, unsure=True)
    assert not has_wraps(mended)
    assert not [one for one in publisher_check.lint_text(mended).errors if one.startswith("C15")]
