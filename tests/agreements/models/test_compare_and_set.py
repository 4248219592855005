"""Reading, changing and adding one row: the same as Django's statements, and never through another table."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from agreements.models import Agreement, Event, Message, compare_and_set
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "state": st.sampled_from(["pending", "failed", "skipped"]),
    "closed": st.booleans(),
    "attempts": st.integers(0, 9),
    "claim": st.one_of(st.none(), st.uuids()),
    "lease_until": st.one_of(st.none(), st.integers(0, 10**9).map(lambda n: NOW + timedelta(microseconds=n))),
    "error": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
}


@pytest.fixture
def message() -> Message:
    return make.invitation(make.agreement("issued"))


def test_a_change_writes_what_django_writes(message: Message) -> None:
    one, other = message, make.invitation(make.agreement("issued", of=make.paper(contact="ada@example.org")))

    @given(st.fixed_dictionaries(VALUES))
    def same(columns: dict[str, Any]) -> None:
        Message.objects.filter(pk=one.pk).update(**columns)
        assert compare_and_set.update_row(Message, other.pk, expected={}, values=columns)
        as_stored = Message.objects.order_by("pk").values_list(*columns)
        assert as_stored[0] == as_stored[1]
        # The values that Django wrote match in SQL, as far as SQL can compare them.
        old = {name: value for name, value in columns.items() if value is not None}
        assert compare_and_set.update_row(Message, one.pk, expected=old, values={"attempts": 1})

    same()


@pytest.mark.parametrize(
    "wrong",
    [{"state": "sent"}, {"closed": True}, {"state": ("sent", "unknown")}, {"claim": uuid.uuid4()}, {"attempts": 3}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_row_that_is_not_as_expected_stays_as_it_is(message: Message, wrong: dict[str, Any]) -> None:
    assert not compare_and_set.update_row(
        Message, message.pk, expected={"state": "pending", **wrong}, values={"error": "mine"}
    )
    message.refresh_from_db()
    assert message.error == ""


def test_one_of_several_old_values_is_enough_and_no_other_row_is_touched(message: Message) -> None:
    make.agreement("issued")
    assert compare_and_set.update_row(
        Message, message.pk, expected={"state": ("pending", "claimed")}, values={"error": "mine"}
    )
    assert list(Message.objects.filter(error="mine")) == [message]


@pytest.mark.parametrize("where", [{"agreement__status": "issued"}, {"nothing": 1}, {"links": 1}])
def test_a_column_of_another_table_cannot_be_named(message: Message, where: dict[str, Any]) -> None:
    with pytest.raises(FieldDoesNotExist):
        compare_and_set.update_row(Message, message.pk, expected=where, values={"error": "mine"})


def test_what_is_added_is_read_back_as_it_was(message: Message) -> None:
    agreement = message.agreement
    data = {"words": "“ja” \\ 'nein'", "n": [1, None, True]}
    columns = {"agreement": agreement.pk, "number": 99, "kind": "remind", "at": NOW, "by": "clock", "data": data}
    compare_and_set.insert_row(Event, columns | {"previous": "", "digest": "x"})
    event = Event.objects.get(number=99)
    assert (event.agreement_id, event.kind, event.at, event.data) == (agreement.pk, "remind", NOW, data)


def test_held_rows_come_in_the_order_of_their_keys(message: Message) -> None:
    other = make.invitation(make.agreement("issued"))
    with transaction.atomic():
        held = compare_and_set.lock_rows(Message, [other.pk, message.pk, 10**9], "id", "recipient")
    assert held == [(message.pk, message.recipient), (other.pk, other.recipient)]


def test_each_statement_is_built_once(message: Message) -> None:
    compare_and_set.build_update.cache_clear()
    for number in range(5):
        compare_and_set.update_row(Message, message.pk, expected={"closed": False}, values={"attempts": number})
    assert (compare_and_set.build_update.cache_info().misses, compare_and_set.build_update.cache_info().hits) == (1, 4)
    assert connection.vendor in ("sqlite", "postgresql"), "both quote names in the same way"


def test_no_rows_can_be_locked() -> None:
    assert compare_and_set.lock_rows(Agreement, [], "id") == []
