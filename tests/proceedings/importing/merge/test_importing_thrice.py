"""The same file again changes nothing, however often, whatever repeats in it."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from proceedings.bibtex.names import Name
from proceedings.importing.plan import Change
from proceedings.importing.planner import apply, make_plan, make_table_plan
from proceedings.importing.submissions import Person, Submission, Submissions
from proceedings.models import Author, ImportedRecord, Leftover, Paper
from tests import make
from tests.proceedings.bib_files import bib, paper

TITLES = st.sampled_from(["Editorial", "editorial!", "On Learning", "On $x$ & More"])
PEOPLE = st.lists(st.sampled_from(["Byron, Ada", "Li, Bo", "Young, Cy"]), min_size=1, max_size=3, unique=True)


def people(names: list[str]) -> tuple[Person, ...]:
    parts = [name.split(", ") for name in names]
    return tuple(Person(Name(family, given), f"{given.lower()}@a.example") for family, given in parts)


ROWS = st.lists(st.tuples(TITLES, PEOPLE, st.sampled_from(["", "", "1", "2", "3"])), max_size=6)


def all_rows() -> list[list[tuple[object, ...]]]:
    models = (Paper, Author, ImportedRecord, Leftover)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


class Thrice(TestCase):
    @given(ROWS)
    def test_a_table(self, rows: list[tuple[str, list[str], str]]) -> None:
        volume = make.volume()
        table = Submissions(
            tuple(
                Submission(line=line, number=number, title=title, people=people(names))
                for line, (title, names, number) in enumerate(rows, 2)
            ),
            len(rows),
        )
        apply(make_table_plan(table, "t.csv", volume))
        numbers = {number for *_, number in rows if number}
        assert set(volume.papers.exclude(submission="").values_list("submission", flat=True)) == numbers
        before = all_rows()
        for _ in range(2):
            plan = make_table_plan(table, "t.csv", volume)
            assert not plan.changes_anything
            apply(plan)
            assert all_rows() == before

    @given(st.lists(st.tuples(TITLES, PEOPLE, st.sampled_from(["a25", "b25", "b25a", ""])), max_size=6))
    def test_a_bibtex_file(self, entries: list[tuple[str, list[str], str]]) -> None:
        file = bib(*(paper(key, title, " and ".join(names)) for title, names, key in entries))
        apply(make_plan(file))
        before = all_rows()
        for _ in range(2):
            plan = make_plan(file)
            assert not plan.of(Change.NEW)
            assert not plan.changes_anything
            apply(plan)
            assert all_rows() == before
