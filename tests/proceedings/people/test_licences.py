"""Licences: what agrees with CC BY 4.0, and what an editor must read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.people.licences import contradicts


@pytest.mark.parametrize(
    "licence",
    [
        "CC BY 4.0",
        "cc-by-4.0",
        "CC BY",
        "CCBY 4.0",
        "Creative Commons Attribution 4.0 International (CC BY 4.0)",
        "https://creativecommons.org/licenses/by/4.0/",
        "http://creativecommons.org/licenses/by/4.0/legalcode.en",
        "",
        "  ",
        "License unspecified",
        "None",
        "N/A",
    ],
)
def test_the_granted_licence_and_none_are_no_contradiction(licence: str) -> None:
    assert not contradicts(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "CC BY-NC 4.0",
        "CC BY-SA 4.0",
        "CC BY-ND 4.0",
        "CC BY-NC-SA 4.0",
        "CC BY-NC-ND 4.0",
        "CC BY 3.0",
        "CC0 1.0",
        "CC0",
        "Creative Commons Attribution-NonCommercial 4.0 International",
        "Creative Commons Attribution-ShareAlike 4.0",
        "Creative Commons Attribution-NoDerivatives 4.0",
        "https://creativecommons.org/licenses/by-nc-nd/4.0/",
        "https://creativecommons.org/publicdomain/zero/1.0/",
        "All rights reserved",
        "arXiv.org perpetual, non-exclusive license",
        "MIT License",
        "CC BY 4.0; CC BY-NC 4.0",
    ],
)
def test_every_other_licence_is_one(licence: str) -> None:
    assert contradicts(licence)


@given(st.text(max_size=80))
def test_any_text_can_be_compared(licence: str) -> None:
    contradicts(licence)
