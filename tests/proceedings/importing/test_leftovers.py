"""What an import left out: recorded with its text, corrected or dismissed, and resolved by a later import."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from proceedings.bibtex.source import Source
from proceedings.importing.corrections import Correction, correct
from proceedings.importing.leftovers import open_leftovers, resolve
from proceedings.importing.plan import by_default
from proceedings.importing.planner import apply, make_plan
from proceedings.models import Author, Leftover, Paper, Volume
from tests.make import NOW
from tests.proceedings.bib_files import VOLUME, bib, bring_in, paper, table

pytestmark = pytest.mark.django_db

NO_PAPER = "@InProceedings{,\n  pages = {1--10}\n}"
"""Without key, title and author it is rejected."""


def left() -> list[tuple[str, int | None, str, str]]:
    rows = open_leftovers(Volume.objects.get())
    return [(one.file, one.line, one.paper, one.field) for one in rows]


def fix(leftover: Leftover, text: str) -> Correction | None:
    return correct(leftover, text, by="ed", now=NOW, defaults=lambda _: by_default)


def state(leftover: Leftover) -> tuple[str, str]:
    leftover.refresh_from_db()
    return leftover.resolution, leftover.resolved_by


def test_a_rejected_entry_stays_with_line_reason_and_text() -> None:
    apply(make_plan(bib(paper("a25"), NO_PAPER + "\n", paper("b25"))), now=NOW)

    one = Leftover.objects.get()
    assert (one.file, one.line, one.field, one.left_at) == ("v.bib", 22, "", NOW)
    assert one.text == NO_PAPER
    assert one.reason
    assert Paper.objects.count() == 2


@pytest.mark.parametrize("times", [2, 3])
def test_the_same_import_again_lists_nothing_twice(times: int) -> None:
    for _ in range(times):
        bring_in(bib(paper("a25"), NO_PAPER))

    assert len(left()) == 1


def test_a_dismissed_one_is_not_listed_again_while_its_text_is_the_same() -> None:
    bring_in(bib(paper("a25"), NO_PAPER))
    one = Leftover.objects.get()
    assert resolve(one, Leftover.Resolution.DISMISSED, by="ed", now=NOW)
    assert not resolve(one, Leftover.Resolution.DISMISSED, by="other", now=NOW)

    bring_in(bib(paper("new25", "New", "Ng, Ann"), paper("a25"), NO_PAPER))
    assert (left(), state(one)) == ([], ("dismissed", "ed"))
    bring_in(bib(paper("a25"), NO_PAPER.replace("1--10", "1--11")))
    assert len(left()) == 1


def test_a_corrected_text_comes_in_as_one_paper_and_stays_resolved() -> None:
    file = bib(paper("a25"), NO_PAPER)
    bring_in(file)
    one = Leftover.objects.get()

    failed = fix(one, NO_PAPER)
    assert failed is not None
    assert failed.problems
    many = fix(one, paper("b25") + paper("c25"))
    assert many is not None
    assert "write exactly one" in many.problems[0].message
    assert (Paper.objects.count(), state(one)) == (1, ("", ""))
    done = fix(one, paper("b25", "Found", "Ng, Ann").replace("\n", "\r\n"))

    assert done is not None
    assert done.problems == ()
    assert Paper.objects.get(key="b25").title == "Found"
    assert state(one) == ("corrected", "ed")
    assert list(Paper.objects.order_by("position").values_list("key", flat=True)) == ["a25", "b25"]
    assert fix(one, paper("c25")) is None
    bring_in(file)
    assert left() == []


def test_a_second_value_of_a_field_is_left_out_and_can_be_taken_in() -> None:
    text = paper("a25", "First", more=",\n title = {Second},\n pages = {1--10}")
    bring_in(bib(text))

    assert [(paper, field) for _, _, paper, field in left()] == [("a25", "title")]
    done = fix(Leftover.objects.get(), text.replace("title = {First},", ""))
    assert done is not None
    assert (done.problems, Paper.objects.get().title) == ((), "Second")


@pytest.mark.parametrize(
    "text",
    [
        paper("a25").replace("\n  title", '\n  "junk",\n  title', 1),
        paper("a25").replace("\n  title", "\n  two words = {lost},\n  title", 1),
    ],
)
def test_text_in_an_entry_that_is_no_field_is_listed(text: str) -> None:
    bring_in(bib(text))

    assert Paper.objects.get().title
    one = Leftover.objects.get()
    assert (one.rule, one.paper, "was skipped" in one.reason) == ("skipped", "a25", True)


def test_a_later_import_that_brings_it_resolves_it() -> None:
    bring_in(bib(paper("a25"), NO_PAPER))
    one = Leftover.objects.get()

    bring_in(bib(paper("a25"), paper("b25", "Found", "Ng, Ann")))
    assert state(one) == ("imported", "import of v.bib")
    bring_in(bib(paper("a25"), NO_PAPER))
    assert state(one) == ("", "")


def test_a_row_of_the_contacts_is_corrected_alone() -> None:
    file = bib(paper("a25"), paper("b25", "Another", "Ng, Ann"))
    bring_in(file, table("a25,mike at a.example,Mike Lewis", "nobody25,x@a.example,X"))
    assert left() == [("c.csv", 2, "a25", "email"), ("c.csv", 3, "nobody25", "paper")]
    one, other = open_leftovers(Volume.objects.get())
    assert (one.head, one.text) == ("paper,email,name", "a25,mike at a.example,Mike Lewis")
    Paper.objects.filter(key="a25").update(title="Corrected", title_latex="Corrected")

    assert fix(one, "a25,mike@a.example,Mike Lewis")

    assert state(one) == ("corrected", "ed")
    author = Author.objects.get(family="Lewis")
    assert (author.email, author.is_corresponding) == ("mike@a.example", True)
    assert Paper.objects.get(key="a25").title == "Corrected"
    bring_in(file, table("nobody25,x@a.example,X"))
    assert state(other) == ("", "")
    bring_in(file, table("b25,x@a.example,Ann Ng"))
    assert left() == [("c.csv", 3, "nobody25", "paper")]


def test_a_row_of_a_table_is_corrected_below_its_headings(tmp_path: Path) -> None:
    bring_in(bib())
    volume = Volume.objects.get()
    file = tmp_path / "papers.csv"
    file.write_text("number;title;authors\n7;On Training;\n8;On Learning;Li, Yi\n", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("import_volume", file, "--volume", "901", "--apply", stdout=StringIO())
    one = Leftover.objects.get()
    assert (one.line, one.paper, one.head, one.text) == (2, "7", "number,title,authors", "7,On Training")

    fix(one, "7,On Training,Mike Lewis")

    assert sorted(volume.papers.values_list("submission", "title")) == [("7", "On Training"), ("8", "On Learning")]
    assert state(one) == ("corrected", "ed")
    file.write_text("number;title;authors\n7;On Training;Lewis, Mike\n8;On Learning;Li, Yi\n", encoding="utf-8")
    call_command("import_volume", file, "--volume", "901", "--apply", stdout=StringIO())
    assert volume.papers.count() == 2


def test_a_file_without_a_readable_volume_goes_into_the_chosen_one() -> None:
    bring_in(bib(paper("a25")))
    volume = Volume.objects.get()
    file = bib(
        paper("b25", "Second", "Ng, Ann"), volume=VOLUME.replace("{901}", "{MMXXV}").replace("TEST},", "CHANGED},")
    )

    assert make_plan(file).volume is None
    apply(make_plan(file, volume=volume), now=NOW)
    apply(make_plan(Source.read("p.bib", paper("c25", "Third", "Po, Li").encode()), volume=volume), now=NOW)

    assert sorted(volume.papers.values_list("key", flat=True)) == ["a25", "b25", "c25"]
    volume.refresh_from_db()
    assert (volume.number, volume.name) == (901, "The Test & Trial Conference")
