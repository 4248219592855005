"""Build packages in the background; THE ONLY WRITER of Package: order -> claim -> build -> finish.

A row is the order. The file is built under a temporary name and renamed when complete. Every few seconds the row
records how much is safely on disk, so that the next worker continues from there if one is killed.
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
from proceedings.delivery.zip_stream import Archive, archive_size
from proceedings.models import Volume

Clock = Callable[[], datetime]
State = Package.State

LEASE = timedelta(minutes=2)
"""Time without progress after which a worker counts as stopped."""

PROGRESS_INTERVAL = timedelta(seconds=2)
"""Interval between progress updates; they also happen after this many bytes:"""
PROGRESS_BYTES = 128 << 20

MAX_ATTEMPTS = 5
MAX_KEPT = 2
"""Number of packages of a kind that are kept."""

_CHUNK = 1 << 20

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another worker has the package now."""


class DataChangedError(Exception):
    """The partial file does not match the current data."""


class VolumeNotReadyError(ValueError):
    """The volume is not ready, and no partial package was requested."""


def order_packages(volume: Volume, *, partial: bool, by: str, now: datetime) -> None:
    """Order both packages of `volume`, unless they are already ordered."""
    asked = [Package(volume=volume, which=w, partial=partial, asked_at=now, asked_by=by) for w in Package.Which]
    Package.objects.bulk_create(asked, ignore_conflicts=True)


def make_due(clock: Clock) -> Counter[str]:
    """Build the ordered packages, and continue those of stopped workers. Counts the results."""
    tally: Counter[str] = Counter()
    while package := claim(clock()):
        tally[build_package(package, clock)] += 1
    return tally


def claim(now: datetime) -> Package | None:
    """Claim the oldest ordered package until its lease ends. One at a time: sending email needs workers too."""
    if Package.objects.filter(state=State.RUNNING, lease_until__gt=now).exists():
        return None
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, lease_until__lte=now)
    first = Package.objects.filter(free).order_by("asked_at", "pk").values_list("pk", flat=True).first()
    token = uuid.uuid4()
    columns = {"state": State.RUNNING, "claim": token, "lease_until": now + LEASE, "attempts": F("attempts") + 1}
    if first is None or not Package.objects.filter(free, pk=first).update(**columns):
        return None
    return Package.objects.select_related("volume").filter(claim=token).first()


def build_package(package: Package, clock: Clock) -> str:
    """Build the package. Returns ``made``, ``failed`` or ``lost`` to another worker."""
    part = temporary_path(package)
    try:
        if package.attempts > MAX_ATTEMPTS:
            raise RuntimeError("The worker crashed each time it built this package. See the log for the cause.")
        PackageBuilder(package, part, clock).run()
    except LeaseLostError:
        return "lost"
    except Exception as error:
        logger.exception("Cannot build package %s", package.stored_as)
        part.unlink(missing_ok=True)  # free the space if the disk is full
        report_progress(
            package,
            state=State.FAILED,
            error=describe_error(error, part),
            finished_at=clock(),
            claim=None,
            lease_until=None,
        )
        return "failed"
    delete_older(package)
    return "made"


def report_progress(package: Package, **columns: Any) -> None:
    """Update the row while this worker has the claim. Raises LeaseLostError."""
    if not Package.objects.filter(pk=package.pk, claim=package.claim, state=State.RUNNING).update(**columns):
        raise LeaseLostError


class PackageBuilder:
    """One worker's attempt to build a package in the file `part`."""

    def __init__(self, package: Package, part: Path, clock: Clock) -> None:
        self.package, self.part, self.clock = package, part, clock
        self.reported_at, self.reported_size = clock(), 0
        # The day of the order, so that the result does not depend on when it is finished.
        self.delivery = packages.prepare_delivery(package.volume, package.asked_at.date())
        if not self.delivery.ready and not package.partial:
            raise VolumeNotReadyError(f"The volume is no longer ready: {self.delivery.reasons[0]}")

    def run(self) -> None:
        self.part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open_locked(self.part) as file:
            self.prepare(file)
            try:
                digest = self.write_archive(file)
            except DataChangedError:
                self.package.done = self.package.size = 0
                digest = self.write_archive(file)
            size = file.tell()
        finished = self.clock()
        store_package(self.package, self.part)
        packages.fix_keys(self.delivery)
        if self.package.which == Package.Which.PERMISSIONS:
            for agreement in self.delivery.ready_agreements:
                readiness.record_delivery(agreement, by=self.package.asked_by, now=finished)
            if self.delivery.ready:
                lifecycle.stop_volume_reminders(self.package.volume_id, now=finished)
        report_progress(
            self.package,
            state=State.DONE,
            sha256=digest,
            size=size,
            done=self.package.total,
            complete=self.delivery.ready,
            finished_at=self.clock(),
            claim=None,
            lease_until=None,
        )

    def prepare(self, file: BinaryIO) -> None:
        """Record what the package is built from. Progress for the same data is kept, other progress is discarded."""
        fingerprint = packages.fingerprint(self.delivery)
        existing_size = file.seek(0, os.SEEK_END)
        if self.package.fingerprint != fingerprint or existing_size < self.package.size:
            self.package.done = self.package.size = 0
        permissions = self.package.which == Package.Which.PERMISSIONS
        count = packages.count_permissions if permissions else packages.count_public
        self.package.total = count(self.delivery)
        report_progress(
            self.package,
            fingerprint=fingerprint,
            total=self.package.total,
            done=self.package.done,
            size=self.package.size,
            lease_until=self.clock() + LEASE,
        )
        if not permissions:  # the sizes of the other package are only known once built
            require_space(self.part, archive_size(list(self.items())), existing_size)

    def items(self) -> Iterator[Item]:
        """Yield the files of the package; each is created or read only when used."""
        if self.package.which == Package.Which.PUBLIC:
            files = packages.public_files(self.delivery)
        else:
            files = packages.permission_files(self.delivery, packages.list_public_files(self.delivery))
        return packages.in_folder(self.package.folder, files)

    def write_archive(self, file: BinaryIO) -> str:
        """Write what is missing in `file`. Returns the SHA-256 of the whole file.

        Raises DataChangedError if the finished part does not match.
        """
        digest = truncate_and_hash(file, self.package.size)
        archive = Archive()
        for number, one in enumerate(self.items(), 1):
            if number <= self.package.done:
                archive.skip(one)
                if number == self.package.done and archive.offset != self.package.size:
                    raise DataChangedError
                continue
            for piece in archive.add(one):
                file.write(piece)
                digest.update(piece)
            self.checkpoint(file, number, archive.offset)
        for piece in archive.end():
            file.write(piece)
            digest.update(piece)
        sync(file)
        return digest.hexdigest()

    def checkpoint(self, file: BinaryIO, done: int, size: int) -> None:
        """Sync the file and record the progress, at most once in `PROGRESS_INTERVAL`."""
        now = self.clock()
        if now - self.reported_at < PROGRESS_INTERVAL and size - self.reported_size < PROGRESS_BYTES:
            return
        sync(file)
        report_progress(self.package, done=done, size=size, lease_until=now + LEASE)
        self.reported_at, self.reported_size = now, size


# --- files


def temporary_path(package: Package) -> Path:
    """Return the temporary path: beside the final one, or on this machine if storage is remote."""
    try:
        return Path(storages["private"].path(package.stored_as)).with_suffix(".part")
    except NotImplementedError:
        return Path(tempfile.gettempdir(), f"desk-{os.getuid()}", package.stored_as).with_suffix(".part")


def open_locked(part: Path) -> BinaryIO:
    """Open `part` for this worker alone. Raises LeaseLostError if another process has it open."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    file = os.fdopen(descriptor, "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        file.close()
        raise LeaseLostError from taken
    return file


def truncate_and_hash(file: BinaryIO, size: int) -> "hashlib._Hash":
    """Truncate `file` to `size` bytes, move to its end, and return its digest so far."""
    digest = hashlib.sha256()
    file.truncate(size)
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest


def sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def require_space(part: Path, needed: int, existing_size: int) -> None:
    """Raise OSError if the disk has too little space."""
    if needed > shutil.disk_usage(part.parent).free + existing_size:
        raise OSError(errno.ENOSPC, f"it needs {format_megabytes(needed)}")


def store_package(package: Package, part: Path) -> None:
    """Move the finished file to its final name at once, so that it is never incomplete there."""
    storage = storages["private"]
    try:
        place = Path(storage.path(package.stored_as))
    except NotImplementedError:
        storage.delete(package.stored_as)  # left by a worker that was killed after this line
        with part.open("rb") as file:
            storage.save(package.stored_as, File(file))
        part.unlink()
    else:
        part.replace(place)


def delete_older(newest: Package) -> None:
    """Delete the files of older packages of the same kind; their rows stay."""
    done = Package.objects.filter(volume=newest.volume_id, which=newest.which, state=State.DONE)
    for old in done.order_by("-finished_at", "-pk")[MAX_KEPT:]:
        storages["private"].delete(old.stored_as)
        Package.objects.filter(pk=old.pk, state=State.DONE).update(state=State.PRUNED)


def describe_error(error: Exception, part: Path) -> str:
    """Describe for editors why the package could not be built, and what to do."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        needs = f" ({error.strerror})" if "needs" in (error.strerror or "") else ""
        free = format_megabytes(shutil.disk_usage(part.parent).free)
        return f"The disk is full{needs}; {free} are free. Ask your administrator for space, then make them again."
    if isinstance(error, OSError):
        return f"A file cannot be read or written: {error.strerror or error}. Make the packages again."
    return str(error) or type(error).__name__


def format_megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"
