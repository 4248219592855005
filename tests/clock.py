"""The day on which the tests live, whatever the machine's own clock says.

The rows of tests are made at days of 2026 (`tests.make`), and pages compare them with the present. So the whole process
of a test run is moved to one day between them, once, before a test or a fixture is looked at: what is made at import
or for the whole session sees the same day as every test, and no clock ever runs backwards. From there time goes on, so
that waiting, leases and signatures that age work as ever.

Other programs keep the machine's clock. What compares rows of a test with the present must be handed the test's:

    subprocess.run(clock.python("celery", "-A", "proceedings", "worker"))

runs ``python -m celery …`` with the clock of this process. Browsers need none: a cookie says how many seconds it lasts.
"""

import runpy
import sys
import time
from datetime import UTC, datetime

import time_machine

TODAY = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)
"""A week and more after `make.NOW`, a week and more before `make.DEADLINE`, and far from midnight in UTC and AoE."""


def travel(seconds: float) -> time_machine.travel:
    """Takes this process to so many seconds after 1970. A `datetime` would also set its time zone."""
    journey = time_machine.travel(seconds)
    journey.start()
    time.time()  # its clock runs from when it is first asked
    return journey


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of Python with the clock of this process.

    The two are held together by the machine's monotonic clock, which nobody sets.
    """
    return [sys.executable, "-m", "tests.clock", str(time.time() - time.monotonic()), module, *arguments]


if __name__ == "__main__":
    travel(float(sys.argv[1]) + time.monotonic())
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
