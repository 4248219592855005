"""A package: named files from anywhere, written into a folder or (`zipstream`) sent as a zip. No rows, no settings.

A folder is built beside its place and then takes it, so nobody ever finds half a package; what others have put into the
old folder moves along.
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
    """A file is not what it was when it came in; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a package. `name` is relative, with ``/``; `crc32` is None where nobody has computed it."""

    name: str
    size: int
    sha256: str
    open: Callable[[], BinaryIO]
    crc32: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a package holds now."""

    name: str
    size: int
    sha256: str


def item(name: str, body: bytes) -> Item:
    """A file that is in memory."""
    return Item(name, len(body), hashlib.sha256(body).hexdigest(), lambda: BytesIO(body))


def build(items: Iterable[Item], folder: Path) -> list[Written]:
    """Write `items` into `folder`, which is made anew. Flat memory.

    Raises PackageError when the bytes of an item are not those that its digest promises, and OSError.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    written = []
    for one in items:
        target = folder / one.name
        target.parent.mkdir(exist_ok=True)
        _copy(one, target)
        written.append(Written(one.name, one.size, one.sha256))
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
    """Put the folder `staged` in the place of `target`. `ours` are the files of the old one that nobody will miss.

    Whatever else lies in the old folder moves along. After a crash, calling it again (or `settle`) loses nothing: the
    old folder waits under its other name until everything has moved.
    """
    finish_replacement(target, ours)
    if target.exists():
        target.rename(_aside(target))
    staged.rename(target)
    finish_replacement(target, ours)


def finish_replacement(target: Path, ours: Collection[str]) -> None:
    """Finish an exchange that may have been interrupted."""
    old = _aside(target)
    if not old.exists():
        return
    if not target.exists():
        old.rename(target)
        return
    _move_along(old, target, "", frozenset(ours))
    shutil.rmtree(old)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _move_along(old: Path, new: Path, prefix: str, ours: frozenset[str]) -> None:
    for path in sorted(old.iterdir()):
        name = prefix + path.name
        place = new / path.name
        shared = place.is_dir() or any(one.startswith(f"{name}/") for one in ours)
        if shared and path.is_dir() and not path.is_symlink():
            place.mkdir(exist_ok=True)
            _move_along(path, place, f"{name}/", ours)
            if not any(place.iterdir()):
                place.rmdir()
        elif name not in ours and not place.exists():
            path.rename(place)


def flush() -> None:
    """Everything written so far is on the disk, with one wait instead of one per file."""
    os.sync()
