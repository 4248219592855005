"""``python -m tests.crash.points``: kills workers with SIGKILL at each named moment, several times each.

Three emails are queued; the worker dies with the first or the third. Others then finish, and the SMTP server's log is
compared with the rows: nothing lost, nothing sent twice, at most one unknown email per kill. Workers are forked, so
that a hundred kills take seconds. Prints one line of JSON per moment; exit status 1 on failure.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen
from typing import Any

from tests import servers

ONCE = {"before-claim", "after-claim", "connected", "after-settle"}
"""Moments that happen once for all three emails."""


def prepared(stack: ExitStack, database: str) -> Path:
    """Prepares database, mail server and settings. Returns the server's log."""
    folder = stack.enter_context(servers.scratch("points"))
    sqlite = f"sqlite:///{folder}/desk.sqlite3"
    os.environ["DATABASE_URL"] = stack.enter_context(servers.postgresql()) if database == "postgresql" else sqlite
    log, port = folder / "accepted", servers.free_port()
    log.touch()
    sink = Popen([sys.executable, "-m", "tests.crash.sink", str(port), str(log), "1", "friendly"])
    stack.callback(sink.wait)
    stack.callback(sink.kill)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 10
    call_command("migrate", verbosity=0)
    return log


def die(moment: str, hit: int, now: Any) -> bool:
    """Returns whether a worker was killed at that moment. It may survive if the moment happens less often."""
    from django.db import connection

    from tests.agreements.mail.crash_worker import work

    connection.close()  # a child must not use its parent's connection
    child = os.fork()
    if child == 0:
        try:
            work(moment, now, hit)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def repeated(moment: str, repeats: int, log: Path) -> dict[str, Any]:
    from agreements import lifecycle
    from agreements.jobs import scheduled
    from agreements.mail import outbox, sender
    from agreements.mail.transports import SmtpTransport
    from agreements.models import Message
    from tests import make

    tally: Counter[str] = Counter()
    volume = make.the_volume()
    began = time.monotonic()
    for number in range(repeats):
        agreement = make.agreement("issued", of=make.paper(volume, contact=f"{moment}-{number}@example.org"))
        for idempotency_key in ("manual:1", "manual:2"):
            to, kind = f"{idempotency_key[-1]}.{agreement.signer_email}", Message.Kind.REMINDER
            outbox.queue(agreement, idempotency_key=idempotency_key, kind=kind, recipient=to, now=make.NOW)
        ids = set(agreement.messages.values_list("message_id", flat=True))
        tally["deaths"] += die(moment, 1 if moment in ONCE else 1 + 2 * (number % 2), make.NOW)
        now = make.NOW
        for _ in range(3):
            now += outbox.LEASE
            sender.send_due(scheduled.fixed_clock(now), SmtpTransport(), lifecycle.record_mail_result)
        accepted = Counter(line.split(" ", 1)[1] for line in log.read_text().splitlines())
        states = dict(Message.objects.filter(message_id__in=ids).values_list("message_id", "state"))
        tally["unknown"] += sum(state == "unknown" for state in states.values())
        tally["doubled"] += sum(accepted[one] > 1 for one in ids)
        tally["lost"] += sum(state == "sent" and not accepted[one] for one, state in states.items())
        tally["unfinished"] += sum(state not in ("sent", "unknown") for state in states.values())
    return {"moment": moment, "seconds": round(time.monotonic() - began, 1), "repeats": repeats, **tally}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.points", description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--repeats", type=int, default=100, help="for each moment")
    options = parser.parse_args()
    broken = False
    with ExitStack() as stack:
        log = prepared(stack, options.database)
        from tests.agreements.mail.crash_worker import MOMENTS

        for moment in MOMENTS:
            seen = repeated(moment, options.repeats, log)
            print(json.dumps({"database": options.database, **seen}), flush=True)
            broken |= any(seen.get(evil) for evil in ("doubled", "lost", "unfinished"))
            broken |= seen["deaths"] != options.repeats or seen["unknown"] > seen["deaths"]
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
