"""Inspect uploaded files in a child process without privileges.

The child has limited memory, time and disk, and no secrets and no database. Whatever a file does to its parsers, the
result is `Pages` or UploadRejectedError. This module uses no models and no settings.
"""

import json
import logging
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agreements.documents.uploads.rules import SECONDS, Kind, Refusal
from agreements.domain.facts import sha256

__all__ = ["InspectedFile", "Kind", "Pages", "Refusal", "UploadRefusedError", "inspect_upload"]

PATIENCE = 2 * SECONDS
"""Seconds of wall-clock time for the child; its own limit counts only processor time."""
OVERSPENT = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ}

logger = logging.getLogger(__name__)


class UploadRefusedError(Exception):
    """A file was rejected. `refusal` says why; `number` counts the files from 0."""

    def __init__(self, refusal: Refusal, number: int = 0) -> None:
        super().__init__(refusal.value)
        self.refusal, self.number = refusal, number


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """One file that was accepted."""

    kind: Kind
    pages: int
    sha256: str
    body: bytes
    """As received."""
    picture: bytes
    """Of a photo: a re-encoded JPEG without other content of the file. Empty for a PDF."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The received files, and their pages in order."""

    files: tuple[InspectedFile, ...]
    body: bytes
    """All pages as one PDF that contains nothing but pages: no scripts, actions, attachments or links."""
    count: int


def inspect_upload(bodies: Sequence[bytes]) -> Pages:
    """Inspect the files of one document. Raises UploadRejectedError."""
    with tempfile.TemporaryDirectory(prefix="quarantine-") as name:
        folder = Path(name)
        for number, body in enumerate(bodies):
            (folder / str(number)).write_bytes(body)
        said = ask_worker(folder)
        if "refused" in said:
            raise UploadRefusedError(Refusal(said["refused"]), said["number"])
        files = [
            InspectedFile(Kind(one["kind"]), one["pages"], sha256(body), body, picture(folder, number))
            for number, (one, body) in enumerate(zip(said["files"], bodies, strict=True))
        ]
        return Pages(tuple(files), (folder / "pages.pdf").read_bytes(), sum(one.pages for one in files))


def picture(folder: Path, number: int) -> bytes:
    drawn = folder / f"{number}.jpg"
    return drawn.read_bytes() if drawn.exists() else b""


def ask_worker(folder: Path) -> dict[str, Any]:
    """Return the child's result for the files in `folder`. Raises UploadRejectedError if it crashed."""
    command = [sys.executable, "-E", "-s", "-m", "agreements.documents.uploads.worker", str(folder)]
    root = Path(__file__).parents[3]
    try:
        done = subprocess.run(  # noqa: S603 - our own program; the files are named by us
            command, cwd=root, env={"LANG": "C.UTF-8"}, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=PATIENCE, check=False, start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise UploadRefusedError(Refusal.TOO_MUCH) from late
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        logger.warning("A file broke its reader (exit %s): %s", done.returncode, done.stderr[-300:])
        raise UploadRefusedError(Refusal.TOO_MUCH if done.returncode in OVERSPENT else Refusal.BROKEN) from None
    return said
