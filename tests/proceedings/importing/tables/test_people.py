"""People in one cell: every way in which forms and systems write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.latex import fold
from proceedings.importing.tables.people import AuthorText, Style, column_style, read_author, split_people


def people(cell: str, style: Style = Style.UNKNOWN, emails: int = 0) -> list[str]:
    return [read_author(text).name for text in split_people(cell, style=style, emails=emails).texts]


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Ann Lee (MIT), Bo Kim (ETH)", ["Ann Lee", "Bo Kim"]),
        ("Ann Lee (MIT and Harvard; Boston, MA), Bo Kim (ETH, Zürich)", ["Ann Lee", "Bo Kim"]),
        ("Ann Lee (Dept. (CS), MIT)*; Bo Kim [ETH]", ["Ann Lee", "Bo Kim"]),
        ("A B; C D", ["A B", "C D"]),
        ("A B, C D and E F", ["A B", "C D", "E F"]),
        ("A B, C D, and E F", ["A B", "C D", "E F"]),
        ("A B and C D", ["A B", "C D"]),
        ("A B & C D", ["A B", "C D"]),
        ("A B; C D; and E F;", ["A B", "C D", "E F"]),
        ("Ann Lee (MIT)and Bo Kim (ETH)", ["Ann Lee", "Bo Kim"]),
        ("Li, Yi", ["Li, Yi"]),
        ("Li, Yi and Wang, Bo", ["Li, Yi", "Wang, Bo"]),
        ("Garcia Marquez, Gabriel and Kim, Bo", ["Garcia Marquez, Gabriel", "Kim, Bo"]),
        ("Li, Yi; Wang, Bo", ["Li, Yi", "Wang, Bo"]),
        ("Li, Yi*; Wang, Bo;", ["Li, Yi", "Wang, Bo"]),
        ("Lee, Ann (MIT), Kim, Bo (ETH)", ["Lee, Ann", "Kim, Bo"]),
        ("van der Berg, Jan, Kim, Bo Xin", ["van der Berg, Jan", "Kim, Bo Xin"]),
        ("Omar A, Yuri B, Ilan C", ["Omar A", "Yuri B", "Ilan C"]),
        ("Ann Lee\nBo Kim\n", ["Ann Lee", "Bo Kim"]),
        ("Ann Lee,\r\nBo Kim,\r\nCy Wu", ["Ann Lee", "Bo Kim", "Cy Wu"]),
        ("Lee, Ann\nKim, Bo", ["Lee, Ann", "Kim, Bo"]),
        ("Ann Lee (MIT), Bo\nKim (ETH)", ["Ann Lee", "Bo Kim"]),
        ("Ann Lee（MIT，Boston），Bo Kim（ETH）", ["Ann Lee", "Bo Kim"]),
        ("李明；王芳", ["李明", "王芳"]),
        ("李明，王芳", ["李明", "王芳"]),
        ("李明、王芳、张伟", ["李明", "王芳", "张伟"]),
        ("김민준, 이서연", ["김민준", "이서연"]),
        ("Ann Lee1,2, Bo Kim2*", ["Ann Lee", "Bo Kim"]),
        ("Ann Lee¹, Bo Kim²,*, Cy Wu†", ["Ann Lee", "Bo Kim", "Cy Wu"]),
        ("Ann Lee$^{1,*}$, Bo Kim$^2$", ["Ann Lee", "Bo Kim"]),
        (r"Ann Lee\textsuperscript{1}, Bo Kim\textsuperscript{2}", ["Ann Lee", "Bo Kim"]),
        ("Ann Lee (1), Bo Kim (2)", ["Ann Lee", "Bo Kim"]),
        ("1. Ann Lee; 2. Bo Kim", ["Ann Lee", "Bo Kim"]),
        ("Ann Lee, Jr., Bo Kim", ["Lee, Jr., Ann", "Bo Kim"]),
        ("Ann de la Cruz, III; Bo Kim", ["de la Cruz, III, Ann", "Bo Kim"]),
        ("Lee, Jr, Ann; Kim, Bo", ["Lee, Jr, Ann", "Kim, Bo"]),
        ("Ann Lee, PhD, Bo Kim, M.D.", ["Ann Lee", "Bo Kim"]),
        ("Ann Lee, MIT; Bo Kim, ETH Zurich; Cy Wu, University of X", ["Ann Lee", "Bo Kim", "Cy Wu"]),
        ("Ann Lee <a@x.example>, Bo Kim <b@x.example>", ["Ann Lee", "Bo Kim"]),
        ("Yun-Nung (Vivian) Chen (NTU); Bo Kim", ["Yun-Nung (Vivian) Chen", "Bo Kim"]),
        ("{ESA and NASA, Group}; Bo Kim", ["{ESA and NASA, Group}", "Bo Kim"]),
        ("Andy Brand and Sandy Land", ["Andy Brand", "Sandy Land"]),
        ("O'Brien, Pat; d'Arc, Jeanne", ["O'Brien, Pat", "d'Arc, Jeanne"]),
        ("Sukarno", ["Sukarno"]),
        ("", []),
        (" ; , and ", []),
    ],
)
def test_a_cell(cell: str, names: list[str]) -> None:
    split = split_people(cell)

    assert people(cell) == names
    assert split.doubt == ""


@pytest.mark.parametrize(
    ("cell", "style", "emails", "count"),
    [
        ("Ann Lee, Bo Kim", Style.COMMAS, 0, 2),
        ("Ann Lee, Bo Kim", Style.SEMICOLONS, 0, 1),
        ("Ann Lee, Bo Kim", Style.UNKNOWN, 2, 2),
        ("Garcia Marquez, Jose Luis", Style.UNKNOWN, 1, 1),
        ("Lee, Ann, Kim, Bo", Style.UNKNOWN, 2, 2),
    ],
)
def test_the_column_and_the_addresses_decide_where_the_cell_does_not(
    cell: str, style: Style, emails: int, count: int
) -> None:
    split = split_people(cell, style=style, emails=emails)

    assert len(split.texts) == count
    assert split.doubt == ""


@pytest.mark.parametrize(
    ("cell", "count", "doubt"),
    [
        ("Ann Lee, Bo Kim", 2, "reads as two people or as one"),
        ("Ann Lee, Bo Kim (Université B, Lab)", 2, "reads as two people or as one"),
        ("Lee, Ann, Kim, Bo", 2, "reads as Last, First in turn"),
        ("Ann Lee, Plato, Bo Kim", 3, "has names of one word"),
    ],
)
def test_what_stays_open_is_doubted(cell: str, count: int, doubt: str) -> None:
    split = split_people(cell)

    assert len(split.texts) == count
    assert doubt in split.doubt


@pytest.mark.parametrize(
    ("cells", "style"),
    [
        (["A B", "A B; C D", "E F, G H, I J"], Style.SEMICOLONS),
        (["A B (X; Y)", "A B, C D, E F"], Style.COMMAS),
        (["A B, C D", "Lee, Ann"], Style.UNKNOWN),
    ],
)
def test_a_column_has_one_style(cells: list[str], style: Style) -> None:
    assert column_style(cells) is style


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("Ann Lee (MIT)*", AuthorText("Ann Lee", "MIT", "", True)),
        ("Ann Lee* (MIT)", AuthorText("Ann Lee", "MIT", "", True)),
        ("Ann Lee (MIT) (USA)", AuthorText("Ann Lee", "MIT; USA")),
        ("Ann Lee [Dept. (CS), MIT]", AuthorText("Ann Lee", "Dept. (CS), MIT")),
        ("Ann Lee (ann@x.example)", AuthorText("Ann Lee", "", "ann@x.example")),
        ("Ann Lee (corresponding author)", AuthorText("Ann Lee", "", "", True)),
        ("Ann Lee, University of X, Y", AuthorText("Ann Lee", "University of X, Y")),
        ("Lee, Ann (MIT)†", AuthorText("Lee, Ann", "MIT")),
        ("Ann Lee (MIT", AuthorText("Ann Lee (MIT")),
    ],
)
def test_one_person(text: str, author: AuthorText) -> None:
    assert read_author(text) == author


WORD = st.sampled_from(["Ann", "Bo", "José", "Li", "Zoë", "Mary-Jane", "O'Neil"])
FAMILY = st.sampled_from(["Lee", "Kim", "van der Berg", "García", "Ng", "McBride"])
INSIDE = st.text(st.sampled_from("ab ,;&"), max_size=8) | st.sampled_from(["(a, b)", " and (x; y) ", "(a (b))"])


@given(st.lists(st.tuples(WORD, FAMILY, INSIDE), min_size=1, max_size=5), st.sampled_from(["; ", ", ", "\n", " and "]))
def test_people_with_affiliations_are_never_split_or_joined(
    written: list[tuple[str, str, str]], separator: str
) -> None:
    cell = separator.join(f"{first} {last} (U{inside}n)" for first, last, inside in written)

    found = [read_author(text) for text in split_people(cell).texts]

    assert [one.name for one in found] == [f"{first} {last}" for first, last, _ in written]
    assert [one.affiliation for one in found] == [fold(f"U{inside}n") for *_, inside in written]


@given(st.text(st.sampled_from("Ab ,;\n()[]{}<>@*1²†$^\\&and"), max_size=60))
def test_no_cell_breaks_the_split(cell: str) -> None:
    for text in split_people(cell).texts:
        read_author(text)
