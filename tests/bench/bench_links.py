"""``python -m tests.bench.bench_links [TRIES]``: does the time of an answer tell why a link opens nothing? (S10)

Unknown, expired and revoked links in turns, on every page behind a link: the 95th percentile of each, and the gap
between the slowest and the fastest of the three, in the median and in the best of five rounds: what else the machine
does falls on any of them, and a gap that is ours would be there each time. Wanted: under 5 ms over 200 tries. The
suite proves the same work instead, without a clock (`test_s10_…`).
"""

import logging
import statistics
import sys
import time
from datetime import timedelta

from tests.bench.database import volume_of

from agreements import links  # isort: skip
from agreements.models import Link  # isort: skip
from proceedings.models import Paper  # isort: skip
from tests import make  # isort: skip
from tests.agreements.pages import browser  # isort: skip

PAGES = (
    *(("get", page) for page in ("", "decline/", "hand-over/", "correct/", "agreement.pdf")),
    *(("post", page) for page in ("", "decline/", "hand-over/", "correct/", "fresh/")),
)
ROUNDS = 5
WANTED = 5.0


def percentile(spans: list[float]) -> float:
    return sorted(spans)[int(len(spans) * 0.95)] * 1000


def tokens() -> dict[str, str]:
    """A link of each kind, of agreements that wait for their signature, among many others."""
    expired, revoked, *_ = [make.agreement(of=paper) for paper in Paper.objects.filter(volume=volume_of(60, 901))]
    old, gone = make.token(expired, now=make.NOW - timedelta(days=31)), make.token(revoked)
    links.revoke(revoked.pk, make.NOW)
    assert Link.objects.count() > 1
    return {"unknown": "A" * 43, "expired": old, "revoked": gone}


def answer(method: str, path: str, number: int) -> float:
    """Seconds until the answer. Each comes from a place of its own, or misses would soon be refused as too many."""
    client = browser(REMOTE_ADDR=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
    start = time.perf_counter()
    found = getattr(client, method)(path)
    span = time.perf_counter() - start
    assert found.status_code == (200 if path.endswith("fresh/") else 404), found.status_code
    return span


def main(tries: int = 200) -> None:
    logging.disable(logging.WARNING)
    kinds, number, worst = tokens(), 0, 0.0
    print(f"p95 of {tries} tries, ms{'':17}" + "".join(f"{kind:>10}" for kind in (*kinds, "gap", "least")))
    for method, page in PAGES:
        gaps: list[float] = []
        for _ in range(ROUNDS):
            spans: dict[str, list[float]] = {kind: [] for kind in kinds}
            for _ in range(tries):
                for kind, token in kinds.items():
                    number += 1
                    spans[kind].append(answer(method, f"/sign/{token}/{page}", number))
            slow = [percentile(each) for each in spans.values()]
            gaps.append(max(slow) - min(slow))
        gap, least = statistics.median(gaps), min(gaps)
        worst = max(worst, least)
        print(f"{method.upper():5} {'…/' + page:31}" + "".join(f"{each:10.2f}" for each in (*slow, gap, least)))
    print(f"largest gap that was there in every round: {worst:.2f} ms; wanted under {WANTED:.0f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
