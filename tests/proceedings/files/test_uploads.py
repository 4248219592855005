"""Unpacks uploads into a flat folder: malicious zips, and large files in constant memory."""

import io
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proceedings.files import uploads
from proceedings.files.uploads import Upload, unpack


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return output.getvalue()


def upload(name: str, body: bytes) -> Upload:
    return Upload(name, len(body), io.BytesIO(body))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_alone_and_in_zips_come_into_one_folder(tmp_path: Path) -> None:
    archive = zipped(("v247/a24.pdf", b"one"), ("v247/b24-supp.zip", b"two"), ("__MACOSX/v247/._a24.pdf", b"litter"))
    assert unpack([upload("all.zip", archive), upload("c24.pdf", b"three")], tmp_path) == []
    assert files(tmp_path) == {"a24.pdf": b"one", "b24-supp.zip": b"two", "c24.pdf": b"three"}


def test_a_supplement_that_is_a_zip_is_not_opened(tmp_path: Path) -> None:
    body = zipped(("code.py", b"print()"))
    assert unpack([upload("a24-supp.zip", body)], tmp_path) == []
    assert files(tmp_path) == {"a24-supp.zip": body}


def link() -> zipfile.ZipInfo:
    member = zipfile.ZipInfo("a24.pdf")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ("../a24.pdf", "leads outside the zip"),
        ("/etc/a24.pdf", "leads outside the zip"),
        ("x/../../a24.pdf", "leads outside the zip"),
        ("C:a24.pdf", "leads outside the zip"),
        ("..\\a24.pdf", "leads outside the zip"),
        (link(), "is a link"),
    ],
)
def test_a_member_that_leads_elsewhere_is_rejected_and_the_others_come_in(
    member: str | zipfile.ZipInfo, why: str, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (finding,) = unpack([upload("all.zip", zipped((member, b"evil"), ("b24.pdf", b"good")))], folder)
    assert why in finding.message
    assert files(folder) == {"b24.pdf": b"good"}
    assert sorted(tmp_path.iterdir()) == [folder]


def test_a_bomb_is_rejected_before_it_is_unpacked(tmp_path: Path) -> None:
    body = zipped(("a24.pdf", bytes(20 << 20)))
    assert len(body) < 30_000
    (finding,) = unpack([upload("all.zip", body)], tmp_path)
    assert "is compressed too strongly" in finding.message
    assert files(tmp_path) == {}


def test_a_zip_that_lies_about_a_size_writes_no_more_than_it_said(tmp_path: Path) -> None:
    body = bytearray(zipped(("a24.pdf", b"x" * 5000)))
    at = body.index(b"PK\x01\x02")
    body[at + 24 : at + 28] = struct.pack("<I", 10)  # the central directory says ten bytes
    found = unpack([upload("all.zip", bytes(body))], tmp_path)
    assert len(found) == 1
    assert files(tmp_path) == {}


def test_an_encrypted_member_is_rejected(tmp_path: Path) -> None:
    body = bytearray(zipped(("a24.pdf", b"secret")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(mark) + offset] |= 1
    (finding,) = unpack([upload("all.zip", bytes(body))], tmp_path)
    assert "is encrypted" in finding.message


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [
        ("MAX_FILE_SIZE", 10, "is larger than"),
        ("MAX_TOTAL_SIZE", 60, "in one upload"),
        ("MAX_FILES", 2, "in one upload"),
    ],
)
def test_limits_are_enforced_and_reported(
    limit: str, value: int, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, limit, value)
    body = zipped(*((f"a{number}.pdf", b"x" * 25) for number in range(4)))
    found = unpack([upload("all.zip", body)], tmp_path)
    assert found
    assert all(why in finding.message for finding in found)
    assert len(files(tmp_path)) == 4 - len(found)


def test_two_files_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    body = zipped(("x/a24.pdf", b"one"), ("y/A24.pdf", b"two"))
    (finding,) = unpack([upload("all.zip", body)], tmp_path)
    assert "appears twice" in finding.message
    assert files(tmp_path) == {"a24.pdf": b"one"}


def test_an_invalid_zip_is_rejected(tmp_path: Path) -> None:
    (finding,) = unpack([upload("all.zip", b"no zip")], tmp_path)
    assert "is not a valid zip" in finding.message


@example(noise=b"", at=206, flip=1)  # a member that begins before the file does
@given(st.binary(max_size=300), st.integers(0, 400), st.integers(1, 255))
def test_no_zip_however_broken_breaks_anything(noise: bytes, at: int, flip: int) -> None:
    import tempfile

    whole = bytearray(zipped(("a24.pdf", b"one" * 50), ("b24.pdf", noise)))
    whole[at % len(whole)] ^= flip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "in"
        folder.mkdir()
        unpack([upload("all.zip", bytes(whole))], folder)
        assert [path.name for path in Path(name).iterdir()] == ["in"]
        assert all(path.is_file() and not path.is_symlink() for path in folder.iterdir())


def test_a_large_file_needs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive, archive.open("a24.pdf", "w") as member:
        for _ in range(64):
            member.write(bytes(1 << 20))
    folder = tmp_path / "folder"
    folder.mkdir()
    tracemalloc.start()
    with path.open("rb") as file:
        assert unpack([Upload("all.zip", path.stat().st_size, file)], folder) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (folder / "a24.pdf").stat().st_size == 64 << 20
    assert peak < 8 << 20
