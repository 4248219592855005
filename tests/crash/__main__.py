"""``python -m tests.crash``: runs workers, kills them and prints the result as one line of JSON.

Exit status 1 if an email is lost, sent twice, sent after a signature, or unknown without a reason. It trusts the SMTP
server's log, not the database.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import redis

from tests import servers


class Run:
    """One run: its processes, and what was done to them."""

    def __init__(self, options: argparse.Namespace, folder: Path, stack: ExitStack) -> None:
        self.options, self.folder, self.stack = options, folder, stack
        self.dice = random.Random(options.seed)
        self.done: Counter[str] = Counter()
        self.slowest_end = 0.0
        self.log = folder / "accepted"
        self.log.touch()
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Starts a process in its own group, so that a kill includes its children."""
        output = (self.folder / "output").open("ab")
        process = subprocess.Popen([sys.executable, "-m", *words], stdout=output, stderr=output, start_new_session=True)
        self.stack.callback(self.kill, process)
        return process

    @staticmethod
    def kill(process: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def worker(self) -> subprocess.Popen[bytes]:
        words = ("celery", "--quiet", "--app", "tests.crash.app", "worker", "--concurrency", "1", "--loglevel", "error")
        return self.start(*words, "--without-gossip", "--without-mingle", "--without-heartbeat")

    def beat(self) -> subprocess.Popen[bytes]:
        schedule = str(self.folder / f"beat-{time.time()}")
        return self.start("celery", "--quiet", "--app", "tests.crash.app", "beat", "--schedule", schedule)

    def end_some_worker(self) -> None:
        """Stops a worker as a deployment does: SIGTERM to the main process; the child finishes its current email."""
        index = self.dice.randrange(len(self.workers))
        began = time.monotonic()
        self.workers[index].terminate()
        with suppress(subprocess.TimeoutExpired):
            self.workers[index].wait(timeout=60)
        self.slowest_end = max(self.slowest_end, time.monotonic() - began)
        self.kill(self.workers[index])
        self.workers[index] = self.worker()
        self.done["workers ended"] += 1

    def kill_some_worker(self) -> None:
        """Kills a whole worker, or only the child that is sending."""
        index = self.dice.randrange(len(self.workers))
        victim = self.workers[index]
        children = subprocess.run(
            ["pgrep", "--parent", str(victim.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        if children and self.dice.random() < 0.7:
            with suppress(ProcessLookupError):
                os.kill(int(children[0]), signal.SIGKILL)
            self.done["children killed"] += 1
        else:
            self.kill(victim)
            self.workers[index] = self.worker()
            self.done["workers killed"] += 1


def prepare(slots: int) -> None:
    """Creates `slots` emails in the outbox, four per agreement, by real transitions."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from django.utils import timezone

    from agreements.jobs import issue_many
    from agreements.mail import outbox
    from agreements.models import Agreement, Message
    from tests.bench.database import volume_of

    volume = volume_of(slots // 4, number=1)
    papers = volume.papers.select_related("volume").prefetch_related("authors", "agreements")
    issue_many.issue(papers, by="crash run", now=timezone.now())
    for agreement in Agreement.objects.all():
        for days in (7, 3, 1):
            kind, now = Message.Kind.REMINDER, timezone.now()
            # Each to its own address: only the first email to one address would be sent today.
            to = f"{days}.{agreement.signer_email}"
            outbox.queue(agreement, idempotency_key=f"r1:T-{days}", kind=kind, recipient=to, now=now)


def open_slots() -> int:
    from django.db import OperationalError, connection

    from agreements.models import Message

    try:
        return Message.objects.filter(state__in=["pending", "claimed", "handing"]).count()
    except OperationalError:
        connection.close()
        return -1


def live(run: Run, postgres: servers.Postgres | None, redis_url: str) -> None:
    """Runs the workers, with kills, restarts and flushes spread over the work, until all is done."""
    options = run.options
    evils = ["kill"] * options.kills + ["restart"] * (options.restarts if postgres else 0) + ["flush"] * options.flushes
    evils += ["end"] * options.ends
    run.dice.shuffle(evils)
    total = open_slots()
    run.workers = [run.worker() for _ in range(options.workers)]
    clocks = [run.beat(), run.beat()]
    signer = run.start("tests.crash.signer", "0.2", str(options.seed))
    end = time.monotonic() + options.seconds
    done_evils = 0
    while time.monotonic() < end:
        left = open_slots()
        if left == 0 and done_evils == len(evils) and signer.poll() is not None:
            break
        # The share of kills follows the share of work done, and the last comes before the work ends.
        due = len(evils) if left == 0 else int(len(evils) * min(1.0, 1.15 * (total - max(left, 0)) / total))
        if left >= 0 and done_evils < due:
            evil = evils[done_evils]
            done_evils += 1
            if evil == "kill":
                run.kill_some_worker()
            elif evil == "end":
                run.end_some_worker()
            elif evil == "restart" and postgres:
                postgres.restart_at_once()
                run.done["database restarts"] += 1
            else:
                redis.Redis.from_url(redis_url).flushall()
                run.done["redis flushes"] += 1
        time.sleep(0.15)
    for process in [*run.workers, *clocks]:
        run.kill(process)


LATE = timedelta(seconds=1)
"""Seconds after a signature in which an email that was already being sent may still be accepted."""


def verdict(run: Run, seconds: float) -> dict[str, Any]:
    """Compares the server's log with the rows."""
    from agreements.models import Message

    accepted: Counter[str] = Counter()
    when: dict[str, float] = {}
    lost_answers = 0
    for line in run.log.read_text().splitlines():
        at, message_id = line.split(" ", 1)
        if message_id == "lost":
            lost_answers += 1
            continue
        accepted[message_id] += 1
        when[message_id] = float(at)
    rows = list(Message.objects.select_related("agreement").exclude(kind=Message.Kind.RECEIPT))
    states = Counter(row.state for row in rows)
    signed_at = {row.message_id: row.agreement.signed_at for row in rows}
    after = [i for i, at in when.items() if (s := signed_at[i]) and datetime.fromtimestamp(at, UTC) > s + LATE]
    quiet = ("pending", "claimed", "cancelled", "failed", "skipped")
    mails = sum(accepted.values())
    return {
        "database": os.environ["DATABASE_URL"].partition(":")[0],
        "slots": len(rows),
        "mails": mails,
        "mails_per_second": round(mails / seconds),
        **{
            key.replace(" ", "_"): run.done[key]
            for key in ("workers killed", "children killed", "workers ended", "database restarts", "redis flushes")
        },
        "slowest_end_seconds": round(run.slowest_end, 1),
        "lost_answers": lost_answers,
        "signed": len({row.agreement_id for row in rows if row.agreement.signed_at}),
        "states": dict(states),
        "duplicates": sum(count - 1 for count in accepted.values() if count > 1),
        "silently_lost": sum(row.state == "sent" and row.message_id not in accepted for row in rows),
        "accepted_but_not_said": sum(row.state in quiet and row.message_id in accepted for row in rows),
        "unfinished": states["pending"] + states["claimed"] + states["handing"],
        "after_signing": len(after),
        "unknown": states["unknown"],
        "unknown_allowed": run.done["workers killed"]
        + run.done["children killed"]
        + lost_answers
        + run.options.workers * run.done["database restarts"],
    }


MUST_BE_ZERO = ("duplicates", "silently_lost", "accepted_but_not_said", "unfinished", "after_signing")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--slots", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--ends", type=int, default=0, help="SIGTERMs to workers, as when a new version is deployed")
    parser.add_argument("--restarts", type=int, default=3, help="immediate restarts of PostgreSQL")
    parser.add_argument("--flushes", type=int, default=5, help="FLUSHALLs of Redis")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=900, help="give up after so long")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch("crash"))
        postgres = stack.enter_context(servers.postgresql_server()) if options.database == "postgresql" else None
        os.environ["DATABASE_URL"] = postgres.url if postgres else f"sqlite:///{folder}/desk.sqlite3"
        redis_url = stack.enter_context(servers.valkey())
        port = servers.free_port()
        run = Run(options, folder, stack)
        run.start("tests.crash.sink", str(port), str(run.log), str(options.seed))
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        from tests import settings as fixed

        # The workers inherit the tests' environment, but with real email and a real broker.
        os.environ |= {**fixed.FIXED, "EMAIL_URL": f"smtp://127.0.0.1:{port}", "REDIS_URL": redis_url}
        os.environ["DJANGO_SETTINGS_MODULE"] = "proceedings.settings"
        django.setup()
        prepare(options.slots)
        start = time.monotonic()
        live(run, postgres, redis_url)
        result = verdict(run, time.monotonic() - start)
    print(json.dumps(result))
    broken = [key for key in MUST_BE_ZERO if result[key]]
    if result["unknown"] > result["unknown_allowed"]:
        broken.append("unknown")
    if result["slowest_end_seconds"] > 30:
        broken.append("slowest_end_seconds")
    if broken:
        print(f"BROKEN: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
