"""What the triggers reject on both databases, whatever the code does."""

import importlib
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, models, transaction

from agreements.documents import seal
from agreements.domain.states import FROZEN, Status
from agreements.models import Agreement, AgreementText, Event, Message, Note, SealCertificate, ShownForm, SignedForm
from tests import make
from tests.make import DAY, NOW

guards = importlib.import_module("agreements.migrations.0025_guard_printed_title")

pytestmark = pytest.mark.django_db

APPEND_ONLY: list[type[models.Model]] = [Event, AgreementText, SealCertificate, ShownForm, Note, SignedForm]

OTHER: dict[str, Any] = {
    "volume_number": 248,
    "volume_name": "Another Conference",
    "paper_key": "other26",
    "title": "Another Title",
    "printed_title": "Another Title",
    "authors": ["Nobody"],
    "signer": "Nobody",
    "signer_email": "nobody@example.org",
    "reference": "248-other26-000000",
    "issued_at": NOW + DAY,
    "signed_at": NOW + DAY,
    "typed_name": "Nobody",
    "consent": "None given.",
    "authority": "None claimed.",
    "shown_sha256": "0" * 64,
    "date_written": "sometime",
    "dated": (NOW + DAY).date(),
    "sealed_at": NOW + DAY,
    "sealed_file": "other.pdf",
    "sealed_sha256": "0" * 64,
    "sealed_size": 1,
    "seal_level": "B-T",
}


def other(column: str, agreement: Agreement) -> Any:
    """Returns a valid value for `column` that differs from the agreement's."""
    if column == "paper_id":
        return make.paper(agreement.paper.volume).pk
    if column == "text_id":
        return AgreementText.objects.create(version="next", body="Other words.", digest="0" * 64).pk
    if column == "signed_form_id":
        return make.receive(make.agreement("issued")).pk
    if column == "seal_certificate_id":
        return SealCertificate.objects.create(fingerprint="0" * 64, pem="", first_used_at=NOW).pk
    return OTHER[column]


@pytest.mark.parametrize("model", APPEND_ONLY)
def test_what_is_evidence_is_neither_changed_nor_deleted(model: type[models.Model]) -> None:
    agreement = make.agreement("sealed")
    make.agreement("received")
    Note.objects.create(paper=agreement.paper, at=NOW, by="editor:ed", text="They asked for time.")
    rows = model._default_manager.all()
    before = list(rows.values())
    assert before
    column = next(
        f.name for f in model._meta.fields if isinstance(f, models.TextField | models.CharField | models.BinaryField)
    )
    with pytest.raises(IntegrityError, match=r"never|append-only"), transaction.atomic():
        rows.update(**{column: b"x" if model is ShownForm else "x"})
    with pytest.raises(IntegrityError, match=r"never|append-only"), transaction.atomic():
        rows._raw_delete(rows.db)
    assert list(rows.values()) == before


@pytest.mark.parametrize("status", make.ALL_STATUSES)
def test_no_agreement_is_deleted(status: Status) -> None:
    agreement = make.agreement(status)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk)._raw_delete("default")
    with pytest.raises(models.ProtectedError):
        agreement.delete()
    assert Agreement.objects.filter(pk=agreement.pk).exists()


def test_no_message_of_the_outbox_is_deleted() -> None:
    message = make.invitation(make.agreement("issued"))
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        Message.objects.filter(pk=message.pk)._raw_delete("default")
    assert Message.objects.filter(pk=message.pk).exists()


@pytest.mark.parametrize("column", guards.SNAPSHOT)
@pytest.mark.parametrize("status", sorted(FROZEN - {Status.LAPSED}))
def test_facts_do_not_change_once_issued(status: Status, column: str) -> None:
    agreement = make.agreement(status)
    with pytest.raises(IntegrityError, match="facts of an issued agreement never change"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(**{column: other(column, agreement)})


@pytest.mark.parametrize("column", sorted(set(guards.SNAPSHOT) - {"issued_at"}))
def test_the_facts_of_a_draft_may_change(column: str) -> None:
    agreement = make.agreement("draft")
    assert Agreement.objects.filter(pk=agreement.pk).update(**{column: other(column, agreement)}) == 1


@pytest.mark.parametrize("status", ["signed", "sealed", "lapsed"])
@pytest.mark.parametrize("column", guards.SIGNATURE)
def test_a_signature_does_not_change(status: str, column: str) -> None:
    agreement = make.agreement(status)
    with pytest.raises(IntegrityError, match="a signature never changes"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(**{column: other(column, agreement)})


@pytest.mark.parametrize("column", guards.SEAL)
def test_a_seal_does_not_change(column: str) -> None:
    agreement = make.agreement("sealed")
    with pytest.raises(IntegrityError, match="a seal never changes"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(**{column: other(column, agreement)})


def test_a_signature_is_not_taken_back_by_emptying_its_columns() -> None:
    agreement = make.agreement("signed")
    with pytest.raises(IntegrityError, match="a signature never changes"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(status="issued", signed_at=None)


def test_what_says_where_the_signer_sat_can_be_erased() -> None:
    agreement = make.agreement("sealed")
    assert Agreement.objects.filter(pk=agreement.pk).update(signer_address=None, signer_agent="") == 1


def test_saying_the_same_again_is_no_change() -> None:
    agreement = make.agreement("sealed")
    agreement.save()
    agreement.refresh_from_db()
    assert agreement.status == "sealed"


def test_the_guards_can_be_taken_off_and_put_back(tampering: Any) -> None:
    event = make.agreement("draft").events.get()
    with tampering():
        assert Event.objects.filter(pk=event.pk).update(by="somebody else") == 1
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(by="nobody")


def test_every_guard_is_in_place_after_all_migrations() -> None:
    """On SQLite, Django recreates changed tables without their triggers."""
    wanted = {name for _, name in guards.triggers()}
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert wanted == {row[0] for row in cursor.fetchall() if row[0].startswith("agreements_")}


def test_the_certificate_of_a_seal_is_stored() -> None:
    agreement = make.agreement("sealed")
    key = seal.SealKey.load(settings.SEAL_KEY, settings.SEAL_CERT)
    assert agreement.seal_certificate is not None
    assert (agreement.seal_certificate.fingerprint, agreement.seal_certificate.pem) == (key.fingerprint, key.pem)
    assert agreement.seal_certificate.first_used_at == NOW
