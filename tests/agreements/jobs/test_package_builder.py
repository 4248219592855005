"""Packages made in the background: whole or not there, gone on with after a crash, said when they cannot be made."""

import errno
import fcntl
import hashlib
import io
import os
import shutil
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from agreements.delivery import packages
from agreements.jobs import package_builder, scheduled
from agreements.models import Package
from proceedings.delivery import zip_stream
from proceedings.delivery.items import Item
from proceedings.models import Author, Paper, PaperFile, Volume
from tests import make
from tests.stories import ready_volume
from tests.stories.ready_volume import deliver, tree

State = Package.State
NOW = make.CLOSES
SOON = NOW + package_builder.LEASE


class Died(BaseException):
    """What stops a worker without giving it a chance to say so."""


@pytest.fixture
def volume(db: None, tmp_path: Path) -> Volume:
    return ready_volume.ready(tmp_path / "camera-ready")


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """Keys of rows come again after each test, and files of theirs must not."""
    shutil.rmtree(storages["private"].path("packages"), ignore_errors=True)
    yield
    shutil.rmtree(storages["private"].path("packages"), ignore_errors=True)


def order(volume: Volume, *, partial: bool = False) -> None:
    package_builder.order_packages(volume, partial=partial, by="editor:ed", now=NOW)


def run(now: object = NOW) -> dict[str, int]:
    return dict(package_builder.make_due(scheduled.fixed_clock(now)))  # type: ignore[arg-type]


def package(which: str = "public") -> Package:
    found = Package.objects.select_related("volume").filter(which=which).first()
    assert found
    return found


def stored(which: str = "public") -> bytes:
    with storages["private"].open(package(which).stored_as) as file:
        return bytes(file.read())


def unzipped(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def left() -> list[str]:
    """What lies in the folder of packages."""
    return sorted(path.name for path in Path(storages["private"].path("packages")).iterdir())


def test_the_two_zips_hold_what_the_command_writes(volume: Volume, tmp_path: Path) -> None:
    order(volume)

    assert run() == {"made": 2}

    deliver(tmp_path / "out")
    written = {name: body for name, body in tree(tmp_path / "out").items() if "/" in name}  # the authors are beside
    assert unzipped(stored()) | unzipped(stored("permissions")) == written
    for which in ("public", "permissions"):
        made = package(which)
        assert (made.state, made.done, made.complete) == (State.DONE, made.total, True)
        assert made.sha256 == hashlib.sha256(stored(which)).hexdigest()
        assert made.size == len(stored(which))
        assert made.name == f"v901{'permissions' if which == 'permissions' else ''}.zip"
    assert left() == [f"{package().pk}-public.zip", f"{package('permissions').pk}-permissions.zip"]


def test_two_packages_of_one_state_are_the_same_bytes(volume: Volume) -> None:
    order(volume)
    run()
    first = {which: stored(which) for which in ("public", "permissions")}
    order(volume)
    run(SOON)

    assert {which: stored(which) for which in ("public", "permissions")} == first


def test_making_them_leaves_its_events_and_keeps_the_keys(volume: Volume) -> None:
    order(volume)
    run()

    last = Paper.objects.get(key="lewis26a").agreements.get().events.last()
    assert last
    assert (last.kind, last.by) == ("deliver", "editor:ed")
    assert set(Paper.objects.values_list("delivered_key", flat=True)) == {"angstrom26", "lewis26a", "lewis26b"}


def test_one_that_is_under_way_is_not_asked_for_again(volume: Volume) -> None:
    order(volume)
    order(volume)
    assert Package.objects.count() == 2

    with pytest.raises(IntegrityError), transaction.atomic():
        Package.objects.create(volume=volume, which="public", asked_at=NOW, asked_by="x")


def test_nothing_is_made_of_a_volume_that_is_not_ready_any_more(volume: Volume) -> None:
    order(volume)
    PaperFile.objects.filter(paper__key="lewis26b").delete()

    assert run() == {"failed": 2}

    assert package().error.startswith("The volume is no longer ready: lewis26b, file: has no PDF")
    assert set(Paper.objects.values_list("delivered_key", flat=True)) == {""}


def test_a_partial_package_is_labelled(volume: Volume) -> None:
    PaperFile.objects.filter(paper__key="lewis26b").delete()
    order(volume, partial=True)

    assert run() == {"made": 2}

    assert package().name == "v901-PARTIAL.zip"
    assert b"lewis26b, file: has no PDF" in unzipped(stored("permissions"))["v901permissions/PARTIAL.txt"]
    assert package("permissions").done == package("permissions").total == len(unzipped(stored("permissions")))


def dies_at(monkeypatch: pytest.MonkeyPatch, place: int) -> list[str]:
    """The worker dies when it opens the archive's file number `place`. Returns the names of those it has begun."""
    add, begun = zip_stream.Archive.add, []

    def doomed(self: zip_stream.Archive, one: Item) -> Iterator[bytes]:
        begun.append(one.name)
        if len(begun) == place:
            raise Died
        return add(self, one)

    monkeypatch.setattr(zip_stream.Archive, "add", doomed)
    return begun


@pytest.mark.parametrize("which", ["public", "permissions"])
def test_what_a_killed_worker_has_written_is_not_written_again(
    volume: Volume, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    order(volume)
    Package.objects.exclude(which=which).delete()
    run()
    whole, files = stored(which), len(unzipped(stored(which)))
    order(volume)
    Package.objects.exclude(which=which).delete()
    monkeypatch.setattr(package_builder, "PROGRESS_BYTES", 1)
    with monkeypatch.context() as patch:
        first = dies_at(patch, 4)
        with pytest.raises(Died):
            run()
        assert (package(which).state, package(which).done) == (State.RUNNING, 3)
        assert not storages["private"].exists(package(which).stored_as)

    assert run() == {}, "the dead worker's lease runs on"
    with monkeypatch.context() as patch:
        second = dies_at(patch, 99)
        assert run(SOON) == {"made": 1}

    assert stored(which) == whole
    assert package(which).attempts == 2
    assert len(first[:3]) + len(second) == files


def test_what_was_written_after_the_last_checkpoint_is_cut_off(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    order(volume)
    monkeypatch.setattr(package_builder, "PROGRESS_BYTES", 1)
    with monkeypatch.context() as patch:
        dies_at(patch, 3)
        with pytest.raises(Died):
            run()
    part = package_builder.temporary_path(package())
    with part.open("ab") as file:
        file.write(b"half a file, or zeros after the power was gone" + bytes(5000))

    assert run(SOON) == {"made": 2}

    assert len(unzipped(stored())) == 5


def test_another_snapshot_starts_from_scratch(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    order(volume, partial=True)
    monkeypatch.setattr(package_builder, "PROGRESS_BYTES", 1)
    with monkeypatch.context() as patch:
        dies_at(patch, 4)
        with pytest.raises(Died):
            run()
    Paper.objects.filter(key="angstrom26").update(abstract="Another one.")

    run(SOON)

    assert b"Another one." in unzipped(stored())["v901/v901.bib"]


def test_other_files_of_the_same_snapshot_start_from_scratch(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as evidence that another version of the desk packs otherwise: lengths tell."""
    order(volume)
    monkeypatch.setattr(package_builder, "PROGRESS_BYTES", 1)
    with monkeypatch.context() as patch:
        dies_at(patch, 4)
        with pytest.raises(Died):
            run()
    Package.objects.filter(which="public").update(done=1)

    assert run(SOON) == {"made": 2}

    assert len(unzipped(stored())) == 5


@pytest.mark.parametrize("place", ["before it has its name", "before the row says so"])
def test_a_worker_that_dies_at_the_end_leaves_nothing_behind(
    volume: Volume, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def dies(*args: object) -> None:
        raise Died

    order(volume)
    with monkeypatch.context() as patch:
        if place == "before it has its name":
            patch.setattr(package_builder, "store_package", dies)
        else:
            patch.setattr(packages, "fix_keys", dies)
        with pytest.raises(Died):
            run()

    assert run(SOON) == {"made": 2}

    assert left() == [f"{package().pk}-public.zip", f"{package('permissions').pk}-permissions.zip"]
    assert len(unzipped(stored())) == 5


def test_one_that_kills_its_worker_each_time_is_given_up(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    order(volume)
    now = NOW
    with monkeypatch.context() as patch:
        patch.setattr(packages, "prepare_delivery", lambda *args: (_ for _ in ()).throw(Died))
        for _ in range(package_builder.MAX_ATTEMPTS):
            with pytest.raises(Died):
                run(now)
            now += package_builder.LEASE

    assert run(now) == {"failed": 1, "made": 1}

    assert package().error == "The worker crashed each time it built this package. See the log for the cause."


def test_a_worker_that_was_only_slow_stops(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease ended, another worker took the package: at its next word it finds out and writes nothing more."""
    order(volume)
    monkeypatch.setattr(package_builder, "PROGRESS_BYTES", 1)
    add = zip_stream.Archive.add

    def slow(self: zip_stream.Archive, one: Item) -> Iterator[bytes]:
        if one.name.endswith("lewis26a.pdf"):
            monkeypatch.setattr(zip_stream.Archive, "add", add)
            assert package_builder.claim(SOON)
        return add(self, one)

    monkeypatch.setattr(zip_stream.Archive, "add", slow)

    assert run() == {"lost": 1}
    assert package().state == State.RUNNING
    assert not storages["private"].exists(package().stored_as)


def test_two_workers_never_write_the_same_file(volume: Volume) -> None:
    order(volume)
    part = package_builder.temporary_path(package())
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert run() == {"lost": 1}

    assert run(SOON) == {"made": 2}


def test_a_full_disk_is_reported_and_its_space_is_freed(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    order(volume)
    with monkeypatch.context() as patch:
        patch.setattr(package_builder, "sync", full)
        assert run() == {"failed": 2}

    assert package().error.startswith("The disk is full; ")
    assert package().error.endswith(" are free. Ask your administrator for space, then make them again.")
    assert left() == []

    order(volume)
    assert run() == {"made": 2}


def test_a_disk_that_is_too_small_is_said_before_the_work(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    order(volume)
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    run()

    assert "The disk is full (it needs 0 MB); 0 MB are free." in package().error


@pytest.mark.parametrize(("needed", "existing"), [(1000, 0), (1500, 500)])
def test_a_disk_of_just_the_right_size_is_enough(
    needed: int, existing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    package_builder.require_space(tmp_path / "part", needed, existing)

    with pytest.raises(OSError, match="it needs"):
        package_builder.require_space(tmp_path / "part", needed + 1, existing)


def test_a_stored_file_that_was_changed_stops_it(volume: Volume) -> None:
    order(volume)
    file = PaperFile.objects.get(paper__key="lewis26b", kind="paper")
    bytes_ = Path(storages["private"].path(file.stored_as))
    good = bytes_.read_bytes()
    bytes_.write_bytes(b"%PDF-9" + good[6:])
    try:
        assert run() == {"failed": 1, "made": 1}
    finally:
        bytes_.write_bytes(good)  # other tests store the same paper

    assert "lewis26b.pdf: the stored file was changed after the upload" in package().error


def test_older_packages_are_deleted_to_free_space(volume: Volume) -> None:
    for hour in range(4):
        order(volume)
        run(NOW + hour * make.HOUR)

    states = list(Package.objects.filter(which="public").order_by("pk").values_list("state", flat=True))
    assert states == [State.PRUNED, State.PRUNED, State.DONE, State.DONE]
    assert len(left()) == 2 * package_builder.MAX_KEPT


CHANGES: list[Callable[[], object]] = [
    lambda: Paper.objects.filter(key="lewis26b").update(abstract="We train again and again."),
    lambda: Author.objects.filter(family="Bhosale").update(given="S."),
    lambda: Volume.objects.update(address="Oslo, Norway"),
    lambda: PaperFile.objects.filter(paper__key="lewis26a", kind="supplement").delete(),
    lambda: Paper.objects.filter(key="lewis26b").update(status="withdrawn"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_fingerprint_changes_with_the_snapshot(volume: Volume, change: Callable[[], object]) -> None:
    before = packages.fingerprint(packages.prepare_delivery(volume, NOW.date()))
    assert packages.fingerprint(packages.prepare_delivery(volume, SOON.date())) == before

    change()

    assert packages.fingerprint(packages.prepare_delivery(Volume.objects.get(), NOW.date())) != before


def test_storage_that_is_elsewhere_gets_the_file_whole(
    volume: Volume, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A bucket knows no paths: the package is built on this machine and stored under its name at the end."""
    private = storages["private"]
    path = private.path
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))

    def nowhere(name: str) -> str:
        raise NotImplementedError

    order(volume)
    monkeypatch.setattr(
        type(private), "path", lambda self, name: nowhere(name) if name.startswith("packages/") else path(name)
    )
    monkeypatch.setattr(
        type(private), "_save", lambda self, name, content: kept.setdefault(name, content.read()) and name
    )
    monkeypatch.setattr(type(private), "exists", lambda self, name: False)
    monkeypatch.setattr(type(private), "delete", lambda self, name: kept.pop(name, None))
    kept: dict[str, bytes] = {}

    assert run() == {"made": 2}

    assert len(unzipped(kept[package().stored_as])) == 5
    assert not list(tmp_path.rglob("*.part"))


def test_a_worker_that_is_killed_loses_nothing(committed: None, tmp_path: Path) -> None:
    """A real process, a real SIGKILL in the middle of the work."""
    volume = ready_volume.ready(tmp_path / "camera-ready")
    order(volume)
    connections.close_all()
    child = os.fork()
    if child == 0:
        package_builder.PROGRESS_BYTES = 1
        add = zip_stream.Archive.add

        def slowly(self: zip_stream.Archive, one: Item) -> Iterator[bytes]:
            time.sleep(0.2)
            return add(self, one)

        zip_stream.Archive.add = slowly  # type: ignore[method-assign]
        package_builder.make_due(timezone.now)
        os._exit(0)
    try:
        for _ in range(100):
            time.sleep(0.05)
            if package().done >= 2:
                break
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    dead = package()
    assert dead.state == State.RUNNING
    assert 2 <= dead.done < dead.total

    assert package_builder.make_due(scheduled.fixed_clock(timezone.now() + package_builder.LEASE)) == {"made": 2}

    assert len(unzipped(stored())) == 5
    connection.close()
