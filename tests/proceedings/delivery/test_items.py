"""Packages: atomic folders, and zips as streams."""

import hashlib
import io
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.delivery import zip_stream
from proceedings.delivery.items import (
    Item,
    PackageError,
    build_folder,
    finish_replacement,
    item_from_bytes,
    replace_folder,
)
from proceedings.delivery.zip_stream import archive_size, stream_archive

MB = 1 << 20


def known(name: str, body: bytes) -> Item:
    return Item(name, len(body), hashlib.sha256(body).hexdigest(), lambda: BytesIO(body), zlib.crc32(body))


NAMES = st.lists(st.text(st.sampled_from("abcé-/._"), min_size=1, max_size=12), unique=True, max_size=6)


@given(NAMES.flatmap(lambda names: st.tuples(st.just(names), st.lists(st.binary(), min_size=len(names)))))
def test_a_zip_holds_what_was_put_in_and_is_as_long_as_announced(files: tuple[list[str], list[bytes]]) -> None:
    items = [known(name, body) for name, body in zip(*files, strict=False)]

    whole = b"".join(stream_archive(items))

    assert len(whole) == archive_size(items)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert [(one.filename, archive.read(one)) for one in archive.infolist()] == [
            (one.name, one.open().read()) for one in items
        ]
    assert whole == b"".join(stream_archive(items))


def test_a_file_whose_checksum_nobody_knows_is_read_for_it() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(stream_archive([item_from_bytes("a", b"body")])))) as archive:
        assert archive.testzip() is None


class Zeros(io.RawIOBase):
    """A file of zeros that does not exist on disk."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        taken = self.left if size < 0 else min(size, self.left)
        self.left -= taken
        return bytes(taken)


def zeros(size: int) -> BinaryIO:
    return Zeros(size)  # type: ignore[return-value]


def crc_of_zeros(size: int) -> int:
    crc, piece = 0, bytes(16 * MB)
    for _ in range(size // len(piece)):
        crc = zlib.crc32(piece, crc)
    return zlib.crc32(bytes(size % len(piece)), crc)


def test_zip64_where_an_offset_a_size_or_a_count_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With lower limits, every field uses its 64 bits, and zipfile still reads all of it."""
    monkeypatch.setattr(zip_stream, "_LIMIT", 100)
    monkeypatch.setattr(zip_stream, "_MOST", 3)
    items = [known(f"f{number}", bytes([number]) * size) for number, size in enumerate((10, 150, 99, 100, 0))]

    whole = b"".join(stream_archive(items))

    assert len(whole) == archive_size(items)
    assert whole.count(b"PK\x06\x06") == whole.count(b"PK\x06\x07") == 1
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert [one.file_size for one in archive.infolist()] == [10, 150, 99, 100, 0]


def test_a_file_larger_than_32_bits_is_announced_right() -> None:
    large = Item("large.bin", 5 << 30, "", lambda: zeros(5 << 30), 0)

    head = next(iter(stream_archive([large])))

    assert archive_size([large, large]) > 10 << 30
    assert head[18:26] == b"\xff" * 8
    assert int.from_bytes(head[-16:-8], "little") == 5 << 30


def test_memory_stays_flat() -> None:
    size = 20 * MB
    crc = crc_of_zeros(size)
    items = [Item(f"p{number}.pdf", size, "", lambda: zeros(size), crc) for number in range(20)]
    tracemalloc.start()

    total = sum(map(len, stream_archive(items)))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == archive_size(items) > 400 * MB
    assert peak < 4 * MB


@pytest.mark.parametrize("body", [b"bodz", b"bod", b"body and more"])
def test_a_file_that_is_another_breaks_the_stream(body: bytes) -> None:
    wrong = Item("a.pdf", 4, "", lambda: BytesIO(body), zlib.crc32(b"body"))

    with pytest.raises(PackageError, match=r"a\.pdf: the stored file was changed after the upload"):
        list(stream_archive([wrong]))


# --- folders


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_is_built_from_scratch_and_lists_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "left over").write_text("x")

    written = build_folder([item_from_bytes("a", b"1"), item_from_bytes("evidence/b", b"22")], folder)

    assert files(folder) == {"a": b"1", "evidence/b": b"22"}
    assert [(one.name, one.size) for one in written] == [("a", 1), ("evidence/b", 2)]


def test_bytes_that_differ_from_the_list_stop_the_build(tmp_path: Path) -> None:
    wrong = Item("a", 1, "0" * 64, lambda: BytesIO(b"1"))

    with pytest.raises(PackageError, match="a: the stored file"):
        build_folder([wrong], tmp_path / "new")


def exchange(folder: Path) -> Iterator[tuple[Path, Path, list[str]]]:
    old, new = folder / "v1", folder / ".v1.new"
    build_folder(
        [item_from_bytes("a", b"old"), item_from_bytes("gone", b"old"), item_from_bytes("evidence/gone", b"old")], old
    )
    (old / ".git").mkdir()
    (old / ".git" / "head").write_bytes(b"foreign")
    (old / "evidence" / "letter").write_bytes(b"foreign")
    build_folder([item_from_bytes("a", b"new")], new)
    yield new, old, ["a", "gone", "evidence/gone"]


def test_a_new_folder_takes_the_place_and_files_of_others_move_along(tmp_path: Path) -> None:
    for new, old, ours in exchange(tmp_path):
        replace_folder(new, old, ours)

    assert files(tmp_path) == {"v1/a": b"new", "v1/.git/head": b"foreign", "v1/evidence/letter": b"foreign"}


@pytest.mark.parametrize("moved", [[], [".git"]])
def test_an_exchange_that_stopped_is_finished(tmp_path: Path, moved: list[str]) -> None:
    for new, old, ours in exchange(tmp_path):
        old.rename(tmp_path / ".v1.old")
        new.rename(old)
        for name in moved:
            (tmp_path / ".v1.old" / name).rename(old / name)

        finish_replacement(old, ours)

    assert files(tmp_path) == {"v1/a": b"new", "v1/.git/head": b"foreign", "v1/evidence/letter": b"foreign"}


def test_an_exchange_that_stopped_in_the_middle_is_taken_back(tmp_path: Path) -> None:
    for _new, old, ours in exchange(tmp_path):
        before = files(old)
        old.rename(tmp_path / ".v1.old")

        finish_replacement(old, ours)

        assert files(old) == before
