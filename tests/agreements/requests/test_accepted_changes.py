"""What an accepted change request writes: into its own paper, to the right authors, whatever their names."""

import pytest

from agreements.models import ChangeRequest, NonAuthorSigner
from agreements.requests import change_requests
from proceedings.models import Author, Paper
from tests import make
from tests.make import DAY, NOW

pytestmark = pytest.mark.django_db

LATER = NOW + DAY


def authors_of(paper: Paper) -> list[tuple[str, str]]:
    rows = Author.objects.filter(paper=paper).order_by("position")
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    return [(row.display, row.email) for row in rows]


def test_the_non_author_signer_is_for_the_right_paper() -> None:
    other = make.agreement(of=make.paper(contact="first@example.org"))
    agreement = make.agreement()
    change_requests.accept(make.request_other_signer(agreement), by="editor:ed", now=LATER)
    assert NonAuthorSigner.objects.get(named_at=LATER).author.paper_id == agreement.paper_id
    other.refresh_from_db()
    assert other.status == "issued"


def test_another_signer_changes_the_corresponding_author_of_the_right_paper_only() -> None:
    other = make.paper(contact="first@example.org")
    agreement = make.agreement()
    author = agreement.paper.authors.get(position=2)
    wanted = {"name": author.display, "email": "shruti@example.org", "author": author.pk}
    made = change_requests.request_change(agreement, ChangeRequest.Kind.SIGNER, wanted, note="", now=NOW)
    change_requests.accept(made, by="editor:ed", now=LATER)
    chosen = Author.objects.filter(is_corresponding=True, paper__in=[other, agreement.paper]).order_by("paper_id")
    assert list(chosen.values_list("paper", "position", "email")) == [
        (other.pk, 1, "first@example.org"),
        (agreement.paper_id, 2, "shruti@example.org"),
    ]


def test_authors_in_the_middle_leave_the_list() -> None:
    paper = make.paper()
    for position, (given, family) in enumerate((("Ada", "Byron"), ("Emmy", "Noether")), start=4):
        Author.objects.create(paper=paper, position=position, given=given, family=family)
    made = make.change_request(make.agreement(of=paper), authors=["Mike Lewis", "Ada Byron", "Emmy Noether"])
    change_requests.accept(made, by="editor:ed", now=LATER)
    assert [name for name, _ in authors_of(paper)] == ["Mike Lewis", "Ada Byron", "Emmy Noether"]


def test_a_text_that_no_parser_takes_for_a_name_is_kept_as_a_family_name() -> None:
    agreement = make.agreement()
    made = make.change_request(agreement, authors=["Mike Lewis", "Group,of,four,people"])
    change_requests.accept(made, by="editor:ed", now=LATER)
    assert authors_of(agreement.paper) == [("Mike Lewis", "mike@example.org"), ("Group,of,four,people", "")]


def test_two_authors_of_one_family_name_keep_their_addresses() -> None:
    """Given names in another order: the same words say who is who, before the family name is looked at alone."""
    paper = make.paper()
    for position, given in ((2, "Ann Marie"), (3, "Hung Yi")):
        email = f"{given.split()[0].lower()}@example.org"
        Author.objects.filter(paper=paper, position=position).update(given=given, family="Lee", email=email)
    made = make.change_request(make.agreement(of=paper), authors=["Mike Lewis", "Yi Hung Lee", "Marie Ann Lee"])
    change_requests.accept(made, by="editor:ed", now=LATER)
    assert authors_of(paper) == [
        ("Mike Lewis", "mike@example.org"),
        ("Yi Hung Lee", "hung@example.org"),
        ("Marie Ann Lee", "ann@example.org"),
    ]


def test_namesakes_of_two_papers_are_two_people() -> None:
    agreement, other = make.agreement(), make.agreement()
    make.coauthor(other, 2, email="the-other-shruti@example.org")
    made = make.change_request(agreement, authors=["Mike Lewis", "Bhosale Shruti"])
    change_requests.accept(made, by="editor:ed", now=LATER)
    assert authors_of(agreement.paper) == [("Mike Lewis", "mike@example.org"), ("Bhosale Shruti", "")]
    assert authors_of(other.paper) == [
        ("Mike Lewis", "mike@example.org"),
        ("Shruti Bhosale", "the-other-shruti@example.org"),
        ("Tim Dettmers", ""),
    ]
