"""Runs the tests of one module against one mutant, in a copy of the repository."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory

from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import TestOutcome

from tests.mutants.sample import Change, Mutant, change

LEFT_OUT = (".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "var", "_build", "generated", "staticfiles")

STORIES = {
    "agreements/domain/": ["tests/agreements/lifecycle/test_lifecycle.py", "tests/agreements/requests"],
    "agreements/lifecycle/": [
        "tests/agreements/jobs/test_scheduled.py",
        "tests/agreements/jobs/test_bulk.py",
        "tests/agreements/requests",
        "tests/agreements/views/test_signing.py",
        "tests/agreements/mail/test_bounces.py",
    ],
    "agreements/mail/": ["tests/agreements/jobs/test_scheduled.py", "tests/agreements/views/test_languages.py"],
    "agreements/reminders/": [
        "tests/agreements/jobs/test_scheduled.py",
        "tests/agreements/lifecycle/test_stop_conditions.py",
        "tests/agreements/admin/test_reminder_pages.py",
    ],
    "agreements/requests/": ["tests/agreements/views/test_change_requests.py", "tests/stories/test_whole_life.py"],
    "agreements/delivery/": [
        "tests/agreements/jobs/test_package_builder.py",
        "tests/agreements/admin/test_packages.py",
        "tests/stories/test_acceptance_delivery.py",
    ],
    "agreements/jobs/": ["tests/agreements/admin/test_packages.py", "tests/stories/test_whole_life.py"],
    "agreements/documents/audit.py": ["tests/agreements/documents"],
    "agreements/documents/verification.py": ["tests/agreements/documents"],
    "proceedings/publisher/": ["tests/proceedings/delivery", "tests/stories/test_acceptance_delivery.py"],
    "proceedings/importing/": [
        "tests/proceedings/admin/test_imports.py",
        "tests/proceedings/admin/test_leftovers.py",
        "tests/agreements/admin/test_name_reviews.py",
    ],
    "proceedings/accounts/": ["tests/agreements/admin/test_admin.py"],
    "proceedings/delivery/": ["tests/stories/test_acceptance_delivery.py"],
}
"""Tests that use a package, beside those that mirror it."""

SLOW = ("tests/agreements/mail/test_ten_thousand_emails.py", "tests/agreements/mail/test_crashes.py")

ON_POSTGRESQL = re.compile(r"atomic|select_for_update|lock|hold|claim")
"""What SQLite, which has one writer at a time, cannot show."""


def tests_of(module: str, root: Path) -> list[str]:
    """What to run, the nearest first."""
    path = Path(module)
    folder = Path("tests") / path.parent
    mirror = folder / f"test_{path.name}"
    alone = path.name in ("audit.py", "verification.py")
    stories = next(found for start, found in STORIES.items() if module.startswith(start))
    found = [str(mirror), *([] if alone else [str(folder)]), *stories]
    return [one for one in found if (root / one).exists()]


class Copies:
    """Copies of the repository, one for each worker. The checkout itself is never touched."""

    def __init__(self, root: Path, folder: Path, count: int, timeout: float) -> None:
        self.folder, self.count, self.timeout = folder, count, timeout
        self.free: Queue[Path] = Queue()
        os.environ |= {
            "MUTANTS_DATABASE": str(folder / "template.sqlite3"),
            "TMPDIR": str(folder),
            "PYTHONHASHSEED": "0",
        }
        for number in range(count):
            copy = folder / f"copy-{number}"
            shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
            self.free.put(copy)

    @classmethod
    @contextmanager
    def made(cls, root: Path, count: int, timeout: float) -> Iterator["Copies"]:
        with TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as folder:
            yield cls(root, Path(folder), count, timeout)

    def command(self, copy: Path, tests: list[str], *, postgresql: bool = False) -> str:
        pytest = ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "tests.mutants.plugin"]
        options = ["--reuse-db", "--hypothesis-seed=0", "--tb=no", "-m", "not tools and not browser and not services"]
        left_out = [f"--ignore={path}" for path in SLOW]
        server = [sys.executable, "-m", "tests.servers"] if postgresql else []
        command = [*server, sys.executable, *pytest, *options, *left_out, *tests]
        return shlex.join(["sh", "-c", f"cd {shlex.quote(str(copy))} && exec {shlex.join(command)}"])

    def passes(self, tests: list[str]) -> str:
        """What tests say that fail on the code as it is; empty if they pass."""
        copy = self.free.get()
        try:
            outcome, output = run_tests(self.command(copy, tests), self.timeout * 10)
        finally:
            self.free.put(copy)
        return "" if outcome is TestOutcome.SURVIVED else str(output)

    def test(self, mutant: Mutant) -> tuple[Change, str]:
        """The mutant's change, and what became of it: ``killed``, ``timeout`` or ``survived``."""
        copy = self.free.get()
        path = copy / mutant.module
        source = path.read_text(encoding="utf-8")
        try:
            mutated = mutant.code(source)
            path.write_text(mutated, encoding="utf-8")
            made = change(mutant.module, source, mutated)
            tests = tests_of(mutant.module, copy)
            outcome, output = run_tests(self.command(copy, tests), self.timeout)
            if outcome is TestOutcome.SURVIVED and ON_POSTGRESQL.search(made.was):
                outcome, output = run_tests(self.command(copy, tests, postgresql=True), self.timeout)
        finally:
            path.write_text(source, encoding="utf-8")
            self.free.put(copy)
        if outcome is TestOutcome.INCOMPETENT:
            raise RuntimeError(output)
        return made, "survived" if outcome is TestOutcome.SURVIVED else "timeout" if output == "timeout" else "killed"
