"""``python -m tests.bench.bench_mail [EMAILS [ROUNDS]]``: emails per second, compared with two other ways.

All send the same invitations to the same local SMTP server, one after the other, in rounds; medians are printed. Our
sender keeps all its guarantees. `send_mass_mail` on one connection has none. One Celery task per email, with its own
connection, is the simple solution. CPU is that of senders and workers, without database and mail server; compare it on
a busy machine.
"""

import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from tests import servers
from tests import settings as fixed
from tests.bench.database import volume_of

from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.utils import timezone

from agreements.jobs import issue_many
from agreements.mail import compose, sender, transports
from agreements import lifecycle
from agreements.models import Message
from proceedings.celery import app
from tests.bench.one_task import send_one

Send = Callable[[list[Message]], None]


@contextmanager
def sink(folder: Path) -> Iterator[tuple[int, Path]]:
    """Starts an SMTP server process. Yields its port and the log of accepted emails."""
    port, log = servers.free_port(), folder / "accepted"
    log.touch()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.fast_sink", str(port), str(log)])
    try:
        servers.wait_until(lambda: smtplib.SMTP("127.0.0.1", port).quit(), process)
        yield port, log
    finally:
        process.kill()
        process.wait()


@contextmanager
def workers(app: str, **environment: str) -> Iterator[int]:
    """Starts a Celery worker with two processes. Yields their process group."""
    words = ["--quiet", "--app", app, "worker", "--concurrency", "2", "--loglevel", "error"]
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", *words],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def cpu_of(group: int) -> float:
    """Returns the CPU seconds of a process group so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        ticks += sum(map(int, after_name[11:13])) if int(after_name[2]) == group else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def outbox(count: int, number: int) -> list[Message]:
    """Creates `count` due invitations."""
    papers = volume_of(count, number).papers.select_related("volume").prefetch_related("authors", "agreements")
    issue_many.issue(papers, by="bench", now=timezone.now())
    return list(
        Message.objects.filter(agreement__volume_number=number).select_related(
            "agreement__text", "agreement__paper__volume__signing_settings"
        )
    )


def by_engine(messages: list[Message]) -> None:
    sender.send_due(timezone.now, transports.SmtpTransport(), lifecycle.record_mail_result)


def by_workers(messages: list[Message]) -> None:
    for _ in range(2):
        app.send_task("agreements.send")


def by_mass_mail(messages: list[Message]) -> None:
    """Sends like Django's `send_mass_mail`, with HTML and headers: on one connection, without any record."""
    get_connection("django.core.mail.backends.smtp.EmailBackend").send_messages(
        [compose.compose(message, timezone.now()) for message in messages]
    )


def by_tasks(messages: list[Message]) -> None:
    for message in messages:
        send_one.delay(message.pk)


def accepted(log: Path) -> int:
    return log.read_bytes().count(b"\n")


def main(count: int, rounds: int) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch("mail"))
        port, log = stack.enter_context(sink(folder))
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 30
        broker = stack.enter_context(servers.valkey())
        send_one.app.conf.update(broker_url=f"{broker[:-1]}1")
        app.conf.update(broker_url=broker, task_always_eager=False)
        # The real app, as `celery -A proceedings worker` runs it, and the app for comparison.
        smtp = f"smtp://127.0.0.1:{port}"
        real = fixed.FIXED | {"DJANGO_SETTINGS_MODULE": "proceedings.settings", "EMAIL_URL": smtp, "REDIS_URL": broker}
        engine = stack.enter_context(workers("proceedings", **real))
        tasks = stack.enter_context(
            workers("tests.bench.one_task", BENCH_BROKER=f"{broker[:-1]}1", BENCH_SMTP_PORT=str(port))
        )
        ways: dict[str, tuple[Send, int | None]] = {
            "engine, all promises kept, 1 process": (by_engine, None),
            "engine, all promises kept, 2 workers": (by_workers, engine),
            "send_mass_mail, no promise, 1 process": (by_mass_mail, None),
            "one Celery task per mail, 2 workers": (by_tasks, tasks),
        }
        warm_up = outbox(20, 1)
        for send, _ in ways.values():
            send(warm_up)
        servers.wait_until(lambda: accepted(log) >= 60 and not Message.objects.exclude(state="sent").exists())
        seen: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        number = 1
        for _ in range(rounds):
            for name, (send, group) in ways.items():
                messages = outbox(count, number := number + 1)
                seen[name].append(measured(send, messages, group, log))
                if send is by_mass_mail:  # it records nothing, so our sender would send them again
                    Message.objects.filter(agreement__volume_number=number).update(state="skipped")
    middle = {name: [median(figures) for figures in zip(*runs, strict=True)] for name, runs in seen.items()}
    rate, cpu = middle["one Celery task per mail, 2 workers"]
    for name, (mails, spent) in middle.items():
        words = f"{mails:>6.0f} mails/s {mails / rate:>5.1f}x   {spent:>5.2f} ms CPU {cpu / spent:>5.1f}x less"
        print(f"{connection.vendor}: {name:<38} {words}")


def measured(send: Send, messages: list[Message], group: int | None, log: Path) -> tuple[float, float]:
    """Returns emails per second, and CPU milliseconds per email."""
    before, cpu, own = accepted(log), cpu_of(group) if group else 0.0, time.process_time()
    start = time.perf_counter()
    send(messages)
    own = time.process_time() - own
    servers.wait_until(lambda: accepted(log) == before + len(messages), seconds=300, pause=0.005)
    wall = time.perf_counter() - start
    if group:
        time.sleep(1)  # the workers record the results of the last emails
        own += cpu_of(group) - cpu
    return len(messages) / wall, own * 1000 / len(messages)


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:], *("1000", "3")[len(sys.argv) - 1 :])))
