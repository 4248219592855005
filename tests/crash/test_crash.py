"""A small run of `python -m tests.crash` and of `tests.crash.points`, so that every change meets killed workers."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connection

pytestmark = pytest.mark.services


def run(*words: str) -> list[dict[str, object]]:
    """A world of its own, with its own rows. It lives today, so nothing needs the day of the tests."""
    database = "sqlite" if connection.vendor == "sqlite" else "postgresql"
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", *words, "--database", database],
        env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_workers_killed_at_random_lose_nothing_and_double_nothing() -> None:
    (seen,) = run(
        "tests.crash", "--slots", "120", "--kills", "6", "--restarts", "1", "--flushes", "1", "--workers", "2"
    )
    assert seen["duplicates"] == seen["silently_lost"] == seen["after_signing"] == 0


def test_a_worker_killed_at_each_named_moment_leaves_at_most_one_mail_in_doubt() -> None:
    moments = run("tests.crash.points", "--repeats", "2")
    assert len(moments) == 8
    assert all(seen["doubled"] == seen["lost"] == seen["unfinished"] == 0 for seen in moments)
