"""Is this the sealed file? One verdict for everybody who asks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages
from pytest_django import Settings

from agreements import documents, lifecycle, seal, verifying
from agreements.models import Agreement
from tests import make
from tests.make import DAY, NOW

pytestmark = pytest.mark.django_db


def sealed_bytes(agreement: Agreement) -> bytes:
    with storages["private"].open(agreement.sealed_file) as file:
        return bytes(file.read())


def test_the_sealed_file_is_known_with_its_facts() -> None:
    agreement = make.agreement("sealed")
    verdict = verifying.verify(sealed_bytes(agreement))
    assert (verdict.valid, verdict.ours) == (True, True)
    assert agreement.reference in verdict.lines[0]
    assert "Mike Lewis" in " ".join(verdict.lines)
    assert "signed and sealed" in verdict.lines[-1]


def test_a_file_of_an_agreement_that_ended_is_valid_and_says_so() -> None:
    agreement = make.agreement("sealed")
    lifecycle.void(agreement, reason="Withdrawn.", by="editor:ed", now=NOW + DAY)
    verdict = verifying.verify(sealed_bytes(agreement))
    assert verdict.valid
    assert verdict.lines[-1] == "It stands as: voided by an editor."


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "one bit": lambda body: body[:3000] + bytes([body[3000] ^ 1]) + body[3001:],
    "cut short": lambda body: body[:-20],
    "appended": lambda body: body + b"\n% a note\n",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_never_valid(change: str) -> None:
    body = sealed_bytes(make.agreement("sealed"))
    verdict = verifying.verify(CHANGES[change](body))
    assert not verdict.valid
    assert verdict.lines


@pytest.mark.parametrize("body", [b"", b"hello", b"%PDF-1.7\n%%EOF", bytes(1000)])
def test_anything_else_is_not_ours(body: bytes) -> None:
    make.agreement("sealed")
    verdict = verifying.verify(body)
    assert (verdict.valid, verdict.ours) == (False, False)


def test_the_unsigned_form_is_not_a_sealed_file() -> None:
    agreement = make.agreement("sealed")
    assert not verifying.verify(documents.shown_form(agreement)).valid


def test_a_file_with_our_seal_that_is_not_on_record_is_not_valid() -> None:
    agreement = make.agreement("sealed")
    key = seal.SealKey.load(settings.SEAL_KEY, settings.SEAL_CERT)
    other = documents.sealed_form(agreement, key)
    assert other != sealed_bytes(agreement)
    verdict = verifying.verify(other)
    assert (verdict.valid, verdict.ours) == (False, True)


def test_a_file_sealed_with_a_strangers_key_is_not_ours(tmp_path: Path) -> None:
    agreement = make.agreement("sealed")
    files = tmp_path / "key.pem", tmp_path / "cert.pem"
    seal.new_key(*files, organisation="Publisher for Tests", now=NOW, years=1)
    forged = documents.sealed_form(agreement, seal.SealKey.load(*files))
    verdict = verifying.verify(forged)
    assert (verdict.valid, verdict.ours) == (False, False)


def test_old_seals_stay_valid_after_the_key_was_replaced_or_lost(settings: Settings, tmp_path: Path) -> None:
    body = sealed_bytes(make.agreement("sealed"))
    settings.SEAL_KEY, settings.SEAL_CERT = tmp_path / "gone.pem", tmp_path / "gone-cert.pem"
    assert verifying.verify(body).valid


def test_before_anything_was_sealed_nothing_is_ours() -> None:
    assert not verifying.verify(b"%PDF-1.7").ours
