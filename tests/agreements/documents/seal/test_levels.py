"""The levels of PAdES: the configured level is made, or none, and this is shown."""

import io
import json
import logging
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from pyhanko.pdf_utils.reader import PdfFileReader
from pytest_django import Settings

from agreements.documents import evidence_bundle, seal, verification
from agreements.documents.seal import timestamp
from agreements.domain.facts import sha256
from agreements.jobs import scheduled
from agreements.models import Agreement
from tests import make
from tests.agreements.documents.seal.test_seal import completed
from tests.tsa import PEM, Issuer, Stamper
from tests.tsa import authority as serving

NOW = datetime.now(UTC)
BROKEN = {
    "refuse": "gave no time-stamp",
    "imprint": "stamped something else",
    "nonce": "gave no time-stamp",
    "garbage": "gave no time-stamp",
    "html": "answered with text/html",
    "500": "answered 500",
    "drip": "has no end",
    "hang": "cannot be reached: timed out",
}


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def stamper(issuer: Issuer) -> Stamper:
    return Stamper(issuer)


@pytest.fixture
def url(stamper: Stamper) -> Iterator[str]:
    with serving(stamper) as address:
        yield address


@pytest.fixture
def own(tmp_path: Path) -> seal.SealKey:
    return seal.new_key(tmp_path / "own-key", tmp_path / "own-cert", organisation="Test Publisher", now=NOW)


@pytest.fixture
def certified(issuer: Issuer, tmp_path: Path) -> seal.SealKey:
    """Returns a key whose certificate the issuer made."""
    return seal.SealKey.load(*issuer.seal_key(tmp_path))


def stamped(url: str, issuer: Issuer) -> seal.TrustMaterial:
    return seal.TrustMaterial(url, (issuer.certificate,))


def long_term(url: str, issuer: Issuer) -> seal.TrustMaterial:
    return seal.TrustMaterial(url, (issuer.certificate,), (issuer.revocation_list(),))


def sealed(key: seal.SealKey, proof: seal.TrustMaterial) -> bytes:
    return seal.seal(completed()[1], key, reason="Publication agreement", trust=proof)


def level(body: bytes, key: seal.SealKey) -> str:
    verdict = seal.inspect(body, trusted=[key.certificate])
    assert verdict.problems == ()
    return verdict.level


@pytest.mark.parametrize("kind", ["own", "certified"])
def test_each_level_is_made_in_one_revision_over_the_whole_file(
    kind: str, request: pytest.FixtureRequest, url: str, issuer: Issuer
) -> None:
    key = request.getfixturevalue(kind)
    for proof in (seal.TrustMaterial(), stamped(url, issuer), long_term(url, issuer)):
        body = sealed(key, proof)
        assert level(body, key) == proof.level
        assert body.startswith(completed()[1])
        assert body.count(b"%%EOF") == completed()[1].count(b"%%EOF") + 1


def test_the_time_stamp_is_over_the_seal_and_of_now(url: str, issuer: Issuer, own: seal.SealKey) -> None:
    (embedded,) = PdfFileReader(io.BytesIO(sealed(own, stamped(url, issuer)))).embedded_signatures
    (attribute,) = embedded.signer_info["unsigned_attrs"]
    info = attribute["values"][0]["content"]["encap_content_info"]["content"].parsed
    stamped_value = embedded.signer_info["signature"].native
    assert info["message_imprint"]["hashed_message"].native.hex() == sha256(stamped_value)
    at = info["gen_time"].native
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_long_term_file_holds_the_list_and_both_certificates(
    url: str, issuer: Issuer, certified: seal.SealKey
) -> None:
    store = PdfFileReader(io.BytesIO(sealed(certified, long_term(url, issuer)))).root["/DSS"]
    assert len(store["/CRLs"]) == 1
    assert len(store["/Certs"]) >= 2
    assert "/VRI" not in store


@pytest.mark.parametrize("broken", BROKEN)
def test_no_lower_level_when_the_authority_fails(
    broken: str, url: str, issuer: Issuer, stamper: Stamper, own: seal.SealKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamp.TimestampAuthority.__init__, "__kwdefaults__", {"seconds": 0.4})
    stamper.misbehaves = broken
    for proof in (stamped(url, issuer), long_term(url, issuer)):
        with pytest.raises(seal.TimestampError, match=BROKEN[broken]):
            sealed(own, proof)


def test_a_forged_time_stamp_is_found_before_anything_is_stored(
    url: str, issuer: Issuer, stamper: Stamper, own: seal.SealKey
) -> None:
    stamper.misbehaves = "forge"
    with pytest.raises(seal.SealError, match="does not validate"):
        sealed(own, stamped(url, issuer))


def test_an_untrusted_authority_is_rejected(url: str, own: seal.SealKey) -> None:
    stranger = Issuer("Another Root")
    with pytest.raises(seal.SealError, match="does not validate"):
        sealed(own, stamped(url, stranger))
    with pytest.raises(seal.SealError):
        sealed(own, long_term(url, stranger))


def test_nobody_at_home_is_said(issuer: Issuer, stamper: Stamper, own: seal.SealKey) -> None:
    with serving(stamper) as gone:
        pass
    with pytest.raises(seal.TimestampError, match="cannot be reached"):
        sealed(own, stamped(gone, issuer))


def test_long_term_needs_a_list_that_is_of_today_and_names_neither_certificate(
    url: str, issuer: Issuer, stamper: Stamper, certified: seal.SealKey
) -> None:
    outdated = issuer.revocation_list(until=timedelta(days=-1))
    other = Issuer("Another Root").revocation_list()
    for lists in ((outdated,), (other,)):
        with pytest.raises(seal.SealError):
            sealed(certified, seal.TrustMaterial(url, (issuer.certificate,), lists))
    for serial in (certified.certificate.serial_number, stamper.certificate.serial_number):
        issuer.revoked = [serial]
        with pytest.raises(seal.SealError):
            sealed(certified, long_term(url, issuer))


def test_an_old_file_stays_valid_when_its_authority_is_forgotten(url: str, issuer: Issuer, own: seal.SealKey) -> None:
    for proof in (stamped(url, issuer), long_term(url, issuer)):
        assert level(sealed(own, proof), own) == proof.level


def test_a_damaged_time_stamp_does_not_hold(url: str, issuer: Issuer, own: seal.SealKey) -> None:
    body = sealed(own, stamped(url, issuer))
    name = b"Clock of Tests".hex().upper().encode()
    damaged = body.replace(name, b"Clock of Jests".hex().upper().encode())
    assert damaged != body
    assert not seal.inspect(damaged, trusted=[own.certificate]).valid


# --- configured levels


@pytest.fixture
def configured(settings: Settings, url: str, issuer: Issuer, tmp_path: Path) -> Settings:
    """B-LT, as `.env.example` describes it."""
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "root.crl").write_bytes(issuer.revocation_list().public_bytes(PEM))
    (tmp_path / "roots.pem").write_bytes(issuer.certificate.public_bytes(PEM))
    settings.TSA_URL, settings.SEAL_ROOTS, settings.SEAL_CRLS = url, tmp_path / "roots.pem", folder
    return settings


@pytest.mark.django_db
def test_the_level_is_stored_with_the_agreement_and_shown_in_its_history(configured: Settings) -> None:
    assert make.agreement("sealed").seal_level == "B-LT"
    configured.SEAL_CRLS = None
    assert make.agreement("sealed").seal_level == "B-T"
    configured.TSA_URL = ""
    agreement = make.agreement("sealed")
    assert agreement.seal_level == "B-B"
    assert agreement.events.get(kind="seal").data["level"] == "B-B"
    for each in Agreement.objects.all():
        with storages["private"].open(each.sealed_file) as file:
            assert verification.verify(file.read()).valid


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ["500", "imprint", "forge"])
def test_a_signature_waits_for_its_level_and_gets_it_later(
    broken: str, configured: Settings, stamper: Stamper, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    agreement = make.agreement("signed")
    stamper.misbehaves = broken

    tally = scheduled.seal_due(scheduled.fixed_clock(make.NOW))

    agreement.refresh_from_db()
    assert sum(tally.values()) == tally["held up"] + tally["failed"] == 1
    assert (agreement.status, agreement.sealed_file, agreement.seal_level) == ("signed", "", "")
    assert "time-stamp" in agreement.seal_error or "does not validate" in agreement.seal_error
    assert agreement.seal_after == make.NOW + make.MINUTE
    stamper.misbehaves = ""
    assert scheduled.seal_due(scheduled.fixed_clock(make.NOW)) == {}
    assert scheduled.seal_due(scheduled.fixed_clock(make.NOW + make.MINUTE)) == {"sealed": 1}
    agreement.refresh_from_db()
    assert (agreement.status, agreement.seal_level, agreement.seal_error) == ("sealed", "B-LT", "")


@pytest.mark.django_db
def test_an_unresponsive_authority_is_tried_once_per_run(
    configured: Settings, stamper: Stamper, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    for _ in range(3):
        make.agreement("signed")
    stamper.misbehaves = "500"
    assert scheduled.seal_due(scheduled.fixed_clock(make.NOW)) == {"held up": 1}
    assert stamper.asked == 1
    stamper.misbehaves = ""
    assert scheduled.seal_due(scheduled.fixed_clock(make.NOW + make.HOUR)) == {"sealed": 3}


def test_proofs_that_cannot_be_read_seal_nothing(tmp_path: Path, issuer: Issuer) -> None:
    (tmp_path / "roots.pem").write_bytes(issuer.certificate.public_bytes(PEM))
    (tmp_path / "lists").mkdir()
    with pytest.raises(seal.SealError, match="holds no revocation list"):
        seal.TrustMaterial.load("http://x/", tmp_path / "roots.pem", tmp_path / "lists")
    (tmp_path / "lists" / "a.crl").write_bytes(b"no list")
    with pytest.raises(seal.SealError, match="is not a revocation list"):
        seal.TrustMaterial.load("http://x/", tmp_path / "roots.pem", tmp_path / "lists")
    with pytest.raises(seal.SealError, match="cannot be read"):
        seal.TrustMaterial.load("http://x/", tmp_path / "none.pem", None)
    assert seal.TrustMaterial.load("", None, None).level == "B-B"


@pytest.mark.tools
@pytest.mark.parametrize("kind", ["stamped", "long-term"])
def test_pdfsig_and_qpdf_agree(kind: str, tmp_path: Path, url: str, issuer: Issuer, own: seal.SealKey) -> None:
    path = tmp_path / "sealed.pdf"
    path.write_bytes(sealed(own, stamped(url, issuer) if kind == "stamped" else long_term(url, issuer)))
    report = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid." in report
    assert "Total document signed" in report
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)


@pytest.mark.tools
@pytest.mark.django_db
def test_the_stand_alone_verifier_takes_a_long_term_seal(configured: Settings, tmp_path: Path) -> None:
    agreement = make.agreement("sealed")
    with zipfile.ZipFile(io.BytesIO(evidence_bundle.build_bundle(agreement))) as archive:
        archive.extractall(tmp_path / "bundle")
    script = [sys.executable, "-I", str(tmp_path / "bundle" / "verify.py")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "VALID")
    assert json.loads((tmp_path / "bundle" / "agreement.json").read_text())["seal_level"] == "B-LT"
