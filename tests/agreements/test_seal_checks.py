"""The system check of the seal: valid certificate, complete chain, usable roots and revocation lists."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from agreements import checks
from agreements.documents import seal
from tests.tsa import PEM, Issuer

NOW = datetime.now(UTC)


def ids() -> list[str]:
    return [message.id or "" for message in checks.check_seal()]


def words() -> str:
    return " ".join(str(message.msg) for message in checks.check_seal())


def use(settings: Settings, key: Path, certificate: Path) -> None:
    settings.SEAL_KEY, settings.SEAL_CERT = key, certificate


def made(settings: Settings, folder: Path, *, age: int = 0) -> None:
    """Creates a key whose certificate was made `age` days ago and is valid for three years."""
    use(settings, folder / "key.pem", folder / "cert.pem")
    seal.new_key(settings.SEAL_KEY, settings.SEAL_CERT, organisation="x", now=NOW - timedelta(days=age))


@pytest.mark.parametrize(
    ("age", "said"), [(0, ""), (3 * 365 - 92, ""), (3 * 365 - 88, "expires on"), (3 * 365 + 1, "expired on")]
)
def test_expiry_is_reported_90_days_before(settings: Settings, tmp_path: Path, age: int, said: str) -> None:
    made(settings, tmp_path, age=age)
    assert ids() == (["agreements.E003"] if said else [])
    assert said in words()


def test_a_chain_must_reach_a_root(settings: Settings, tmp_path: Path) -> None:
    issuer = Issuer()
    use(settings, *issuer.seal_key(tmp_path))
    assert ids() == []
    issuer.seal_key(tmp_path, with_root=False)
    assert "ends early: CN=Root for Tests" in words()
    (tmp_path / "roots.pem").write_bytes(issuer.certificate.public_bytes(PEM))
    settings.TSA_URL, settings.SEAL_ROOTS = "http://127.0.0.1:1/", tmp_path / "roots.pem"
    assert ids() == []
    namesake = Issuer()
    use(settings, *issuer.seal_key(tmp_path, with_root=False))
    with settings.SEAL_CERT.open("ab") as file:
        file.write(namesake.certificate.public_bytes(PEM))
    assert "chain is broken" in words()


def test_an_officer_is_named_and_fits_the_stamp(settings: Settings, tmp_path: Path) -> None:
    made(settings, tmp_path)
    settings.SEAL_OFFICER = ""
    assert ids() == ["agreements.W003"]
    settings.SEAL_OFFICER = "Officer " * 30
    assert ids() == ["agreements.E006"]
    settings.SEAL_OFFICER = "Jordan Officer, series editor"
    assert ids() == []


def test_roots_and_revocation_lists_are_checked(settings: Settings, tmp_path: Path) -> None:
    made(settings, tmp_path)
    issuer, lists = Issuer(), tmp_path / "lists"
    lists.mkdir()
    settings.TSA_URL, settings.SEAL_ROOTS, settings.SEAL_CRLS = "http://127.0.0.1:1/", tmp_path / "roots.pem", lists
    assert ids() == ["agreements.E005"]
    settings.SEAL_ROOTS.write_bytes(issuer.certificate.public_bytes(PEM))
    assert "holds no revocation list" in words()
    (lists / "root.crl").write_bytes(issuer.revocation_list().public_bytes(PEM))
    assert ids() == []
    (lists / "root.crl").write_bytes(issuer.revocation_list(until=timedelta(days=-1)).public_bytes(PEM))
    assert ids() == ["agreements.E005"]
    assert "fetch the new one" in words()


def test_the_command_fails_where_the_key_is_missing(settings: Settings, tmp_path: Path) -> None:
    use(settings, tmp_path / "key.pem", tmp_path / "cert.pem")
    with pytest.raises(SystemCheckError, match=r"agreements\.E002"):
        call_command("check", "--deploy", "--tag", "security")
