"""Scan uploads for viruses with the program in `VIRUS_SCANNER` (S15; OWASP ASVS 5.4.3).

The program gets the file on standard input and exits with 0 for clean and 1 for infected, as ClamAV's programs do.
Without a program nothing is scanned. If the configured program fails, the file is rejected.
"""

import logging
import shlex
import subprocess

from django.conf import settings

PATIENCE = 30
"""Seconds."""
INFECTED = 1

logger = logging.getLogger(__name__)


class InfectedFileError(Exception):
    """The scanner found something in the file."""


class ScannerError(Exception):
    """The scanner gave no result. The log says why."""


def scan_file(body: bytes) -> None:
    """Scan a file. Raises InfectedFileError or ScannerError."""
    if not settings.VIRUS_SCANNER:
        return
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own program; the file goes to its input
            shlex.split(settings.VIRUS_SCANNER), input=body, capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.exception("VIRUS_SCANNER did not answer")
        raise ScannerError from error
    if done.returncode == INFECTED:
        raise InfectedFileError
    if done.returncode:
        logger.error("VIRUS_SCANNER ended with %s: %s", done.returncode, done.stderr[-300:])
        raise ScannerError
