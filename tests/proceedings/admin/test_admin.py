"""Volumes, papers and authors in the admin: what forms accept, and who may change what."""

from typing import Any

import pytest
from django.test import Client

from proceedings.models import Author, Paper, User, Volume
from tests import make
from tests.agreements.pages import fields_of

pytestmark = pytest.mark.django_db


def client_for(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def volume() -> Volume:
    return make.volume()


@pytest.fixture
def editor_client(volume: Volume) -> Client:
    return client_for(make.editor("ed", volume))


def page_of(paper: Paper) -> str:
    return f"/admin/proceedings/paper/{paper.pk}/change/"


def save(editor_client: Client, url: str, **changes: str) -> Any:
    """Opens the page, changes some fields, saves. An empty text clears a checkbox."""
    fields = fields_of(editor_client.get(url)) | changes
    return editor_client.post(
        url, {name: text for name, text in fields.items() if text or not name.endswith("is_corresponding")}
    )


def authors_of(paper: Paper) -> list[tuple[str, bool, str]]:
    return [(author.display, author.is_corresponding, author.email) for author in paper.authors.order_by("position")]


# --- several authors at once


def test_saving_without_a_change_changes_nothing(editor_client: Client, volume: Volume) -> None:
    paper = make.paper(volume)
    before = authors_of(paper), list(Author.objects.values())
    assert save(editor_client, page_of(paper)).status_code == 302
    assert (authors_of(paper), list(Author.objects.values())) == before


def test_two_authors_change_places_in_one_save(editor_client: Client, volume: Volume) -> None:
    paper = make.paper(volume)
    assert (
        save(editor_client, page_of(paper), **{"authors-0-position": "2", "authors-1-position": "1"}).status_code == 302
    )
    assert [name for name, _, _ in authors_of(paper)] == ["Shruti Bhosale", "Mike Lewis", "Tim Dettmers"]


def test_the_whole_order_is_reversed_and_the_contact_moves_in_one_save(editor_client: Client, volume: Volume) -> None:
    paper = make.paper(volume)
    changes = {"authors-0-position": "3", "authors-2-position": "1", "authors-0-is_corresponding": ""}
    changes |= {"authors-2-is_corresponding": "on", "authors-2-email": "tim@example.org"}
    assert save(editor_client, page_of(paper), **changes).status_code == 302
    assert authors_of(paper) == [
        ("Tim Dettmers", True, "tim@example.org"),
        ("Shruti Bhosale", False, ""),
        ("Mike Lewis", False, "mike@example.org"),
    ]


def test_an_author_goes_and_another_takes_the_place(editor_client: Client, volume: Volume) -> None:
    paper = make.paper(volume)
    changes = {
        "authors-0-DELETE": "on",
        "authors-1-position": "1",
        "authors-2-position": "2",
        "authors-TOTAL_FORMS": "4",
    }
    changes |= {
        "authors-3-position": "3",
        "authors-3-family": "Zettlemoyer",
        "authors-3-given": "Luke",
        "authors-3-id": "",
    }
    changes |= {
        "authors-3-paper": str(paper.pk),
        "authors-3-email": "luke@example.org",
        "authors-3-is_corresponding": "on",
    }
    assert save(editor_client, page_of(paper), **changes).status_code == 302
    assert authors_of(paper) == [
        ("Shruti Bhosale", False, ""),
        ("Tim Dettmers", False, ""),
        ("Luke Zettlemoyer", True, "luke@example.org"),
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"authors-1-position": "1"}, "Two authors have the same position."),
        (
            {"authors-1-is_corresponding": "on", "authors-1-email": "s@example.org"},
            "Several corresponding authors are ticked.",
        ),
        ({"authors-0-email": ""}, "The corresponding author has no email address."),
        ({"authors-0-family": ""}, "This field is required."),
        ({"authors-1-orcid": "0000"}, "is not an ORCID iD: write 16 digits"),
        ({"authors-1-orcid": "0000-0002-1825-0098"}, "its check digit is wrong"),
        ({"key": "../../etc/passwd"}, "Use ASCII letters, digits and hyphens"),
        ({"title": ""}, "This field is required."),
        ({"extra": "a"}, "“a” is not in the form name = text."),
        ({"extra": "= a"}, "“= a” is not in the form name = text."),
        ({"extra": "a = 1\na = 2"}, "“a” appears twice"),
    ],
)
def test_invalid_input_is_rejected_with_a_message_and_changes_nothing(
    changes: dict[str, str], words: str, editor_client: Client, volume: Volume
) -> None:
    paper = make.paper(volume)
    before = authors_of(paper), Paper.objects.values().get()
    answer = save(editor_client, page_of(paper), **changes)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert (authors_of(paper), Paper.objects.values().get()) == before


@pytest.mark.parametrize("typed", ["https://orcid.org/0000-0002-1694-233X", "000000021694233x", "0000-0002-1694-233X/"])
def test_an_orcid_is_stored_in_its_usual_form(typed: str, editor_client: Client, volume: Volume) -> None:
    paper = make.paper(volume)
    assert save(editor_client, page_of(paper), **{"authors-1-orcid": typed}).status_code == 302
    assert Author.objects.get(paper=paper, position=2).orcid == "0000-0002-1694-233X"


def test_a_wrong_orcid_from_before_stops_no_other_change(editor_client: Client, volume: Volume) -> None:
    paper = make.paper(volume)
    Author.objects.filter(paper=paper, position=2).update(orcid="0000-0002-1825-0098")
    assert save(editor_client, page_of(paper), **{"authors-1-affiliation": "Lab A"}).status_code == 302
    changed = Author.objects.get(paper=paper, position=2)
    assert (changed.orcid, changed.affiliation) == ("0000-0002-1825-0098", "Lab A")


def test_the_page_of_a_paper_says_wrong_ids_and_another_licence(editor_client: Client, volume: Volume) -> None:
    paper = make.paper(volume, licence="CC BY-NC 4.0")
    Author.objects.filter(paper=paper, position=2).update(orcid="0000-0002-1825-0098")
    page = editor_client.get(page_of(paper)).content.decode()
    assert "is not an ORCID iD, because its check digit is wrong" in page
    assert "states &#x27;CC BY-NC 4.0&#x27;, but the agreement grants CC BY 4.0" in page


def test_an_address_of_openreview_is_stored_as_the_bare_id(editor_client: Client, volume: Volume) -> None:
    paper = make.paper(volume)
    fields = {"extra": "openreview = https://openreview.net/forum?id=AbC_1-x\nvideo = https://v.example/1"}
    assert save(editor_client, page_of(paper), **fields).status_code == 302
    paper.refresh_from_db()
    assert paper.extra == {"openreview": "AbC_1-x", "video": "https://v.example/1"}


def test_an_author_of_a_foreign_paper_cannot_be_taken_over(editor_client: Client, volume: Volume) -> None:
    own, foreign = make.paper(volume), make.paper(make.volume(300))
    theirs = foreign.authors.first()
    assert theirs
    before = list(Author.objects.order_by("pk").values())
    answer = save(editor_client, page_of(own), **{"authors-0-id": str(theirs.pk)})
    assert "The authors changed while this page was open." in answer.content.decode()
    assert list(Author.objects.order_by("pk").values()) == before


def test_an_author_who_came_in_meanwhile_is_not_pushed_aside(editor_client: Client, volume: Volume) -> None:
    paper = make.paper(volume)
    fields = fields_of(editor_client.get(page_of(paper)))
    Author.objects.create(paper=paper, position=4, family="Zettlemoyer")
    answer = editor_client.post(page_of(paper), fields)
    assert "The authors changed while this page was open." in answer.content.decode()
    assert [name for name, _, _ in authors_of(paper)][-1] == "Zettlemoyer"
    assert authors_of(paper)[0] == ("Mike Lewis", True, "mike@example.org")


def test_authors_cannot_be_sent_to_a_foreign_paper(editor_client: Client, volume: Volume) -> None:
    own, foreign = make.paper(volume), make.paper(make.volume(300))
    save(editor_client, page_of(own), **{f"authors-{row}-paper": str(foreign.pk) for row in range(3)})
    assert own.authors.count() == 3
    assert foreign.authors.count() == 3


# --- papers


def new_paper(volume: Volume) -> dict[str, str]:
    return {
        "volume": str(volume.pk),
        "key": "new26",
        "title": "New",
        "title_latex": "New",
        "position": "9",
        "status": "accepted",
        "extra": "",
        "authors-TOTAL_FORMS": "0",
        "authors-INITIAL_FORMS": "0",
    }


def test_an_editor_adds_a_paper_to_the_own_volume_only(editor_client: Client, volume: Volume) -> None:
    foreign = make.volume(300)
    answer = editor_client.post("/admin/proceedings/paper/add/", new_paper(foreign))
    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()
    assert not foreign.papers.exists()
    assert editor_client.post("/admin/proceedings/paper/add/", new_paper(volume)).status_code == 302
    assert volume.papers.get().key == "new26"


def test_s03_no_post_moves_a_paper_into_another_volume(editor_client: Client, volume: Volume) -> None:
    paper, foreign = make.paper(volume), make.volume(300)
    assert save(editor_client, page_of(paper), volume=str(foreign.pk)).status_code == 302
    paper.refresh_from_db()
    assert paper.volume == volume


def test_the_choice_of_volumes_names_the_editors_own_alone(editor_client: Client, volume: Volume) -> None:
    make.volume(300)
    page = editor_client.get("/admin/proceedings/paper/add/").content.decode()
    assert str(volume) in page
    assert "v300" not in page


# --- volumes


def volume_page(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/change/"


def test_s04_an_editor_appoints_no_editor_and_keeps_the_number(editor_client: Client, volume: Volume) -> None:
    friend = make.editor("friend")
    answer = save(editor_client, volume_page(volume), number="999", editors=str(friend.pk), name="Renamed")
    assert answer.status_code == 302
    volume.refresh_from_db()
    assert (volume.number, volume.name) == (247, "Renamed")
    assert [user.username for user in volume.editors.all()] == ["ed"]


def test_a_superuser_appoints_editors(volume: Volume) -> None:
    superuser = client_for(User.objects.create_superuser("boss"))
    friend = make.editor("friend")
    assert save(superuser, volume_page(volume), editors=str(friend.pk)).status_code == 302
    assert list(volume.editors.all()) == [friend]


def test_lists_and_tables_are_written_a_line_each(editor_client: Client, volume: Volume) -> None:
    lines = {"editor_names": "Agrawal, Shipra\r\n\r\n Roth, Aaron ", "sections": "Talks\nPosters", "extra": "a = b = c"}
    assert save(editor_client, volume_page(volume), **lines).status_code == 302
    volume.refresh_from_db()
    assert volume.editor_names == ["Agrawal, Shipra", "Roth, Aaron"]
    assert volume.sections == ["Talks", "Posters"]
    assert volume.extra == {"a": "b = c"}
    page = editor_client.get(volume_page(volume)).content.decode()
    assert "Agrawal, Shipra\nRoth, Aaron</textarea>" in page
    assert "a = b = c</textarea>" in page
    assert save(editor_client, volume_page(volume)).status_code == 302  # unchanged
    assert volume.editor_names == Volume.objects.get(pk=volume.pk).editor_names


@pytest.mark.parametrize("field", ["editor_names", "sections", "extra"])
def test_an_emptied_field_is_an_empty_list_or_table(field: str, editor_client: Client, volume: Volume) -> None:
    assert save(editor_client, volume_page(volume), **{field: ""}).status_code == 302
    volume.refresh_from_db()
    assert getattr(volume, field) in ([], {})


def test_a_conference_ends_after_it_starts(editor_client: Client, volume: Volume) -> None:
    answer = save(editor_client, volume_page(volume), start="2026-07-03", end="2026-07-01")
    assert "The last day of the conference is before its first day." in answer.content.decode()


# --- access to the admin


def test_s05_losing_a_volume_takes_effect_on_the_next_request(editor_client: Client, volume: Volume) -> None:
    paper = make.paper(volume)
    assert editor_client.get(page_of(paper)).status_code == 200
    volume.editors.clear()
    for path in (page_of(paper), volume_page(volume), "/admin/proceedings/paper/", "/admin/proceedings/volume/"):
        assert editor_client.get(path).status_code in (403, 404)
    assert paper.title not in editor_client.get("/admin/").content.decode()


def test_the_front_page_names_nothing_that_an_editor_did_on_a_lost_volume(
    editor_client: Client, volume: Volume
) -> None:
    paper = make.paper(volume)
    save(editor_client, page_of(paper), title="Renamed by ed")
    assert "Changed Title." in editor_client.get(f"/admin/proceedings/paper/{paper.pk}/history/").content.decode()
    volume.editors.clear()
    make.volume(300).editors.add(User.objects.get(username="ed"))
    assert "Renamed by ed" not in editor_client.get("/admin/").content.decode()
    assert editor_client.get(f"/admin/proceedings/paper/{paper.pk}/history/").status_code == 404


def test_a_disabled_editor_is_out_at_once(editor_client: Client, volume: Volume) -> None:
    User.objects.filter(username="ed").update(is_active=False)
    answer = editor_client.get("/admin/proceedings/paper/")
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]
