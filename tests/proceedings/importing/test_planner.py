"""From BibTeX and contacts to a plan, and to the database."""

from collections.abc import Callable, Iterable
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
from proceedings.importing.submissions import UnreadableFileError
from proceedings.models import Author, Paper, Volume
from tests.proceedings.bib_files import VOLUME, bib, bring_in, paper, table

pytestmark = pytest.mark.django_db


def counts(plan: Plan) -> tuple[int, int, int, int]:
    return tuple(plan.counts[change] for change in Change)  # type: ignore[return-value]


def said(plan: Plan, severity: Severity = Severity.ERROR) -> list[tuple[str, int | None, str, str]]:
    return [(one.file, one.line, one.paper, one.rule) for one in plan.findings if one.severity is severity]


def shown(differences: Iterable[Difference]) -> list[tuple[str, str, str]]:
    return [(one.field, one.old, one.new) for one in differences]


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
    assert shown(plan.volume_differences) == [("address", "Trondheim, Norway", "Trondheim, Norge")]
    assert shown(plan.of(Change.CHANGED)[0].differences) == [
        ("title", "A Title", "Another"),
        ("authors", "Lewis, Mike; Li, Yi", "Li, Yi; Lewis, Mike"),
    ]
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

    assert counts(plan) == (1, 0, 3, 0)
    assert list(Paper.objects.order_by("position").values_list("key", "position")) == [
        ("a25", 1),
        ("new25", 2),
        ("b25", 3),
        ("c25", 9),
    ]


def test_in_is_created_plus_updated_plus_unchanged_plus_rejected() -> None:
    bring_in(bib(paper("same25"), paper("other25")))
    bad = [
        paper("two words25"),
        paper("same25", "Other"),
        paper("x25", author=""),
        paper("y25", title="\\foo{x}"),
        "@Article{z25,\n title = {Z}\n}\n",
        "@InProceedings{open25,\n title = {Z\n}\n",
        paper("", "No Key"),
    ]
    hopeless = "@InProceedings{,\n pages = {1}\n}\n"

    plan = bring_in(bib(paper("same25"), paper("other25", "Changed"), paper("new25"), *bad, hopeless, paper("last25")))

    assert counts(plan) == (2 + len(bad), 1, 1, 1)
    assert [(one.key, one.line) for one in plan.of(Change.REJECTED)] == [("", 72)]
    named = {(one.paper, one.line) for one in plan.findings if one.severity is Severity.ERROR}
    assert named >= {
        ("two words25", 34),
        ("same25", 40),
        ("x25", 48),
        ("y25", 53),
        ("z25", 58),
        ("open25", 63),
        ("lewis25", 66),
    }
    assert dict(Paper.objects.values_list("key", "title")) == {
        **dict.fromkeys(["same25", "new25", "last25", "twowords25", "x25"], "A Title"),
        "other25": "Changed",
        "same25a": "Other",
        "y25": r"\foo{x}",
        "z25": "Z",
        "open25": "Z",
        "lewis25": "No Key",
    }


@pytest.mark.parametrize("number", ["", "99999999999999999999", "no number", "901 or 902"])
def test_without_a_number_nothing_can_be_applied(number: str) -> None:
    plan = make_plan(bib(paper("a25"), volume=VOLUME.replace("{901}", f"{{{number}}}")))

    assert plan.volume is None
    assert counts(plan) == (0, 0, 0, 1)
    assert ("v.bib", 7, "TEST2025", "required") in said(plan)
    with pytest.raises(NothingToApplyError):
        apply(plan)


def test_a_file_holds_one_volume() -> None:
    nothing = make_plan(bib(paper("a25"), volume=""))
    two = bring_in(bib(VOLUME.replace("{901}", "{902}").replace("TEST2025", "MORE2025"), paper("a25")))

    assert "the file has no @Proceedings entry" in nothing.findings[0].message
    assert nothing.volume is None
    assert list(Volume.objects.values_list("number", flat=True)) == [901]
    assert [(one.rule, one.line) for one in two.findings] == [("volume", 16)]


def test_the_contact_is_set_and_others_are_not() -> None:
    plan = bring_in(bib(paper("lewis25"), paper("li25", author="Li, Yi")), table("lewis25,mike@a.example,M. Lewis"))

    assert authors("lewis25") == [("Mike Lewis", "mike@a.example", True), ("Yi Li", "", False)]
    assert plan.without_contact == ["li25"]
    assert (plan.contacts.rows, plan.contacts.to_set, plan.contacts.unchanged, plan.contacts.refused) == (1, 1, 0, 0)


def test_the_contact_may_change_hands() -> None:
    bring_in(bib(paper("lewis25")), table("lewis25,mike@a.example,Mike Lewis"))

    plan = bring_in(bib(paper("lewis25")), table("lewis25,yi@a.example,Yi Li"))

    assert authors("lewis25") == [("Mike Lewis", "mike@a.example", False), ("Yi Li", "yi@a.example", True)]
    assert shown(plan.of(Change.CHANGED)[0].differences) == [
        ("contact", "Mike Lewis <mike@a.example>", "Yi Li <yi@a.example>")
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("lewis25,mike@a.example,Ada Lovelace", "not among the authors (Mike Lewis; Yi Li)"),
        ("nobody25,mike@a.example,Mike Lewis", "v.bib has no paper 'nobody25'"),
        ("bad25,mike@a.example,Mike Lewis", "not among the authors"),
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


def test_two_contacts_without_a_mark_set_their_addresses_and_are_asked_about() -> None:
    plan = bring_in(bib(paper("lewis25")), table("lewis25,mike@a.example,Mike Lewis", "lewis25,yi@a.example,Yi Li"))

    assert [(one.line, one.rule) for one in plan.findings] == [(2, "two-contacts")]
    assert plan.without_contact == ["lewis25"]
    assert authors("lewis25") == [("Mike Lewis", "mike@a.example", False), ("Yi Li", "yi@a.example", False)]


def test_all_addresses_of_a_paper_come_in_with_one_mark() -> None:
    rows = ("lewis25,mike@a.example,Mike Lewis,", "lewis25,yi@a.example,Yi Li,yes")

    plan = bring_in(bib(paper("lewis25")), table(*rows, head="paper,email,name,corresponding"))

    assert plan.findings == ()
    assert (plan.contacts.to_set, plan.contacts.refused) == (2, 0)
    assert authors("lewis25") == [("Mike Lewis", "mike@a.example", False), ("Yi Li", "yi@a.example", True)]
    again = bring_in(bib(paper("lewis25")), table(*rows, head="paper,email,name,corresponding"))
    assert (again.contacts.to_set, again.contacts.unchanged) == (0, 2)


def test_one_address_in_two_spellings_is_no_finding() -> None:
    rows = ("lewis25,Mike@A.example,Mike Lewis,yes", "lewis25,mike@a.example,M. Lewis,")

    plan = bring_in(bib(paper("lewis25")), table(*rows, head="paper,email,name,corresponding"))

    assert plan.findings == ()
    assert authors("lewis25")[0] == ("Mike Lewis", "Mike@a.example", True)


def test_two_addresses_of_one_author_are_a_finding() -> None:
    rows = ("lewis25,mike@a.example,Mike Lewis,yes", "lewis25,m.lewis@a.example,M. Lewis,")

    plan = bring_in(bib(paper("lewis25")), table(*rows, head="paper,email,name,corresponding"))

    (finding,) = plan.findings
    assert "Mike Lewis has another address in line 2: keep one row" in finding.message
    assert authors("lewis25")[0] == ("Mike Lewis", "mike@a.example", True)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("paper,email,name\nlewis25,m@a.example,Mikaël\n".encode("latin-1"), "not in UTF-8 \\(see byte 0xEB\\)"),
        ("paper,email,name\n".encode("utf-16-le"), "is no text, or is UTF-16 without its mark"),
        (b"paper,phone\n", "its first line is paper, phone"),
        (b"PK\x03\x04 not a zip", "the workbook is damaged"),
    ],
)
def test_contacts_that_cannot_be_read_stop_the_import(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        make_plan(bib(paper("lewis25")), Source.read("c.csv", data))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_contacts_in_unicode_are_read(encoding: str) -> None:
    text = "paper,email,name\nlewis25,m@a.example,Mikaël Lewis\n"

    plan = make_plan(bib(paper("lewis25", author="Lewis, Mikaël")), Source.read("c.csv", text.encode(encoding)))

    assert plan.contacts.to_set == 1


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
        bib(paper("a25", author="YanjunXu"), paper("b25", author="")),
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
    # savepoint 2, plan 1, volume 1, papers 1, authors 1, what the file said 1, leftovers 1
    with django_assert_num_queries(8):
        apply(plan)
    with django_assert_num_queries(6):  # volume, papers, authors, resolved names, what files said, words of titles
        plan = make_plan(second, rows)
    # savepoint 2, plan 6, papers 1, authors out of the way 1, in 2, removed 1, what the file said 1, leftovers 1
    with django_assert_num_queries(15):
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
    assert all(any(one.line == entry.line for one in errors(file.findings)) for entry in refused)
    assert file.volume or errors(file.findings)
    records = [entry.record for entry in file.papers if entry.record]
    assert len({record.key.lower() for record in records}) == len(records)
    for record in records:
        assert record.title
        assert all(author.family for author in record.authors)


def test_the_limits_are_those_of_the_columns() -> None:
    columns = [field for model in (Volume, Paper, Author) for field in model._meta.get_fields()]
    widths = {field.name: field.max_length for field in columns if isinstance(field, models.CharField)}

    assert {name: widths[name] for name in LIMITS} == LIMITS
