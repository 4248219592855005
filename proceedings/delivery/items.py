"""A package: named files, written into a folder or (`zip_stream`) sent as a zip. No database, no settings.

A folder is built under another name and then renamed, so nobody finds an incomplete package. Files that others have put
into the old folder are moved to the new one.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20


class PackageError(ValueError):
    """A stored file has changed since it was attached. The message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a package. `name` is relative, with ``/``; `crc32` is None if unknown."""

    name: str
    size: int
    sha256: str
    open: Callable[[], BinaryIO]
    crc32: int | None = None


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that was written to a package."""

    name: str
    size: int
    sha256: str


def item_from_bytes(name: str, body: bytes) -> Item:
    """Returns an item for bytes in memory."""
    return Item(name, len(body), hashlib.sha256(body).hexdigest(), lambda: BytesIO(body))


def build_folder(items: Iterable[Item], folder: Path) -> list[WrittenFile]:
    """Writes `items` into a new `folder`, in constant memory.

    Raises PackageError if the bytes of an item do not match its digest, and OSError.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    written = []
    for one in items:
        target = folder / one.name
        target.parent.mkdir(exist_ok=True)
        _copy(one, target)
        written.append(WrittenFile(one.name, one.size, one.sha256))
    return written


def _copy(one: Item, target: Path) -> None:
    digest = hashlib.sha256()
    with one.open() as source, target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != one.sha256:
        msg = f"{one.name}: the stored file was changed after the upload. Restore it from the backup."
        raise PackageError(msg)


def replace_folder(staged: Path, target: Path, ours: Collection[str]) -> None:
    """Replaces `target` by the folder `staged`. `ours` are the files of the old folder that may be deleted.

    All other files of the old folder are moved to the new one. After a crash, call it or `finish_replacement` again:
    the old folder stays under another name until everything has moved.
    """
    finish_replacement(target, ours)
    if target.exists():
        target.rename(_old_folder(target))
    staged.rename(target)
    finish_replacement(target, ours)


def finish_replacement(target: Path, ours: Collection[str]) -> None:
    """Finishes a replacement that may have been interrupted."""
    old = _old_folder(target)
    if not old.exists():
        return
    if not target.exists():
        old.rename(target)
        return
    _move_others(old, target, "", frozenset(ours))
    shutil.rmtree(old)


def _old_folder(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _move_others(old: Path, new: Path, prefix: str, ours: frozenset[str]) -> None:
    for path in sorted(old.iterdir()):
        name = prefix + path.name
        place = new / path.name
        shared = place.is_dir() or any(one.startswith(f"{name}/") for one in ours)
        if shared and path.is_dir() and not path.is_symlink():
            place.mkdir(exist_ok=True)
            _move_others(path, place, f"{name}/", ours)
            if not any(place.iterdir()):
                place.rmdir()
        elif name not in ours and not place.exists():
            path.rename(place)


def sync_to_disk() -> None:
    """Writes all buffers to the disk, with one wait instead of one per file."""
    os.sync()
