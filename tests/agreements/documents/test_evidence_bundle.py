"""The evidence bundle proves an agreement without any other source."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from agreements.documents import evidence_bundle
from agreements.models import Agreement
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.tools]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(evidence_bundle.build_bundle(make.agreement("sealed")))) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def verify(folder: Path) -> tuple[int, str]:
    """Runs the stand-alone verifier. Returns its exit status and output."""
    script = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
    done = subprocess.run(script, capture_output=True, text=True, check=False, cwd="/")
    return done.returncode, done.stdout + done.stderr


def test_a_bundle_is_valid_by_itself(folder: Path) -> None:
    status, words = verify(folder)

    assert status == 0, words
    assert words.splitlines()[-1] == "VALID"


def flip(position: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def without_last_line(data: bytes) -> bytes:
    return b"".join(data.splitlines(keepends=True)[:-1])


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("sealed.pdf", flip(1000), "not the file that was sealed"),
        ("sealed.pdf", lambda data: data + b"\n", "the seal does not cover the whole file"),
        ("sealed.pdf", lambda data: data[:-10], "the seal does not cover the whole file"),
        (
            "events.jsonl",
            lambda data: data.replace(b"mike@example.org", b"mick@example.org"),
            "was changed, or an event before it is missing",
        ),
        ("events.jsonl", without_last_line, "the last event is missing"),
        (
            "agreement.json",
            lambda data: data.replace(b'"shown_sha256": "', b'"shown_sha256": "0'),
            "does not begin with",
        ),
    ],
)
def test_a_bundle_that_was_changed_is_not_valid(
    folder: Path, name: str, change: Callable[[bytes], bytes], said: str
) -> None:
    file = folder / name
    before = file.read_bytes()
    file.write_bytes(change(before))
    assert file.read_bytes() != before

    status, words = verify(folder)

    assert status == 1
    assert said in words


def test_a_seal_of_another_key_does_not_hold(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other"]
    files = ["-keyout", str(other / "key.pem"), "-out", str(folder / "certificates.pem")]
    subprocess.run([*request, *files], check=True, capture_output=True)

    status, words = verify(folder)

    assert status == 1
    assert "the seal is not valid" in words


def test_two_bundles_of_one_state_are_the_same_bytes() -> None:
    agreement = make.agreement("sealed")

    assert evidence_bundle.build_bundle(agreement) == evidence_bundle.build_bundle(
        Agreement.objects.get(pk=agreement.pk)
    )


def test_the_keys_of_the_statement_stay() -> None:
    agreement = make.seal(make.accepted())

    with zipfile.ZipFile(io.BytesIO(evidence_bundle.build_bundle(agreement))) as archive:
        statement = json.loads(archive.read("agreement.json"))

    assert " ".join(statement) == (
        "reference paper title authors signer text_version text_sha256 shown_sha256 shown_length sealed_sha256 "
        "seal_level event_head scans"
    )
    assert list(statement["scans"]) == ["scan-1.jpg"]


def test_the_command_writes_the_bundle_and_names_what_is_missing(tmp_path: Path) -> None:
    agreement = make.agreement("sealed")
    waiting = make.agreement("issued")

    call_command("export_evidence", "247", agreement.paper_key, to=tmp_path / "bundle.zip", stdout=io.StringIO())

    assert "sealed.pdf" in zipfile.ZipFile(tmp_path / "bundle.zip").namelist()
    with pytest.raises(CommandError, match=f"no sealed agreement for {waiting.paper_key}"):
        call_command("export_evidence", "247", waiting.paper_key, to=tmp_path / "other.zip")
