"""What the database rejects, for volumes, papers and authors."""

from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from proceedings.models import Author, Paper, Volume
from tests import make

pytestmark = pytest.mark.django_db

REFUSED: list[tuple[str, type[models.Model], dict[str, Any]]] = [
    ("volume_ends_after_it_starts", Volume, {"start": date(2026, 10, 7), "end": date(2026, 10, 5)}),
    ("paper_status_known", Paper, {"status": "lost"}),
    ("paper_has_title", Paper, {"title": ""}),
    ("paper_delivered_key_stays", Paper, {"delivered_key": "another26"}),
    ("paper_delivered_key_stays", Paper, {"delivered_key": "other26"}),
    ("corresponding_author_has_address", Author, {"is_corresponding": True, "email": ""}),
    ("author_has_family_name", Author, {"family": ""}),
]


@pytest.mark.parametrize(("constraint", "model", "columns"), REFUSED)
def test_a_row_that_contradicts_itself_is_rejected(
    constraint: str, model: type[models.Model], columns: dict[str, Any]
) -> None:
    make.paper()
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model._default_manager.filter(pk=row.pk).update(**columns)


@pytest.mark.parametrize(
    "columns",
    [{"start": date(2026, 10, 5), "end": date(2026, 10, 5)}, {"start": date(2026, 10, 5)}, {"end": date(2026, 1, 1)}],
)
def test_a_conference_may_last_a_day_or_have_one_date_only(columns: dict[str, Any]) -> None:
    make.volume()
    assert Volume.objects.update(**columns) == 1


def test_the_key_names_one_paper_of_a_volume() -> None:
    volume = make.volume()
    make.paper(volume, key="smith26")
    make.paper(make.volume(248), key="smith26")
    with pytest.raises(ValidationError, match="already exists"):
        make.paper(volume, key="smith26")
    with pytest.raises(IntegrityError), transaction.atomic():
        Paper.objects.create(volume=volume, key="smith26", title="T", title_latex="T")


def test_a_paper_has_one_corresponding_author_and_one_author_per_place() -> None:
    paper = make.paper()
    second = Author.objects.get(paper=paper, position=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Author.objects.filter(pk=second.pk).update(is_corresponding=True, email="s@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        Author.objects.filter(pk=second.pk).update(position=1)


def test_invalid_rows_have_readable_messages() -> None:
    paper = make.paper()
    second = Author.objects.get(paper=paper, position=2)
    second.is_corresponding = True
    with pytest.raises(ValidationError) as refused:
        second.full_clean()
    assert {
        "The corresponding author has no email address. Enter one.",
        "A paper can have only one corresponding author.",
    } <= set(refused.value.messages)


@pytest.mark.parametrize("key", ["", "../etc", "smith 26", "smith26\n", ".hidden", "größe26", "-x", "a/b", "x" * 81])
def test_a_key_that_would_make_a_bad_file_name_is_rejected(key: str) -> None:
    with pytest.raises(ValidationError):
        make.paper(key=key)


@pytest.mark.parametrize("key", ["smith26", "smith26a", "o-neil26", "smith_jones:26"])
def test_a_good_key_is_taken(key: str) -> None:
    assert make.paper(key=key).key == key


@pytest.mark.parametrize(
    ("orcid", "good"),
    [
        ("0000-0002-1825-0097", True),
        ("0000-0002-1694-233X", True),
        ("1825", False),
        ("0000-0002-1825-0098", False),
        ("0000000218250097", False),
    ],
)
def test_an_orcid_looks_like_one(orcid: str, good: bool) -> None:
    author = Author(paper=make.paper(), position=9, family="X", orcid=orcid)
    if good:
        author.full_clean()
    else:
        with pytest.raises(ValidationError, match="ORCID iD"):
            author.full_clean()


@pytest.mark.parametrize(
    "address", ["a@x.example, b@y.example", "<a@x.example> <b@y.example>", "a@x.example\nBcc: b@y.example", "nobody"]
)
def test_an_address_is_one_address(address: str) -> None:
    with pytest.raises(ValidationError):
        make.paper(contact=address)


def test_a_name_before_an_address_is_left_out() -> None:
    assert make.paper(contact="Doe, Jane <a@x.example>").authors.get(is_corresponding=True).email == "a@x.example"


def test_an_editor_has_own_volumes_and_a_superuser_all() -> None:
    mine, theirs = make.volume(247), make.volume(248)
    assert list(Volume.objects.editable_by(make.editor("ed", mine))) == [mine]
    assert set(Volume.objects.editable_by(make.editor("chief", is_superuser=True))) == {mine, theirs}


def test_a_volume_with_papers_and_a_paper_with_agreements_stay() -> None:
    agreement = make.agreement("issued")
    for row in (agreement.paper.volume, agreement.paper):
        with pytest.raises(models.ProtectedError):
            row.delete()


def test_full_names_are_in_the_usual_order() -> None:
    author = Author(given="Ludwig", particle="van", family="Beethoven", suffix="Jr")
    assert str(author) == author.display == str(author.name) == "Ludwig van Beethoven, Jr"


def test_every_check_of_the_first_three_models_is_tried_here() -> None:
    models_ = [apps.get_model("proceedings", name) for name in ("Volume", "Paper", "Author")]
    checks = {c.name for model in models_ for c in model._meta.constraints if isinstance(c, models.CheckConstraint)}
    assert checks == {name for name, *_ in REFUSED}
