"""The command for the seal key: created once, never overwritten, replaced without losing what it sealed."""

import io
import stat
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from agreements.documents import verification
from agreements.models import Agreement, SealCertificate
from tests import make


@pytest.fixture
def place(tmp_path: Path, settings: Settings) -> Path:
    settings.SEAL_KEY, settings.SEAL_CERT = tmp_path / "seal" / "key.pem", tmp_path / "seal" / "cert.pem"
    return tmp_path / "seal"


def seal_key(*arguments: str) -> str:
    output = io.StringIO()
    call_command("seal_key", *arguments, stdout=output)
    return output.getvalue()


def test_a_new_key_is_readable_by_its_owner_only(place: Path) -> None:
    said = seal_key("new", "--organisation", "Press of Tests")

    assert "Press of Tests" in said
    assert stat.S_IMODE((place / "key.pem").stat().st_mode) == 0o600
    assert seal_key("show") == said


def test_a_key_is_never_overwritten(place: Path) -> None:
    seal_key("new", "--organisation", "Press of Tests")
    before = (place / "key.pem").read_bytes()

    with pytest.raises(CommandError, match="exists already"):
        seal_key("new", "--organisation", "Press of Tests")

    assert (place / "key.pem").read_bytes() == before


@pytest.mark.parametrize("what", ["new", "rotate"])
def test_a_key_needs_the_publishers_name(place: Path, what: str) -> None:
    with pytest.raises(CommandError, match="--organisation"):
        seal_key(what)


def test_nothing_to_show_or_replace_is_said(place: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        seal_key("show")
    with pytest.raises(CommandError, match="nothing to replace"):
        seal_key("rotate", "--organisation", "Press of Tests")


@pytest.mark.django_db
def test_seals_of_the_former_key_stay_valid_and_new_ones_use_the_new_key(place: Path) -> None:
    seal_key("new", "--organisation", "Press of Tests")
    old = make.agreement("sealed")
    seal_key("rotate", "--organisation", "Press of Tests")
    new = make.agreement("sealed")

    assert SealCertificate.objects.count() == 2
    assert old.seal_certificate != new.seal_certificate
    for agreement in (old, new):
        assert verification.verify(stored(agreement)).valid
    assert len(list(place.glob("key-until-*.pem"))) == 1


def stored(agreement: Agreement) -> bytes:
    with storages["private"].open(agreement.sealed_file) as file:
        return bytes(file.read())
