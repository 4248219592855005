"""Fixtures for all tests."""

import importlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker, Settings

from agreements.management.commands.seal_key import make_key
from proceedings import env
from tests import clock, neighbours, servers
from tests.servers import Mailbox

OURS = ("agreements_", "proceedings_", "otp_totp_", "django_admin_log")
guards = importlib.import_module("agreements.migrations.0025_guard_printed_title")

# A slow machine is no wrong answer. The examples are the same in every run, so that a change is judged by what it
# changes; HYPOTHESIS_PROFILE=random looks for new ones.
hypothesis.settings.register_profile("fixed", deadline=None, derandomize=True)
hypothesis.settings.register_profile("random", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def pytest_configure(config: pytest.Config) -> None:
    """The day of the tests begins before any of their modules is imported; see `tests.clock`."""
    config.add_cleanup(clock.travel(clock.TODAY.timestamp()).stop)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what can tell that the machine has another day than the tests: what meets the world outside this process.

    That is a module that starts programs, or OpenSSL with a certificate. All else only asks this process for the time.
    """
    for item in items:
        module = vars(item.module) if isinstance(item, pytest.Function) else {}
        if "subprocess" in module or "certificate" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.outside)


@pytest.fixture(scope="session", autouse=True)
def seal_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Creates the seal key that the settings name."""
    if not Path(settings.SEAL_KEY).exists():
        make_key("Publisher for Tests")


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """Blocks all connections to other machines."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"A test wants to reach {address}.")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Uses SQLite in a file, as in production: an in-memory database has no WAL and no second process."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = f"{Path(database['NAME']).parent}/test-{os.getpid()}.sqlite3"
    request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """A database in which commits are real. The clean-up switches the triggers off."""
    yield
    with unguarded(), transaction.atomic(), connection.cursor() as cursor:
        tables = [table for table in connection.introspection.table_names(cursor) if table.startswith(OURS)]
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        else:
            # SQLite checks foreign keys when the transaction ends, and by then all rows are deleted.
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names


@pytest.fixture
def tampering(db: None) -> Callable[[], AbstractContextManager[None]]:
    """Use `with tampering():` to switch the triggers off, as an attacker with the database's password could."""
    return unguarded


class Plain:
    """The part of a schema editor that the triggers need. Django's own does not work inside a test's transaction."""

    connection = connection

    def execute(self, statement: str, params: None = None) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or pending checks would lock the tables
            cursor.execute(statement)


@contextmanager
def unguarded() -> Iterator[None]:
    guards.unguard(None, Plain())
    try:
        yield
    finally:
        guards.guard(None, Plain())


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[tuple[str, Mailbox]]:
    with servers.smtp() as server:
        yield server


@pytest.fixture
def mailbox(smtp_server: tuple[str, Mailbox], settings: Settings) -> Mailbox:
    """A real SMTP server, named in `EMAIL_URL`, empty and accepting everything."""
    url, box = smtp_server
    box.reset()
    for name, value in env.email(urlparse(url)).items():
        setattr(settings, name, value)
    return box


@pytest.fixture
def mail_folder(tmp_path: Path, settings: Settings) -> Path:
    """An empty folder, named in `EMAIL_URL`."""
    folder = tmp_path / "mail"
    folder.mkdir()
    for name, value in env.email(urlparse(f"file://{folder}")).items():
        setattr(settings, name, value)
    return folder


@pytest.fixture(scope="session")
def neighbour_tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> list[neighbours.Table]:
    """The rows of another volume; see `tests.neighbours`."""
    with django_db_blocker.unblock():
        return neighbours.make_tables()


@pytest.fixture(autouse=True)
def another_volume(request: pytest.FixtureRequest) -> Iterator[None]:
    """Runs the tests of risky packages beside another volume, which they must not change."""
    if not neighbours.is_wanted(request.node, request.fixturenames):
        yield
        return
    request.getfixturevalue("db")
    with neighbours.beside(request.getfixturevalue("neighbour_tables")):
        yield
