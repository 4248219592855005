"""Names by BibTeX's rules, read and written."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proceedings.bibtex.latex import LatexError, to_unicode
from proceedings.bibtex.names import Confidence, Name, NotANameError, find_doubts, read_name, split_names, write_name
from proceedings.bibtex.writer import name_in_latex


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("Lewis, Mike", ["Lewis, Mike"]),
        ("A, B and C, D  and  E, F", ["A, B", "C, D", "E, F"]),
        ("{Research and Development} and A, B", ["{Research and Development}", "A, B"]),
        ("Anderson, Andy and Sand, Ann", ["Anderson, Andy", "Sand, Ann"]),
        ("A, B AND C, D", ["A, B", "C, D"]),
        ("A, B\nand C, D", ["A, B", "C, D"]),
        ("A and and B", ["A", "", "B"]),
        ("and A and", ["", "A", ""]),
        (r"A \{ and B", [r"A \{", "B"]),
        ("", []),
        ("  ", []),
    ],
)
def test_a_field_splits_at_and_outside_braces(field: str, names: list[str]) -> None:
    assert split_names(field) == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        # First von Last
        ("Mike Lewis", Name("Lewis", "Mike")),
        ("Jean de la Fontaine", Name("Fontaine", "Jean", "de la")),
        ("Jean De la Fontaine", Name("Fontaine", "Jean De", "la")),
        ("jean de la fontaine", Name("fontaine", "", "jean de la")),
        ("Alexander von", Name("von", "Alexander")),
        ("van Gogh", Name("Gogh", "", "van")),
        # von Last, First
        ("Lewis, Mike", Name("Lewis", "Mike")),
        ("van der Schaar, Mihaela", Name("Schaar", "Mihaela", "van der")),
        ("van der maaten, L", Name("maaten", "L", "van der")),
        ("de Gier, W", Name("Gier", "W", "de")),
        ("De Sa, Christopher", Name("De Sa", "Christopher")),
        ("De la Cruz, Maria", Name("Cruz", "Maria", "De la")),
        ("Teh, Yee Whye", Name("Teh", "Yee Whye")),
        ("Cesa-Bianchi, Nicol{\\`o}", Name("Cesa-Bianchi", "Nicol{\\`o}")),
        ("O'Brien, Ann", Name("O'Brien", "Ann")),
        ("Hallberg Szabadv\\'{a}ry, Johan", Name("Hallberg Szabadv\\'{a}ry", "Johan")),
        # von Last, Jr, First
        ("King, Jr, Martin Luther", Name("King", "Martin Luther", "", "Jr")),
        ("von Last, III, First", Name("Last", "First", "von", "III")),
        # braces and macros
        ("{European Space Agency}", Name("{European Space Agency}")),
        ("{van Maaten}, Laurens", Name("{van Maaten}", "Laurens")),
        ("{Barnes and Noble, Inc.}", Name("{Barnes and Noble, Inc.}")),
        ("{Mc~Inerney}, Fionn", Name("{Mc~Inerney}", "Fionn")),
        ("Mc~Inerney, Fionn", Name("Mc Inerney", "Fionn")),
        (r"{\'E}cole Polytechnique, Jean", Name(r"{\'E}cole Polytechnique", "Jean")),
        (r"\'{E}cole Polytechnique, Jean", Name(r"\'{E}cole Polytechnique", "Jean")),
        (r"{\o}sten Berg, Kari", Name("Berg", "Kari", r"{\o}sten")),
        (r"\O{}sten Berg, Kari", Name(r"\O{}sten Berg", "Kari")),
        ("Sukarno", Name("Sukarno")),
    ],
)
def test_a_name_is_read_by_the_rules_of_bibtex(text: str, name: Name) -> None:
    assert read_name(text).name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Jiang, Yiheng,", Name("Jiang", "Yiheng")),
        ("Pour, Alireza F.,", Name("Pour", "Alireza F.")),
        ("Smith,, John", Name("Smith", "John")),
    ],
)
def test_a_stray_comma_is_ignored_and_reported(text: str, name: Name) -> None:
    reading = read_name(text)

    assert reading.name == name
    assert "extra comma" in reading.doubts[0].reason


@pytest.mark.parametrize(("text", "message"), [("", "missing"), (" , ", "missing"), ("A, B, C, D", "too many commas")])
def test_what_is_no_name_is_rejected_with_advice(text: str, message: str) -> None:
    with pytest.raises(NotANameError, match=message):
        read_name(text)


@pytest.mark.parametrize(
    ("text", "reason", "proposal"),
    [
        ("Mike Lewis", "no comma", "Lewis, Mike"),
        ("Santosh S. Vempala", "no comma", "Vempala, Santosh S."),
        ("Lechner. Tosca", "full stop", "Lechner, Tosca"),
        ("YanjunXu", "single word", "Xu, Yanjun"),
        ("Sukarno", "single word", None),
        ("hu, Jianhua", "lower case", "Hu, Jianhua"),
        ("shen, yelong", "lower case", "Shen, Yelong"),
        ("Xiaobing, pei", "check the order", "Xiaobing, Pei"),
        ("LI, Hanyang", "capital letters", "Li, Hanyang"),
        ("HUANG, SIEH-CHUEN", "capital letters", "Huang, Sieh-Chuen"),
        ("SIlva, Ann", "two capital letters", None),
        ("Rohr, Alexander von", "'von' with the given names", "von Rohr, Alexander"),
        ("Santina, Cosimo Della", "'Della' with the given names", "Della Santina, Cosimo"),
        ("Smith, John*", "does not belong in a name", None),
    ],
)
def test_a_questionable_name_is_reported_with_a_suggestion_and_not_changed(
    text: str, reason: str, proposal: str | None
) -> None:
    (doubt,) = read_name(text).doubts

    assert reason in doubt.reason
    assert (write_name(doubt.proposal) if doubt.proposal else None) == proposal


@pytest.mark.parametrize(
    "text",
    [
        "Lewis, Mike",
        "E, Weinan",
        "Yu, Philip S.",
        "de Gier, W",
        "McAllester, David",
        "Sharif, S M A",
        "{Sukarno}",
        "Li, Yi",
    ],
)
def test_a_usual_name_raises_no_finding(text: str) -> None:
    assert read_name(text).doubts == ()


def test_an_initial_between_makes_the_order_likely() -> None:
    sure, unsure = read_name("Santosh S. Vempala").doubts[0], read_name("Ma Mingchen").doubts[0]

    assert (sure.confidence, unsure.confidence) == (Confidence.LIKELY, Confidence.POSSIBLE)


def test_parts_of_any_source_can_be_reviewed() -> None:
    assert [doubt.reason for doubt in find_doubts(Name("YanjunXu"))] == ["looks like two names without a space"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (Name("Lewis", "Mike"), "Lewis, Mike"),
        (Name("Schaar", "Mihaela", "van der"), "van der Schaar, Mihaela"),
        (Name("King", "Martin Luther", "", "Jr"), "King, Jr, Martin Luther"),
        (Name("Sukarno"), "{Sukarno}"),
        (Name("van Maaten", "Laurens"), "{van Maaten}, {Laurens}"),
        (Name("Smith, Inc.", "John"), "{Smith, Inc.}, {John}"),
        (Name("Gogh", "", "van"), "van {Gogh}, {}"),
        (Name("King", "", "", "Jr"), "{King}, {Jr}, {}"),
    ],
)
def test_a_name_is_written_so_that_it_is_read_as_the_same(name: Name, text: str) -> None:
    assert write_name(name) == text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (Name("Fontaine", "Jean", "de la"), "Jean de la Fontaine"),
        (Name("King", "Martin", "", "Jr"), "Martin King, Jr"),
        (Name("European Space Agency"), "European Space Agency"),
    ],
)
def test_people_see_the_usual_order(name: Name, shown: str) -> None:
    assert str(name) == shown


LETTERS = st.sampled_from(
    [*"abczABCZéÉøØłßÅ ễ-'.,{}~", "and", " and ", "von ", "de la ", "\\'e", "{\\v S}", "{A b}", "\\o{}"]
)


@given(st.lists(LETTERS, max_size=14).map("".join))
@example("{,}a, b")
@example("de {la Cruz}, Maria and")
def test_whatever_was_read_as_a_name_comes_back_the_same(text: str) -> None:
    """What the importer reads and the delivery writes, for any text in a file."""
    try:
        name = read_name(text).name.map(to_unicode)
    except (NotANameError, LatexError):
        return
    name = name.map(lambda part: " ".join(part.split()))
    if not name.family or "," in name.particle or " and " in f" {name.particle} ":
        return

    again = read_name(name_in_latex(name)).name.map(to_unicode)

    assert again == name


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    for part in split_names(text):
        with contextlib.suppress(NotANameError):
            assert read_name(part).name.family
