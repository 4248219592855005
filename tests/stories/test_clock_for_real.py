"""The clock as processes of their own: a worker, two beats, a broker, a mail server, a database with real commits."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from agreements.documents import audit
from agreements.models import Agreement, Message
from tests import clock, make, servers
from tests.servers import Mailbox, wait_until

pytestmark = [pytest.mark.services, pytest.mark.django_db, pytest.mark.usefixtures("committed")]


@contextmanager
def celery(*arguments: str, environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`celery -A proceedings …` as a process, ended by SIGTERM, which it must obey by itself."""
    command = clock.python("celery", "-A", "proceedings", *arguments, "--loglevel", "INFO")
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def test_a_reminder_arrives_by_itself(mailbox: Mailbox, smtp_server: tuple[str, Mailbox], tmp_path: Path) -> None:
    now = datetime.now(UTC)
    # Issued long ago and never looked at since: the invitation goes out, and a signature waits for its seal.
    volume = make.volume(deadline=(now + timedelta(days=2)).date())
    waiting = make.agreement(
        "issued", of=make.paper(volume, contact="waiting@example.org"), now=now - timedelta(days=20)
    )
    signed = make.agreement("signed", of=make.paper(volume, contact="signed@example.org"), now=now - timedelta(days=20))
    Message.objects.filter(agreement=waiting).update(state="sent", sent_at=now - timedelta(days=20))
    log = tmp_path / "log"
    with ExitStack() as stack:
        broker = stack.enter_context(servers.valkey())
        environment = servers.environment(REDIS_URL=broker, EMAIL_URL=smtp_server[0])
        for number in (1, 2):
            schedule = str(tmp_path / f"schedule-{number}")
            stack.enter_context(celery("beat", "--schedule", schedule, environment=environment, log=log))
        stack.enter_context(celery("worker", "--concurrency", "2", environment=environment, log=log))
        # All that Redis knows is lost in between; the rows are the queue.
        wait_until(lambda: "ready." in log.read_text(), seconds=20)
        client = redis.Redis.from_url(broker)
        client.flushall()
        client.close()
        # The beats chase each minute; somebody is impatient.
        subprocess.run(
            clock.python("celery", "-A", "proceedings", "call", "agreements.chase"),
            env=environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_until(lambda: len(mailbox.mails) >= 2, seconds=100)
        except TimeoutError:
            raise AssertionError(log.read_text()) from None
        wait_until(lambda: set(Message.objects.values_list("state", flat=True)) <= {"sent", "skipped", "cancelled"})
    assert sorted(mailbox.recipients()) == ["signed@example.org", "waiting@example.org"]
    assert Message.objects.filter(agreement=waiting, kind="reminder", state="sent").count() == 1
    assert Message.objects.filter(agreement=signed, kind="receipt", state="sent").count() == 1
    assert Agreement.objects.get(pk=signed.pk).status == "sealed"
    assert list(audit.findings()) == []
    assert "Traceback" not in log.read_text(), log.read_text()
