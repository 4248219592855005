"""Celery for real: workers and beats as processes of their own, a real broker, and what happens to them in operation.

The app is the real one with short leases (`tests.crash.app`), so that a test sees them end.
"""

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import redis
from django.utils import timezone

from agreements.models import Message
from tests import clock, make, servers
from tests.agreements.pages import author_of
from tests.agreements.sending import send
from tests.servers import Mailbox, wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.services, pytest.mark.usefixtures("committed")]

State = Message.State
Start = Callable[..., subprocess.Popen[bytes]]
PATIENCE = 100
"""Seconds for what takes few: workers start slowly on a machine that has other things to do."""


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with servers.valkey() as url:
        yield url


@pytest.fixture
def start(broker: str, smtp_server: tuple[str, Mailbox], mailbox: Mailbox, tmp_path: Path) -> Iterator[Start]:
    """Starts `celery -A … worker` or `beat`; everything that was started ends with the test."""
    redis.Redis.from_url(broker).flushall()
    with ExitStack() as stack:

        def started(kind: str, broker: str = broker) -> subprocess.Popen[bytes]:
            name = f"{kind}-{time.monotonic_ns()}"
            alone = ("--without-gossip", "--without-mingle", "--hostname", f"{name}@here")
            words = {"worker": ("--concurrency", "1", *alone), "beat": ("--schedule", str(tmp_path / name))}[kind]
            app = ("--quiet", "--app", "tests.crash.app")
            with (tmp_path / "output").open("ab") as output:
                process = subprocess.Popen(
                    clock.python("celery", *app, kind, *words, "--loglevel", "warning"),
                    env=servers.environment(EMAIL_URL=smtp_server[0], REDIS_URL=broker),
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            stack.callback(end, process)
            return process

        yield started
        mailbox.reset()


def end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def issued(count: int) -> None:
    volume = make.the_volume()
    for number in range(count):
        paper = make.paper(volume, contact=f"author{number}@example.org")
        make.agreement("issued", of=paper, now=timezone.now())


def states() -> Counter[str]:
    return Counter(Message.objects.values_list("state", flat=True))


def all_sent(count: int) -> Callable[[], bool]:
    return lambda: states() == {State.SENT: count}


def test_two_beats_several_workers_and_a_round_by_hand_send_each_mail_once(mailbox: Mailbox, start: Start) -> None:
    issued(20)
    for kind in ("worker", "worker", "beat", "beat"):
        start(kind)
    wait_until(lambda: bool(mailbox.mails), seconds=PATIENCE)
    for _ in range(3):
        send(timezone.now())
        time.sleep(0.2)
    wait_until(all_sent(20), seconds=PATIENCE)
    assert Counter(mailbox.recipients()) == Counter({f"author{number}@example.org": 1 for number in range(20)})


def test_a_worker_that_is_asked_to_end_finishes_the_mail_in_its_hand(mailbox: Mailbox, start: Start) -> None:
    in_hand = threading.Event()

    def slow() -> None:
        in_hand.set()
        time.sleep(1.5)

    mailbox.before_answer = slow
    issued(2)
    worker = start("worker")
    start("beat")
    assert in_hand.wait(PATIENCE)
    began = time.monotonic()
    worker.terminate()
    worker.wait(timeout=30)
    assert time.monotonic() - began < 30
    assert not set(states()) & {State.UNKNOWN, State.HANDING, State.CLAIMED}, "nothing is left in doubt"
    assert len(mailbox.mails) == states()[State.SENT] >= 1


def test_a_child_that_is_killed_leaves_its_mail_in_doubt_and_the_others_to_the_next(
    mailbox: Mailbox, start: Start
) -> None:
    in_hand, may_answer = threading.Event(), threading.Event()

    def block() -> None:
        in_hand.set()
        may_answer.wait(20)

    mailbox.before_answer = block
    issued(4)
    worker = start("worker")
    start("beat")
    assert in_hand.wait(PATIENCE)
    (child,) = subprocess.run(
        ["pgrep", "--parent", str(worker.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    os.kill(int(child), signal.SIGKILL)
    mailbox.before_answer = lambda: None
    may_answer.set()
    wait_until(lambda: states() == {State.SENT: 3, State.UNKNOWN: 1}, seconds=PATIENCE)
    assert set(Counter(mailbox.recipients()).values()) == {1}


def test_a_broker_that_is_emptied_loses_nothing(mailbox: Mailbox, start: Start, broker: str) -> None:
    start("worker")
    start("beat")
    client = redis.Redis.from_url(broker)
    for count in (1, 2):
        issued(1) if count == 1 else make.agreement("issued", of=make.paper(make.the_volume()), now=timezone.now())
        client.flushall()
        wait_until(all_sent(count), seconds=PATIENCE)
    assert len(mailbox.mails) == 2


def test_with_the_broker_down_pages_work_and_mail_is_late(mailbox: Mailbox, start: Start) -> None:
    port = servers.free_port()
    down = f"redis://127.0.0.1:{port}/0"
    start("worker", down)
    start("beat", down)
    now = timezone.now()
    agreement = make.agreement("issued", now=now)
    assert author_of(agreement, now=now).sign("Mike Lewis").status_code == 303
    agreement.refresh_from_db()
    make.seal(agreement, now=now)
    time.sleep(2)
    assert mailbox.mails == []
    with servers.valkey(port):
        wait_until(lambda: states()[State.SENT] == 1, seconds=PATIENCE)
    assert mailbox.recipients() == ["mike@example.org"]
