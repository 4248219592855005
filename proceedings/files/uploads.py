"""Files that somebody uploads, alone or in a zip -> a flat folder of files. Nothing is written outside the folder.

A zip is somebody else's word about names and sizes: names that lead elsewhere, links, passwords and bombs are refused,
and every file is copied piece by piece, so that a large one needs no memory.
"""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from proceedings.bibtex.findings import Finding
from proceedings.publisher.filenames import Kind, read_name

LARGEST_FILE = 200 * 1024 * 1024
"""Bytes of one file, after unpacking."""

LARGEST_TOTAL = 8 * 1024**3
"""Bytes of all files together, after unpacking."""

MAX_FILES = 10_000
_STEEPEST = 500
"""A zip whose file grows by more than this is no zip of PDFs, which hardly shrink at all."""
_CHUNK = 1 << 20
_IGNORED = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in: what it is called, and its bytes to read from the start."""

    name: str
    size: int
    file: BinaryIO


class _Refused(Exception):
    pass


def unpack(uploads: Iterable[Upload], folder: Path) -> list[Finding]:
    """Writes the files into `folder`, which is empty. Returns what was refused, with what to do instead.

    A zip is opened, unless it is called like a supplement. Raises OSError, as when the disk is full.
    """
    found: list[Finding] = []
    room = _Room(folder)
    for upload in uploads:
        try:
            if upload.name.lower().endswith(".zip") and not _is_supplement(upload.name):
                found += _open(upload, room)
            else:
                room.take(PurePosixPath(upload.name.replace("\\", "/")).name, upload.size, upload.file)
        except _Refused as refusal:
            found.append(_say(upload.name, str(refusal)))
    return found


def _is_supplement(name: str) -> bool:
    known = read_name(PurePosixPath(name).name)
    return known is not None and known.kind is Kind.SUPPLEMENT


class _Room:
    """The folder with what is in it already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: set[str] = set()
        self.total = 0

    def take(self, name: str, size: int, source: BinaryIO) -> None:
        """Copies one file in. Raises _Refused."""
        if name in ("", ".", "..") or not name.isprintable():
            raise _Refused("has an invalid name: rename it")
        if name.casefold() in self.names:
            raise _Refused("appears twice in this upload: keep one")
        if size > LARGEST_FILE:
            raise _Refused(f"is larger than {LARGEST_FILE >> 20} MB: make it smaller, or link to it instead")
        if len(self.names) >= MAX_FILES or self.total + size > LARGEST_TOTAL:
            raise _Refused(
                f"exceeds {MAX_FILES} files or {LARGEST_TOTAL >> 30} GB in one upload: upload the rest separately"
            )
        self.names.add(name.casefold())
        self.total += size
        with (self.folder / name).open("wb") as target:
            shutil.copyfileobj(source, target, _CHUNK)


def _open(upload: Upload, room: _Room) -> list[Finding]:
    """The files of a zip. Raises _Refused for a file that is no zip."""
    try:
        archive = zipfile.ZipFile(upload.file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _Refused(f"is not a valid zip ({error}): create it again") from error
    found = []
    with archive:
        for member in _wanted(archive.infolist()):
            try:
                _check(member)
                with archive.open(member) as source:
                    room.take(PurePosixPath(member.filename).name, member.file_size, source)  # type: ignore[arg-type]
            except _Refused as refusal:
                found.append(_say(f"{upload.name}: {member.filename}", str(refusal)))
            except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
                (room.folder / PurePosixPath(member.filename).name).unlink(missing_ok=True)
                found.append(
                    _say(f"{upload.name}: {member.filename}", f"is damaged in the zip ({error}): create the zip again")
                )
    return found


def _wanted(members: Iterable[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    for member in members:
        parts = PurePosixPath(member.filename).parts
        if not member.is_dir() and not (
            parts and (parts[0] in _IGNORED or parts[-1] in _IGNORED or "._" in parts[-1][:2])
        ):
            yield member


def _check(member: zipfile.ZipInfo) -> None:
    """Raises _Refused for what no honest zip of papers holds."""
    path = PurePosixPath(member.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
        raise _Refused("has a path that leads outside the zip: zip the files only")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise _Refused("is a link, not a file: zip the file itself")
    if member.header_offset < 0:
        raise _Refused("has an invalid position in the zip: create the zip again")
    if member.flag_bits & 0x1:
        raise _Refused("is encrypted: zip it without a password")
    if member.file_size > _STEEPEST * max(member.compress_size, 1024):
        raise _Refused("is compressed too strongly for a paper: create the zip again")


def _say(name: str, message: str) -> Finding:
    return Finding(rule="upload", message=message, file=name, field="file")
