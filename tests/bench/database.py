"""A database for benchmarks: a separate SQLite file, or the empty one in DATABASE_URL."""

import os
import time
from collections.abc import Callable
from datetime import date
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements.models import SigningSettings
from proceedings.models import Author, Paper, Volume


call_command("migrate", verbosity=0)


def volume_of(papers: int, number: int) -> Volume:
    """Creates a volume with `papers` accepted papers of four authors each, in bulk."""
    volume = Volume.objects.create(
        number=number, bib_key="BENCH", name="Bench", shortname="BENCH", booktitle="Proceedings of Bench", year=2026
    )
    # Without working hours, so that results do not depend on the time of day.
    always = {"from_hour": 0, "to_hour": 24, "weekend": list[int]()}
    SigningSettings.objects.create(volume=volume, deadline=date(2026, 11, 30), reply_to="chair@desk.example", **always)
    rows = [
        Paper(
            volume=volume,
            key=f"bench26-{n}",
            title=f"On Benches, Part {n}",
            title_latex=f"On Benches, Part {n}",
            position=n,
        )
        for n in range(1, papers + 1)
    ]
    Paper.objects.bulk_create(rows, batch_size=500)
    Author.objects.bulk_create(
        [
            Author(
                paper=paper,
                position=p,
                given=f"Given{p}",
                family=f"Family{paper.position}",
                is_corresponding=p == 1,
                email=f"a{paper.position}@v{number}.example" if p == 1 else "",
            )
            for paper in rows
            for p in range(1, 5)
        ],
        batch_size=500,
    )
    return volume


def measured(run: Callable[[], Any], repeats: int = 5) -> tuple[float, int, Any]:
    """Returns minimum CPU milliseconds of `repeats` runs, the queries of one, and its result."""
    best, result = float("inf"), None
    for _ in range(repeats):
        start = time.process_time()
        result = run()
        best = min(best, time.process_time() - start)
    with CaptureQueriesContext(connection) as queries:
        run()
    return best * 1000, len(queries), result
