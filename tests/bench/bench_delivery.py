"""What moving a volume costs: a package against `cp` of the same bytes, an import against its parser.

    python -m tests.bench.bench_delivery [PAPERS] [MIB]

The files are random bytes, as papers are compressed inside. The candidates take turns, round by round, each in a
process of its own, so that the peak memory is its own too. Ratios are the result; the times only say of what.
"""

import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tests.bench.database import volume_of

from django.conf import settings

from agreements import bundle, handover
from agreements.management.commands.seal_key import make_key
from proceedings.bibtex import read_bibtex
from proceedings.importing import apply, make_plan
from proceedings.packages import Item, build
from proceedings.plans import Source
from proceedings.zipstream import stream

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


def bench_import() -> None:
    """3,500 entries made of a real volume's, into an empty SQLite database."""
    text = (Path(__file__).parents[1] / "data" / "colt2024-v247-facts.bib").read_text()
    head, *entries = text.split("\n@InProceedings{")
    many = (entries[number % len(entries)].replace(",", f"-{number},", 1) for number in range(ENTRIES))
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
    print(f"\nimport of {len(plan.papers)} entries ({len(file) / MB:.1f} MiB)")
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
    what = handover.prepare(volume, make.DEADLINE)
    handover.write(what, folder / "handover")
    for agreement in what.cleared:
        bundle.note_delivered(agreement, by="bench", now=make.CLOSES)
    each = (time.perf_counter() - start) / SEALED
    print(f"\ndelivery of {len(what.cleared)} sealed agreements with evidence, without the papers' own bytes")
    print(f"  {each * 1000:.1f} ms a paper: {each * 1200:.0f} s for 1,200 papers, {each * 3500:.0f} s for 3,500")


def main() -> None:
    """Prints the tables."""
    papers = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    size = int(float(sys.argv[2]) * MB) if len(sys.argv) > 2 else MB
    with tempfile.TemporaryDirectory() as folder:
        bench_packages(Path(folder), papers, size)
        bench_import()
        bench_handover(Path(folder))


if __name__ == "__main__":
    main()
