"""The page of affiliations: similar spellings, one for all, and what an assistant may not."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from proceedings.admin.affiliations import digest
from proceedings.models import Author, Paper, Volume
from tests import make

pytestmark = pytest.mark.django_db

MIT, LONG = "MIT", "Massachusetts Institute of Technology"
SHORT = "Massachusetts Inst. of Technology"


@pytest.fixture
def volume() -> Volume:
    made = make.volume()
    for spellings in ([LONG, LONG, SHORT], [LONG, MIT, "Lab A"]):
        paper = make.paper(made)
        for position, spelling in enumerate(spellings, 1):
            Author.objects.filter(paper=paper, position=position).update(affiliation=spelling)
    return made


@pytest.fixture
def client(volume: Volume) -> Client:
    made = Client()
    made.force_login(make.editor("ed", volume))
    return made


def page_of(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/affiliations/"


def authors_of(volume: Volume, kind: str) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/authors.{kind}"


def spellings_of(volume: Volume) -> list[str]:
    rows = Author.objects.filter(paper__volume=volume).order_by("paper", "position")
    return list(rows.values_list("affiliation", flat=True))


def test_similar_spellings_are_one_group_with_their_numbers(volume: Volume, client: Client) -> None:
    page = client.get(page_of(volume)).content.decode()
    assert "3 spellings, 2 papers" in page
    assert "Lab A" not in page
    assert f'value="{digest(LONG)}" id="spelling-{digest(LONG)}" checked' in page
    assert f'value="{digest(MIT)}" id="spelling-{digest(MIT)}">' in page


def test_the_ticked_spellings_become_one_and_each_paper_says_so(volume: Volume, client: Client) -> None:
    agreement = make.agreement("issued", of=Paper.objects.order_by("pk")[0])
    data = {"to": f" {LONG}\u200b ", "spelling": [digest(LONG), digest(MIT)], "group": digest(LONG)}
    answer = client.post(page_of(volume), data, follow=True)
    assert (
        "Authors with “Massachusetts Institute of Technology” instead of “MIT”: 1, in 1 papers."
        in answer.content.decode()
    )
    assert spellings_of(volume) == [LONG, LONG, SHORT, LONG, LONG, "Lab A"]
    (entry,) = LogEntry.objects.all()
    assert (entry.object_id, entry.user.username) == (str(Paper.objects.order_by("pk")[1].pk), "ed")
    assert entry.change_message == "Affiliation “Massachusetts Institute of Technology” instead of “MIT”."
    agreement.refresh_from_db()
    assert (agreement.status, list(make.history(agreement))) == ("issued", ["draft", "issue"])


def test_another_volume_is_not_touched(volume: Volume, client: Client) -> None:
    other = make.volume(300)
    make.paper(other)
    Author.objects.filter(paper__volume=other).update(affiliation=MIT)
    client.post(page_of(volume), {"to": LONG, "spelling": [digest(MIT)], "group": "x"})
    assert spellings_of(other) == [MIT] * 3


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"to": " \u200b", "spelling": digest(MIT)}, "Type or choose the spelling to use."),
        ({"to": "x" * 301, "spelling": digest(MIT)}, "longer than 300 characters"),
        ({"to": LONG}, "Tick the spellings to replace."),
        ({"to": MIT, "spelling": digest(MIT)}, "Tick the spellings to replace."),
        ({"to": LONG, "spelling": "0" * 24}, "An affiliation changed while this page was open."),
        ({}, "Type or choose the spelling to use."),
    ],
)
def test_a_mistake_changes_nothing_and_shows_what_was_sent(
    data: dict[str, str], why: str, volume: Volume, client: Client
) -> None:
    before = spellings_of(volume)
    answer = client.post(page_of(volume), {"group": digest(LONG), **data})
    assert answer.status_code == 400
    assert why in answer.content.decode()
    assert spellings_of(volume) == before


def test_a_search_groups_what_it_finds(volume: Volume, client: Client) -> None:
    page = client.get(page_of(volume), {"q": "lab"}).content.decode()
    assert "1 spelling, 1 paper<" in page
    assert "No spelling contains “nowhere”." in client.get(page_of(volume), {"q": "nowhere"}).content.decode()


def test_an_empty_volume_says_what_to_do(client: Client, volume: Volume) -> None:
    Author.objects.update(affiliation="")
    assert "No affiliations yet." in client.get(page_of(volume)).content.decode()
    Author.objects.filter(position=1).update(affiliation="Lab A")
    assert "No similar spellings." in client.get(page_of(volume)).content.decode()


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_an_editor_downloads_the_authors(kind: str, volume: Volume, client: Client) -> None:
    answer = client.get(authors_of(volume, kind))
    assert answer["Content-Disposition"] == f'attachment; filename="v247-authors.{kind}"'
    assert b"Massachusetts" in answer.content
    assert client.post(authors_of(volume, kind)).status_code == 405


def test_an_assistant_reads_and_a_stranger_sees_nothing(volume: Volume) -> None:
    assistant, stranger = make.editor("helper"), make.editor("other", make.volume(300))
    volume.assistants.add(assistant)
    client = Client()
    client.force_login(assistant)
    page = client.get(page_of(volume)).content.decode()
    assert "3 spellings, 2 papers" in page
    assert 'name="spelling"' not in page
    assert client.post(page_of(volume), {"to": LONG, "spelling": digest(MIT)}).status_code == 403
    assert client.get(authors_of(volume, "json")).status_code == 200
    client.force_login(stranger)
    for address in (page_of(volume), authors_of(volume, "csv")):
        assert client.get(address).status_code == 404


def test_the_queries_do_not_grow_with_the_groups(
    volume: Volume, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        paper = make.paper(volume, key=f"more{number}26")
        for position, spelling in enumerate(
            (f"University of Place{chr(97 + number)}x{number}", f"Univ. Place{chr(97 + number)}x{number}"), 1
        ):
            Author.objects.filter(paper=paper, position=position).update(affiliation=spelling)
    with django_assert_max_num_queries(12):
        page = client.get(page_of(volume)).content.decode()
    assert "Page 1 of 2, 31 groups" in page
