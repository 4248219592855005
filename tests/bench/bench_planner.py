"""``python -m tests.bench.bench_planner [AGREEMENTS ...]``: a scheduled run with nothing due, and one with 1 % due.

Prints for each table size: database time of all queries of a run (wall, minimum), the same for the query of due
agreements, and CPU time for planning their reminders. Rows are copies of one agreement that was really issued and
emailed. One of a hundred papers was withdrawn.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bench.database import volume_of

from django.db import connection
from django.db.models import F, QuerySet

from agreements.jobs import issue_many, scheduled
from agreements.requests import link_requests, rate_limits
from agreements import lifecycle
from agreements.mail import outbox
from agreements.models import Agreement, JobRun, Message
from agreements.domain.states import Status
from agreements.mail.transports import Outcome
from proceedings.models import Paper
from tests import bulk

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
DUE = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""Seven days before the deadline."""


def one() -> Agreement:
    """An agreement whose invitation was sent."""
    papers = volume_of(1, 1).papers.select_related("volume").prefetch_related("authors", "agreements")
    issue_many.issue(papers, by="bench", now=NOW)
    (message,) = outbox.claim(NOW)
    assert outbox.mark_sending(message, NOW)
    outbox.record_result(message, Outcome.sent(), NOW, lifecycle.record_mail_result)
    return Agreement.objects.get()


def asked(call: Callable[[], object], repeats: int = 20) -> tuple[float, int, float]:
    """Returns database milliseconds, number of statements and CPU milliseconds; each the minimum."""
    spent: list[float] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent.append(time.perf_counter() - start)

    best, cpu = float("inf"), float("inf")
    for _ in range(repeats):
        spent.clear()
        start = time.process_time()
        with connection.execute_wrapper(listen):
            call()
        cpu = min(cpu, time.process_time() - start)
        best = min(best, sum(spent))
    return best * 1000, len(spent), cpu * 1000


def say(what: str, words: str) -> None:
    print(f"{connection.vendor}: {what:<52} {words}", flush=True)


def main(sizes: list[int]) -> None:
    first, there = one(), 0
    for size in sizes:
        began, start = time.perf_counter(), 10 * there  # the server assigns keys in between
        bulk.agreements(first, start, size - there)
        new = Agreement.objects.filter(pk__gte=bulk.FIRST + start, status=Status.ISSUED)
        withdraw(new)
        there = size
        name = f"{size:,} agreements"
        say(name, f"written in {time.perf_counter() - began:.0f} s")
        Agreement.objects.filter(status=Status.ISSUED).update(next_check_at=DUE + timedelta(days=1))
        reads, writes = (asked(call) for call in (idle, lambda: scheduled.record_run("chase", DUE)))
        say(f"{name}, a beat with nothing due", f"{reads[0]:>8.2f} ms in {reads[1]} statements, {reads[2]:.2f} ms CPU")
        net = asked(once_an_hour)
        say(f"{name}, looking for withdrawn papers, hourly", f"{net[0]:>8.2f} ms")
        say(f"{name}, and its word that it ran", f"{writes[0]:>8.2f} ms")
        due = list(new.order_by("pk").values_list("pk", flat=True)[: size // 100])
        Agreement.objects.filter(pk__in=due).update(next_check_at=DUE - timedelta(minutes=1))
        who = asked(who_is_due)
        say(f"{name}, 1 % due: who? the first {scheduled.BATCH_SIZE}", f"{who[0]:>8.2f} ms")
        wall, cpu = time.perf_counter(), time.process_time()
        tally = scheduled.queue_due(scheduled.fixed_clock(DUE))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        queued = Message.objects.filter(kind="reminder", state="pending").count()
        say(f"{name}, 1 % due: planned", f"{wall:>8.2f} s, {cpu:.2f} s CPU for {queued} reminders {dict(+tally)}")
        outbox.cancel(Message.objects.filter(kind="reminder"))


def withdraw(agreements: QuerySet[Agreement]) -> None:
    """Withdraws one paper of a hundred and runs the scheduled job once."""
    void = agreements.annotate(left=F("pk") % 100).filter(left=99)
    Paper.objects.filter(pk__in=void.values("paper")).update(status=Paper.Status.WITHDRAWN)
    void.update(status=Status.VOIDED, closed_at=NOW, next_check_at=None, reason="The paper was withdrawn.")


def who_is_due() -> list[int]:
    found = Agreement.objects.filter(status="issued", next_check_at__lte=DUE).order_by("next_check_at")
    return list(found.values_list("pk", flat=True)[: scheduled.BATCH_SIZE])


def once_an_hour() -> None:
    JobRun.objects.all().delete()
    scheduled.void_withdrawn(DUE)


def idle() -> None:
    """Runs all queries of a scheduled run, without recording it."""
    scheduled.void_withdrawn(DUE)
    scheduled.lapse_unpublished(DUE)
    scheduled.remind_due(DUE)
    link_requests.answer_requests(DUE)
    rate_limits.delete_old_attempts(DUE)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [100_000, 1_000_000])
