"""A bad field costs a finding, never the paper: each case with the value that comes in."""

import pytest

from proceedings.bibtex.findings import Severity, errors
from proceedings.bibtex.records import NO_TITLE
from proceedings.delivery.volume_check import check_rows
from proceedings.importing.plan import Change, Plan
from proceedings.importing.planner import make_plan
from proceedings.models import Author, NameReview, Paper, Volume
from tests.proceedings.bib_files import VOLUME, bib, bring_in, paper, table

pytestmark = pytest.mark.django_db


def counts(plan: Plan) -> tuple[int, int, int, int]:
    return tuple(plan.counts[change] for change in Change)  # type: ignore[return-value]


def said(plan: Plan, severity: Severity = Severity.ERROR) -> list[tuple[str, int | None, str, str]]:
    return [(one.file, one.line, one.paper, one.rule) for one in plan.findings if one.severity is severity]


def authors(key: str) -> list[tuple[str, str, bool]]:
    rows = Author.objects.filter(paper__key=key).order_by("position")
    return [(str(author), author.email, author.is_corresponding) for author in rows]


@pytest.mark.parametrize(
    ("entry", "field", "message"),
    [
        (paper("a25", title=""), "title", "missing or empty"),
        (paper("a25", title="x" * 501), "title", "501 characters long and was cut; the limit is 500"),
        (paper("a25", pages="1" * 41), "pages", "41 characters long"),
        (paper("a25", more=",\n section = {" + "s" * 201 + "}"), "section", "201 characters"),
        (paper("a" * 80 + "25"), "", "82 characters"),
        (paper("a25", author="L" * 201 + ", Mike"), "author", "family part was cut at 200"),
        (paper("a25", author="Lewis, Mike and others"), "author", "and others"),
        (paper("a25", author="Lewis, Mike and and Li, Yi"), "author", "name 2: a name is missing"),
        (paper("a25", author=r"Lewis, \x{M}"), "author", r"do not know the macro \x"),
        (paper("a25", author=r"{}, Mike"), "author", "no family name"),
        (paper("a25", title=r"\foo{x}"), "title", r"do not know the macro \foo"),
        (paper("ä25"), "", "ASCII letters"),
        (paper("a25", pages="1/1--42"), "pages", "not a page range"),
    ],
)
def test_a_bad_field_is_an_error_with_line_and_the_paper_comes_in(entry: str, field: str, message: str) -> None:
    plan = bring_in(bib(entry, paper("good25")))

    found = [one for one in plan.findings if one.severity is Severity.ERROR]
    assert counts(plan) == (2, 0, 0, 0)
    assert found[0].field == field
    assert found[0].file == "v.bib"
    assert found[0].line is not None
    assert found[0].line >= 16
    assert any(message in one.message for one in found)
    assert not bring_in(bib(entry, paper("good25"))).changes_anything


def test_a_proposed_key_is_shown() -> None:
    (finding,) = [one for one in make_plan(bib(paper("Miñoza26"))).findings if one.rule == "key"]

    assert finding.fix == "minoza26"


def test_a_character_without_latex_is_imported_and_named() -> None:
    plan = bring_in(bib(paper("a25", title="中 Title", author="李, 卓翰")))

    assert Paper.objects.get().title == "中 Title"
    assert str(Author.objects.get()) == "卓翰 李"
    found = {one.field: one.message for one in plan.findings if one.rule == "unmapped"}
    assert "U+4E2D 中" in found["title"]
    assert all(code in found["author"] for code in ("U+674E", "U+5353", "U+7FF0"))


@pytest.mark.parametrize(
    ("old", "new", "field", "value", "rule"),
    [
        ("volume = {901}", "volume = {Volume 901}", "number", 901, "number"),
        ("year = {2025}", "year = {MMXXV}", "year", 2025, "required"),
        ("year = {2025}", "year = {June 2025}", "year", 2025, "number"),
        ("year = {2025},\n", "", "year", 2025, "required"),
        ("shortname = {TEST},\n", "", "shortname", "", "required"),
        ("name = {The", "name = {\\nope The", "name", r"\nope The Test & Trial Conference", "latex"),
        ("  name = {The Test", "  name = {" + "x" * 400, "name", "x" * 299 + "…", "length"),
        ("@Proceedings{TEST2025,", "@Proceedings{,", "bib_key", "TEST2025", "key"),
    ],
)
def test_a_fault_in_the_volume_is_an_error_and_its_papers_come_in(
    old: str, new: str, field: str, value: object, rule: str
) -> None:
    file = bib(paper("a25"), volume=VOLUME.replace(old, new))

    plan = bring_in(file)

    assert counts(plan) == (1, 0, 0, 0)
    assert getattr(Volume.objects.get(), field) == value
    assert rule in {one.rule for one in plan.findings if one.severity is Severity.ERROR}
    assert not make_plan(file).changes_anything


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("start = {2025-09-01}", "start = {2025-13-01}", {"start": "2025-13-01"}),
        ("start = {2025-09-01}", "start = {01/09/2025}", {"start": "01/09/2025"}),
        ("published = {2025-11-03}", "published = {2025-01-01|2025-02-01}", {"published": "2025-01-01|2025-02-01"}),
        ("published = {2025-11-03}", "published = {}", {}),
        ("end = {2025-09-03}", "end = {2025-08-01}", {"start": "2025-09-01", "end": "2025-08-01"}),
    ],
)
def test_an_invalid_date_is_stored_unchanged(field: str, value: str, kept: dict[str, str]) -> None:
    plan = bring_in(bib(volume=VOLUME.replace(field, value)))

    assert Volume.objects.get().extra == {"conference_number": "7"} | kept
    assert [one.rule for one in plan.findings] == ["dates"]
    assert not plan.refused_anything


@pytest.mark.parametrize(
    "text",
    [
        *("2025-9-1", "2025/09/01", "1 September 2025", "1st Sept. 2025", "September 1, 2025", "Sep 1, 2025"),
        *("Monday, 1 September 2025", "2025-09-01T00:00:00Z", "1-Sep-2025", "2025.9.1"),
    ],
)
def test_a_clear_date_is_read_and_said(text: str) -> None:
    plan = bring_in(bib(volume=VOLUME.replace("{2025-09-01}", f"{{{text}}}")))

    assert str(Volume.objects.get().start) == "2025-09-01"
    assert [(one.rule, one.severity, one.fix) for one in plan.findings] == [("dates", Severity.WARNING, "2025-09-01")]


@pytest.mark.parametrize("text", ["25/02/2025", "25.2.2025", "02/25/2025"])
def test_a_day_that_can_be_no_month_is_clear(text: str) -> None:
    bring_in(bib(volume=VOLUME.replace("{2025-09-01}", f"{{{text}}}")))

    assert str(Volume.objects.get().start) == "2025-02-25"


def test_the_days_that_a_date_may_mean_are_named() -> None:
    (finding,) = make_plan(bib(volume=VOLUME.replace("{2025-09-01}", "{06/09/2021}"))).findings

    assert "may be 2021-09-06 or 2021-06-09" in finding.message


@pytest.mark.parametrize(
    ("written", "stored", "severity"),
    [
        ("1 - 13", "1--13", Severity.WARNING),
        ("{1--13}", "1--13", Severity.WARNING),
        ("i–xiv", "i--xiv", None),
        ("1/1--42", "1/1--42", Severity.ERROR),
        ("123", "123", Severity.ERROR),
        ("1-13", "1-13", None),
    ],
)
def test_pages_are_read_as_a_range_or_kept(written: str, stored: str, severity: Severity | None) -> None:
    plan = bring_in(bib(paper("a25", pages=written)))

    assert Paper.objects.get().pages == stored
    assert [one.severity for one in plan.findings if one.rule == "pages"] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("written", "title", "latex"),
    [
        (r"First\\\\Second", "First Second", "First Second"),
        (r"\alpha-Former", r"$\alpha$-Former", r"$\alpha$-Former"),
        (r"\ensuremath{\alpha}-Former", r"$\alpha$-Former", r"$\alpha$-Former"),
        (r"\texorpdfstring{$\alpha$}{alpha}-Former", r"$\alpha$-Former", r"$\alpha$-Former"),
        (r"Foo\xspace: Bar", "Foo: Bar", "Foo: Bar"),
        (r"\mathrm{DP} for All", r"$\mathrm{DP}$ for All", r"$\mathrm{DP}$ for All"),
        (r"\href{https://a.example/x_y}{A \"o}", "A ö", 'A {\\"o}'),
        (r"A\footnote{With {B}} C\thanks{D}", "A C", "A C"),
        (r"Pawe\polishl{}'s Law", "Paweł's Law", r"Pawe{\l}'s Law"),
        (r"\textsc{Gpt} and \emph{b}", "Gpt and b", r"\textsc{Gpt} and \emph{b}"),
        (r"\\\\alpha-Former", r"$\alpha$-Former", r"$\alpha$-Former"),
        (r"\ccon for \Matthew", r"\ccon for \Matthew", r"\ccon for \Matthew"),
        (r"a $ b", r"a \$ b", r"a \$ b"),
    ],
)
def test_a_title_comes_in_as_people_meant_it(written: str, title: str, latex: str) -> None:
    plan = bring_in(bib(paper("a25", written.replace(r"\\\\", r"\\"))))

    row = Paper.objects.get()
    assert (row.title, row.title_latex) == (title, latex)
    assert (written == latex) == (
        not [one for one in plan.findings if one.field == "title" and one.rule == "latex"]
    ) or ("\\ccon" in written)


@pytest.mark.parametrize(
    ("field", "names", "grave"),
    [
        ("Omar A, Yuri B, Ilan C", ["Omar A", "Yuri B", "Ilan C"], 3),
        ("Adan, Omar, Bell, Yuri", ["Omar Adan", "Yuri Bell"], 2),
        ("Omar Adan, Yuri Bell and Ilan Cole", ["Omar Adan", "Yuri Bell", "Ilan Cole"], 2),
        ("Omar Adan; Yuri Bell", ["Omar Adan", "Yuri Bell"], 2),
        (r"Omar Adan \& Yuri Bell", ["Omar Adan", "Yuri Bell"], 2),
        ("Smith, Bob, Jr", ["Jr Smith, Bob"], 1),
        (r"\Matthew Smith", [r"\Matthew Smith"], 1),
        (r"Nowak, Pawe\polishl{}", ["Paweł Nowak"], 0),
        (r"Smith, Ann\thanks{Equal}", ["Ann Smith"], 0),
        (r"Smith, {\'{1}}", ["1 Smith"], 0),
        ("Smith, Ann and and Li, Yi", ["Ann Smith", "Yi Li"], 0),
        ("Smith, Ann and others", ["Ann Smith"], 0),
        ("{}, Ann", ["Ann"], 0),
        (r"Mu\~noz, I\~nigo and Jo\~ao Zubi and Nguy\~{\^e}n, An", ["Iñigo Muñoz", "João Zubi", "An Nguyễn"], 0),
    ],
)
def test_names_come_in_and_the_doubtful_ones_are_asked_about(field: str, names: list[str], grave: int) -> None:
    bring_in(bib(paper("a25", author=field)))

    assert [name for name, *_ in authors("a25")] == names
    assert NameReview.objects.filter(grave=True).count() == grave


def test_an_unreadable_name_comes_in_with_a_proposal_and_is_not_delivered() -> None:
    plan = bring_in(bib(paper("a25", author=r"Lewis, \Matthew")))

    assert [(one.severity, one.fix) for one in plan.findings] == [
        (Severity.ERROR, "Matthew"),
        (Severity.WARNING, "Lewis, Matthew (likely)"),
    ]
    assert ("unmapped", "author") in {
        (one.rule, one.field) for one in errors(check_rows(Volume.objects.get()).findings)
    }


def test_a_paper_without_a_title_comes_in_and_is_not_delivered() -> None:
    bring_in(bib(paper("a25", title="")))

    assert Paper.objects.get().title == NO_TITLE
    found = errors(check_rows(Volume.objects.get()).findings)
    assert ("required", "a25", "title") in {(one.rule, one.paper, one.field) for one in found}


def test_what_a_file_does_not_say_any_more_stays_as_it_is() -> None:
    bring_in(bib(paper("a25")), table("a25,mike@a.example,Mike Lewis"))
    volume = VOLUME.replace("  name = {The Test \\& Trial Conference},\n", "").replace("{TEST}", "{}")

    plan = bring_in(bib(paper("a25", title="", author=""), volume=volume))

    assert not plan.changes_anything
    assert {(one.rule, one.field) for one in errors(plan.findings)} == {
        ("required", "name"),
        ("required", "shortname"),
        ("required", "title"),
        ("author", "author"),
    }
    assert authors("a25") == [("Mike Lewis", "mike@a.example", True), ("Yi Li", "", False)]


def test_a_title_that_was_cut_is_not_delivered() -> None:
    bring_in(bib(paper("a25", title="x" * 501)))

    found = errors(check_rows(Volume.objects.get()).findings)
    assert ("length", "a25", "title") in {(one.rule, one.paper, one.field) for one in found}


def test_an_entry_that_stands_twice_is_read_once() -> None:
    plan = bring_in(bib(paper("a25"), paper("a25"), paper("a25", "Other"), paper("", "No Key"), paper("b25")))

    assert set(Paper.objects.values_list("key", "title")) == {
        ("a25", "A Title"),
        ("a25a", "Other"),
        ("lewis25", "No Key"),
        ("b25", "A Title"),
    }
    assert [(one.line, one.rule, one.fix) for one in errors(plan.findings)] == [
        (22, "duplicate-key", ""),
        (28, "duplicate-key", "a25a"),
        (34, "key", "lewis25"),
    ]


def test_namesakes_keep_their_addresses_or_are_doubted() -> None:
    bring_in(bib(paper("a25", author="Li, Yi and Ng, Ann and Li, Yi")))
    Author.objects.filter(position=1).update(email="one@a.example")
    Author.objects.filter(position=3).update(email="three@a.example")

    plan = bring_in(bib(paper("a25", author="Ng, Ann and Li, Yi and Li, Yi")))

    assert [(name, email) for name, email, _ in authors("a25")] == [
        ("Ann Ng", ""),
        ("Yi Li", "one@a.example"),
        ("Yi Li", "three@a.example"),
    ]
    assert said(plan, Severity.WARNING) == [("v.bib", 16, "a25", "namesakes")]


def test_an_unknown_macro_is_an_error_with_a_proposal() -> None:
    (finding,) = make_plan(bib(paper("a25", r"\Matthew's \foo{Law}"))).findings[:1]

    assert (finding.severity, finding.fix) == (Severity.ERROR, "Matthew's Law")
