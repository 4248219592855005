"""The publisher's rules: each finds the defects that editors really make, and nothing in a correct volume."""

from dataclasses import replace
from datetime import date

import pytest

from proceedings.bibtex.findings import Severity
from proceedings.bibtex.names import Name
from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.publisher.rules import check_all, key_stem, page_range, predicted_ids, publication_url

VOLUME = VolumeRecord(
    number=247,
    bib_key="COLT2024",
    name="The Thirty Seventh Annual Conference on Learning Theory",
    shortname="COLT",
    booktitle="Proceedings of Thirty Seventh Conference on Learning Theory",
    year=2024,
    start=date(2024, 6, 30),
    end=date(2024, 7, 3),
    address="Edmonton, Canada",
    conference_url="https://learningtheory.org/colt2024/",
    published=date(2024, 6, 30),
    editor_names=("Agrawal, Shipra", "Roth, Aaron"),
)


def paper(key: str = "lewis24", **fields: object) -> PaperRecord:
    sound = PaperRecord(
        key=key,
        position=1,
        title="A Title with $x$",
        title_latex="A {Title} with $x$",
        authors=(Name("Lewis", "Mike"),),
        abstract=r"We show $x \in \lbrace 0,1 \rbrace$ and 5\% more.",
        pages="1--10",
    )
    return replace(sound, **fields)  # type: ignore[arg-type]


def said(volume: VolumeRecord, *papers: PaperRecord) -> list[tuple[str, str, str, str]]:
    return [(one.severity.value, one.paper, one.field, one.rule) for one in check_all(volume, papers)]


def test_a_sound_volume_passes() -> None:
    others = [
        paper("li24a", authors=(Name("Li", "Yi"),), pages="11-20"),
        paper("li24b", authors=(Name("Li", "Yang"),), pages="21--21"),
        paper("hernandez-garcia24", authors=(Name("Hernández-García", "A."), Name("ESA Group")), pages="22--30"),
        paper("schaar24", authors=(Name("Schaar", "Mihaela", "van der"),), pages="i--iv"),
    ]

    assert check_all(VOLUME, [paper(), *others]) == []


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("name", "", "name"),
        ("shortname", "", "shortname"),
        ("editor_names", (), "editor"),
        ("start", None, "start"),
        ("end", None, "end"),
        ("address", "", "address"),
    ],
)
def test_every_field_that_the_publisher_wants_is_required(field: str, value: object, name: str) -> None:
    volume = replace(VOLUME, **{field: value})  # type: ignore[arg-type]

    assert said(volume) == [("error", "COLT2024", name, "required")]


@pytest.mark.parametrize("field", ["booktitle", "conference_url"])
def test_a_field_that_only_the_pages_show_is_a_warning(field: str) -> None:
    assert said(replace(VOLUME, **{field: ""})) == [("warning", "COLT2024", field, "required")]  # type: ignore[arg-type]


def test_the_date_of_publication_may_be_missing() -> None:
    assert said(replace(VOLUME, published=None), paper()) == []


def test_only_an_address_is_proposed_as_the_conferences() -> None:
    volume = replace(VOLUME, conference_url="", extra={"url": "htp:/bad"})
    assert [(one.field, one.fix) for one in check_all(volume, [paper()])] == [("conference_url", "")]


def test_a_fix_is_suggested_for_what_chairs_write_instead() -> None:
    volume = replace(VOLUME, conference_url="", extra={"url": "https://colt.example"})

    (finding,) = check_all(volume, [])
    assert finding.fix == "https://colt.example"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"published": None, "extra": {"published": "2024-01-01|2024-02-02"}},
            [("error", "published", "dates")],
        ),
        ({"start": date(2023, 6, 30)}, [("warning", "start", "dates")]),
        ({"published": date(2025, 1, 1)}, [("warning", "published", "dates")]),
        ({"shortname": "COLT 2024"}, [("warning", "shortname", "shortname")]),
        ({"start": None, "extra": {"start": "2021-13-04"}}, [("warning", "start", "dates")]),
        ({"sections": ("Only",)}, []),
        ({"name": "The gener- ation"}, [("error", "name", "wrap-hyphen")]),
        ({"editor_names": ("Agrawal, Shipra", "")}, [("error", "editor", "names")]),
        ({"editor_names": ("agrawal, Shipra",)}, [("warning", "editor", "names")]),
        ({"address": "中"}, [("error", "address", "unmapped")]),
    ],
)
def test_the_volume_itself(changes: dict[str, object], expected: list[tuple[str, str, str]]) -> None:
    volume = replace(VOLUME, **changes)  # type: ignore[arg-type]

    assert [(severity, field, rule) for severity, _, field, rule in said(volume)] == expected


@pytest.mark.parametrize(
    ("key", "severity", "fix"),
    [
        ("miñoza24", "error", "minoza24"),
        ("ñu24", "error", "nu24"),
        ("o'brien24", "error", "obrien24"),
        ("Lewis24", "warning", "lewis24"),
        ("lewis25", "warning", "lewis24"),
        ("lewis", "warning", "lewis24"),
        ("someone24b", "warning", "lewis24b"),
    ],
)
def test_keys(key: str, severity: str, fix: str) -> None:
    (finding,) = check_all(VOLUME, [paper(key)])

    assert (finding.rule, finding.severity, finding.fix) == ("key", severity, fix)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": "", "title_latex": ""}, [("error", "title", "required")]),
        ({"authors": ()}, [("error", "author", "required")]),
        ({"pages": ""}, [("warning", "pages", "required")]),
        ({"abstract": ""}, [("warning", "abstract", "required")]),
        ({"section": "Posters"}, [("error", "section", "sections")]),
        ({"pages": "10"}, [("warning", "pages", "pages")]),
        ({"pages": "i--10"}, [("warning", "pages", "pages")]),
        ({"pages": "x--v"}, [("warning", "pages", "pages")]),
        ({"pages": "1 - 13"}, []),
        ({"pages": "{1-13}"}, []),
        ({"authors": (Name("Lewis", "Mike"), Name("maaten", "L", "van der"))}, [("error", "author", "names")]),
        ({"authors": (Name("Lewis", "Mike"), Name("YanjunXu"))}, [("warning", "author", "names")]),
        ({"authors": (Name("Lewis", "Mike"), Name("李", "卓翰"))}, [("error", "author", "unmapped")]),
        ({"title": "中", "title_latex": "中"}, [("error", "title", "unmapped")]),
        ({"abstract": "中"}, [("error", "abstract", "unmapped")]),
        ({"abstract": "a } b"}, [("error", "abstract", "braces")]),
        ({"abstract": r"\\textit{a}"}, [("error", "abstract", "double-backslash")]),
        ({"abstract": r"a\_b"}, [("error", "abstract", "escapes")]),
        ({"abstract": r"\$5"}, [("error", "abstract", "escapes")]),
        ({"title": r"D\$^3\$", "title_latex": r"D\$^3\$"}, [("error", "title", "escapes")]),
        ({"abstract": "a $ b"}, [("warning", "abstract", "mathematics")]),
        ({"abstract": r"$\left\{a\right\}$"}, []),
        ({"abstract": r"a \textbackslash b"}, [("error", "abstract", "textbackslash")]),
        ({"abstract": "pre- and post-training"}, [("error", "abstract", "wrap-hyphen")]),
        ({"authors": (Name("Lewis", "Jean- pierre"),)}, [("error", "author", "wrap-hyphen")]),
        ({"title": "An LSTM", "title_latex": "An LSTM"}, [("warning", "title", "capitals")]),
        ({"title": "An LSTM", "title_latex": "An {LSTM}"}, []),
        ({"title": "COLT VII", "title_latex": "COLT VII"}, []),
        ({"authors": (Name("lewis"),)}, [("warning", "author", "names")]),
        ({"abstract": r"{\color{blue} a}"}, [("warning", "abstract", "color")]),
        ({"extra": {"software": "https://a.example, https://b.example"}}, [("warning", "software", "links")]),
        ({"extra": {"optnote": "x"}}, [("warning", "optnote", "dropped")]),
        ({"extra": {"openreview": "Ab3dEf9Gh1"}}, []),
        ({"extra": {"openreview": "https://openreview.net/forum?id=Ab3dEf9Gh1"}}, [("warning", "openreview", "links")]),
        ({"extra": {"abbr": "X", "supplementary": "y.zip", "video": "https://v.example/1"}}, []),
    ],
)
def test_one_paper(changes: dict[str, object], expected: list[tuple[str, str, str]]) -> None:
    assert [
        (severity, field, rule) for severity, _, field, rule in said(VOLUME, paper("lewis24", **changes))
    ] == expected


def test_papers_together() -> None:
    papers = [
        paper("lewis24"),
        paper("lewis24a", title="Another", title_latex="Another", pages="10--20"),
        paper("Lewis24a", title="A Third", title_latex="A Third", pages="25--30"),
    ]

    assert said(VOLUME, *papers) == [
        ("warning", "Lewis24a", "key", "key"),
        ("error", "lewis24a", "key", "duplicate-key"),
        ("warning", "lewis24", "key", "key"),
        ("warning", "lewis24a", "pages", "pages"),
        ("warning", "Lewis24a", "pages", "pages"),
    ]


def test_sections_are_declared_and_used() -> None:
    volume = replace(VOLUME, sections=("Talks=All Talks", "Notes"))

    assert said(volume, paper(section="Talks")) == [("error", "COLT2024", "sections", "sections")]
    assert said(volume, paper(section="Notes"), paper("li24", authors=(Name("Li", "Yi"),), pages="11--12")) == [
        ("error", "li24", "section", "sections"),
        ("error", "COLT2024", "sections", "sections"),
    ]


@pytest.mark.parametrize(
    ("pages", "span"),
    [
        ("1--10", (1, 10)),
        ("1-10", (1, 10)),
        ("i-i", (1, 1)),
        ("iv--xiv", (4, 14)),
        ("1", None),
        ("1--", None),
        ("a-b", None),
    ],
)
def test_page_ranges(pages: str, span: tuple[int, int] | None) -> None:
    assert page_range(pages) == span


@pytest.mark.parametrize(
    ("family", "stem"),
    [
        ("Szabadváry", "szabadvary"),
        ("O'Brien", "obrien"),
        ("Groß", "gross"),
        ("Hernández-García", "hernandez-garcia"),
        ("De Sa", "desa"),
        ("Møller", "moller"),
    ],
)
def test_a_family_name_in_a_key(family: str, stem: str) -> None:
    assert key_stem(Name(family)) == stem


def test_the_publisher_computes_ids_of_its_own() -> None:
    """By family name without particle, with the year of publication, and always with a letter, in order (2.6)."""
    volume = replace(VOLUME, published=date(2026, 1, 5))
    papers = [paper("vonhamburg24", authors=(Name("Hamburg", "Ann", "von"),)), paper("smythe24"), paper("x24")]

    ids = predicted_ids(volume, papers)

    assert ids == {"vonhamburg24": "hamburg26a", "smythe24": "lewis26a", "x24": "lewis26b"}
    assert publication_url(volume, ids["x24"]) == "https://proceedings.mlr.press/v247/lewis26b.html"


def test_suffixes_continue_after_z() -> None:
    papers = [paper(f"k{number}") for number in range(28)]

    assert list(predicted_ids(VOLUME, papers).values())[25:] == ["lewis24z", "lewis24aa", "lewis24ab"]


def test_a_finding_says_where_what_and_how() -> None:
    (finding,) = check_all(VOLUME, [paper(authors=(Name("lewis", "Mike"),))])

    assert finding.severity is Severity.ERROR
    message = "name 1, Mike lewis: the publisher rejects a family name in lower case"
    assert str(finding) == f"lewis24, author: {message}; proposed: Lewis, Mike"


def test_an_editor_in_latex_that_cannot_be_read_is_a_finding() -> None:
    volume = replace(VOLUME, editor_names=(r"R\foo th, Aaron",))
    assert said(volume, paper()) == [("error", "COLT2024", "editor", "names")]


def test_a_section_may_have_blanks_around_its_sign() -> None:
    volume = replace(VOLUME, sections=("Long = Long Papers", "Short= Short Papers"))
    papers = [paper(section="Long"), paper("li24", section="Short", authors=(Name("Li", "Yi"),), pages="11--20")]
    assert said(volume, *papers) == []
