"""``python -m tests.bench.bench_mail [MAILS]``: mails a second of the engine, of `send_mass_mail`, of a task per mail.

All three send the same invitations to the same SMTP server on this machine, one after the other in one run. The engine
keeps all its promises; `send_mass_mail` on one connection has none; one Celery task per mail is what one writes first.
Then the planner: an idle beat, and a beat with mail due, at two sizes of the table.
"""

import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import servers
from tests.bench.database import measured, volume_of

from django.conf import settings
from django.core.mail import get_connection
from django.db import connection

from agreements import clock, issuing, letters, lifecycle, postman, transports
from agreements.models import Agreement, Message

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


@contextmanager
def sink(folder: Path) -> Iterator[tuple[int, Path]]:
    """An SMTP server in a process of its own; yields its port and the log of what it accepted."""
    port, log = servers.free_port(), folder / "accepted"
    log.touch()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.fast_sink", str(port), str(log)])
    try:
        servers.wait_until(lambda: smtplib.SMTP("127.0.0.1", port).quit(), process)
        yield port, log
    finally:
        process.kill()
        process.wait()


def outbox(count: int, number: int) -> list[Message]:
    """So many invitations that are due."""
    papers = volume_of(count, number).papers.select_related("volume").prefetch_related("authors", "agreements")
    issuing.issue(papers, by="bench", now=NOW)
    return list(
        Message.objects.filter(agreement__volume_number=number).select_related(
            "agreement__text", "agreement__paper__volume__terms"
        )
    )


def by_engine(messages: list[Message]) -> None:
    postman.drain(clock.stopped(NOW), transports.SmtpTransport(), lifecycle.note_mail)


def by_mass_mail(messages: list[Message]) -> None:
    """As Django's `send_mass_mail`, with HTML and headers: all on one connection, nothing written down."""
    get_connection("django.core.mail.backends.smtp.EmailBackend").send_messages(
        [letters.compose(message, NOW) for message in messages]
    )


def by_tasks(messages: list[Message], log: Path, before: int) -> None:
    from tests.bench.one_task import send_one

    for message in messages:
        send_one.delay(message.pk)
    servers.wait_until(lambda: accepted(log) >= before + len(messages), seconds=300)


def accepted(log: Path) -> int:
    return len(log.read_text().splitlines())


def main(count: int) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch("mail"))
        port, log = stack.enter_context(sink(folder))
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 30
        broker = stack.enter_context(servers.valkey())
        os.environ |= {"BENCH_BROKER": broker, "BENCH_SMTP_PORT": str(port)}
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--quiet", "--app", "tests.bench.one_task"),
                *("worker", "--concurrency", "2", "--loglevel", "error"),
            ],
            stderr=subprocess.DEVNULL,
        )
        stack.callback(worker.wait)
        stack.callback(worker.terminate)
        rates: dict[str, float] = {}
        ways: dict[str, Callable[[list[Message]], None]] = {
            "engine, all promises kept": by_engine,
            "send_mass_mail, none": by_mass_mail,
            "one Celery task per mail, 2 workers": lambda messages: by_tasks(messages, log, accepted(log)),
        }
        for number, (name, send) in enumerate(ways.items(), start=1):
            messages = outbox(count, number)
            before, start = accepted(log), time.perf_counter()
            send(messages)
            rates[name] = count / (time.perf_counter() - start)
            servers.wait_until(lambda: accepted(log) == before + count)  # noqa: B023
    one_task = rates["one Celery task per mail, 2 workers"]
    for name, rate in rates.items():
        print(f"{connection.vendor}: {name:<40} {rate:>8.0f} mails/s {rate / one_task:>6.1f}x")
    plan(count)


def plan(count: int) -> None:
    """An idle beat and one that has `count` reminders to plan."""
    Agreement.objects.update(look_at=NOW + timedelta(days=1))
    cpu, queries, _ = measured(lambda: clock.chase(clock.stopped(NOW)))
    print(f"{connection.vendor}: {'chase, nothing due':<40} {cpu:>8.2f} ms CPU, {queries} queries")
    due = Agreement.objects.filter(status="issued").count()
    Agreement.objects.update(look_at=NOW)
    late = datetime(2026, 12, 2, 9, tzinfo=UTC)
    start = time.process_time()
    tally = clock.chase(clock.stopped(late))
    spent = (time.process_time() - start) * 1000 / due
    queued = f"{tally['reminders']} of {due} queued"
    print(f"{connection.vendor}: {'chase, all due, each':<40} {spent:>8.2f} ms CPU, {queued}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
