"""From BibTeX and contacts to a plan, and to the database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.findings import Severity, errors
from proceedings.bibtex.records import LIMITS, read_volume_file
from proceedings.bibtex.source import Source
from proceedings.importing.plan import Change, Difference, NothingToApplyError, Plan, PlanOutdatedError
from proceedings.importing.planner import apply, make_plan
from proceedings.models import Author, Paper, Volume
from tests.proceedings.bib_files import VOLUME, bib, bring_in, paper, table

pytestmark = pytest.mark.django_db


def counts(plan: Plan) -> tuple[int, int, int, int]:
    return tuple(plan.counts[change] for change in Change)  # type: ignore[return-value]


def said(plan: Plan, severity: Severity = Severity.ERROR) -> list[tuple[str, int | None, str, str]]:
    return [(one.file, one.line, one.paper, one.rule) for one in plan.findings if one.severity is severity]


def authors(key: str) -> list[tuple[str, str, bool]]:
    rows = Author.objects.filter(paper__key=key).order_by("position")
    return [(str(author), author.email, author.is_corresponding) for author in rows]


def test_a_plan_changes_nothing() -> None:
    plan = make_plan(bib(paper("lewis25")), table("lewis25,mike@a.example,Mike Lewis"))

    assert counts(plan) == (1, 0, 0, 0)
    assert plan.volume_change is Change.NEW
    assert (Volume.objects.count(), Paper.objects.count(), Author.objects.count()) == (0, 0, 0)


def test_every_field_arrives() -> None:
    title = '{LLM}s: $O(n)$ for Bostr\\"{o}m\'s K\\"onig'
    more = ",\n  section = {Talks},\n  abstract = {We find — that $x\\in\\{0,1\\}$ is\n 5\\%.},\n  video = {https://v.example/1}"
    source = bib(paper("lewis25", title, "van der Schaar, Jr, Mihaela and {ESA}", "i--x", more))

    volume = apply(make_plan(source))

    assert (volume.number, volume.bib_key, volume.year, volume.shortname) == (901, "TEST2025", 2025, "TEST")
    assert (volume.name, volume.booktitle) == (
        "The Test & Trial Conference",
        "Proceedings of the Test & Trial Conference",
    )
    assert [str(day) for day in (volume.start, volume.end, volume.published)] == [
        "2025-09-01",
        "2025-09-03",
        "2025-11-03",
    ]
    assert (volume.address, volume.conference_url) == ("Trondheim, Norway", "https://test.example/~2025/")
    assert (volume.editor_names, volume.sections) == (["Lee, Hung-yi", "Boström, Henrik"], [])
    assert volume.extra == {"conference_number": "7"}
    row = Paper.objects.get()
    assert (row.volume, row.key, row.position, row.status) == (volume, "lewis25", 1, "accepted")
    assert (row.title, row.title_latex) == ("LLMs: $O(n)$ for Boström's König", title)
    assert row.abstract == "We find --- that $x\\in\\lbrace0,1\\rbrace$ is 5\\%."
    assert (row.pages, row.section, row.extra) == ("i--x", "Talks", {"video": "https://v.example/1"})
    first, second = Author.objects.order_by("position")
    assert (first.given, first.particle, first.family, first.suffix) == ("Mihaela", "van der", "Schaar", "Jr")
    assert (second.given, second.family, second.position) == ("", "ESA", 2)
    row.full_clean()
    volume.full_clean()


def test_a_second_import_changes_nothing() -> None:
    files = bib(paper("lewis25"), paper("li25", author="Li, Yi")), table("lewis25,mike@a.example,Mike Lewis")
    bring_in(*files)
    before = list(Author.objects.order_by("pk").values())

    again = bring_in(*files)

    assert counts(again) == (0, 0, 2, 0)
    assert again.volume_change is Change.UNCHANGED
    assert not again.changes_anything
    assert (again.contacts.to_set, again.contacts.unchanged) == (0, 1)
    assert list(Author.objects.order_by("pk").values()) == before


def test_changes_are_shown_field_by_field_and_made() -> None:
    bring_in(bib(paper("lewis25"), paper("li25")))
    volume = VOLUME.replace("Norway", "Norge")

    plan = bring_in(bib(paper("lewis25", "Another", "Li, Yi and Lewis, Mike"), paper("li25"), volume=volume))

    assert counts(plan) == (0, 1, 1, 0)
    assert plan.volume_differences == (Difference("address", "Trondheim, Norway", "Trondheim, Norge"),)
    assert plan.of(Change.CHANGED)[0].differences == (
        Difference("title", "A Title", "Another"),
        Difference("title_latex", "A Title", "Another"),
        Difference("authors", "Lewis, Mike; Li, Yi", "Li, Yi; Lewis, Mike"),
    )
    assert Paper.objects.get(key="lewis25").title == "Another"
    assert [name for name, *_ in authors("lewis25")] == ["Yi Li", "Mike Lewis"]
    assert Volume.objects.get().address == "Trondheim, Norge"


def test_missing_papers_are_reported_and_kept() -> None:
    bring_in(bib(paper("lewis25"), paper("li25"), paper("old25")))
    Paper.objects.filter(key="old25").update(status=Paper.Status.WITHDRAWN)

    plan = bring_in(bib(paper("li25")))

    assert plan.gone == ("lewis25",)
    assert counts(plan) == (0, 0, 1, 0)
    assert Paper.objects.count() == 3


def test_a_withdrawn_paper_stays_withdrawn() -> None:
    bring_in(bib(paper("lewis25")))
    Paper.objects.update(status=Paper.Status.WITHDRAWN)

    plan = bring_in(bib(paper("lewis25", "New Title")))

    assert Paper.objects.get().status == Paper.Status.WITHDRAWN
    assert said(plan, Severity.NOTE) == [("v.bib", 16, "lewis25", "withdrawn")]


def test_a_paper_in_between_moves_only_those_it_must() -> None:
    bring_in(bib(paper("a25"), paper("b25"), paper("c25")))
    Paper.objects.filter(key="c25").update(position=9)

    plan = bring_in(bib(paper("a25"), paper("new25"), paper("b25"), paper("c25")))

    assert [one.key for one in plan.of(Change.CHANGED)] == ["b25"]
    assert list(Paper.objects.order_by("position").values_list("key", flat=True)) == ["a25", "new25", "b25", "c25"]


def test_in_is_created_plus_updated_plus_unchanged_plus_rejected() -> None:
    bring_in(bib(paper("same25"), paper("other25")))
    bad = [
        paper("two words25"),
        paper("same25"),
        paper("x25", author=""),
        paper("y25", title="\\foo{x}"),
        "@Article{z25,\n title = {Z}\n}\n",
        "@InProceedings{open25,\n title = {Z\n}\n",
    ]

    plan = bring_in(bib(paper("same25"), paper("other25", "Changed"), paper("new25"), *bad, paper("last25")))

    assert counts(plan) == (2, 1, 1, len(bad))
    refused = {(one.key, one.line) for one in plan.of(Change.REJECTED)}
    assert refused == {("two words25", 34), ("same25", 40), ("x25", 46), ("y25", 52), ("z25", 58), ("open25", 62)}
    named = {(one.paper, one.line) for one in plan.findings if one.severity is Severity.ERROR}
    assert {key for key, _ in named} == {key for key, _ in refused}
    assert set(Paper.objects.values_list("key", flat=True)) == {"same25", "other25", "new25", "last25"}


@pytest.mark.parametrize(
    ("entry", "field", "message"),
    [
        (paper("a25", title=""), "title", "missing or empty"),
        (paper("a25", title="x" * 501), "title", "501 characters long; the limit is 500"),
        (paper("a25", pages="1" * 41), "pages", "41 characters long"),
        (paper("a25", more=",\n section = {" + "s" * 201 + "}"), "section", "201 characters"),
        (paper("a" * 80 + "25"), "key", "82 characters"),
        (paper("a25", author="L" * 201 + ", Mike"), "author", "family part is longer than 200"),
        (paper("a25", author="Lewis, Mike and others"), "author", "and others"),
        (paper("a25", author="Lewis, Mike and and Li, Yi"), "author", "name 2: a name is missing"),
        (paper("a25", author="A, B, C, D"), "author", "too many commas"),
        (paper("a25", author=r"Lewis, \x{M}"), "author", r"do not know the macro \x"),
        (paper("a25", author=r"{\'{1}}, Mike"), "author", "has no letter"),
        (paper("a25", author=r"{}, Mike"), "author", "no family name"),
        (paper("a25", title="a $ b"), "title", "no matching $"),
        (paper("ä25"), "", "ASCII letters"),
    ],
)
def test_what_cannot_be_stored_is_rejected_with_line_and_field(entry: str, field: str, message: str) -> None:
    plan = bring_in(bib(entry, paper("good25")))

    (finding,) = [one for one in plan.findings if one.severity is Severity.ERROR]
    assert counts(plan) == (1, 0, 0, 1)
    assert (finding.file, finding.field) == ("v.bib", field)
    assert finding.line is not None
    assert finding.line >= 16
    assert message in finding.message


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
    ("old", "new", "rule"),
    [
        ("volume = {901}", "volume = {}", "required"),
        ("volume = {901}", "volume = {99999999999999999999}", "required"),
        ("year = {2025}", "year = {MMXXV}", "required"),
        ("shortname = {TEST},\n", "", "required"),
        ("name = {The", "name = {\\nope The", "latex"),
        ("name = {The", "name = {" + "x" * 400, "length"),
        ("@Proceedings{TEST2025,", "@Proceedings{,", "key"),
    ],
)
def test_without_a_volume_nothing_can_be_applied(old: str, new: str, rule: str) -> None:
    plan = make_plan(bib(paper("a25"), volume=VOLUME.replace(old, new)))

    assert plan.volume is None
    assert counts(plan) == (0, 0, 0, 1)
    assert rule in {one.rule for one in plan.findings if one.severity is Severity.ERROR and one.paper != "a25"}
    with pytest.raises(NothingToApplyError):
        apply(plan)


def test_a_file_holds_one_volume() -> None:
    nothing = make_plan(bib(paper("a25"), volume=""))
    two = bring_in(bib(VOLUME.replace("{901}", "{902}").replace("TEST2025", "MORE2025"), paper("a25")))

    assert "the file has no @Proceedings entry" in nothing.findings[0].message
    assert nothing.volume is None
    assert list(Volume.objects.values_list("number", flat=True)) == [901]
    assert [(one.rule, one.line) for one in two.findings] == [("volume", 16)]


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("start = {2025-09-01}", "start = {2025-13-01}", {"start": "2025-13-01"}),
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


def test_the_contact_is_set_and_others_are_not() -> None:
    plan = bring_in(bib(paper("lewis25"), paper("li25", author="Li, Yi")), table("lewis25,mike@a.example,M. Lewis"))

    assert authors("lewis25") == [("Mike Lewis", "mike@a.example", True), ("Yi Li", "", False)]
    assert plan.without_contact == ["li25"]
    assert (plan.contacts.rows, plan.contacts.to_set, plan.contacts.unchanged, plan.contacts.refused) == (1, 1, 0, 0)


def test_the_contact_may_change_hands() -> None:
    bring_in(bib(paper("lewis25")), table("lewis25,mike@a.example,Mike Lewis"))

    plan = bring_in(bib(paper("lewis25")), table("lewis25,yi@a.example,Yi Li"))

    assert authors("lewis25") == [("Mike Lewis", "mike@a.example", False), ("Yi Li", "yi@a.example", True)]
    assert plan.of(Change.CHANGED)[0].differences == (
        Difference("contact", "Mike Lewis <mike@a.example>", "Yi Li <yi@a.example>"),
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("lewis25,mike@a.example,Ada Lovelace", "not among the authors (Mike Lewis; Yi Li)"),
        ("nobody25,mike@a.example,Mike Lewis", "v.bib has no paper 'nobody25'"),
        ("bad25,mike@a.example,Mike Lewis", "was rejected"),
        ("lewis25,mike at a.example,Mike Lewis", "not an email address"),
        ("lewis25,mike@a,Mike Lewis", "not an email address"),
        (f"lewis25,{'m' * 250}@a.example,Mike Lewis", "not an email address"),
        ("lewis25,m***@a.example,Mike Lewis", "'m***@a.example' is hidden in part: enter the whole address"),
        ("lewis25,míke@a.example,Mike Lewis", "our mail server cannot send to 'míke@a.example'"),
        ("lewis25,mike@i❤.example,Mike Lewis", "'i❤.example' cannot be written as a domain"),
        ('lewis25,"mike@a.example\nBcc: x@y.example",Mike Lewis', "line break"),
    ],
)
def test_a_bad_contact_is_rejected_and_the_rest_goes_on(row: str, message: str) -> None:
    file = bib(paper("lewis25"), paper("li25", author="Li, Yi"), paper("bad25", author=""))

    plan = bring_in(file, table(row, "li25,yi@a.example,Yi Li"))

    (finding,) = [one for one in plan.findings if one.file == "c.csv"]
    assert finding.line == 2
    assert message in finding.message
    assert (plan.contacts.rows, plan.contacts.to_set, plan.contacts.refused) == (2, 1, 1)
    assert authors("li25") == [("Yi Li", "yi@a.example", True)]
    assert authors("lewis25") == [("Mike Lewis", "", False), ("Yi Li", "", False)]


@pytest.mark.parametrize("typed", ["mike@straße.example", "Mike <mike@STRAßE.example>", "mike@xn--strae-oqa.example"])
def test_another_spelling_of_an_address_is_no_change(typed: str) -> None:
    file = bib(paper("lewis25"))
    bring_in(file, table("lewis25,mailto:mike@straße.example,Mike Lewis"))
    assert authors("lewis25")[0] == ("Mike Lewis", "mike@xn--strae-oqa.example", True)
    plan = bring_in(file, table(f"lewis25,{typed},Mike Lewis"))
    assert plan.contacts.unchanged == 1
    Author.objects.filter(is_corresponding=True).update(email="mike@straße.example")  # as it was kept earlier
    assert bring_in(file, table(f"lewis25,{typed},Mike Lewis")).contacts.unchanged == 1


def test_two_contacts_for_one_paper_set_none() -> None:
    plan = bring_in(bib(paper("lewis25")), table("lewis25,mike@a.example,Mike Lewis", "lewis25,yi@a.example,Yi Li"))

    assert [(one.line, one.rule) for one in plan.findings] == [(2, "two-contacts"), (3, "two-contacts")]
    assert plan.contacts.refused == 2
    assert plan.without_contact == ["lewis25"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("paper,email,name\nlewis25,m@a.example,Mikaël\n".encode("latin-1"), "not in UTF-8 (see byte 0xEB)"),
        ("paper,email,name\n".encode("utf-16"), "is in UTF-16"),
        ("paper,email,name\n".encode("utf-16-le"), "is in UTF-16"),
    ],
)
def test_a_table_in_another_encoding_is_one_message(data: bytes, message: str) -> None:
    plan = bring_in(bib(paper("lewis25")), Source.read("c.csv", data))

    (finding,) = plan.findings
    assert message in finding.message
    assert counts(plan) == (1, 0, 0, 0)
    assert plan.refused_anything


def test_a_bib_file_in_another_encoding_is_rejected() -> None:
    plan = make_plan(Source.read("v.bib", (VOLUME + paper("a25", title="Naïve")).encode("latin-1")))

    assert [(one.rule, one.line) for one in plan.findings] == [("encoding", 16)]
    assert plan.volume is None


def test_a_byte_order_mark_is_no_matter() -> None:
    plan = make_plan(
        Source.read("v.bib", b"\xef\xbb\xbf" + (VOLUME + paper("a25")).encode()),
        Source.read("c.csv", b"\xef\xbb\xbfpaper,email,name\r\na25,m@a.example,Mike Lewis\r\n"),
    )

    assert plan.findings == ()
    assert plan.contacts.to_set == 1


def test_a_file_without_contacts_keeps_all_that_is_known_of_the_authors() -> None:
    bring_in(
        bib(paper("lewis25", author="Lewis, Mike and Li, Yi and Stich, Sebastian")), table("lewis25,yi@a.example,Yi Li")
    )
    Author.objects.filter(family="Lewis").update(affiliation="Somewhere", orcid="0000-0002-1825-0097")
    Author.objects.filter(family="Stich").update(email="s@a.example")
    people = dict(Author.objects.values_list("family", "pk"))

    bring_in(bib(paper("lewis25", author="Stich, Sebastian and Ng, Ann and LI, Yi and Lewis, Mike")))

    assert authors("lewis25") == [
        ("Sebastian Stich", "s@a.example", False),
        ("Ann Ng", "", False),
        ("Yi LI", "yi@a.example", True),
        ("Mike Lewis", "", False),
    ]
    lewis = Author.objects.get(family="Lewis")
    assert (lewis.affiliation, lewis.orcid) == ("Somewhere", "0000-0002-1825-0097")
    now = {author.family.title(): author.pk for author in Author.objects.exclude(family="Ng")}
    assert now == people


def test_a_contact_who_is_no_author_any_more_is_said() -> None:
    bring_in(bib(paper("lewis25")), table("lewis25,mike@a.example,Mike Lewis"))

    plan = bring_in(bib(paper("lewis25", author="Li, Yi")))

    assert said(plan, Severity.WARNING) == [("v.bib", 16, "lewis25", "contact-lost")]
    assert plan.without_contact == ["lewis25"]
    assert authors("lewis25") == [("Yi Li", "", False)]


def test_a_plan_that_the_database_has_left_behind_is_not_applied() -> None:
    bring_in(bib(paper("lewis25")))
    plan = make_plan(bib(paper("lewis25", "New Title")))
    Paper.objects.update(title="Edited at the desk")

    with pytest.raises(PlanOutdatedError):
        apply(plan)

    assert Paper.objects.get().title == "Edited at the desk"


def test_two_imports_of_a_new_volume_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds no row to lock, and violates the unique volume number."""
    plan = make_plan(bib(paper("lewis25")))
    create = Volume.objects.create

    def too_late(**values: Any) -> Volume:
        create(**values)
        return create(**values)

    monkeypatch.setattr(Volume.objects, "create", too_late)
    with pytest.raises(PlanOutdatedError, match="just created by another user"):
        apply(plan)

    assert not Volume.objects.exists()


def test_findings_come_by_file_and_line() -> None:
    plan = make_plan(
        bib(paper("a25", author="Mike Lewis"), paper("b25", author="")),
        table("a25,m at a.example,Mike Lewis", "b25", "c25,c@a.example,C"),
    )

    places = [(one.file, one.line) for one in plan.findings]
    assert places == [("v.bib", 18), ("v.bib", 24), ("c.csv", 2), ("c.csv", 3), ("c.csv", 4)]


def test_another_volume_is_left_alone() -> None:
    bring_in(bib(paper("lewis25")))

    plan = bring_in(bib(paper("lewis25", "Other"), volume=VOLUME.replace("{901}", "{902}")))

    assert plan.volume_change is Change.NEW
    assert sorted(Paper.objects.values_list("volume__number", "title")) == [(901, "A Title"), (902, "Other")]


@pytest.mark.parametrize("size", [3, 30])
def test_the_number_of_queries_does_not_grow(size: int, django_assert_num_queries: Callable[[int], Any]) -> None:
    first = bib(*(paper(f"p{number}a25") for number in range(size)))
    second = bib(*(paper(f"p{number}a25", "New", "Li, Yi and Stich, Ann and Lewis, Mike") for number in range(size)))
    rows = table(*(f"p{number}a25,yi@a.example,Yi Li" for number in range(size)))

    with django_assert_num_queries(1):
        plan = make_plan(first)
    with django_assert_num_queries(7):  # savepoint 2, plan 1, volume 1, papers 1, authors 1, leftover authors 1
        apply(plan)
    with django_assert_num_queries(4):  # with the resolved names
        plan = make_plan(second, rows)
    with django_assert_num_queries(
        12
    ):  # savepoint 2, plan 4, volume 1, papers 1, authors out of the way 1, in 2, leftover 1
        apply(plan)

    assert Author.objects.filter(is_corresponding=True).count() == size
    assert Author.objects.count() == 3 * size


SCRAPS = st.sampled_from(
    [
        *'{}",=#\\$%\n aA1ö中\x00\x87\u200b\ud800',
        *("\n@InProceedings{", "\n@Proceedings{", "x25,", "title = {", "author = {", "A, B", " and ", "},\n", "\n}\n"),
        *("\\'e", "\\nope", "volume = {1}", "year = {2025}", "pages = {1--2}", VOLUME),
    ]
)


@given(st.lists(SCRAPS, max_size=40).map("".join))
def test_of_any_text_every_entry_is_a_record_or_rejected_with_a_reason(text: str) -> None:
    file = read_volume_file(text, "v.bib")

    refused = [entry for entry in file.papers if entry.record is None]
    assert len(refused) <= len(errors(file.findings))
    assert all(any(one.line and one.line >= entry.line for one in errors(file.findings)) for entry in refused)
    assert file.volume or errors(file.findings)
    for entry in file.papers:
        if entry.record:
            assert entry.record.title
            assert all(author.family for author in entry.record.authors)


def test_the_limits_are_those_of_the_columns() -> None:
    columns = [field for model in (Volume, Paper, Author) for field in model._meta.get_fields()]
    widths = {field.name: field.max_length for field in columns if isinstance(field, models.CharField)}

    assert {name: widths[name] for name in LIMITS} == LIMITS
