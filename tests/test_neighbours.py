"""The other volume beside the tests of risky packages."""

import pytest

from agreements import lifecycle
from agreements.domain.states import Status
from agreements.models import Agreement
from proceedings.models import Paper
from tests import make, neighbours


@pytest.mark.django_db
def test_the_other_volume_has_namesakes_and_a_paper_in_every_state(neighbour_tables: list[neighbours.Table]) -> None:
    with neighbours.beside(neighbour_tables):
        own = make.paper()
        theirs = Paper.objects.filter(volume__number=neighbours.NUMBER)
        assert theirs.filter(key=own.key, title=own.title, authors__family="Lewis").exists()
        assert set(Agreement.objects.values_list("status", flat=True)) == set(Status)


@pytest.mark.django_db
def test_a_test_may_change_it(neighbour_tables: list[neighbours.Table]) -> None:
    with neighbours.beside(neighbour_tables):
        Agreement.objects.update(next_check_at=None)


@pytest.mark.django_db
def test_our_code_may_not_change_it(neighbour_tables: list[neighbours.Table]) -> None:
    def void() -> None:
        with neighbours.beside(neighbour_tables):
            draft = Agreement.objects.get(status=Status.DRAFT)
            lifecycle.void(draft, reason="A mistake.", by="editor:ed", now=neighbours.THEN)

    with pytest.raises(AssertionError, match="agreements_agreement of another volume, v9001, was changed"):
        void()
