"""Unpacks uploads, single files or zips, into a flat folder. Writes nothing outside the folder.

Names and sizes in a zip are not trusted. Names that lead elsewhere, links, passwords and bombs are rejected. Files are
copied in chunks, in constant memory.
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

MAX_FILE_SIZE = 200 * 1024 * 1024
"""Maximum bytes of one file, after unpacking."""

MAX_TOTAL_SIZE = 8 * 1024**3
"""Maximum bytes of all files together, after unpacking."""

MAX_FILES = 10_000
_MAX_RATIO = 500
"""Maximum ratio of compression. PDFs hardly compress, so more is a bomb."""
_CHUNK = 1 << 20
_IGNORED = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as uploaded: its name, its size in bytes, and the file to read from the start."""

    name: str
    size: int
    file: BinaryIO


class _RejectedError(Exception):
    pass


def unpack(uploads: Iterable[Upload], folder: Path) -> list[Finding]:
    """Writes the files into the empty `folder`. Returns what was rejected, with what to do instead.

    Unpacks a zip unless it has the name of a supplement. Raises OSError, for example if the disk is full.
    """
    found: list[Finding] = []
    target = _UploadFolder(folder)
    for upload in uploads:
        try:
            if upload.name.lower().endswith(".zip") and not _is_supplement(upload.name):
                found += _unpack_zip(upload, target)
            else:
                target.add(PurePosixPath(upload.name.replace("\\", "/")).name, upload.size, upload.file)
        except _RejectedError as refusal:
            found.append(_finding(upload.name, str(refusal)))
    return found


def _is_supplement(name: str) -> bool:
    known = read_name(PurePosixPath(name).name)
    return known is not None and known.kind is Kind.SUPPLEMENT


class _UploadFolder:
    """The folder, and the names and sizes written so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: set[str] = set()
        self.total = 0

    def add(self, name: str, size: int, source: BinaryIO) -> None:
        """Copies one file to the folder. Raises _RejectedError."""
        if name in ("", ".", "..") or not name.isprintable():
            raise _RejectedError("has an invalid name: rename it")
        if name.casefold() in self.names:
            raise _RejectedError("appears twice in this upload: keep one")
        if size > MAX_FILE_SIZE:
            raise _RejectedError(f"is larger than {MAX_FILE_SIZE >> 20} MB: make it smaller, or link to it instead")
        if len(self.names) >= MAX_FILES or self.total + size > MAX_TOTAL_SIZE:
            raise _RejectedError(
                f"exceeds {MAX_FILES} files or {MAX_TOTAL_SIZE >> 30} GB in one upload: upload the rest separately"
            )
        self.names.add(name.casefold())
        self.total += size
        with (self.folder / name).open("wb") as target:
            shutil.copyfileobj(source, target, _CHUNK)


def _unpack_zip(upload: Upload, target: _UploadFolder) -> list[Finding]:
    """Unpacks a zip. Raises _RejectedError if it is not a zip."""
    try:
        archive = zipfile.ZipFile(upload.file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _RejectedError(f"is not a valid zip ({error}): create it again") from error
    found = []
    with archive:
        for member in _wanted_members(archive.infolist()):
            try:
                _check_member(member)
                with archive.open(member) as source:
                    target.add(PurePosixPath(member.filename).name, member.file_size, source)  # type: ignore[arg-type]
            except _RejectedError as refusal:
                found.append(_finding(f"{upload.name}: {member.filename}", str(refusal)))
            except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
                (target.folder / PurePosixPath(member.filename).name).unlink(missing_ok=True)
                found.append(
                    _finding(
                        f"{upload.name}: {member.filename}", f"is damaged in the zip ({error}): create the zip again"
                    )
                )
    return found


def _wanted_members(members: Iterable[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    for member in members:
        parts = PurePosixPath(member.filename).parts
        if not member.is_dir() and not (
            parts and (parts[0] in _IGNORED or parts[-1] in _IGNORED or "._" in parts[-1][:2])
        ):
            yield member


def _check_member(member: zipfile.ZipInfo) -> None:
    """Raises _RejectedError for a member that a zip of papers never has."""
    path = PurePosixPath(member.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
        raise _RejectedError("has a path that leads outside the zip: zip the files only")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise _RejectedError("is a link, not a file: zip the file itself")
    if member.header_offset < 0:
        raise _RejectedError("has an invalid position in the zip: create the zip again")
    if member.flag_bits & 0x1:
        raise _RejectedError("is encrypted: zip it without a password")
    if member.file_size > _MAX_RATIO * max(member.compress_size, 1024):
        raise _RejectedError("is compressed too strongly for a paper: create the zip again")


def _finding(name: str, message: str) -> Finding:
    return Finding(rule="upload", message=message, file=name, field="file")
