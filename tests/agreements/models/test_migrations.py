"""A database of version 0.1 gets the present names, and may go back while it has not all of them."""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

VERSION_0_1 = [("proceedings", "0009_public_id"), ("agreements", "0018_signer_index")]
RENAMED = [("proceedings", "0010_plain_names"), ("agreements", "0020_guards")]

pytestmark = pytest.mark.django_db


@pytest.fixture
def database() -> Iterator[DatabaseWrapper]:
    """An empty database in the place of the one of the tests: migrations of rows write to the default one."""
    usual = connections["default"]
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}}
    connections["default"] = made = DatabaseWrapper(usual.settings_dict | memory, "default")
    yield made
    BaseDatabaseWrapper.close(made)  # its own keeps a database in memory open
    connections["default"] = usual


def migrate(database: DatabaseWrapper, targets: list[tuple[str, str]]) -> None:
    executor = MigrationExecutor(database)
    if not executor.loader.applied_migrations:  # a new database would take the squashed migrations
        executor.loader = MigrationLoader(database, replace_migrations=False)
    executor.migrate(targets)


def triggers(database: DatabaseWrapper) -> dict[str, str]:
    with database.cursor() as cursor:
        return dict(cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())


def test_the_triggers_of_the_version_before_come_back(database: DatabaseWrapper) -> None:
    migrate(database, VERSION_0_1)
    before = triggers(database)
    migrate(database, RENAMED)
    renamed = triggers(database)
    migrate(database, VERSION_0_1)

    assert len(renamed) == len(before) == 17
    assert triggers(database) == before
