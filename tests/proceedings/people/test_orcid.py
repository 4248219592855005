"""ORCID iDs: every way to write one, and the checksum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.people.orcid import OrcidError, check_character, read_orcid

BASES = st.integers(15_000_000, 35_000_000) | st.integers(900_000_000_000, 900_100_000_000)


def numbered(base: int) -> str:
    digits = f"{base:015}"
    return digits + check_character(digits)


def hyphenated(number: str) -> str:
    return "-".join(number[at : at + 4] for at in range(0, 16, 4))


@pytest.mark.parametrize("orcid", ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"])
def test_ids_of_the_specification_pass(orcid: str) -> None:
    assert read_orcid(orcid) == orcid


WRITTEN = [
    "{}",
    " {} ",
    "https://orcid.org/{}",
    "http://orcid.org/{}",
    "HTTPS://WWW.ORCID.ORG/{}/",
    "www.orcid.org/{}",
    "orcid.org/{}",
    "<https://orcid.org/{}>",
    "https://orcid.org/{}?lang=en",
    "https://orcid.org/{}#works",
    "https://orcid.org/{}/print",
    "https://orcid.org/my-orcid?orcid={}",
    "ORCID: {}",
    "ORCID iD {}",
    "orcid:{}",
    "\u200b{}\ufeff",
    "{}.",
    "{}/",
]
HYPHENS = {"hyphens": "-", "none": "", "blanks": " ", "en dashes": "\u2013", "non-breaking hyphens": "\u2011"}


@given(BASES, st.sampled_from(WRITTEN), st.sampled_from(list(HYPHENS.values())), st.booleans())
def test_an_id_is_read_however_it_is_written(base: int, written: str, hyphen: str, small: bool) -> None:
    number = numbered(base)
    typed = written.format(hyphen.join(number[at : at + 4] for at in range(0, 16, 4)))
    assert read_orcid(typed.lower() if small else typed) == hyphenated(number)


@given(BASES, st.integers(0, 15), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_noticed(base: int, at: int, wrong: str) -> None:
    number = numbered(base)
    changed = number[:at] + wrong + number[at + 1 :]
    if changed == number:
        assert read_orcid(changed)
    else:
        with pytest.raises(OrcidError):
            read_orcid(changed)


@given(BASES, st.integers(0, 14))
def test_two_swapped_characters_are_always_noticed(base: int, at: int) -> None:
    number = numbered(base)
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    if swapped != number:
        with pytest.raises(OrcidError):
            read_orcid(swapped)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("0000", "16 digits"),
        ("0000-0002-1825-009", "16 digits"),
        ("0000-0002-1825-00977", "16 digits"),
        ("https://orcid.org/", "16 digits"),
        ("https://example.org/0000-0002-1825-0097", "16 digits"),
        ("0000-0002-1825-0098", "check digit"),
        ("0000-000X-1825-0097", "16 digits"),
        ("٠٠٠٠-0002-1825-0097", "16 digits"),
        ("0000-0000-0000-0001", "no such number"),
        ("0000-0001-2103-2683", "no such number"),
        ("~Ana_Cruz1", "16 digits"),
        ("x" * 10_000, "16 digits"),
    ],
)
def test_what_is_no_id_is_named_with_its_reason(typed: str, why: str) -> None:
    with pytest.raises(OrcidError, match=why):
        read_orcid(typed)


@given(st.text(max_size=60))
def test_any_text_is_an_id_or_an_error(typed: str) -> None:
    try:
        read = read_orcid(typed)
    except OrcidError:
        return
    assert read == "" or read_orcid(read) == read
