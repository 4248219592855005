"""The tests have one day, whatever the machine's is: at import, for the session, in each test, in what they start."""

import subprocess
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography import x509
from django.conf import settings
from django.utils import timezone

from tests import clock

IMPORTED_AT = datetime.now(UTC)
LONGEST_RUN = timedelta(hours=6)


def of_the_tests(moment: datetime) -> bool:
    return clock.TODAY <= moment < clock.TODAY + LONGEST_RUN


def test_whoever_asks_is_told_the_day_of_the_tests() -> None:
    told = [IMPORTED_AT, timezone.now(), datetime.now(UTC), datetime.fromtimestamp(time.time(), UTC)]
    assert [moment for moment in told if not of_the_tests(moment)] == []
    assert date.today() == timezone.localdate() == clock.TODAY.date()  # noqa: DTZ011 - who asks so is told it, too


def test_time_goes_on() -> None:
    before = timezone.now()
    time.sleep(0.01)
    assert timedelta(seconds=0.01) <= timezone.now() - before < timedelta(minutes=1)


def test_the_seal_of_the_session_was_made_on_that_day() -> None:
    certificate = x509.load_pem_x509_certificate(Path(settings.SEAL_CERT).read_bytes())
    assert of_the_tests(certificate.not_valid_before_utc + timedelta(minutes=5))


def test_a_program_is_handed_that_day_and_its_words(tmp_path: Path) -> None:
    (tmp_path / "tell.py").write_text("import sys, time; print(time.time(), __name__, *sys.argv[1:])")
    said = subprocess.run(
        clock.python("tell", "--to", "me"), env={"PYTHONPATH": f"{tmp_path}:{settings.BASE_DIR}"},
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert of_the_tests(datetime.fromtimestamp(float(said[0]), UTC))
    assert abs(float(said[0]) - time.time()) < 60
    assert said[1:] == ["__main__", "--to", "me"]
