"""Builds packages in the background; the only writer of Package: request -> claim -> build -> finish.

A row is a request. The file is built under a temporary name and renamed when complete. Every few seconds the row
records how much is safely on disk, so after a crash the next worker continues from there.
"""

import errno
import fcntl
import hashlib
import logging
import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.core.files import File
from django.core.files.storage import storages
from django.db.models import F, Q

from agreements import lifecycle
from agreements.delivery import packages, readiness
from agreements.models import Package
from proceedings.delivery.items import Item
from proceedings.delivery.zip_stream import Archive, length
from proceedings.models import Volume

Clock = Callable[[], datetime]
State = Package.State

LEASE = timedelta(minutes=2)
"""How long after its last report a worker counts as crashed."""

EVERY = timedelta(seconds=2)
"""How often progress is recorded; or after this many bytes:"""
MIN_FREE = 128 << 20

MAX_ATTEMPTS = 5
KEEP = 2
"""Packages kept of each kind; older ones are deleted."""

_CHUNK = 1 << 20

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another worker holds the package now."""


class ChangedError(Exception):
    """The partial file was built from data that has changed."""


class NotReadyError(ValueError):
    """The volume is not ready, and no partial package was requested."""


def request_packages(volume: Volume, *, partial: bool, by: str, now: datetime) -> None:
    """Requests both packages of `volume`, unless a request is open already."""
    asked = [Package(volume=volume, which=w, partial=partial, asked_at=now, asked_by=by) for w in Package.Which]
    Package.objects.bulk_create(asked, ignore_conflicts=True)


def make_due(clock: Clock) -> Counter[str]:
    """Builds the requested packages and continues those of crashed workers. Counts by result."""
    tally: Counter[str] = Counter()
    while package := claim(clock()):
        tally[build_package(package, clock)] += 1
    return tally


def claim(now: datetime) -> Package | None:
    """Claims the oldest request until the lease ends. One at a time, so that workers stay free for email."""
    if Package.objects.filter(state=State.RUNNING, lease_until__gt=now).exists():
        return None
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, lease_until__lte=now)
    first = Package.objects.filter(free).order_by("asked_at", "pk").values_list("pk", flat=True).first()
    token = uuid.uuid4()
    held = {"state": State.RUNNING, "claim": token, "lease_until": now + LEASE, "attempts": F("attempts") + 1}
    if first is None or not Package.objects.filter(free, pk=first).update(**held):
        return None
    return Package.objects.select_related("volume").filter(claim=token).first()


def build_package(package: Package, clock: Clock) -> str:
    """Builds the package. Returns ``made``, ``failed`` or ``lost`` to another worker."""
    part = build_path(package)
    try:
        if package.attempts > MAX_ATTEMPTS:
            raise RuntimeError("The worker crashed each time it built this package. See the log for the cause.")
        _Builder(package, part, clock).make()
    except LeaseLostError:
        return "lost"
    except Exception as error:
        logger.exception("Cannot build package %s", package.stored_as)
        part.unlink(missing_ok=True)  # frees space on a full disk
        report_progress(
            package,
            state=State.FAILED,
            error=error_message(error, part),
            finished_at=clock(),
            claim=None,
            lease_until=None,
        )
        return "failed"
    delete_old(package)
    return "made"


def report_progress(package: Package, **columns: Any) -> None:
    """Updates the row if this worker still holds it. Raises LeaseLostError."""
    if not Package.objects.filter(pk=package.pk, claim=package.claim, state=State.RUNNING).update(**columns):
        raise LeaseLostError


class _Builder:
    """One worker's attempt at one package, in the file `part`."""

    def __init__(self, package: Package, part: Path, clock: Clock) -> None:
        self.package, self.part, self.clock = package, part, clock
        self.reported_at, self.reported_size = clock(), 0
        # The date of the request, so that the result does not depend on when it finishes.
        self.what = packages.prepare(package.volume, package.asked_at.date())
        if not self.what.ready and not package.partial:
            raise NotReadyError(f"The volume is no longer ready: {self.what.reasons[0]}")

    def make(self) -> None:
        self.part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(self.part) as file:
            self.begin(file)
            try:
                digest = self.build(file)
            except ChangedError:
                self.package.done = self.package.size = 0
                digest = self.build(file)
            size = file.tell()
        finished = self.clock()
        store_package(self.package, self.part)
        packages.keep_keys(self.what)
        if self.package.which == Package.Which.PERMISSIONS:
            for agreement in self.what.cleared:
                readiness.note_delivered(agreement, by=self.package.asked_by, now=finished)
            if self.what.ready:
                lifecycle.volume_delivered(self.package.volume_id, now=finished)
        report_progress(
            self.package,
            state=State.DONE,
            sha256=digest,
            size=size,
            done=self.package.total,
            complete=self.what.ready,
            finished_at=self.clock(),
            claim=None,
            lease_until=None,
        )

    def begin(self, file: BinaryIO) -> None:
        """Records the input's fingerprint. Keeps a partial file only if it was built from the same input."""
        state = packages.fingerprint(self.what)
        there = file.seek(0, os.SEEK_END)
        if self.package.fingerprint != state or there < self.package.size:
            self.package.done = self.package.size = 0
        permissions = self.package.which == Package.Which.PERMISSIONS
        count = packages.count_permissions if permissions else packages.count_public
        self.package.total = count(self.what)
        report_progress(
            self.package,
            fingerprint=state,
            total=self.package.total,
            done=self.package.done,
            size=self.package.size,
            lease_until=self.clock() + LEASE,
        )
        if not permissions:  # the lengths of the others are not known before they are made
            check_space(self.part, length(list(self.items())), there)

    def items(self) -> Iterator[Item]:
        """The files of the package, each created or read only when it is written."""
        if self.package.which == Package.Which.PUBLIC:
            files = packages.public(self.what)
        else:
            files = packages.permissions(self.what, packages.listing(self.what))
        return packages.inside(self.package.folder, files)

    def build(self, file: BinaryIO) -> str:
        """Writes the missing rest of `file`. Returns the SHA-256 of the whole."""
        digest = truncate(file, self.package.size)
        archive = Archive()
        for number, one in enumerate(self.items(), 1):
            if number <= self.package.done:
                archive.skip(one)
                if number == self.package.done and archive.offset != self.package.size:
                    raise ChangedError
                continue
            for piece in archive.add(one):
                file.write(piece)
                digest.update(piece)
            self.checkpoint(file, number, archive.offset)
        for piece in archive.end():
            file.write(piece)
            digest.update(piece)
        flush_to_disk(file)
        return digest.hexdigest()

    def checkpoint(self, file: BinaryIO, done: int, size: int) -> None:
        """Every few seconds: flushes the file and records the progress."""
        now = self.clock()
        if now - self.reported_at < EVERY and size - self.reported_size < MIN_FREE:
            return
        flush_to_disk(file)
        report_progress(self.package, done=done, size=size, lease_until=now + LEASE)
        self.reported_at, self.reported_size = now, size


# --- files


def build_path(package: Package) -> Path:
    """Where the package is built: beside its final path, or in a local folder for remote storage."""
    try:
        return Path(storages["private"].path(package.stored_as)).with_suffix(".part")
    except NotImplementedError:
        return Path(tempfile.gettempdir(), f"desk-{os.getuid()}", package.stored_as).with_suffix(".part")


def locked(part: Path) -> BinaryIO:
    """Opens and locks `part`. Raises LeaseLostError if another worker holds the lock."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    file = os.fdopen(descriptor, "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        file.close()
        raise LeaseLostError from taken
    return file


def truncate(file: BinaryIO, size: int) -> "hashlib._Hash":
    """Truncates `file` to the `size` known to be safe and seeks to its end. Returns its digest so far."""
    digest = hashlib.sha256()
    file.truncate(size)
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest


def flush_to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def check_space(part: Path, needed: int, there: int) -> None:
    """Raises OSError if the disk has too little space."""
    if needed > shutil.disk_usage(part.parent).free + there:
        raise OSError(errno.ENOSPC, f"it needs {megabytes(needed)}")


def store_package(package: Package, part: Path) -> None:
    """Moves the finished file to its final name, so that readers never see a partial one."""
    storage = storages["private"]
    try:
        place = Path(storage.path(package.stored_as))
    except NotImplementedError:
        storage.delete(package.stored_as)  # left by a worker killed after this line
        with part.open("rb") as file:
            storage.save(package.stored_as, File(file))
        part.unlink()
    else:
        part.replace(place)


def delete_old(newest: Package) -> None:
    """Deletes the files of older packages of the same kind; keeps their rows."""
    done = Package.objects.filter(volume=newest.volume_id, which=newest.which, state=State.DONE)
    for old in done.order_by("-finished_at", "-pk")[KEEP:]:
        storages["private"].delete(old.stored_as)
        Package.objects.filter(pk=old.pk, state=State.DONE).update(state=State.PRUNED)


def error_message(error: Exception, part: Path) -> str:
    """The error and what to do, for editors."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        needs = f" ({error.strerror})" if "needs" in (error.strerror or "") else ""
        free = megabytes(shutil.disk_usage(part.parent).free)
        return f"The disk is full{needs}; {free} are free. Ask your administrator for space, then make them again."
    if isinstance(error, OSError):
        return f"A file cannot be read or written: {error.strerror or error}. Make the packages again."
    return str(error) or type(error).__name__


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"
