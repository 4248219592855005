"""Costs of a volume: packages compared with `cp` of the same bytes; import, check and issue with parsing its file.

    python -m tests.bench.bench_delivery [PAPERS] [MIB]
    python -m tests.bench.bench_delivery --job [PAPERS] [MIB]

Files are random bytes, because PDFs are compressed inside. Candidates take turns in separate processes, so that each
has its own peak memory. The ratios are the result.

`--job` makes both packages of a volume with sealed agreements as the scheduled job does, by default 3,500 files of
1 MiB. It kills the worker once in the middle and continues. It needs three times the size of the papers.
"""

import hashlib
import os
import random
import re
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
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tests.bench.database import volume_of
from tests.bulk import copies_of

from bibtexparser.entrypoint import parse_string
from django.conf import settings
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from agreements.delivery import packages, readiness
from agreements.jobs import package_builder
from agreements.management.commands.seal_key import make_key
from agreements.models import Package
from proceedings.bibtex.parser import read_bibtex
from proceedings.bibtex.source import Source
from proceedings.delivery.items import Item, build_folder
from proceedings.delivery.volume_check import check_rows
from proceedings.importing.planner import apply, make_plan
from proceedings.models import Author, PaperFile, Volume
from proceedings.delivery.zip_stream import stream_archive

ROUNDS = 3
ENTRIES = 3500
SEALED = 60
MB = 1 << 20
items_of: dict[Path, list[Item]] = {}


def fill(folder: Path, papers: int, size: int) -> None:
    """Writes `papers` different files of `size` bytes."""
    body = bytearray(os.urandom(size))
    for number in range(papers):
        body[:8] = number.to_bytes(8, "big")
        (folder / f"p{number:05}.pdf").write_bytes(body)


def opened(path: Path) -> BinaryIO:
    return path.open("rb")


def items(folder: Path) -> list[Item]:
    """Returns the files with the data that the database stores about them."""
    known = []
    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        digest = hashlib.sha256(body).hexdigest()
        known.append(Item(path.name, len(body), digest, partial(opened, path), zlib.crc32(body)))
    return known


def by_cp(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)


def by_us(source: Path, target: Path) -> None:
    build_folder(items_of[source], target)


def zip_by_us(source: Path, target: Path) -> None:
    with target.open("wb") as file:
        file.writelines(stream_archive(items_of[source]))


def zip_stored(source: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(source.iterdir()):
            archive.write(path, path.name)


def zip_deflated(source: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(source.iterdir()):
            archive.write(path, path.name)


class Cost(NamedTuple):
    """What an act took in a process of its own."""

    wall: float
    """In seconds."""
    cpu: float
    """In seconds, without the database server and without waiting for the disk."""
    rise: float
    """By how much its peak memory exceeds what it began with, in MiB."""


def measured(act: Callable[[], object]) -> Cost:
    return measured_after(lambda: act)


def measured_after(prepare: Callable[[], Callable[[], object]]) -> Cost:
    """Measures the act that `prepare` returns, both in a separate process."""
    connections.close_all()  # the child must not share one
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        act = prepare()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start, cpu = time.perf_counter(), time.process_time()
        act()
        took, cpu = time.perf_counter() - start, time.process_time() - cpu
        rose = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(write, f"{took} {cpu} {rose / 1024}".encode())
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(child, 0)
    answer = os.read(read, 100).decode().split()
    os.close(read)
    if status or len(answer) != 3:
        raise RuntimeError("A candidate failed.")
    return Cost(*map(float, answer))


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
            cost = measured(partial(write, source, target))
            times[name].append(cost.wall)
            peaks[name] = max(peaks[name], cost.rise)
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
"""A typical sentence; seven of them are as long as an abstract of COLT 2024."""


def large_file(number: int) -> str:
    """Returns a .bib file of 3,500 entries with abstracts, for a volume of that number.

    The entries are those of a real volume, again and again with other words, so that no cache helps more than there.
    """
    text = (Path(__file__).parents[1] / "data" / "colt2024-v247-facts.bib").read_text()
    head, *entries = text.replace("volume = {247}", f"volume = {{{number}}}").split("\n@InProceedings{")
    letters = random.Random(number)

    def change(word: re.Match[str]) -> str:
        return word[0] + "".join(letters.choices("abdeiklmnorstu", k=3))

    def entry(at: int) -> str:
        lap, place = divmod(at, len(entries))
        key, fields = entries[place].split(",", 1)
        if lap:  # names and titles: capitals, but not in commands and names of fields
            fields = re.sub(r"(?<![\\\w{])[A-Z][a-z]{3,}\b", change, fields)
        return f"{key}-{at},\n  abstract = {{{ABSTRACT * 7}{at}}},{fields}"

    return "\n@InProceedings{".join([head, *map(entry, range(ENTRIES))])


def ready_to_apply(source: Source) -> Callable[[], object]:
    return partial(apply, make_plan(source))


def ready_to_check(number: int) -> Callable[[], object]:
    return partial(check_rows, Volume.objects.get(number=number))


def ready_to_issue(number: int) -> Callable[[], object]:
    """Gives the volume a deadline and each paper a corresponding author with an address of their own."""
    first = list(Author.objects.filter(paper__volume__number=number, position=1))
    for author in first:
        author.is_corresponding, author.email = True, f"a{author.pk}@v{number}.example"
    Author.objects.bulk_update(first, ["is_corresponding", "email"], batch_size=200)
    return partial(
        call_command, "issue", str(number), deadline="2099-11-30", reply_to="chair@desk.example", stdout=StringIO()
    )


def bench_volume() -> None:
    """Imports a volume, checks it and issues its agreements. Prints the CPU time of each as ratio to the parser's."""
    costs: dict[str, list[Cost]] = defaultdict(list)
    for number in range(300, 300 + ROUNDS):
        file = large_file(number)
        source = Source("many.bib", file)
        costs["bibtexparser alone"].append(measured(partial(parse_string, file)))
        costs["our parser alone"].append(measured(partial(read_bibtex, file)))
        costs["plan of an import"].append(measured(partial(make_plan, source)))
        costs["apply"].append(measured_after(partial(ready_to_apply, source)))
        costs["check_volume"].append(measured_after(partial(ready_to_check, number)))
        costs["issue"].append(measured_after(partial(ready_to_issue, number)))
    floor = statistics.median(cost.cpu for cost in costs["bibtexparser alone"])
    print(
        f"\n{connection.vendor}: a volume of {ENTRIES} papers with abstracts, {len(file) / MB:.1f} MiB, median CPU time"
    )
    for name, each in costs.items():
        cpu, wall = statistics.median(cost.cpu for cost in each), statistics.median(cost.wall for cost in each)
        peak = max(cost.rise for cost in each)
        print(
            f"  {name:<32} {cpu:6.2f} s  {cpu / floor:5.1f} x bibtexparser  ({wall:.1f} s wall)  peak + {peak:4.0f} MiB"
        )


def bench_deliver(folder: Path) -> None:
    """Runs ``deliver`` on sealed agreements: checks, permissions, evidence, lists, replacement, events."""
    from tests import make

    if not Path(settings.SEAL_KEY).exists():
        make_key("Bench")
    volume = volume_of(SEALED, 9999)
    for paper in volume.papers.all():
        make.agreement("sealed", of=paper)
    start = time.perf_counter()
    what = packages.prepare_delivery(volume, make.DEADLINE)
    packages.write_delivery(what, folder / "handover")
    for agreement in what.ready_agreements:
        readiness.record_delivery(agreement, by="bench", now=make.CLOSES)
    each = (time.perf_counter() - start) / SEALED
    print(f"\ndelivery of {len(what.ready_agreements)} sealed agreements with evidence, without the papers' own bytes")
    print(f"  {each * 1000:.1f} ms a paper: {each * 1200:.0f} s for 1,200 papers, {each * 3500:.0f} s for 3,500")


def volume_with_files(papers: int, size: int) -> Volume:
    """Creates a file of `size` random bytes for each paper, and copies one sealed agreement for all."""
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
    """Starts a worker process. Returns its ID, and a function that waits for its end and returns its peak memory in
    MiB.
    """
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
    """Makes both packages: once without interruption, and once with the worker killed in the middle."""
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
    package_builder.order_packages(volume, partial=True, by="editor:bench", now=timezone.now())
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
    package_builder.order_packages(volume, partial=True, by="editor:bench", now=timezone.now())
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
        bench_volume()
        bench_deliver(Path(folder))


if __name__ == "__main__":
    main()
