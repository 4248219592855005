"""Names by BibTeX's rules, read and written."""

import contextlib
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proceedings.bibtex.latex import LatexError, read_latex, to_unicode
from proceedings.bibtex.names import Name, NotANameError, find_doubts, people_in, read_name, split_names, write_name
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
        ("Ma Mingchen", "swapped", "Ma, Mingchen"),
        ("Kim Min Jun", "begin with its family name", "Kim, Min Jun"),
        ("Ana Cruz Vidal", "two family names", "Cruz Vidal, Ana"),
        ("José Ortega y Gasset", "two family names", "{Ortega y Gasset}, {José}"),
        ("Martin Luther King Jr.", "no family name", "King, Jr., Martin Luther"),
        ("J. Mayo, Jack", "initial in the family name", "Mayo, Jack J."),
        ("Dr. Mike Lewis", "title", "Lewis, Mike"),
        ("mike Lewis", "lower case", "Lewis, Mike"),
        ("van Gogh", "no given name", None),
        ("Dirk Van der Hoeven", "'Van' with the given names", "Van der Hoeven, Dirk"),
        ("Smith, Bob, Jr", "suffix 'Jr' in the last place", "Smith, Jr, Bob"),
        ("Smith, Ann, Lee", "no suffix", "Smith, Ann Lee"),
        ("Omar Adan, Yuri Bell", "two people", None),
        ("Omar A, Yuri B", "two people", None),
        ("Lewis, Mike & Li", "does not belong in a name", None),
        ("Lechner. Tosca", "full stop", "Lechner, Tosca"),
        ("YanjunXu", "single word", "Xu, Yanjun"),
        ("Sukarno", "single word", None),
        ("{Ann Lee}", "stands in braces as one name", None),
        ("King Jr., Martin Luther", "has the suffix 'Jr.' in the family name", "King, Jr., Martin Luther"),
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
        "Mike Lewis",
        "Santosh S. Vempala",
        "Jean de la Fontaine",
        "Mihaela van der Schaar",
        "Yee Whye Teh",
        "Wei Zhang",
        "A.B. Rao",
        "Mohd. Azlan Rahman",
        "King, Jr., Martin Luther",
        "Garcia Marquez, Gabriel J.",
        "van der Schaar, Mihaela Anna",
    ],
)
def test_a_usual_name_raises_no_finding(text: str) -> None:
    assert read_name(text).doubts == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Omar Adan, Yuri Bell, Ilan Cole", ["Omar Adan", "Yuri Bell", "Ilan Cole"]),
        ("Omar A, Yuri B, Ilan C", ["Omar A", "Yuri B", "Ilan C"]),
        ("Adan, Omar, Bell, Yuri", ["Adan, Omar", "Bell, Yuri"]),
        ("Omar Adan; Yuri Bell", ["Omar Adan", "Yuri Bell"]),
        (r"Omar Adan \& Yuri Bell", ["Omar Adan", "Yuri Bell"]),
        ("Adan, Omar", ["Adan, Omar"]),
        ("King, Jr, Martin Luther", ["King, Jr, Martin Luther"]),
        ("{Barnes, Noble, Smith, and Sons}", ["{Barnes, Noble, Smith, and Sons}"]),
    ],
)
def test_people_set_apart_by_other_signs_are_found(text: str, names: list[str]) -> None:
    assert people_in(text) == names


def test_a_single_comma_separates_names_beside_a_name_in_the_usual_order() -> None:
    assert people_in("Omar Adan, Yuri Bell") == ["Omar Adan, Yuri Bell"]
    assert people_in("Omar Adan, Yuri Bell", natural=True) == ["Omar Adan", "Yuri Bell"]
    assert people_in("Adan, Omar", natural=True) == ["Adan, Omar"]
    assert people_in("van der Berg, Sara Ann", natural=True) == ["van der Berg, Sara Ann"]


BASES = {"n": "~", "e": "'", "o": '"', "u": "^", "a": "`", "c": "c", "s": "v", "z": ".", "g": "u", "k": "c", "i": "'"}
COMBINING = {"~": "\u0303", "'": "\u0301", '"': "\u0308", "^": "\u0302", "`": "\u0300", "c": "\u0327", "v": "\u030c"}
COMBINING |= {".": "\u0307", "u": "\u0306"}
LETTER_MACROS = {"aa": "å", "AA": "Å", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "ae": "æ", "dj": "đ"}
ORDERS = ("{family}, {given}", "{given}{blank}{family}")


@st.composite
def letters(draw: st.DrawFn) -> tuple[str, str]:
    """A letter that is no ASCII: one of its ways in LaTeX, and in Unicode."""
    if draw(st.booleans()):
        macro = draw(st.sampled_from(sorted(LETTER_MACROS)))
        written = draw(st.sampled_from([rf"\{macro}{{}}", rf"{{\{macro}}}", rf"\{macro} "]))
        return written, LETTER_MACROS[macro]
    base = draw(st.sampled_from(sorted(BASES)))
    accent = draw(st.sampled_from(sorted(COMBINING)))
    ways = [rf"\{accent}{{{base}}}", rf"{{\{accent}{{{base}}}}}", rf"{{\{accent} {base}}}"]
    ways += [rf"\{accent} {base}"] + ([] if accent.isalpha() else [rf"\{accent}{base}", rf"{{\{accent}{base}}}"])
    if base == "i" and accent != "c":  # the dot stays above a letter with a mark below
        ways += [rf"\{accent}{{\i}}", rf"{{\{accent}\i}}", rf"{{\{accent} \i}}"]
    return draw(st.sampled_from(ways)), unicodedata.normalize("NFC", base + COMBINING[accent])


@st.composite
def words(draw: st.DrawFn) -> tuple[str, str]:
    """A word with special letters anywhere: in LaTeX and in Unicode."""
    pieces = draw(st.lists(letters() | st.sampled_from("abdm").map(lambda one: (one, one)), min_size=1, max_size=4))
    capital = draw(st.sampled_from(["B", "Mc", "O'"]))
    place = draw(st.sampled_from(["", capital]))
    latex, text = place, place
    for written, shown in pieces:
        if latex.endswith(" ") and not written[0].islower():  # a blank before a capital or macro separates words
            latex = latex.rstrip() + "{}"
        latex, text = latex + written, text + shown
    if not place:
        latex, text = "X" + latex, "X" + text
    return latex.rstrip(), text


@given(words(), words(), words(), st.sampled_from([" ", "~", "\n"]), st.sampled_from(ORDERS))
@example((r"Mu\~noz", "Muñoz"), (r"Jo\~ao", "João"), (r"Nguy\~{\^e}n", "Nguyễn"), " ", ORDERS[0])
@example((r"Zubi", "Zubi"), (r"I\~nigo", "Iñigo"), (r"\L{}ukasz", "Łukasz"), "~", ORDERS[1])
@example((r"Fran\c cois", "François"), (r"Pawe\l", "Paweł"), (r"Garc\'\i a", "García"), " ", ORDERS[1])
def test_an_accent_is_an_accent_wherever_it_stands(
    family: tuple[str, str], first: tuple[str, str], middle: tuple[str, str], blank: str, order: str
) -> None:
    given_name = f"{first[0]}{blank}{middle[0]}"

    reading = read_name(order.format(family=family[0], given=given_name, blank=blank), to_unicode)

    assert (reading.name.given, reading.name.family) == (f"{first[1]} {middle[1]}", family[1])
    assert read_name(name_in_latex(reading.name), to_unicode).name == reading.name


def test_a_tie_is_a_tie_without_a_backslash() -> None:
    assert read_name(r"Mc~Inerney, J.~P.").name == Name("Mc Inerney", "J. P.")
    assert read_name(r"Mu\~noz~Gil, I\~nigo", to_unicode).name == Name("Muñoz Gil", "Iñigo")


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


def test_a_long_name_is_read_in_time() -> None:
    start = time.process_time()

    read_name("{" + "a" * 200_000 + "}, B")
    read_name("{" * 5_000 + "a" + "}" * 5_000, to_unicode_of_any)
    people_in("A, " * 20_000)

    assert time.process_time() - start < 5


def to_unicode_of_any(part: str) -> str:
    return read_latex(part).text or part


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    for part in split_names(text):
        with contextlib.suppress(NotANameError):
            assert read_name(part).name.family


@pytest.mark.parametrize("text", ["{Madonna}", "{ESA Group}", "{ATLAS Collaboration}", r"{{\L}{\'o}d{\'z}}"])
def test_a_group_or_a_single_name_in_braces_raises_no_doubt(text: str) -> None:
    assert read_name(text, to_unicode).doubts == ()


def test_a_suffix_without_its_comma_does_not_make_two_people() -> None:
    assert people_in("King Jr., Martin Luther", natural=True) == ["King Jr., Martin Luther"]
    assert people_in("Ann Lee, Bo Kim", natural=True) == ["Ann Lee", "Bo Kim"]
