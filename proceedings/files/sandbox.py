"""The look into strangers' PDFs, by a process that has nothing to lose.

The child gets memory and time by the spoonful, can write no file, and has neither secrets nor a database. One child
looks into file after file, because to start one costs more than to look; one that a file has killed is replaced.

``python -m proceedings.confined`` is the child: it reads paths, a line of JSON each, and answers with a line of facts.
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

from proceedings.files.pdf_reader import look
from proceedings.publisher.pdf_rules import PdfFacts

SECONDS = 20
"""Of the processor, for one file; a long paper takes less than one."""
PATIENCE = 3 * SECONDS
"""Of the parent, by the clock on the wall."""
MEMORY = 1 << 30
"""Address space of the child, in bytes."""

TOO_MUCH = PdfFacts(problem="reading it takes too much time or memory")

Look = Callable[[Path], PdfFacts]


@contextmanager
def reader() -> Iterator[Look]:
    """A function that looks into the file at a path as `pdfs.look` does, and raises OSError if it is not there."""
    child = _Child()
    try:
        yield child.look
    finally:
        child.end()


class _Child:
    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def look(self, path: Path) -> PdfFacts:
        path.stat()  # what the file system has to say it says to us
        process = self._started()
        assert process.stdin  # noqa: S101 - for the type checker: it is a pipe
        try:
            process.stdin.write(json.dumps(str(path.resolve())).encode() + b"\n")
            process.stdin.flush()
            answer = self._answer(process)
        except BrokenPipeError:
            answer = b""
        if not answer:
            self.end()
            return TOO_MUCH
        return PdfFacts(**json.loads(answer))

    @staticmethod
    def _answer(process: "subprocess.Popen[bytes]") -> bytes:
        """The child's line; empty when it died or takes too long."""
        assert process.stdout  # noqa: S101 - as above
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        return process.stdout.readline() if ready else b""

    def _started(self) -> "subprocess.Popen[bytes]":
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-E", "-s", "-m", "proceedings.files.sandbox"],
                cwd=Path(__file__).parents[2], env={"LANG": "C.UTF-8"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        return self.process

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            with contextlib.suppress(BrokenPipeError):
                self.process.communicate()
            self.process = None


def confine(memory: int = MEMORY, disk: int = 0) -> None:
    """From here on the process can have little, and never more again. In bytes, `disk` for each file it writes."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: disk,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 32,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))
    with contextlib.suppress(ValueError, OSError):  # some systems do not know it
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def serve() -> None:
    """Answers until nobody asks any more."""
    for line in sys.stdin.buffer:
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
        try:
            facts = look(Path(json.loads(line)))
        except (MemoryError, RecursionError):
            facts = TOO_MUCH
        sys.stdout.buffer.write(json.dumps(asdict(facts)).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    confine()
    serve()
