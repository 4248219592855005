"""The seal: nothing is rewritten, everything is covered, every tampering is reported, and no bytes break the check."""

import asyncio
import io
import os
import stat
import subprocess
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pypdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from agreements.documents import pdf, seal
from agreements.documents.pdf import layout
from agreements.documents.seal import signer
from agreements.documents.seal.pyhanko_adapter import run_coroutine
from agreements.domain.facts import sha256
from tests.agreements.documents_for_tests import FACTS, HISTORY, VERIFY_URL, WORDING, form, pages, signature, words

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("key")
    seal.new_key(folder / "key.pem", folder / "cert.pem", organisation="Test Publisher", now=NOW)
    return folder / "key.pem", folder / "cert.pem"


@pytest.fixture(scope="module")
def key(files: tuple[Path, Path]) -> seal.SealKey:
    return seal.SealKey.load(*files)


@lru_cache
def completed() -> tuple[bytes, bytes]:
    """Returns (the form as shown, the signed document)."""
    shown = form()
    sig = signature(shown)
    evidence = pdf.render_evidence(FACTS, WORDING, sig, HISTORY, VERIFY_URL)
    return shown, seal.complete(shown, pdf.signature_overlay(FACTS, WORDING, sig), evidence)


@pytest.fixture(scope="module")
def sealed(key: seal.SealKey) -> bytes:
    return seal.seal(completed()[1], key, reason="Publication agreement")


def test_each_step_only_adds_to_the_bytes_that_were_shown(sealed: bytes) -> None:
    shown, whole = completed()
    assert whole.startswith(shown)
    assert sealed.startswith(whole)
    assert sha256(sealed[: len(shown)]) == sha256(shown)
    assert len(pages(sealed[: len(shown)])) == 2


def test_the_sealed_file_holds_form_signature_and_evidence(sealed: bytes) -> None:
    first, second, third = pages(sealed)
    assert "Publication Agreement" in first
    assert words("Signed: Mike Lewis") in words(second) or second.count("Mike Lewis") == 2
    assert "21 November 2026 (2026-11-21 12:14 UTC)" in second
    assert "Evidence of signature" in third
    metadata = pypdf.PdfReader(io.BytesIO(sealed)).metadata
    assert metadata is not None
    assert metadata.title == f"Publication Agreement: {FACTS.title}"


def test_the_stamp_makes_the_seal_visible_under_the_signature(tmp_path: Path, key: seal.SealKey) -> None:
    shown, whole = completed()
    stamp = pdf.make_stamp(FACTS, WORDING, key.owner)
    stamped = seal.seal(whole, key, reason="Publication agreement", stamp=stamp)
    assert seal.inspect(stamped, trusted=[key.certificate], shown_sha256=sha256(shown), shown_length=len(shown)).valid
    page = pypdf.PdfReader(io.BytesIO(stamped)).pages[1]
    (widget,) = [annotation.get_object() for annotation in page["/Annots"]]  # type: ignore[attr-defined]
    assert [round(float(edge)) for edge in widget["/Rect"]] == [round(edge) for edge in stamp.box]
    assert widget["/T"] == "PublisherSeal"
    lowest = layout.lay_out(WORDING, layout.set_fields(FACTS, WORDING).shape).dated[1]
    assert 84 < stamp.box[1] < stamp.box[3] < lowest - layout.RULE_DROP
    assert "Sealed electronically by Test Publisher." in pages(stamp.pdf)[0]
    assert stamp == pdf.make_stamp(FACTS, WORDING, key.owner)
    with pytest.raises(pdf.DoesNotFitError):
        pdf.make_stamp(FACTS, WORDING, "Proceedings " * 40)


def test_evidence_of_several_pages_is_added_whole(key: seal.SealKey) -> None:
    shown = form()
    sig = signature(shown)
    evidence = pdf.render_evidence(FACTS, WORDING, sig, list(HISTORY) * 40, VERIFY_URL)
    whole = seal.seal(seal.complete(shown, pdf.signature_overlay(FACTS, WORDING, sig), evidence), key, reason="x")
    count = len(pages(evidence))
    assert count > 2
    assert pages(whole)[2:] == pages(evidence)
    fonts = [
        page["/Resources"]["/Font"].raw_get("/SourceSerif4-Regular")  # type: ignore[index]
        for page in pypdf.PdfReader(io.BytesIO(whole)).pages[2:]
    ]
    assert len({reference.idnum for reference in fonts}) == 1


def test_the_seal_is_valid_ours_and_over_the_whole_file(sealed: bytes, key: seal.SealKey) -> None:
    shown, _ = completed()
    verdict = seal.inspect(
        sealed,
        trusted=[key.certificate],
        shown_sha256=sha256(shown),
        shown_length=len(shown),
        sealed_sha256=sha256(sealed),
    )
    assert verdict.problems == ()
    assert verdict.valid
    assert verdict.ours
    assert (verdict.sha256, verdict.size) == (sha256(sealed), len(sealed))
    assert verdict.certificate == key.fingerprint
    assert (verdict.owner, verdict.level) == ("Test Publisher", "B-B")
    assert verdict.sealed_at is not None
    assert abs(verdict.sealed_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_it_is_pades_certifying_and_forbids_changes(sealed: bytes) -> None:
    (embedded,) = PdfFileReader(io.BytesIO(sealed)).embedded_signatures
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert embedded.docmdp_level is not None
    assert embedded.docmdp_level.value == 1
    assert "/Perms" in PdfFileReader(io.BytesIO(sealed)).root
    context = ValidationContext(trust_roots=[embedded.signer_cert], allow_fetching=False)
    assert run_coroutine(async_validate_pdf_signature(embedded, context)).bottom_line


def contents_of(data: bytes) -> tuple[int, int]:
    """Returns where the seal's hexadecimal digits begin and end."""
    start = data.rindex(b"/Contents <") + len(b"/Contents <")
    return start, data.index(b">", start)


def flip(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def updated(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    extra = writer.add_object(generic.StreamObject(stream_data=b"0 0 100 100 re f"))
    writer.add_stream_to_page(0, extra)  # type: ignore[no-untyped-call]
    output = io.BytesIO()
    writer.write(output)  # type: ignore[no-untyped-call]
    return output.getvalue()


def retitled(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    writer.set_info(generic.DictionaryObject({generic.pdf_name("/Title"): generic.pdf_string("Other")}))  # type: ignore[no-untyped-call]
    output = io.BytesIO()
    writer.write(output)  # type: ignore[no-untyped-call]
    return output.getvalue()


def saved_again(data: bytes) -> bytes:
    output = io.BytesIO()
    pypdf.PdfWriter(clone_from=io.BytesIO(data)).write(output)
    return output.getvalue()


def padding_digit(data: bytes) -> bytes:
    _, end = contents_of(data)
    return data[: end - 2] + b"1" + data[end - 1 :]


def other_case(data: bytes) -> bytes:
    start, end = contents_of(data)
    return data[:start] + data[start:end].lower() + data[end:]


def in_the_signature(data: bytes) -> bytes:
    start, _ = contents_of(data)
    digit = b"0" if data[start + 300 : start + 301] != b"0" else b"1"
    return data[: start + 300] + digit + data[start + 301 :]


TAMPERING: dict[str, Callable[[bytes], bytes]] = {
    "one bit in the form": flip(1000),
    "one bit in the header": flip(6),
    "one bit in the seal's own revision": lambda data: flip(len(data) - 30)(data),
    "a digit of the signature": in_the_signature,
    "a digit of the padding": padding_digit,
    "the case of the digits": other_case,
    "junk after the end": lambda data: data + b"\n% harmless",
    "one more line end": lambda data: data + b"\n",
    "an incremental update of a page": updated,
    "another title in the metadata": retitled,
    "saved again by another program": saved_again,
    "the tail cut off": lambda data: data[:-200],
    "half of it": lambda data: data[: len(data) // 2],
    "only the form that was shown": lambda data: data[: len(completed()[0])],
    "not sealed yet": lambda _: completed()[1],
    "something before it": lambda data: b"%PDF-1.4\n" + data,
    "twice the file": lambda data: data + data,
    "nothing": lambda _: b"",
    "not a PDF": lambda _: b"Dear reader, this is no PDF at all.",
}


@pytest.mark.parametrize("name", TAMPERING)
def test_every_tampering_is_reported(name: str, sealed: bytes, key: seal.SealKey) -> None:
    tampered = TAMPERING[name](sealed)
    assert tampered != sealed
    verdict = seal.inspect(tampered, trusted=[key.certificate])
    assert not verdict.valid
    assert verdict.problems
    assert all(problem.endswith(".") for problem in verdict.problems)
    assert seal.describe_difference(tampered, sealed, len(completed()[0]))


@pytest.mark.parametrize(
    "name", ["one bit in the form", "junk after the end", "the tail cut off", "the case of the digits"]
)
def test_a_spoilt_file_of_ours_is_still_known_as_ours(name: str, sealed: bytes, key: seal.SealKey) -> None:
    assert seal.inspect(TAMPERING[name](sealed), trusted=[key.certificate]).ours


def test_another_publishers_seal_is_not_ours(tmp_path: Path, sealed: bytes) -> None:
    other = seal.new_key(tmp_path / "k", tmp_path / "c", organisation="Somebody", now=NOW)
    verdict = seal.inspect(sealed, trusted=[other.certificate])
    assert not verdict.valid
    assert not verdict.ours
    assert "It was not sealed with one of our certificates." in verdict.problems


def test_the_bytes_shown_and_the_stored_digest_are_compared(sealed: bytes, key: seal.SealKey) -> None:
    shown, _ = completed()
    verdict = seal.inspect(sealed, trusted=[key.certificate], shown_sha256=sha256(b"x"), shown_length=len(shown))
    assert verdict.problems == ("The file does not begin with the bytes that the signer was shown.",)
    verdict = seal.inspect(sealed, trusted=[key.certificate], sealed_sha256=sha256(b"x"))
    assert verdict.problems == ("The file differs from the file that we sealed.",)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_bytes_break_the_judge(data: st.DataObject, sealed: bytes, key: seal.SealKey) -> None:
    start = data.draw(st.integers(0, len(sealed)))
    end = data.draw(st.integers(start, min(start + 400, len(sealed))))
    spoilt = sealed[:start] + data.draw(st.binary(max_size=40)) + sealed[end:]
    verdict = seal.inspect(spoilt, trusted=[key.certificate])
    assert verdict.valid == (spoilt == sealed)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_mere_noise_is_a_verdict_too(noise: bytes) -> None:
    assert not seal.inspect(noise, trusted=[]).valid
    assert not seal.inspect(b"%PDF-1.7\n" + noise, trusted=[]).valid


def test_a_small_file_that_unpacks_to_a_table_of_millions_is_given_up_at_once(key: seal.SealKey) -> None:
    table = zlib.compress(bytes(200_000_000), 9)
    entries = b"/Type/XRef/W[1 2 1]/Size 50000000/Root 2 0 R/Filter/FlateDecode/Length %d" % len(table)
    head = b"%PDF-1.7\n"
    bomb = head + b"1 0 obj\n<<" + entries + b">>\nstream\n" + table + b"\nendstream\nendobj\nstartxref\n9\n%%EOF"
    start = time.process_time()
    verdict = seal.inspect(bomb, trusted=[key.certificate])
    assert verdict.problems == ("The file cannot be read as a sealed PDF (PdfDecodeLimitError).",)
    assert time.process_time() - start < 2


def test_where_two_files_differ(sealed: bytes) -> None:
    length = len(completed()[0])

    def difference(other: bytes) -> str:
        return seal.describe_difference(other, sealed, length)

    assert difference(sealed) == ""
    assert difference(sealed + b"xy") == "2 bytes were added after the sealed file’s end."
    assert difference(sealed[:-3]).startswith("The last 3 of")
    assert "at byte 1000, in the form that the signer was shown; both have" in difference(flip(1000)(sealed))
    assert "in the part added by signing and sealing" in difference(flip(length)(sealed))
    assert "in the seal" in difference(padding_digit(sealed))
    assert f"it has {len(sealed) + 1} bytes, the sealed file {len(sealed)}." in difference(b" " + sealed)


def test_what_was_sealed_verifies_after_rotation_and_after_expiry(
    tmp_path: Path, sealed: bytes, key: seal.SealKey
) -> None:
    newer = seal.new_key(tmp_path / "k", tmp_path / "c", organisation="Test Publisher", now=NOW)
    both = seal.certificates(
        newer.certificate.public_bytes(serialization.Encoding.PEM)
        + key.certificate.public_bytes(serialization.Encoding.PEM)
    )
    assert seal.inspect(sealed, trusted=both).valid
    assert seal.inspect(seal.seal(completed()[1], newer, reason="x"), trusted=both).valid


def test_an_expired_certificate_seals_nothing(tmp_path: Path) -> None:
    old = seal.new_key(tmp_path / "k", tmp_path / "c", organisation="Old", now=NOW - timedelta(days=800), years=2)
    with pytest.raises(seal.SealError, match="does not validate"):
        seal.seal(completed()[1], old, reason="x")


@pytest.mark.parametrize("parts", [(b"", b"x", b"x"), (b"no pdf", b"no", b"no")])
def test_what_is_no_pdf_is_neither_completed_nor_sealed(parts: tuple[bytes, bytes, bytes], key: seal.SealKey) -> None:
    with pytest.raises(seal.SealError):
        seal.complete(*parts)
    with pytest.raises(seal.SealError):
        seal.seal(parts[0], key, reason="x")


def test_a_sealed_file_is_not_sealed_again(sealed: bytes, key: seal.SealKey) -> None:
    with pytest.raises(seal.SealError):
        seal.seal(sealed, key, reason="x")


def test_sealing_and_judging_work_inside_a_running_event_loop(key: seal.SealKey) -> None:
    async def inside() -> seal.Verdict:
        return seal.inspect(seal.seal(completed()[1], key, reason="x"), trusted=[key.certificate])

    with ThreadPoolExecutor(max_workers=1) as thread:  # already run by this test
        assert thread.submit(asyncio.run, inside()).result().valid


def test_the_key_is_parsed_once_and_read_again_when_its_files_change(files: tuple[Path, Path], tmp_path: Path) -> None:
    assert seal.SealKey.load(*files) is seal.SealKey.load(*files)
    first = seal.new_key(tmp_path / "k", tmp_path / "c", organisation="A", now=NOW)
    assert seal.SealKey.load(tmp_path / "k", tmp_path / "c").fingerprint == first.fingerprint
    for name in ("k", "c"):
        (tmp_path / name).unlink()
    second = seal.new_key(tmp_path / "k", tmp_path / "c", organisation="B", now=NOW)
    os.utime(tmp_path / "k", ns=(1, 1))
    assert seal.SealKey.load(tmp_path / "k", tmp_path / "c").fingerprint == second.fingerprint


def test_a_new_key_is_private_and_overwrites_nothing(tmp_path: Path) -> None:
    made = seal.new_key(tmp_path / "k", tmp_path / "c", organisation="Årsbok & Söner", now=NOW, years=1)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert made.owner == "Årsbok & Söner"
    assert timedelta(days=364) < made.expires - NOW < timedelta(days=366)
    with pytest.raises(FileExistsError):
        seal.new_key(tmp_path / "k", tmp_path / "other", organisation="x", now=NOW)
    with pytest.raises(FileExistsError):
        seal.new_key(tmp_path / "k2", tmp_path / "c", organisation="x", now=NOW)
    assert not (tmp_path / "k2").exists()


def test_what_the_system_check_finds(tmp_path: Path, files: tuple[Path, Path]) -> None:
    key_file, certificate_file = files
    assert seal.check_key(key_file, certificate_file, NOW) == []
    assert "expires on" in seal.check_key(key_file, certificate_file, NOW + timedelta(days=1010))[0]
    assert "expired on" in seal.check_key(key_file, certificate_file, NOW + timedelta(days=1100))[0]
    assert "cannot be read" in seal.check_key(tmp_path / "none", certificate_file, NOW)[0]
    other = seal.new_key(tmp_path / "k", tmp_path / "c", organisation="x", now=NOW)
    assert "belongs to another key" in seal.check_key(tmp_path / "k", certificate_file, NOW)[0]
    (tmp_path / "k").chmod(0o640)
    assert "0600" in seal.check_key(tmp_path / "k", tmp_path / "c", NOW)[0]
    (tmp_path / "chain").write_bytes((tmp_path / "c").read_bytes() + certificate_file.read_bytes())
    assert "chain is broken" in seal.check_key(tmp_path / "k", tmp_path / "chain", NOW)[1]
    (tmp_path / "rubbish").write_text("rubbish")
    assert "not usable PEM" in seal.check_key(tmp_path / "rubbish", certificate_file, NOW)[0]
    assert "not usable PEM" in seal.check_key(tmp_path / "k", tmp_path / "rubbish", NOW)[0]
    assert other.expires > NOW
    with pytest.raises(seal.SealError):
        seal.certificates(b"rubbish")


def test_an_rsa_key_seals_as_well(tmp_path: Path, key: seal.SealKey) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(key.certificate.subject)
        .issuer_name(key.certificate.subject)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=400))
        .add_extension(key.certificate.extensions.get_extension_for_class(x509.KeyUsage).value, critical=True)
        .sign(private, hashes.SHA256())
    )
    encoding, no_encryption = serialization.Encoding.PEM, serialization.NoEncryption()
    (tmp_path / "k").write_bytes(private.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_encryption))
    (tmp_path / "c").write_bytes(certificate.public_bytes(encoding))
    loaded = seal.SealKey.load(tmp_path / "k", tmp_path / "c")
    assert seal.inspect(seal.seal(completed()[1], loaded, reason="x"), trusted=[certificate]).valid


def test_a_result_that_does_not_validate_is_not_returned(monkeypatch: pytest.MonkeyPatch, key: seal.SealKey) -> None:
    monkeypatch.setattr(signer.Signer, "_value", lambda self, data: b"\0" * 72)
    with pytest.raises(seal.SealError, match="does not validate"):
        seal.seal(completed()[1], key, reason="x")


@pytest.mark.tools
@pytest.mark.parametrize("visible", [False, True])
def test_pdfsig_and_qpdf_agree(tmp_path: Path, sealed: bytes, key: seal.SealKey, visible: bool) -> None:
    path = tmp_path / "sealed.pdf"
    stamp = pdf.make_stamp(FACTS, WORDING, key.owner)
    path.write_bytes(seal.seal(completed()[1], key, reason="x", stamp=stamp) if visible else sealed)
    report = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid." in report
    assert "Total document signed" in report
    assert "ETSI.CAdES.detached" in report
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
    info = subprocess.run(["pdfinfo", path], check=True, capture_output=True, text=True).stdout
    assert "Encrypted:       no" in info
