"""Database constraints, both ways, and methods of the rows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from agreements import lifecycle
from agreements.domain.facts import sha256
from agreements.jobs import bulk, package_builder
from agreements.models import (
    Agreement,
    AgreementText,
    ChangeRequest,
    Correction,
    Edit,
    EmailAddress,
    Event,
    Link,
    Message,
    Note,
    Package,
    SealCertificate,
    SigningSettings,
    whole_days,
)
from proceedings.models import Author, Paper, Volume
from tests import make
from tests.make import CLOSES, DAY, NOW

pytestmark = pytest.mark.django_db

CLAIMED = {"state": "claimed", "claim": "9f0c9a52-3a5e-4e0a-a3a7-0d7d5a2b6c11", "lease_until": NOW}
SEALED = {"sealed_at": NOW, "sealed_file": "x.pdf", "sealed_sha256": "0" * 64, "sealed_size": 1, "seal_level": "B-B"}

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    # constraint, initial status, columns that violate it
    ("agreement_status_known", "issued", {"status": "archived"}),
    ("draft_has_no_stamps", "draft", {"issued_at": NOW}),
    ("issued_is_stamped", "draft", {"status": "issued"}),
    ("issued_is_stamped", "draft", {"status": "declined", "closed_at": NOW}),
    ("issued_is_stamped", "draft", {"status": "received", "received_at": NOW}),
    ("received_is_stamped", "issued", {"status": "received"}),
    ("signed_is_stamped", "issued", {"status": "signed"}),
    ("signed_is_stamped", "issued", {"status": "lapsed", "closed_at": NOW}),
    ("signature_has_evidence", "issued", {"status": "signed", "signed_at": NOW}),
    ("seal_has_file", "signed", {"status": "sealed", "sealed_at": NOW}),
    *(
        ("seal_has_file", "signed", {"status": "sealed", **SEALED, column: empty})
        for column, empty in [
            ("sealed_file", ""),
            ("sealed_sha256", ""),
            ("sealed_size", None),
            ("sealed_size", 0),
            ("seal_level", ""),
            ("seal_level", "B-X"),
        ]
    ),
    ("seal_has_file", "signed", {"status": "sealed", **SEALED, "seal_certificate": None}),
    ("sealed_is_stamped", "signed", {"status": "sealed"}),
    ("unsealed_has_no_seal", "signed", SEALED),
    ("closed_is_stamped", "issued", {"closed_at": NOW}),
    ("closed_is_stamped", "declined", {"closed_at": None}),
    ("closing_by_editor_has_reason", "voided", {"reason": ""}),
    ("closing_by_editor_has_reason", "superseded", {"reason": ""}),
    ("closing_by_editor_has_reason", "waived", {"reason": ""}),
]
REJECTED_MESSAGES: list[tuple[str, dict[str, Any]]] = [
    ("message_state_known", {"state": "lost"}),
    ("message_is_about_something", {"agreement": None}),
    ("sent_is_stamped", {"state": "sent"}),
    ("sent_is_stamped", {"sent_at": NOW}),
    *(("claim_has_holder", {**CLAIMED, "state": state, "claim": None}) for state in ("claimed", "handing")),
    *(("claim_has_holder", {**CLAIMED, "state": state, "lease_until": None}) for state in ("claimed", "handing")),
]


REJECTED_CHANGE_REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("resolved_change_request_is_stamped", {"state": "accepted"}),
    ("resolved_change_request_is_stamped", {"state": "refused", "resolved_at": NOW}),
    ("resolved_change_request_is_stamped", {"state": "lost", "resolved_at": NOW, "resolved_by": "editor:ed"}),
    ("resolved_change_request_is_stamped", {"resolved_at": NOW}),
]


REJECTED_ADDRESSES: list[tuple[str, dict[str, Any]]] = [
    ("undeliverable_address_has_reason", {"undeliverable_at": NOW}),
    ("undeliverable_address_has_reason", {"reason": "550 no"}),
]


REJECTED_PACKAGES: list[tuple[str, dict[str, Any]]] = [
    ("running_package_has_holder", {"state": "running"}),
    ("running_package_has_holder", {"state": "running", "lease_until": NOW}),
    ("finished_package_has_digest", {"state": "done", "finished_at": NOW}),
    ("finished_package_has_digest", {"state": "pruned", "sha256": "0" * 64}),
    ("failed_package_says_why", {"state": "failed"}),
]


REJECTED_ITEMS: list[tuple[str, dict[str, Any]]] = [
    ("job_item_refused_with_reason", {"state": "refused"}),
    ("job_item_refused_with_reason", {"state": "done", "why": "It went wrong."}),
    ("job_item_refused_with_reason", {"state": "lost"}),
]
REJECTED_NOTES: list[tuple[str, dict[str, Any]]] = [("note_says_something", {"text": ""})]


@pytest.mark.parametrize(("constraint", "columns"), REJECTED_ITEMS)
def test_an_item_of_a_job_that_contradicts_itself_is_rejected(constraint: str, columns: dict[str, Any]) -> None:
    paper = make.paper()
    job = bulk.create_job(paper.volume, "void", [(paper, None)], reason="", data={}, user=None, by="", now=NOW)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        job.items.update(**columns)


@pytest.mark.parametrize(("constraint", "columns"), REJECTED_NOTES)
def test_a_note_that_says_nothing_is_rejected(constraint: str, columns: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Note.objects.create(paper=make.paper(), at=NOW, by="editor:ed", **columns)


@pytest.mark.parametrize(("constraint", "columns"), REJECTED_PACKAGES)
def test_a_package_that_contradicts_itself_is_rejected(constraint: str, columns: dict[str, Any]) -> None:
    package_builder.order_packages(make.volume(), partial=False, by="editor:ed", now=NOW)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Package.objects.filter(which="public").update(**columns)


def test_hours_that_end_before_they_begin_are_rejected() -> None:
    with pytest.raises(IntegrityError, match="reminder_hours_in_order"), transaction.atomic():
        SigningSettings.objects.filter(volume=make.volume()).update(from_hour=17, to_hour=9)


REJECTED_EDITS: list[tuple[str, dict[str, Any]]] = [
    ("substantive_edit_is_verified", {"substantive": False}),
    ("substantive_edit_is_verified", {"state": "noted"}),
    ("resolved_edit_is_stamped", {"state": "confirmed", "resolved_by": "signer"}),
    ("resolved_edit_is_stamped", {"state": "undone", "resolved_at": NOW}),
]
REJECTED_CORRECTIONS: list[tuple[str, dict[str, Any]]] = [
    ("resolved_correction_is_stamped", {"state": "refused", "answer": "No."}),
    ("resolved_correction_is_stamped", {"resolved_at": NOW}),
    ("approved_correction_has_permission", {"state": "approved", "resolved_at": NOW, "resolved_by": "editor:ed"}),
    ("refused_correction_says_why", {"state": "refused", "resolved_at": NOW, "resolved_by": "editor:ed"}),
    ("applied_correction_is_stamped", {"applied_at": NOW}),
]


@pytest.mark.parametrize(("constraint", "columns"), REJECTED_EDITS)
def test_an_edit_that_contradicts_itself_is_rejected(constraint: str, columns: dict[str, Any]) -> None:
    made = make.edit(make.agreement("signed"))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Edit.objects.filter(pk=made.pk).update(**columns)


@pytest.mark.parametrize(("constraint", "columns"), REJECTED_CORRECTIONS)
def test_a_correction_that_contradicts_itself_is_rejected(constraint: str, columns: dict[str, Any]) -> None:
    made = make.correction(make.published(make.agreement("sealed")))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Correction.objects.filter(pk=made.pk).update(**columns)


@pytest.mark.parametrize(("constraint", "columns"), REJECTED_ADDRESSES)
def test_an_address_that_contradicts_itself_is_rejected(constraint: str, columns: dict[str, Any]) -> None:
    made = EmailAddress.objects.create(address="mike@example.org")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        EmailAddress.objects.filter(pk=made.pk).update(**columns)


@pytest.mark.parametrize(("constraint", "columns"), REJECTED_CHANGE_REQUESTS)
def test_a_change_request_that_contradicts_itself_is_rejected(constraint: str, columns: dict[str, Any]) -> None:
    made = make.change_request(make.agreement("issued"))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ChangeRequest.objects.filter(pk=made.pk).update(**columns)


@pytest.mark.parametrize(("constraint", "status", "columns"), REFUSED)
def test_an_agreement_that_contradicts_itself_is_rejected(
    constraint: str, status: str, columns: dict[str, Any]
) -> None:
    agreement = make.agreement(status)
    certificate = SealCertificate.objects.create(fingerprint="1" * 64, pem="", first_used_at=NOW)
    if "sealed_at" in columns and "seal_certificate" not in columns:
        columns = {**columns, "seal_certificate": certificate}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(**columns)


@pytest.mark.parametrize(("constraint", "columns"), REJECTED_MESSAGES)
def test_a_message_that_contradicts_itself_is_rejected(constraint: str, columns: dict[str, Any]) -> None:
    message = make.invitation(make.agreement("issued"))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**columns)


@pytest.mark.parametrize("columns", [CLAIMED, {**CLAIMED, "state": "handing"}, {"state": "sent", "sent_at": NOW}])
def test_a_message_that_agrees_with_itself_is_taken(columns: dict[str, Any]) -> None:
    message = make.invitation(make.agreement("issued"))
    assert Message.objects.filter(pk=message.pk).update(**columns) == 1


def test_every_check_of_this_app_is_tried_here() -> None:
    checks = {
        constraint.name
        for model in apps.get_app_config("agreements").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
    }
    tried = [
        *REFUSED,
        *REJECTED_ADDRESSES,
        *REJECTED_MESSAGES,
        *REJECTED_CHANGE_REQUESTS,
        *REJECTED_PACKAGES,
        *REJECTED_ITEMS,
        *REJECTED_NOTES,
        ("reminder_hours_in_order",),
        *REJECTED_EDITS,
        *REJECTED_CORRECTIONS,
    ]
    assert checks == {name for name, *_ in tried}


def test_a_second_live_agreement_of_a_paper_is_rejected() -> None:
    old = make.agreement("voided")
    make.agreement("issued", of=old.paper)
    with pytest.raises(IntegrityError), transaction.atomic():
        Agreement.objects.filter(pk=old.pk).update(status="issued", closed_at=None)


def test_a_second_message_with_an_idempotency_key_is_rejected() -> None:
    message = make.invitation(make.agreement("issued"))
    message.pk, message.message_id = None, "<other@proceedings.example>"
    with pytest.raises(IntegrityError), transaction.atomic():
        message.save(force_insert=True)


def test_a_second_event_with_the_same_number_is_rejected() -> None:
    event = make.agreement("draft").events.get()
    event.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save(force_insert=True)


def test_an_agreement_is_replaced_once() -> None:
    old = make.agreement("superseded")
    with pytest.raises(IntegrityError), transaction.atomic():
        lifecycle.draft(make.paper(), by="editor:ed", now=NOW, predecessor=old)


@pytest.mark.parametrize("model", [Paper, AgreementText, Agreement, Message])
def test_what_an_agreement_rests_on_is_protected(model: type[models.Model]) -> None:
    make.token(make.agreement("issued"))
    row = model._default_manager.first()
    assert row is not None
    with pytest.raises(models.ProtectedError):
        row.delete()


# --- signing settings


def closes(day: date, zone: str) -> datetime:
    return SigningSettings(deadline=day, zone=zone).closes_at


@pytest.mark.parametrize(
    ("zone", "last_second"),
    [
        ("Etc/GMT+12", datetime(2026, 12, 1, 11, 59, 59, tzinfo=UTC)),
        ("UTC", datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)),
        ("Europe/Paris", datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 12, 1, 4, 59, 59, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 11, 30, 9, 59, 59, tzinfo=UTC)),
    ],
)
def test_the_deadline_is_the_last_second_of_its_day_in_its_zone(zone: str, last_second: datetime) -> None:
    assert closes(date(2026, 11, 30), zone) - timedelta(seconds=1) == last_second


def test_anywhere_on_earth_means_that_no_zone_is_later() -> None:
    latest = closes(date(2026, 11, 30), "Etc/GMT+12")
    assert latest == CLOSES == max(closes(date(2026, 11, 30), zone) for zone in available_timezones())


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        # Clocks go forward at midnight: the next day begins at 01:00 local time, without a gap in UTC.
        (date(2024, 9, 7), "America/Santiago", datetime(2024, 9, 8, 4, 0, tzinfo=UTC)),
        (date(2025, 4, 24), "Africa/Cairo", datetime(2025, 4, 24, 22, 0, tzinfo=UTC)),
        # Clocks go back within the last day: it has 25 hours, and all of them count.
        (date(2026, 10, 25), "Europe/Paris", datetime(2026, 10, 25, 23, 0, tzinfo=UTC)),
        (date(2026, 3, 29), "Europe/Paris", datetime(2026, 3, 29, 22, 0, tzinfo=UTC)),
    ],
)
def test_a_day_on_which_clocks_change_ends_at_local_midnight(day: date, zone: str, expected: datetime) -> None:
    assert closes(day, zone) == expected


def test_the_written_deadline_has_day_hour_and_zone() -> None:
    signing_settings = SigningSettings(deadline=date(2026, 11, 30), zone="Etc/GMT+12")
    assert signing_settings.deadline_in_words == "30 November 2026, 23:59 anywhere on Earth"
    assert (
        SigningSettings(deadline=date(2026, 2, 3), zone="Europe/Paris").deadline_in_words
        == "3 February 2026, 23:59 Europe/Paris"
    )


def test_a_changed_deadline_increments_its_revision_and_the_same_one_does_not() -> None:
    signing_settings = make.volume().signing_settings
    signing_settings.move_deadline(signing_settings.deadline, signing_settings.zone)
    assert signing_settings.revision == 1
    signing_settings.move_deadline(signing_settings.deadline + DAY, signing_settings.zone)
    signing_settings.move_deadline(signing_settings.deadline, "Europe/Paris")
    assert signing_settings.revision == 3


def test_a_first_deadline_is_revision_one() -> None:
    signing_settings = SigningSettings(volume=make.volume(deadline=None), deadline=date(2026, 11, 30))
    signing_settings.move_deadline(date(2026, 12, 24), "UTC")
    assert signing_settings.revision == 1


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "GMT+12", "europe/paris"])
def test_an_invalid_time_zone_is_rejected_with_an_example(zone: str) -> None:
    signing_settings = make.volume().signing_settings
    signing_settings.zone = zone
    with pytest.raises(ValidationError, match=r"Europe/Paris|cannot be blank"):
        signing_settings.full_clean()


@pytest.mark.parametrize("days", [None, "x", {"a": 1}, [1.5], ["1"], [True], [1, 1], [366], [-366]])
def test_reminder_days_that_are_not_integers_are_rejected(days: Any) -> None:
    with pytest.raises(ValidationError, match="whole numbers of days"):
        whole_days(days)


@pytest.mark.parametrize("days", [[], [-14, 0, 365]])
def test_whole_days_are_taken(days: list[int]) -> None:
    whole_days(days)


# --- agreements and events


def test_an_editor_sees_the_agreements_of_own_volumes_and_a_superuser_all() -> None:
    mine, theirs = make.volume(247), make.volume(248)
    one, two = make.agreement(of=make.paper(mine)), make.agreement(of=make.paper(theirs))
    assert list(Agreement.objects.editable_by(make.editor("ed", mine))) == [one]
    assert list(Agreement.objects.editable_by(make.editor("new"))) == []
    assert set(Agreement.objects.editable_by(make.editor("chief", is_superuser=True))) == {one, two}


def test_the_facts_name_the_text_by_version_and_digest() -> None:
    agreement = make.agreement("issued")
    assert agreement.facts.text_version == agreement.text.version
    assert agreement.facts.text_digest == sha256(agreement.text.body.encode()) == agreement.text.digest


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},
        {"kind": "sign"},
        {"at": NOW + timedelta(microseconds=1)},
        {"by": "x"},
        {"data": {}},
        {"previous": "0"},
    ],
)
def test_the_digest_of_an_event_covers_everything_it_says(change: dict[str, Any]) -> None:
    event = Event(number=1, kind="draft", at=NOW, by="editor:ed", data={"a": [1, "é"]}, previous="")
    digest = event.compute_digest("247-a-0")
    assert event.compute_digest("247-b-0") != digest
    for name, value in change.items():
        setattr(event, name, value)
    assert event.compute_digest("247-a-0") != digest


def test_the_digest_of_an_event_does_not_depend_on_zone_or_order() -> None:
    event = Event(number=1, kind="draft", at=NOW, by="ed", data={"a": 1, "b": 2}, previous="")
    same = Event(
        number=1, kind="draft", at=NOW.astimezone(ZoneInfo("Asia/Tokyo")), by="ed", data={"b": 2, "a": 1}, previous=""
    )
    assert event.compute_digest("r") == same.compute_digest("r")


def test_rows_say_what_they_are() -> None:
    agreement = make.agreement("sealed")
    make.token(agreement)
    said = [str(row) for row in (agreement, agreement.text, agreement.shown, make.invitation(agreement))]
    assert said == [
        agreement.reference,
        "pmlr-2017",
        f"form shown for {agreement.reference}",
        "invitation to mike@example.org",
    ]
    assert str(Volume.objects.get().signing_settings) == "signing settings of v247 COLT 2026"
    assert str(Event.objects.filter(number=1).get()) == f"{agreement.pk}.1 draft"
    assert str(Link.objects.get()) == f"sign link of {agreement.pk}"
    assert str(Author.objects.filter(position=1).get()) == "Mike Lewis"
