"""Fixtures that every test may use."""

import importlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from agreements.management.commands.seal_key import make_key

guards = importlib.import_module("agreements.migrations.0002_guards")


@pytest.fixture(scope="session", autouse=True)
def seal_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A key to seal with, where the settings look for it."""
    if not Path(settings.SEAL_KEY).exists():
        make_key("Publisher for Tests")


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """No test reaches the network."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"A test wants to reach {address}.")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """A database in which every commit is real. Its clean-up needs the triggers out of the way for a moment."""
    yield
    with connection.schema_editor() as editor:
        guards.unguard(None, editor)
    with connection.cursor() as cursor:
        for table in reversed(connection.introspection.table_names(cursor)):
            if table.startswith(("agreements_", "proceedings_")):
                cursor.execute(f"DELETE FROM {table}" if connection.vendor == "sqlite" else f"TRUNCATE {table} CASCADE")
    with connection.schema_editor() as editor:
        guards.guard(None, editor)
