"""Findings of `manage.py check --deploy`."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.checks import CheckMessage
from django.utils import timezone
from pytest_django import Settings

from agreements import checks
from agreements.documents import seal
from agreements.domain import agreement_text


def ids(found: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in found]


def test_the_test_settings_pass_all_checks() -> None:
    assert checks.check_agreement_texts() == checks.check_seal() == checks.check_public_url() == []


def test_a_text_that_was_changed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in agreement_text.TEXTS.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes() + (b" " if file.suffix == ".md" else b""))
    monkeypatch.setattr(agreement_text, "TEXTS", tmp_path)
    (found,) = checks.check_agreement_texts()
    assert found.id == "agreements.E001"
    assert "was changed" in found.msg


def test_a_seal_that_is_not_there_is_an_error_for_each_file(settings: Settings, tmp_path: Path) -> None:
    settings.SEAL_KEY, settings.SEAL_CERT = tmp_path / "key.pem", tmp_path / "cert.pem"
    found = checks.check_seal()
    assert ids(found) == ["agreements.E002", "agreements.E002"]
    assert "SEAL_KEY is set to" in found[0].msg
    assert "SEAL_CERT is set to" in found[1].msg
    assert found[0].hint is not None
    assert "seal_key new" in found[0].hint


def test_a_seal_that_has_run_out_is_an_error(settings: Settings, tmp_path: Path) -> None:
    settings.SEAL_KEY, settings.SEAL_CERT = tmp_path / "key.pem", tmp_path / "cert.pem"
    past = timezone.now() - timedelta(days=800)
    seal.new_key(settings.SEAL_KEY, settings.SEAL_CERT, organisation="Past", now=past, years=1)
    assert set(ids(checks.check_seal())) == {"agreements.E003"}


def test_a_key_that_others_may_read_is_an_error(settings: Settings, tmp_path: Path) -> None:
    settings.SEAL_KEY, settings.SEAL_CERT = tmp_path / "key.pem", tmp_path / "cert.pem"
    seal.new_key(settings.SEAL_KEY, settings.SEAL_CERT, organisation="Open", now=timezone.now(), years=1)
    assert checks.check_seal() == []
    settings.SEAL_KEY.chmod(0o644)
    assert set(ids(checks.check_seal())) == {"agreements.E003"}


@pytest.mark.parametrize(
    ("base", "hosts", "good"),
    [
        ("https://desk.example.org", ["desk.example.org"], True),
        ("https://desk.example.org", ["other.example.org", ".example.org"], True),
        ("https://desk.example.org:8443", ["desk.example.org"], True),
        ("https://desk.example.org", ["other.example.org"], False),
        ("https://notexample.org", [".example.org"], False),
        ("https://desk.example.org", [], False),
    ],
)
def test_emailed_links_must_lead_to_this_server(settings: Settings, base: str, hosts: list[str], good: bool) -> None:
    settings.PUBLIC_BASE_URL, settings.ALLOWED_HOSTS = base, hosts
    assert ids(checks.check_public_url()) == ([] if good else ["agreements.E004"])


def test_an_email_backend_that_sends_nothing_is_a_warning(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert ids(checks.check_email_backend()) == ["agreements.W001"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert checks.check_email_backend() == []
