"""``python -m tests.bench.bench_desk``: queries and CPU milliseconds of the board, at three sizes of a volume."""

import time
from datetime import UTC, datetime

from django.db import connection

from tests.bench.database import measured, volume_of

from agreements import board, chart, issuing, lifecycle, statements  # isort: skip
from agreements.models import Agreement  # isort: skip

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIZES = (139, 3500)


def main() -> None:
    print(f"{connection.vendor}: {'papers':>8} {'what':<28} {'queries':>8} {'CPU ms':>8}")
    for size in SIZES:
        volume = volume_of(size, number=size)
        start = time.process_time()
        papers = volume.papers.select_related("volume").prefetch_related("authors", "agreements")
        issuing.issue(papers, by="bench", now=NOW)
        per_paper = (time.process_time() - start) * 1000 / size
        print(f"{connection.vendor}: {size:>8} {'issue, each':<28} {'':>8} {per_paper:>8.2f}")
        for agreement in Agreement.objects.filter(volume_number=size).select_related("text")[: size // 2]:
            act = lifecycle.Act(
                typed_name=agreement.signer,
                consent=statements.consent(),
                authority=statements.authority(agreement.facts),
                shown=b"%PDF-",
                address=None,
                agent="bench",
            )
            lifecycle.sign(agreement, act, now=NOW)
        cpu, queries, made = measured(lambda: board.make(volume, NOW))  # noqa: B023
        print(f"{connection.vendor}: {size:>8} {'board':<28} {queries:>8} {cpu:>8.1f}")
        progress = made.progress
        cpu, queries, _ = measured(
            lambda: chart.draw(progress.days, progress.signed, progress.total, progress.deadline)  # noqa: B023
        )
        print(f"{connection.vendor}: {size:>8} {'its picture':<28} {queries:>8} {cpu:>8.1f}")


if __name__ == "__main__":
    main()
