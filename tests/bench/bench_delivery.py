"""What moving a volume costs: a package against `cp` of the same bytes, an import against its parser.

    python -m tests.bench.bench_delivery [PAPERS] [MIB]
    python -m tests.bench.bench_delivery --job [PAPERS] [MIB]

The files are random bytes, as papers are compressed inside. The candidates take turns, round by round, each in a
process of its own, so that the peak memory is its own too. Ratios are the result; the times only say of what.

`--job` makes both packages of a volume as the clock does, of sealed agreements and their files, 3,500 of 1 MiB if
nothing else is said; kills the worker in the middle once, and goes on. It wants three times the room of the papers.
"""

import hashlib
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tests.bench.database import volume_of
from tests.bulk import copies_of

from django.conf import settings
from django.core.files.storage import storages
from django.db import connections
from django.utils import timezone

from agreements.delivery import packages, readiness
from agreements.jobs import package_builder
from agreements.management.commands.seal_key import make_key
from agreements.models import Package
from proceedings.bibtex.parser import read_bibtex
from proceedings.importing.planner import apply, make_plan
from proceedings.models import PaperFile, Volume
from proceedings.delivery.items import Item, build
from proceedings.bibtex.source import Source
from proceedings.delivery.zip_stream import stream

ROUNDS = 3
ENTRIES = 3500
SEALED = 60
MB = 1 << 20
items_of: dict[Path, list[Item]] = {}


def fill(folder: Path, papers: int, size: int) -> None:
    """`papers` files of `size` bytes, all different."""
    body = bytearray(os.urandom(size))
    for number in range(papers):
        body[:8] = number.to_bytes(8, "big")
        (folder / f"p{number:05}.pdf").write_bytes(body)


def opened(path: Path) -> BinaryIO:
    return path.open("rb")


def items(folder: Path) -> list[Item]:
    """The files with what the desk keeps about them since they came in."""
    known = []
    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        digest = hashlib.sha256(body).hexdigest()
        known.append(Item(path.name, len(body), digest, partial(opened, path), zlib.crc32(body)))
    return known


def by_cp(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)


def by_us(source: Path, target: Path) -> None:
    build(items_of[source], target)


def zip_by_us(source: Path, target: Path) -> None:
    with target.open("wb") as file:
        file.writelines(stream(items_of[source]))


def zip_stored(source: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(source.iterdir()):
            archive.write(path, path.name)


def zip_deflated(source: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(source.iterdir()):
            archive.write(path, path.name)


def measured(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall, and how many MiB the peak of memory rose, both of a process of its own."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        act()
        took = time.perf_counter() - start
        rose = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(write, f"{took} {rose / 1024}".encode())
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(child, 0)
    answer = os.read(read, 100).decode().split()
    os.close(read)
    if status or len(answer) != 2:
        raise RuntimeError("A candidate failed.")
    return float(answer[0]), float(answer[1])


def bench_packages(folder: Path, papers: int, size: int) -> None:
    source = folder / "source"
    source.mkdir()
    fill(source, papers, size)
    items_of[source] = items(source)
    candidates = {"cp -r": by_cp, "our folder, hashed and checked": by_us, "our zip, checked": zip_by_us}
    candidates |= {"zipfile STORED": zip_stored, "zipfile DEFLATED": zip_deflated}
    times: dict[str, list[float]] = {name: [] for name in candidates}
    peaks: dict[str, float] = dict.fromkeys(candidates, 0)
    for _ in range(ROUNDS):
        for name, write in candidates.items():
            target = folder / "target"
            took, rose = measured(partial(write, source, target))
            times[name].append(took)
            peaks[name] = max(peaks[name], rose)
            shutil.rmtree(target) if target.is_dir() else target.unlink()
    total = papers * size / MB
    floor = statistics.median(times["cp -r"])
    print(f"{papers} files of {size / MB:.1f} MiB, median of {ROUNDS}")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"  {name:<32} {total / median:7.0f} MB/s  {median / floor:5.2f} x cp  peak + {peaks[name]:6.1f} MiB")


ABSTRACT = (
    "We study the sample complexity of learning $k$-wise marginals under $\\epsilon$-differential privacy and show "
    'that the na{\\"i}ve bound of $O(n^2 \\log(1/\\delta))$ can be improved if the {\\em effective} dimension is low. '
)
"""A sentence as abstracts have it; seven of them are as long as an abstract of COLT 2024."""


def bench_import(number: int, abstract: str) -> None:
    """3,500 entries made of a real volume's facts, each with that abstract, into a volume that is new."""
    text = (Path(__file__).parents[1] / "data" / "colt2024-v247-facts.bib").read_text()
    head, *entries = text.replace("volume = {247}", f"volume = {{{number}}}").split("\n@InProceedings{")
    field = f"\n  abstract = {{{abstract}}}," if abstract else ""
    many = (entries[at % len(entries)].replace(",", f"-{at},{field}", 1) for at in range(ENTRIES))
    file = "\n@InProceedings{".join([head, *many])
    start = time.perf_counter()
    read_bibtex(file)
    parsed = time.perf_counter() - start
    start = time.perf_counter()
    plan = make_plan(Source("many.bib", file))
    planned = time.perf_counter() - start
    apply(plan)
    whole = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nimport of {len(plan.papers)} entries ({len(file) / MB:.1f} MiB{', with abstracts' if abstract else ''})")
    print(f"  the parser alone   {parsed:6.2f} s  {ENTRIES / parsed:6.0f} entries/s")
    print(f"  plan               {planned:6.2f} s  {ENTRIES / planned:6.0f} entries/s")
    print(f"  plan and apply     {whole:6.2f} s  {ENTRIES / whole:6.0f} entries/s  {whole / parsed:.1f} x the parser")
    print(f"  peak memory        {peak:6.0f} MiB")


def bench_handover(folder: Path) -> None:
    """``deliver`` as a whole on sealed agreements: checks, permissions, evidence, lists, exchange, events."""
    from tests import make

    if not Path(settings.SEAL_KEY).exists():
        make_key("Bench")
    volume = volume_of(SEALED, 9999)
    for paper in volume.papers.all():
        make.agreement("sealed", of=paper)
    start = time.perf_counter()
    what = packages.prepare(volume, make.DEADLINE)
    packages.write(what, folder / "handover")
    for agreement in what.cleared:
        readiness.note_delivered(agreement, by="bench", now=make.CLOSES)
    each = (time.perf_counter() - start) / SEALED
    print(f"\ndelivery of {len(what.cleared)} sealed agreements with evidence, without the papers' own bytes")
    print(f"  {each * 1000:.1f} ms a paper: {each * 1200:.0f} s for 1,200 papers, {each * 3500:.0f} s for 3,500")


def volume_with_files(papers: int, size: int) -> Volume:
    """A file of `size` random bytes for each paper, and one agreement that was really sealed, as often as needed."""
    from tests import make

    if not Path(settings.SEAL_KEY).exists():
        make_key("Bench")
    volume = volume_of(1, 9998)
    sealed = make.agreement("sealed", of=volume.papers.get())
    copies_of(sealed, papers - 1)
    root = Path(storages["private"].path("bench"))
    root.mkdir(parents=True)
    body = bytearray(os.urandom(size))
    rows = []
    for number, pk in enumerate(volume.papers.values_list("pk", flat=True), 1):
        body[:8] = number.to_bytes(8, "big")
        (root / f"{number}.pdf").write_bytes(body)
        facts = {"size": size, "crc32": zlib.crc32(body), "sha256": hashlib.sha256(body).hexdigest(), "pages": 1}
        rows.append(PaperFile(paper_id=pk, kind="paper", extension="pdf", stored_as=f"bench/{number}.pdf", **facts))
    PaperFile.objects.bulk_create(rows, batch_size=500)
    return volume


def worker(later: timedelta) -> tuple[int, Callable[[], float]]:
    """A worker in a process of its own: its id, and a way to wait for its end that tells its peak memory in MiB."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        package_builder.make_due(lambda: timezone.now() + later)
        os._exit(0)

    def ended() -> float:
        _, _, usage = os.wait4(child, 0)
        return usage.ru_maxrss / 1024

    return child, ended


def bench_job(folder: Path, papers: int, size: int) -> None:
    """Both packages as the desk orders them: once through, and once with the worker killed in the middle."""
    volume = volume_with_files(papers, size)
    total = papers * size / MB
    source = Path(storages["private"].path("bench"))
    os.sync()
    start = time.perf_counter()
    by_cp(source, folder / "copy")
    os.sync()
    floor = time.perf_counter() - start
    shutil.rmtree(folder / "copy")
    print(f"\n{papers} papers of {size / MB:.1f} MiB, both packages in the background")
    print(f"  cp -r, flushed to the disk      {floor:7.1f} s  {total / floor:7.0f} MB/s")
    package_builder.request_packages(volume, partial=True, by="editor:bench", now=timezone.now())
    start = time.perf_counter()
    _, ended = worker(timedelta())
    peak = ended()
    took = time.perf_counter() - start
    states = dict(Package.objects.values_list("which", "state"))
    print(
        f"  both packages, flushed, hashed  {took:7.1f} s  {total / took:7.0f} MB/s  {took / floor:.2f} x cp  {states}"
    )
    public, permissions = Package.objects.order_by("pk")
    assert public.finished_at
    assert permissions.finished_at
    first = (public.finished_at - public.asked_at).total_seconds()
    second = (permissions.finished_at - public.finished_at).total_seconds()
    print(f"    the public one alone          {first:7.1f} s  {public.size / MB / first:7.0f} MB/s")
    print(f"    the permissions, with evidence{second:7.1f} s  {1000 * second / papers:.1f} ms a paper")
    print(f"  peak memory of the worker       {peak:7.0f} MiB, the interpreter and the desk included")
    package_builder.request_packages(volume, partial=True, by="editor:bench", now=timezone.now())
    start = time.perf_counter()
    child, ended = worker(timedelta())
    while (
        done := Package.objects.filter(which="public").order_by("-pk").values_list("done", flat=True)[0]
    ) < papers / 2:
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    ended()
    killed = time.perf_counter() - start
    _, ended = worker(package_builder.LEASE)
    peak = ended()
    took = time.perf_counter() - start
    print(
        f"  killed after {killed:.1f} s with {done} files safe, gone on with: {took:.1f} s in all, peak {peak:.0f} MiB"
    )
    digests = Package.objects.filter(which="public", state="done").values_list("sha256", flat=True)
    print(f"  the public package is the same both times: {len(set(digests)) == 1 and len(digests) == 2}")
    with zipfile.ZipFile(storages["private"].path(Package.objects.filter(which="public")[0].stored_as)) as archive:
        print(f"  and is whole: {archive.testzip() is None}, {len(archive.namelist())} files")


def main() -> None:
    """Prints the tables."""
    job = sys.argv[1:2] == ["--job"]
    numbers = sys.argv[2:] if job else sys.argv[1:]
    papers = int(numbers[0]) if numbers else (ENTRIES if job else 400)
    size = int(float(numbers[1]) * MB) if len(numbers) > 1 else MB
    with tempfile.TemporaryDirectory() as folder:
        if job:
            bench_job(Path(folder), papers, size)
            return
        bench_packages(Path(folder), papers, size)
        bench_import(247, ABSTRACT * 7)
        bench_import(248, "")
        bench_handover(Path(folder))


if __name__ == "__main__":
    main()
