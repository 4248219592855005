"""What was corrected here survives, and what changed in the source is seen: random edits on both sides."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from proceedings.bibtex.source import Source
from proceedings.delivery.public_package import bibliography
from proceedings.importing import name_review
from proceedings.importing.plan import Change, Choice, Difference, Origin, PaperPlan, Plan, by_default
from proceedings.importing.planner import apply, make_plan
from proceedings.models import Author, ImportedRecord, NameReview, Paper, Volume
from tests.make import NOW
from tests.proceedings.bib_files import VOLUME, bib, bring_in, paper, table

EDITS = 1000
PAPERS = 12
ROUND = 25
"""Edits between two imports."""

FIELDS = ("title", "abstract", "pages", "section", "extra.video", "authors", "contact")
GIVEN = ("Ada", "Ada B.", "A.", "Ada Bea")
"""Spellings of one person's given names."""


@dataclass
class World:
    """The values of both sides, and what the last import that was decided has read."""

    random: Random
    there: dict[tuple[int, str], str] = field(default_factory=dict)
    here: dict[tuple[int, str], str] = field(default_factory=dict)
    base: dict[tuple[int, str], str] = field(default_factory=dict)

    def new_value(self, name: str) -> str:
        if name == "authors":
            return self.random.choice(GIVEN)
        number = self.random.randrange(6)
        return {"pages": f"{number + 1}--20", "contact": f"a{number}@a.example"}.get(name, f"Value {number}")

    def files(self) -> tuple[Source, Source]:
        entries, rows = [], []
        for at in range(PAPERS):
            one = {name: self.there[at, name] for name in FIELDS}
            more = f",\n abstract = {{{one['abstract']}}},\n section = {{{one['section']}}}"
            more += f",\n video = {{{one['extra.video']}}}"
            authors = f"Byron, {one['authors']} and Li, Yi"
            entries.append(paper(f"byron25-{at}", f"{at}: {one['title']}", authors, one["pages"], more))
            rows.append(f"byron25-{at},{one['contact']},,1")
        return bib(*entries), table(*rows, head="paper,email,name,author")

    def edit_there(self, at: int, name: str) -> None:
        self.there[at, name] = self.new_value(name)

    def edit_here(self, at: int, name: str) -> None:
        """Corrects one value, as an editor does on the paper's page."""
        value = self.here[at, name] = self.new_value(name)
        row = Paper.objects.get(key=f"byron25-{at}")
        author = row.authors.get(position=1)
        if name == "authors":
            author.given = value
            author.save()
        elif name == "contact":
            author.email = value
            author.save()
        elif name == "title":
            row.title = row.title_latex = f"{at}: {value}"
            row.save()
        elif name == "extra.video":
            row.extra = {**row.extra, "video": value}
            row.save()
        else:
            setattr(row, name, value)
            row.save()

    def read_here(self) -> dict[tuple[int, str], str]:
        values: dict[tuple[int, str], str] = {}
        for at in range(PAPERS):
            row = Paper.objects.get(key=f"byron25-{at}")
            author = row.authors.get(position=1)
            assert author.is_corresponding
            values |= {
                (at, "title"): row.title.partition(": ")[2],
                (at, "abstract"): row.abstract,
                (at, "pages"): row.pages,
                (at, "section"): row.section,
                (at, "extra.video"): row.extra.get("video", ""),
                (at, "authors"): author.given,
                (at, "contact"): author.email,
            }
        return values


def shown_in(plan: Plan) -> dict[tuple[int, str], Difference]:
    return {
        (int(one.key.partition("-")[2]), difference.field): difference
        for one in plan.papers
        for difference in one.differences
    }


class RandomEdits(TestCase):
    @settings(max_examples=2, deadline=None)
    @given(st.integers(0, 10**6))
    def test_no_correction_is_lost_and_no_change_of_the_source_is_hidden(self, seed: int) -> None:
        random = Random(seed)  # noqa: S311 - Hypothesis chooses the seed
        world = World(random)
        for at in range(PAPERS):
            for name in FIELDS:
                world.edit_there(at, name)
        apply(make_plan(*world.files()), now=NOW)
        world.here, world.base = dict(world.there), dict(world.there)
        for _ in range(EDITS // ROUND):
            for _ in range(ROUND):
                edit = random.choice([world.edit_here, world.edit_there])
                edit(random.randrange(PAPERS), random.choice(FIELDS))
            self.import_and_compare(world)

    def import_and_compare(self, world: World) -> None:
        assert world.read_here() == world.here
        plan = make_plan(*world.files())
        shown = shown_in(plan)
        answers = {place: world.random.choice([Choice.KEEP, Choice.TAKE, None]) for place in shown}

        def choose(one: PaperPlan | None, difference: Difference) -> Choice | None:
            if difference.origin is not Origin.BOTH:
                return by_default(one, difference)
            assert one is not None
            return answers[int(one.key.partition("-")[2]), difference.field]

        apply(plan, choose=choose, now=NOW)
        for place, theirs in world.there.items():
            ours, base, difference = world.here[place], world.base[place], shown.get(place)
            assert (difference is None) == (ours == theirs), place
            if difference is None:
                world.base[place] = theirs
                continue
            expected = Origin.HERE if base == theirs else Origin.FILE if base == ours else Origin.BOTH
            assert difference.origin is expected, place
            choice = answers[place] if expected is Origin.BOTH else None
            if expected is Origin.FILE or choice is Choice.TAKE:
                world.here[place] = theirs
            if expected is Origin.FILE or choice:
                world.base[place] = theirs
        assert world.read_here() == world.here


# --- one field


@pytest.fixture
def imported(db: None) -> Paper:
    bring_in(bib(paper("lewis25"), paper("li25", "Another", "Li, Yi")))
    return Paper.objects.get(key="lewis25")


def origins(plan: Plan) -> list[tuple[str, str, Origin]]:
    return [(one.key, each.field, each.origin) for one in plan.papers for each in one.differences]


@pytest.mark.parametrize("change", ["import", "edit"])
def test_what_a_file_said_is_remembered_with_file_and_time(imported: Paper, change: str) -> None:
    if change == "edit":
        Paper.objects.filter(pk=imported.pk).update(title="Corrected")
    apply(make_plan(bib(paper("lewis25"), paper("li25", "Another", "Li, Yi"))), now=NOW)

    said = ImportedRecord.objects.get(paper=imported).said
    assert said["title"] == {"value": "A Title", "file": "v.bib", "at": ""}  # as said first
    apply(make_plan(Source.read("w.bib", str(bib(paper("lewis25", "New")).text).encode())), now=NOW)
    assert ImportedRecord.objects.get(paper=imported).said["pages"]["file"] == "v.bib"
    renewed = ImportedRecord.objects.get(paper=imported).said["title"]
    assert renewed == (
        {"value": "New", "file": "w.bib", "at": NOW.isoformat()} if change == "import" else said["title"]
    )


def test_an_answer_holds_until_the_file_changes_again(imported: Paper) -> None:
    Paper.objects.filter(pk=imported.pk).update(title="Corrected", title_latex="Corrected")
    files = [bib(paper("lewis25", title), paper("li25", "Another", "Li, Yi")) for title in ("Second", "Third")]
    asked = make_plan(files[0])
    assert origins(asked) == [("lewis25", "title", Origin.BOTH)]
    apply(asked)
    assert origins(make_plan(files[0])) == [("lewis25", "title", Origin.BOTH)]  # nobody has answered

    apply(make_plan(files[0]), choose=lambda *_: Choice.KEEP)

    assert origins(make_plan(files[0])) == [("lewis25", "title", Origin.HERE)]
    assert make_plan(files[0]).counts[Change.UNCHANGED] == 2
    assert origins(make_plan(files[1])) == [("lewis25", "title", Origin.BOTH)]
    apply(make_plan(files[1]), choose=lambda *_: Choice.TAKE)
    assert Paper.objects.get(pk=imported.pk).title == "Third"


def test_a_name_resolved_here_is_no_change_of_the_file(db: None) -> None:
    file = bib(paper("smith25", author="Smith, Bob, Jr"))
    bring_in(file)
    review = NameReview.objects.get()
    name_review.resolve(review, name_review.read_answer("Smith, Bob"), by="ed", now=NOW)
    assert origins(make_plan(file)) == []

    Author.objects.filter(family="Smith").update(given="Robert")

    assert origins(make_plan(file)) == [("smith25", "authors", Origin.HERE)]
    apply(make_plan(file), now=NOW)
    assert Author.objects.get().given == "Robert"
    renamed = bib(paper("smith25", author="Smythe, Bob"))
    assert origins(make_plan(renamed)) == [("smith25", "authors", Origin.BOTH)]


def test_importing_our_own_export_changes_and_asks_nothing(db: None) -> None:
    odd = ",\n abstract = {50% of gener- ation \\& more generation},\n openreview = {Ab3dEf9Gh1}"
    bring_in(bib(paper("lewis25", r"Bayesian \{x\} of $\alpha$", more=odd), paper("li25", "Another", "Li, Yi")))
    Paper.objects.filter(key="li25").update(title="Markov 100% & é", title_latex="Markov 100\\% \\& \\'e")
    volume = Volume.objects.get()

    plan = make_plan(Source.read("own.bib", bibliography(volume, volume.papers.all()).encode()))

    assert origins(plan) == []
    assert plan.counts[Change.UNCHANGED] == 2
    changed = bibliography(volume, volume.papers.all()).replace("{Markov}", "Hidden {Markov}")
    assert origins(make_plan(Source.read("own.bib", changed.encode()))) == [("li25", "title", Origin.BOTH)]


def test_a_volume_from_before_is_asked_about_and_loses_nothing(imported: Paper) -> None:
    ImportedRecord.objects.all().delete()
    Paper.objects.filter(pk=imported.pk).update(title="Corrected", title_latex="Corrected", section="")
    Author.objects.filter(family="Lewis").update(email="mike@a.example")
    file = bib(paper("lewis25", more=",\n section = {Talks}"), paper("li25", "Another", "Li, Yi"))

    plan = bring_in(file)

    assert origins(plan) == [("lewis25", "title", Origin.BOTH), ("lewis25", "section", Origin.FILE)]
    imported.refresh_from_db()
    assert (imported.title, imported.section) == ("Corrected", "Talks")
    assert ImportedRecord.objects.count() == 3


def test_a_volume_without_memory_learns_from_a_file_that_changes_nothing(imported: Paper) -> None:
    ImportedRecord.objects.all().delete()
    file = bib(paper("lewis25"), paper("li25", "Another", "Li, Yi"))

    plan = bring_in(file)

    assert (plan.changes_anything, plan.remembers_anything) == (False, True)
    assert not make_plan(file).remembers_anything


def test_fields_of_the_volume_survive_too(imported: Paper) -> None:
    Volume.objects.update(address="Oslo", extra={"conference_number": "8", "note": "ours"})
    file = bib(paper("lewis25"), paper("li25", "Another", "Li, Yi"), volume=VOLUME.replace("TEST},", "TRIAL},"))

    plan = bring_in(file)

    assert [(one.field, one.origin) for one in plan.volume_differences] == [
        ("shortname", Origin.FILE),
        ("address", Origin.HERE),
        ("extra.conference_number", Origin.HERE),
        ("extra.note", Origin.HERE),
    ]
    volume = Volume.objects.get()
    assert (volume.shortname, volume.address, volume.extra["note"]) == ("TRIAL", "Oslo", "ours")


def test_a_name_corrected_here_keeps_its_details_and_stays(imported: Paper) -> None:
    rows = table("lewis25,mike@a.example,Mike Lewis")
    bring_in(bib(paper("lewis25"), paper("li25", "Another", "Li, Yi")), rows)
    Author.objects.filter(family="Lewis").update(family="Lewis-Smith", given="Michael")

    plan = bring_in(bib(paper("lewis25"), paper("li25", "Another", "Li, Yi")), rows)

    assert origins(plan) == [("lewis25", "authors", Origin.HERE)]
    author = Author.objects.get(family="Lewis-Smith")
    assert (author.email, author.is_corresponding) == ("mike@a.example", True)


def test_an_address_corrected_here_is_not_set_back_by_the_same_table(imported: Paper) -> None:
    file, rows = bib(paper("lewis25"), paper("li25", "Another", "Li, Yi")), table("lewis25,mike@a.example,Mike Lewis")
    bring_in(file, rows)
    Author.objects.filter(family="Lewis").update(email="new@a.example")

    assert origins(bring_in(file, rows)) == [("lewis25", "contact", Origin.HERE)]
    assert Author.objects.get(family="Lewis").email == "new@a.example"
    asked = bring_in(file, table("lewis25,third@a.example,Mike Lewis"))
    assert origins(asked) == [("lewis25", "contact", Origin.BOTH)]
    assert Author.objects.get(family="Lewis").email == "new@a.example"


def test_a_field_that_cannot_be_read_replaces_nothing(imported: Paper) -> None:
    file = bib(paper("lewis25", "", author="", pages="unknown"), paper("li25", "Another", "Li, Yi"))

    plan = bring_in(file)

    assert origins(plan) == [("lewis25", "pages", Origin.BOTH)]  # an error in the file is asked about
    imported.refresh_from_db()
    assert (imported.title, imported.pages, imported.authors.count()) == ("A Title", "1--10", 2)
    assert not Volume.objects.get().leftovers.exists()  # nothing was in the file


# --- keys and order


def renamed() -> Source:
    return bib(paper("lewis25a"), paper("li25", "Another", "Li, Yi"), paper("lewis25b", "Third"))


def test_a_new_key_is_a_proposal(imported: Paper) -> None:
    plan = bring_in(renamed())

    assert next((one.key, one.renamed_from, one.pk) for one in plan.papers) == ("lewis25a", "lewis25", imported.pk)
    assert Paper.objects.get(pk=imported.pk).key == "lewis25"
    assert Paper.objects.count() == 3
    assert origins(bring_in(renamed())) == [("lewis25a", "key", Origin.FILE)]


@pytest.mark.parametrize(("choice", "key"), [(Choice.TAKE, "lewis25a"), (Choice.KEEP, "lewis25")])
def test_a_new_key_is_accepted_or_rejected_once(imported: Paper, choice: Choice, key: str) -> None:
    apply(make_plan(renamed()), choose=lambda *_: choice)

    assert Paper.objects.get(pk=imported.pk).key == key
    again = make_plan(renamed())
    assert [one.change for one in again.papers] == [Change.UNCHANGED] * 3
    assert (again.gone, again.changes_anything, again.remembers_anything) == ((), False, False)


def test_a_key_changed_here_stays(imported: Paper) -> None:
    Paper.objects.filter(pk=imported.pk).update(key="smith25")

    plan = bring_in(bib(paper("lewis25", "New Title"), paper("li25", "Another", "Li, Yi")))

    assert origins(plan) == [("lewis25", "title", Origin.FILE), ("lewis25", "key", Origin.HERE)]
    imported.refresh_from_db()
    assert (imported.key, imported.title) == ("smith25", "New Title")


def test_the_key_that_the_publisher_has_stays(imported: Paper) -> None:
    Paper.objects.filter(pk=imported.pk).update(delivered_key="lewis25")

    plan = make_plan(renamed())
    apply(plan, choose=lambda *_: Choice.TAKE)

    assert "is lewis25 at the publisher" in plan.findings[0].message
    assert Paper.objects.get(pk=imported.pk).key == "lewis25"
    assert not make_plan(renamed()).remembers_anything


def test_two_papers_may_swap_keys(imported: Paper) -> None:
    file = bib(paper("li25"), paper("lewis25", "Another", "Li, Yi"))

    apply(make_plan(file), choose=lambda *_: Choice.TAKE)

    assert dict(Paper.objects.values_list("key", "title")) == {"li25": "A Title", "lewis25": "Another"}
    assert Paper.objects.get(pk=imported.pk).key == "li25"


def test_a_new_paper_does_not_take_the_key_of_one_that_keeps_it(imported: Paper) -> None:
    others = paper("lewis25", "Quite Another", "Stranger, Eve")
    file = bib(paper("lewis25a"), paper("li25", "Another", "Li, Yi"), others)

    apply(make_plan(file), choose=lambda *_: Choice.KEEP)
    assert sorted(Paper.objects.values_list("key", flat=True)) == ["lewis25", "li25"]

    leftover = Volume.objects.get().leftovers.get()
    assert (leftover.paper, leftover.text) == ("lewis25", others.strip())
    Paper.objects.filter(pk=imported.pk).update(key="lewis25a")
    apply(make_plan(file))
    assert sorted(Paper.objects.values_list("key", flat=True)) == ["lewis25", "lewis25a", "li25"]
    leftover.refresh_from_db()
    assert (leftover.resolution, leftover.resolved_by) == ("imported", "import of v.bib")


def in_order() -> list[str]:
    return list(Paper.objects.order_by("position", "key").values_list("key", flat=True))


def order_of(plan: Plan) -> list[Origin]:
    return [one.origin for one in plan.volume_differences if one.field == "order"]


def three(*keys: str) -> Source:
    return bib(*(paper(key, f"Title of {key}", f"Author, {key}") for key in keys))


@pytest.fixture
def ordered(db: None) -> Callable[..., None]:
    bring_in(three("a25", "b25", "c25"))

    def move(*keys: str) -> None:
        for at, key in enumerate(keys, 1):
            Paper.objects.filter(key=key).update(position=at)

    return move


def test_a_new_order_in_the_file_is_followed(ordered: Callable[..., None]) -> None:
    assert order_of(bring_in(three("c25", "a25", "b25"))) == [Origin.FILE]
    assert in_order() == ["c25", "a25", "b25"]
    assert not make_plan(three("c25", "a25", "b25")).changes_anything


def test_an_order_made_here_stays_and_new_papers_find_their_place(ordered: Callable[..., None]) -> None:
    ordered("b25", "c25", "a25")

    assert order_of(bring_in(three("a25", "new25", "b25", "c25"))) == [Origin.HERE]
    assert in_order() == ["b25", "c25", "a25", "new25"]
    assert order_of(bring_in(three("c25", "new25", "b25", "a25"))) == [Origin.BOTH]
    assert in_order() == ["b25", "c25", "a25", "new25"]


def test_papers_of_a_file_that_knows_no_other_come_last(ordered: Callable[..., None]) -> None:
    bring_in(three("late25", "later25"))

    assert in_order() == ["a25", "b25", "c25", "late25", "later25"]


def test_papers_above_all_known_ones_come_before_the_first_of_them(ordered: Callable[..., None]) -> None:
    bring_in(three("new25", "b25", "c25"))

    assert in_order() == ["a25", "new25", "b25", "c25"]
