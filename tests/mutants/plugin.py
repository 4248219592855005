"""What pytest does otherwise while it looks for a mutant: it begins with a copy of a database that has its tables."""

import os
import resource
import shutil
from pathlib import Path

import pytest
from django.conf import settings

MOST_MEMORY = 6 << 30
"""Bytes. A loop that a mutant made endless must not take the whole machine."""


def pytest_sessionstart(session: pytest.Session) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    template = Path(os.environ["MUTANTS_DATABASE"])
    if template.exists() and database_file().suffix == ".sqlite3":
        shutil.copy(template, database_file())


def pytest_sessionfinish(session: pytest.Session) -> None:
    template = Path(os.environ["MUTANTS_DATABASE"])
    if not template.exists() and database_file().exists():
        shutil.copy(database_file(), template)
    database_file().unlink(missing_ok=True)


def database_file() -> Path:
    """As `tests.conftest` calls it."""
    return Path(settings.DATABASES["default"]["NAME"]).parent / f"test-{os.getpid()}.sqlite3"
