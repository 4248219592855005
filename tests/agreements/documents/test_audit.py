"""The audit log: complete after every transition, and tampering is detected."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from agreements import lifecycle
from agreements.documents import audit
from agreements.models import Agreement, Event
from tests import make
from tests.make import DAY, NOW

pytestmark = pytest.mark.django_db

Tampering = Callable[[], AbstractContextManager[None]]


def findings() -> list[str]:
    return list(audit.check_all())


@pytest.mark.parametrize("status", make.ALL_STATUSES)
def test_the_chain_is_whole_wherever_an_agreement_stands(status: str) -> None:
    make.agreement(status)
    assert findings() == []


def test_each_event_covers_the_one_before() -> None:
    agreement = make.agreement("sealed")
    events = list(agreement.events.order_by("number"))
    assert [event.number for event in events] == [1, 2, 3, 4, 5]
    assert [event.previous for event in events] == ["", *(event.digest for event in events[:-1])]
    assert agreement.event_head == events[-1].digest
    assert len({event.digest for event in events}) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "void"},
        {"by": "editor:mallory"},
        {"at": NOW + DAY},
        {"data": {"signer": "Mallory"}},
        {"previous": "0" * 64},
        {"digest": "0" * 64},
    ],
)
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_event_that_was_changed_is_named(tampering: Tampering, number: int, change: dict[str, Any]) -> None:
    make.agreement("issued", of=make.paper())
    agreement = make.agreement("signed")
    event = agreement.events.get(number=number)
    with tampering():
        Event.objects.filter(pk=event.pk).update(**change)
    (finding,) = findings()
    assert finding.startswith(f"{agreement.reference}: event {number} (")
    assert finding.endswith("was changed.")


def test_an_event_that_was_forged_whole_with_its_digest_is_named_by_the_next(tampering: Tampering) -> None:
    agreement = make.agreement("signed")
    event = agreement.events.get(number=2)
    event.data = {**event.data, "title": "Another"}
    with tampering():
        Event.objects.filter(pk=event.pk).update(data=event.data, digest=event.compute_digest(agreement.reference))
    assert findings() == [f"{agreement.reference}: event 3 (reviewed) was changed."]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_event_that_was_taken_out_is_missed(tampering: Tampering, number: int) -> None:
    agreement = make.agreement("signed")
    with tampering():
        agreement.events.filter(number=number).delete()
    assert findings() == [f"{agreement.reference}: event {number} is missing."]


def test_a_last_event_that_was_taken_out_is_missed(tampering: Tampering) -> None:
    agreement = make.agreement("signed")
    with tampering():
        agreement.events.filter(number=4).delete()
    assert findings() == [f"{agreement.reference}: the last event is missing: 4 were written, 3 are left."]


def test_a_last_event_that_was_taken_out_with_its_count_is_missed_by_the_head(tampering: Tampering) -> None:
    agreement = make.agreement("signed")
    with tampering():
        agreement.events.filter(number=4).delete()
    Agreement.objects.filter(pk=agreement.pk).update(event_count=F("event_count") - 1)
    assert len(findings()) == 1


def test_events_that_were_all_taken_out_are_missed(tampering: Tampering) -> None:
    agreement = make.agreement("signed")
    with tampering():
        agreement.events.all().delete()
    assert findings() == [f"{agreement.reference}: the last event is missing: 4 were written, 0 are left."]


def test_events_that_were_moved_to_another_agreement_are_named(tampering: Tampering) -> None:
    one, two = make.agreement("issued"), make.agreement("issued")
    with tampering():
        one.events.all().delete()
        two.events.update(agreement=one)
    assert len(findings()) == 2


def test_an_event_that_comes_while_the_record_is_read_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement("issued")
    broken = audit.check_chain

    def with_a_late_event(row: Agreement, chain: list[Event]) -> str | None:
        monkeypatch.undo()
        lifecycle.record_event(row.pk, "remind", by="editor:ed", now=NOW, data={})
        return broken(Agreement.objects.get(pk=row.pk), chain)

    monkeypatch.setattr(audit, "check_chain", with_a_late_event)
    assert findings() == []
    assert make.history(agreement)[-1] == "remind"


def test_reading_the_record_takes_three_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(4):
        make.agreement("issued")
    with django_assert_num_queries(3):
        assert findings() == []


def test_the_audit_of_files_passes_over_what_is_not_sealed() -> None:
    make.agreement("issued")
    make.agreement("sealed")
    assert list(audit.check_sealed_files()) == []
