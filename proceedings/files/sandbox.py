"""Reads uploaded PDFs in a child process without privileges.

The child has little memory and CPU time, cannot write files, and has neither secrets nor a database. One child reads
many files, because starting one costs more than reading. If a file kills it, another is started.

``python -m proceedings.files.sandbox`` is the child. It reads paths, one JSON line each, and answers each with a line
of facts.
"""

import contextlib
import json
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from proceedings.files.pdf_reader import read_pdf
from proceedings.publisher.pdf_rules import PdfFacts

MAX_CPU_SECONDS = 20
"""CPU seconds for one file; a long paper takes less than one."""
MAX_WAIT_SECONDS = 3 * MAX_CPU_SECONDS
"""Elapsed seconds that the parent waits for an answer."""
MAX_MEMORY = 1 << 30
"""Address space of the child, in bytes."""

OVER_LIMIT = PdfFacts(problem="reading it takes too much time or memory")

ReadPdf = Callable[[Path], PdfFacts]


@contextmanager
def sandboxed_reader() -> Iterator[ReadPdf]:
    """Yields a function that reads a PDF like `pdf_reader.read_pdf`. It raises OSError if the file does not exist."""
    child = _Child()
    try:
        yield child.read
    finally:
        child.stop()


class _Child:
    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def read(self, path: Path) -> PdfFacts:
        path.stat()  # raises OSError here, not in the child
        process = self._started()
        assert process.stdin  # noqa: S101 - for the type checker: it is a pipe
        try:
            process.stdin.write(json.dumps(str(path.resolve())).encode() + b"\n")
            process.stdin.flush()
            answer = self._answer(process)
        except BrokenPipeError:
            answer = b""
        if not answer:
            self.stop()
            return OVER_LIMIT
        return PdfFacts(**json.loads(answer))

    @staticmethod
    def _answer(process: "subprocess.Popen[bytes]") -> bytes:
        """Returns the child's line; empty if it died or timed out."""
        assert process.stdout  # noqa: S101 - for the type checker
        ready, _, _ = select.select([process.stdout], [], [], MAX_WAIT_SECONDS)
        return process.stdout.readline() if ready else b""

    def _started(self) -> "subprocess.Popen[bytes]":
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-E", "-s", "-m", "proceedings.files.sandbox"],
                cwd=Path(__file__).parents[2], env={"LANG": "C.UTF-8"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        return self.process

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            with contextlib.suppress(BrokenPipeError):
                self.process.communicate()
            self.process = None


def set_limits(memory: int = MAX_MEMORY, disk: int = 0) -> None:
    """Limits this process for good. `memory` and `disk` (per written file) are in bytes."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: disk,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 32,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))
    with contextlib.suppress(ValueError, OSError):  # some systems do not have this limit
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def serve() -> None:
    """Answers requests until the input ends."""
    for line in sys.stdin.buffer:
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime) + MAX_CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
        try:
            facts = read_pdf(Path(json.loads(line)))
        except (MemoryError, RecursionError):
            facts = OVER_LIMIT
        sys.stdout.buffer.write(json.dumps(asdict(facts)).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    set_limits()
    serve()
