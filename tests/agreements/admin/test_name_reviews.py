"""Doubtful names: asked once, settled by a person, remembered by the next import."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from agreements.dashboard import overview
from agreements.dashboard.blockers import Blocker
from agreements.delivery import readiness
from agreements.jobs import issue_many
from proceedings.bibtex.names import Name, NotANameError
from proceedings.bibtex.source import Source
from proceedings.delivery.volume_check import check_rows
from proceedings.importing import name_review
from proceedings.importing.formats import Format, open_export, read_export
from proceedings.importing.plan import Change
from proceedings.importing.planner import apply, make_plan, make_table_plan
from proceedings.models import Author, NameReview, Paper, Volume
from tests import make
from tests.agreements.editors import BOOKKEEPING, Roles, client_for
from tests.agreements.pages import all_rows
from tests.proceedings.bib_files import VOLUME, bib, bring_in, paper

pytestmark = pytest.mark.django_db

OWN_VOLUME = VOLUME.replace("{901}", "{247}")
EXPORT = "Paper ID,Paper Title,Abstract,Author Names\n7,On Training,We train.,{}\n"


def take(volume: Volume, *names: str) -> Any:
    text = EXPORT.format("; ".join(names))
    plan = make_table_plan(read_export(open_export(Source("cmt.csv", text), Format.CMT)), "cmt.csv", volume)
    apply(plan)
    return plan


def names_of(volume: Volume) -> list[Name]:
    return [author.name for author in Author.objects.filter(paper__volume=volume).order_by("paper", "position")]


def page_of(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/names/"


def test_a_name_that_was_guessed_is_asked_about_once() -> None:
    volume = make.volume()
    names = ("Mike Cruz Lewis", "Sara Berg Jr.", "Tim Dettmers", "Jean de la Fontaine")
    take(volume, *names)
    take(volume, *names)
    assert [str(question) for question in name_review.open_reviews(volume)] == ["Sara Berg Jr.", "Mike Cruz Lewis"]


def test_an_answer_holds_for_all_papers_of_the_volume_and_for_later_imports() -> None:
    volume = make.volume()
    take(volume, "Yee Garcia Teh", "Mike Cruz Lewis")
    asked = NameReview.objects.get(family="Teh")
    assert name_review.resolve(asked, Name("Garcia Teh", "Yee"), by="ed", now=make.NOW) == 1
    assert names_of(volume)[0] == Name("Garcia Teh", "Yee")
    again = take(volume, "Yee Garcia Teh", "Mike Cruz Lewis")
    assert again.counts[Change.UNCHANGED] == 1
    assert names_of(volume)[0] == Name("Garcia Teh", "Yee")
    assert "Yee Garcia Teh" not in [str(one) for one in name_review.open_reviews(volume)]


def test_what_another_volume_resolved_is_not_used() -> None:
    one, other = make.volume(), make.volume(300)
    take(one, "Yee Garcia Teh")
    name_review.resolve(NameReview.objects.get(), Name("Garcia Teh", "Yee"), by="ed", now=make.NOW)
    take(other, "Yee Garcia Teh")
    assert names_of(other) == [Name("Teh", "Yee Garcia")]
    assert name_review.open_reviews(other).count() == 1


def test_a_name_accepted_as_it_stands_is_not_asked_about_again() -> None:
    volume = make.volume()
    take(volume, "Mike Cruz Lewis")
    assert name_review.resolve(NameReview.objects.get(), Name("Lewis", "Mike Cruz"), by="ed", now=make.NOW) == 0
    take(volume, "Mike Cruz Lewis")
    assert not name_review.open_reviews(volume).exists()


def test_two_who_resolve_at_once_resolve_once() -> None:
    volume = make.volume()
    take(volume, "Mike Cruz Lewis")
    asked = NameReview.objects.get()
    name_review.resolve(asked, Name("Lewis", "Mike Cruz"), by="ed", now=make.NOW)
    assert name_review.resolve(asked, Name("Cruz Lewis", "Mike"), by="eve", now=make.NOW) is None
    assert names_of(volume) == [Name("Lewis", "Mike Cruz")]


def test_a_name_that_no_author_has_any_more_is_not_reviewed() -> None:
    volume = make.volume()
    take(volume, "Mike Cruz Lewis")
    Author.objects.update(given="Michael")
    assert not name_review.open_reviews(volume).exists()


def test_names_of_a_bibtex_file_are_reviewed_too() -> None:
    bring_in(bib(paper("del25", author="Prete, Andrea Del and Li, Yi")))
    asked = NameReview.objects.get()
    assert (asked.proposal, asked.grave) == ("Del Prete, Andrea", True)
    name_review.resolve(asked, Name("Del Prete", "Andrea"), by="ed", now=make.NOW)
    plan = make_plan(bib(paper("del25", author="Prete, Andrea Del and Li, Yi")))
    assert plan.counts[Change.UNCHANGED] == 1


def test_a_resolved_name_has_an_answer_and_a_name_is_reviewed_once() -> None:
    volume = make.volume()
    take(volume, "Mike Cruz Lewis")
    with pytest.raises(IntegrityError, match="resolved_name_has_answer"), transaction.atomic():
        NameReview.objects.update(resolved_at=make.NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        NameReview.objects.create(volume=volume, family="Lewis", given="Mike Cruz", reason="again")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("van der Berg, Sara", Name("Berg", "Sara", "van der")),
        ("King, Jr, Martin", Name("King", "Martin", "", "Jr")),
        ("{ESA Group}", Name("ESA Group")),
        (r"Bostr\"{o}m, Henrik", Name("Boström", "Henrik")),
        ("王, 伟", Name("王", "伟")),
    ],
)
def test_answers_are_read_as_people_write_them(text: str, name: Name) -> None:
    assert name_review.read_answer(text) == name


@pytest.mark.parametrize("text", ["", "  ", "Mike Cruz Lewis", "a, b, c, d", "x" * 300 + ", Y", ",", "{}"])
def test_what_is_no_answer_is_rejected_with_what_to_write(text: str) -> None:
    with pytest.raises(NotANameError):
        name_review.read_answer(text)


def test_a_macro_in_a_resolved_name_is_no_error_any_more() -> None:
    file = bib(paper("x25", author=r"Lewis, \Matthew"))
    bring_in(file)
    name_review.resolve(NameReview.objects.get(), Name("Lewis", "Matthew"), by="ed", now=make.NOW)

    assert make_plan(file).findings == ()
    assert not make_plan(file).changes_anything


def test_a_resolved_name_is_silent_in_every_import_check_and_overview(editor_client: Client) -> None:
    volume = make.the_volume()
    file = bib(paper("x25", author="Omar A, Yuri B and Smith, Ann, Lee and Li, Yi"), volume=OWN_VOLUME)
    bring_in(file)
    page = f"/admin/proceedings/paper/{Paper.objects.get().pk}/change/"
    assert {"doubtful-name"} == {one.rule for one in make_plan(file).findings}
    assert "it may be two people" in editor_client.get(page).content.decode()
    answers = {"A": Name("Omar A", "Yuri B"), "Smith": Name("Ann Smith", "Lee Lu")}
    for review in name_review.open_reviews(volume):
        name_review.resolve(review, answers[review.family.split(" ")[-1]], by="ed", now=make.NOW)

    plan = bring_in(file)

    assert plan.findings == ()
    assert not plan.of(Change.CHANGED)
    bring_in(bib(paper("x25", author="Omar A, Yuri B and Ann Smith, Lee Lu and Li, Yi"), volume=OWN_VOLUME))
    assert not name_review.open_reviews(volume).exists()
    assert not [one for one in check_rows(volume).findings if one.rule == "names"]
    assert "it may be two people" not in editor_client.get(page).content.decode()
    blockers = {count.blocker for count in overview.build_overview(volume, make.NOW).counts}
    assert not blockers & {Blocker.NAME, Blocker.NAME_DOUBT}


# --- what it holds up


def test_a_name_likely_misread_stops_issuing_until_it_is_resolved(editor_client: Client) -> None:
    volume = make.the_volume()
    take(volume, "Sara Berg Jr.", "Mike Cruz Lewis")
    Author.objects.filter(position=1).update(is_corresponding=True, email="s@a.example")
    papers = volume.papers.select_related("volume").prefetch_related("authors__non_author_signer", "agreements")
    data = {"action": "issue", "_selected_action": [str(papers.get().pk)]}

    page = editor_client.post("/admin/proceedings/paper/", data).content.decode()
    report = issue_many.issue(papers, by="editor:ed", now=make.NOW)

    link = f'<a href="{page_of(volume)}">Names</a>'
    assert f"An author’s name is probably wrong. Correct it under {link}" in page
    assert "<strong>0</strong> of 1 paper." in page
    assert [why for _, why in report.skipped] == [issue_many.NAME_WRONG]
    name_review.resolve(NameReview.objects.get(grave=True), Name("Berg", "Sara", "", "Jr."), by="ed", now=make.NOW)
    assert len(issue_many.issue(papers.all(), by="editor:ed", now=make.NOW).issued) == 1


@pytest.mark.parametrize(
    ("name", "blocker"), [("Mike Cruz Lewis", Blocker.NAME_DOUBT), ("Andrea Del Prete", Blocker.NAME)]
)
def test_a_guessed_name_is_on_the_overview_by_its_severity(name: str, blocker: Blocker) -> None:
    volume = make.volume()
    take(volume, name)
    assert blocker in {count.blocker for count in overview.build_overview(volume, make.NOW).counts}


def test_a_name_likely_misread_blocks_its_paper_until_it_is_resolved() -> None:
    agreement = make.agreement("sealed")
    volume = agreement.paper.volume
    Author.objects.filter(paper=agreement.paper_id, position=2).update(given="Shruti Del")
    NameReview.objects.create(
        volume=volume,
        family="Bhosale",
        given="Shruti Del",
        reason="x",
        proposal="Del Bhosale, Shruti",
        grave=True,
    )
    assert Blocker.NAME in {count.blocker for count in overview.build_overview(volume, make.NOW).counts}
    (why,) = [why for _, why in readiness.check_readiness(volume).blocked]
    assert "changed after the agreement was issued" in why
    Author.objects.filter(paper=agreement.paper_id, position=2).update(given="Shruti")
    NameReview.objects.update(given="Shruti")
    (why,) = [why for _, why in readiness.check_readiness(volume).blocked]
    assert why == "an author’s name is probably wrong: correct it on the volume’s page Names"
    name_review.resolve(NameReview.objects.get(), Name("Bhosale", "Shruti"), by="ed", now=make.NOW)
    assert readiness.check_readiness(volume).ready_agreements == [agreement]


def test_the_lists_say_it_and_filter_by_it(editor_client: Client) -> None:
    volume = make.the_volume()
    take(volume, "Mike Cruz Lewis")
    page = editor_client.get("/admin/proceedings/paper/?blocker=name-doubt").content.decode()
    assert "name to review" in page
    assert "1 paper" in page
    assert "0 papers" in editor_client.get("/admin/proceedings/paper/?blocker=name").content.decode()


# --- the page


def test_the_page_shows_every_name_to_review_with_a_suggestion(editor_client: Client) -> None:
    volume = make.the_volume()
    take(volume, "Lewis. Mike", "Tim Cruz Dettmers")
    page = editor_client.get(page_of(volume)).content.decode()
    assert 'value="Mike, Lewis"' in page or 'value="Lewis, Mike"' in page
    assert "probably wrong" in page
    assert "lewis26" in page or "mike26" in page


def test_ticked_names_are_resolved_as_shown_in_their_fields(editor_client: Client) -> None:
    volume = make.the_volume()
    take(volume, "Yee Garcia Teh", "Tim Cruz Dettmers")
    teh, tim = (NameReview.objects.get(family=family) for family in ("Teh", "Dettmers"))
    data = {f"name_{teh.pk}": "Garcia Teh, Yee", f"name_{tim.pk}": "Dettmers, Tim Cruz", "settle": [str(teh.pk)]}
    answer = editor_client.post(page_of(volume), data, follow=True)
    assert "Names resolved: 1. Authors changed: 1." in answer.content.decode()
    assert names_of(volume) == [Name("Garcia Teh", "Yee"), Name("Dettmers", "Tim Cruz")]
    teh.refresh_from_db()
    assert (teh.resolved_by, teh.answer) == ("ed", "Garcia Teh, Yee")
    editor_client.post(page_of(volume), {f"name_{tim.pk}": "Dettmers, Tim Cruz", "all": "1"})
    assert not name_review.open_reviews(volume).exists()


def test_an_invalid_name_is_reported_beside_its_field_and_the_others_are_resolved(editor_client: Client) -> None:
    volume = make.the_volume()
    take(volume, "Yee Garcia Teh", "Tim Cruz Dettmers")
    teh, tim = (NameReview.objects.get(family=family) for family in ("Teh", "Dettmers"))
    answer = editor_client.post(
        page_of(volume), {f"name_{teh.pk}": "Teh Yee", f"name_{tim.pk}": "Dettmers, Tim Cruz", "all": "1"}
    )
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "“Teh Yee” has no comma" in page
    assert 'value="Teh Yee"' in page
    assert [question.family for question in name_review.open_reviews(volume)] == ["Teh"]


def test_an_agreement_that_would_no_longer_fit_is_pointed_out(editor_client: Client) -> None:
    volume = make.the_volume()
    take(volume, "Yee Garcia Teh")
    Author.objects.update(is_corresponding=True, email="teh@example.org")
    make.agreement(of=volume.papers.get())
    assert "1 has an issued agreement" in editor_client.get(page_of(volume)).content.decode()


def test_only_editors_of_the_volume_resolve(roles: Roles) -> None:
    take(roles.foreign, "Zanzibar Cruz Teh")
    asked = NameReview.objects.get()
    data = {f"name_{asked.pk}": "Zanzibar, Teh", "all": "1"}
    clients = [client_for(user) for user in (roles.editor, roles.nobody, roles.assistant)]
    before = all_rows(but=BOOKKEEPING)
    assert [client.post(page_of(roles.foreign), data).status_code for client in clients] == [404, 404, 403]
    assert "Resolve" not in clients[2].get(page_of(roles.foreign)).content.decode()
    # A question of another volume is not settled from one's own.
    clients[0].post(page_of(roles.own), data)
    assert all_rows(but=BOOKKEEPING) == before


def test_a_queue_of_any_length_is_shown_page_by_page(editor_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proceedings.admin.names.PER_PAGE", 2)
    volume = make.the_volume()
    take(volume, "Ada Cruz Byron", "Bob Cruz Carr", "Cyd Cruz Dorn")
    assert "Page 1 of 2, 3 names" in editor_client.get(page_of(volume)).content.decode()
    assert "Dorn, Cyd" in editor_client.get(f"{page_of(volume)}?p=2").content.decode()
