"""A zip archive as a stream: uncompressed, unbuffered, its length known in advance. Pure.

PDFs are compressed already. Size and CRC-32 were computed when a file was attached, so each header is written before
the file is read. Memory stays constant and the web server can send the length. Format: PKWARE's APPNOTE 6.3, sections
4.3 to 4.5; zip64 where a size, an offset or the count needs it.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence

from proceedings.delivery.items import Item, PackageError

_CHUNK = 1 << 18
# From this value on, the 64-bit field holds the value and the old field holds this mark.
_LIMIT = _MARK = 0xFFFFFFFF
_MOST = _MARK_OF_COUNT = 0xFFFF
_UTF8 = 0x0800
# 1980-01-01 00:00, the earliest time in a zip archive: the same files give the same bytes.
_TIME, _DATE = 0, 0x0021
_MODE = 0o100644 << 16
_UNIX = 3 << 8


def archive_size(items: Sequence[Item]) -> int:
    """Returns how many bytes `stream_archive` yields for `items`."""
    offset = directory = 0
    for one in items:
        size = len(_local(one, 0)) + one.size
        directory += len(_central(one, 0, offset))
        offset += size
    return offset + directory + len(_end(len(items), directory, offset))


def stream_archive(items: Iterable[Item]) -> Iterator[bytes]:
    """Yields the archive. Each item is opened, copied and closed before the next.

    Raises PackageError if a file has changed: an aborted download is better than an archive with a wrong paper.
    """
    archive = Archive()
    for one in items:
        yield from archive.add(one)
    yield from archive.end()


class Archive:
    """An archive that is written file by file, and can continue where another writer of the same files stopped."""

    def __init__(self) -> None:
        self.offset = 0
        """Bytes up to the end of the last file."""
        self._directory: list[bytes] = []

    def add(self, one: Item) -> Iterator[bytes]:
        """Yields the bytes of the next file. Raises PackageError as `stream_archive` does."""
        crc32 = _crc32(one) if one.crc32 is None else one.crc32
        yield self._enter(one, crc32)
        yield from _body(one, crc32)

    def skip(self, one: Item) -> None:
        """Counts the next file as already written."""
        self._enter(one, _crc32(one) if one.crc32 is None else one.crc32)

    def end(self) -> Iterator[bytes]:
        """Yields the central directory, after the last file."""
        yield from self._directory
        yield _end(len(self._directory), sum(map(len, self._directory)), self.offset)

    def _enter(self, one: Item, crc32: int) -> bytes:
        head = _local(one, crc32)
        self._directory.append(_central(one, crc32, self.offset))
        self.offset += len(head) + one.size
        return head


def _body(one: Item, crc32: int) -> Iterator[bytes]:
    seen = size = 0
    with one.open() as file:
        while chunk := file.read(_CHUNK):
            seen = zlib.crc32(chunk, seen)
            size += len(chunk)
            yield chunk
    if (size, seen) != (one.size, crc32):
        msg = f"{one.name}: the stored file was changed after the upload. Restore it from the backup."
        raise PackageError(msg)


def _crc32(one: Item) -> int:
    crc32 = 0
    with one.open() as file:
        while chunk := file.read(_CHUNK):
            crc32 = zlib.crc32(chunk, crc32)
    return crc32


def _local(one: Item, crc32: int) -> bytes:
    """Returns the local header before a file (4.3.7)."""
    name = one.name.encode()
    large = one.size >= _LIMIT
    extra = struct.pack("<HHQQ", 1, 16, one.size, one.size) if large else b""
    size = _MARK if large else one.size
    needs = 45 if large else 20
    head = struct.pack(
        "<4sHHHHHIIIHH", b"PK\x03\x04", needs, _UTF8, 0, _TIME, _DATE, crc32, size, size, len(name), len(extra)
    )
    return head + name + extra


def _central(one: Item, crc32: int, offset: int) -> bytes:
    """Returns the file's header in the central directory (4.3.12)."""
    name = one.name.encode()
    large, far = one.size >= _LIMIT, offset >= _LIMIT
    values = ([one.size, one.size] if large else []) + ([offset] if far else [])
    extra = struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values) if values else b""
    size = _MARK if large else one.size
    needs = 45 if values else 20
    head = struct.pack(
        "<4sHHHHHHIIIHHHHHII",
        *(b"PK\x01\x02", _UNIX | needs, needs, _UTF8, 0, _TIME, _DATE, crc32, size, size),
        *(len(name), len(extra), 0, 0, 0, _MODE, _MARK if far else offset),
    )
    return head + name + extra


def _end(count: int, size: int, offset: int) -> bytes:
    """Returns the end of the directory (4.3.16), preceded by its zip64 form (4.3.14, 4.3.15) if needed."""
    large = b""
    if count >= _MOST or size >= _LIMIT or offset >= _LIMIT:
        large = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, _UNIX | 45, 45, 0, 0, count, count, size, offset)
        large += struct.pack("<4sIQI", b"PK\x06\x07", 0, offset + size, 1)
        count, size, offset = _MARK_OF_COUNT, _MARK, _MARK
    return large + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, size, offset, 0)
