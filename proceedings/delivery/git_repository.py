"""The public package as one commit of a git repository, by the program ``git``. Nothing is pushed.

The files go through ``git fast-import`` one after the other, so their bytes are those of the package, whatever git's
settings for line ends are, and memory stays constant. Git reads no configuration and runs no hooks of the user.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path
from typing import IO

from proceedings.delivery.items import Item, PackageError

_CHUNK = 1 << 20
_OF_A_PACKAGE = re.compile(r"[^/]+(\.bib|\.pdf|-supp\.[^/]+)", re.IGNORECASE)


class GitError(RuntimeError):
    """Git is missing, or it cannot make the repository. The message says what happened and what to do."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The one commit. With the same parent, files and values it always has the same name (SHA-1)."""

    branch: str
    author: str
    """``Name <address>`` or an address."""
    at: datetime
    message: str


class Git:
    """The program, in an environment of its own. Use it in a `with` statement."""

    def __init__(self) -> None:
        program = shutil.which("git")
        if program is None:
            raise GitError("The program git was not found. Install git, or deliver without --git.")
        self.program = program
        self.home = tempfile.TemporaryDirectory(prefix="git-home-")

    def __enter__(self) -> "Git":
        return self

    def __exit__(self, *error: object) -> None:
        self.home.cleanup()

    def command(self, *arguments: str | Path) -> list[str]:
        return [self.program, "-c", f"core.hooksPath={os.devnull}", *map(str, arguments)]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": self.home.name,
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "file",
        }

    def run(self, *arguments: str | Path) -> str:
        """Returns what git prints. Raises GitError with git's own message."""
        done = subprocess.run(  # noqa: S603 - our program; what users name are arguments after `--` or checked
            self.command(*arguments), env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise GitError(f"git {arguments[0]} failed: {_short(done.stderr)}")
        return done.stdout.strip()

    def try_run(self, *arguments: str | Path) -> str:
        """Returns what git prints; empty if it fails."""
        try:
            return self.run(*arguments)
        except GitError:
            return ""


def check_request(git: Git, branch: str, author: str, onto: Path | None) -> None:
    """Checks what an editor asks for before anything is written. Raises GitError."""
    if not git.try_run("check-ref-format", "--branch", branch):
        raise GitError(f"{branch!r} is not the name of a branch. Use letters, digits and hyphens.")
    if "@" not in parseaddr(author)[1]:
        raise GitError(f"{author!r} is not an author. Write it like “Ann Lee <ann@example.org>”.")
    if onto is not None and not onto.exists():
        raise GitError(f"There is no folder or bundle {onto}. Clone the publisher's repository first, and name it.")


def write_repository(git: Git, items: Sequence[Item], to: Path, commit: Commit, onto: Path | None = None) -> str:
    """Writes `items` as one commit into the new bare repository `to`, on top of `onto` if given. Returns its name.

    `onto` is a local repository or bundle; its branches stay, and the new branch begins at its HEAD. Raises GitError,
    PackageError if a stored file has changed, and OSError. Then `to` does not exist.
    """
    try:
        if onto is None:
            git.run("init", "--quiet", "--bare", "--template=", "--initial-branch", commit.branch, "--", to)
            parent = ""
        else:
            git.run("clone", "--quiet", "--bare", "--no-local", "--template=", "--", onto.resolve(), to)
            git.run("--git-dir", to, "remote", "remove", "origin")
            parent = _parent(git, to, commit.branch, [one.name for one in items])
        _import(git, to, _stream(items, commit, parent))
        git.run("--git-dir", to, "symbolic-ref", "HEAD", f"refs/heads/{commit.branch}")
        git.run("--git-dir", to, "fsck", "--connectivity-only")
        return git.run("--git-dir", to, "rev-parse", f"refs/heads/{commit.branch}")
    except BaseException:
        shutil.rmtree(to, ignore_errors=True)
        raise


def _parent(git: Git, repository: Path, branch: str, names: Sequence[str]) -> str:
    """Returns the commit that the branch begins at; empty for a repository without commits. Raises GitError."""
    if git.try_run("--git-dir", repository, "rev-parse", "--verify", f"refs/heads/{branch}"):
        raise GitError(f"The repository already has a branch {branch}. Choose another name with --branch.")
    parent = git.try_run("--git-dir", repository, "rev-parse", "--verify", "HEAD^{commit}")
    if not parent:
        return ""
    there = git.run("--git-dir", repository, "ls-tree", "-z", "--name-only", parent).split("\0")
    if foreign := sorted(name for name in there if _OF_A_PACKAGE.fullmatch(name) and name not in names):
        shown = ", ".join(foreign[:5]) + (" and others" if len(foreign) > 5 else "")
        raise GitError(
            f"The repository has files that are not of this package: {shown}. Check that it is this volume's, and "
            "remove them there first."
        )
    return parent


def _import(git: Git, repository: Path, stream: Iterator[bytes]) -> None:
    command = git.command("--git-dir", repository, "fast-import", "--quiet", "--done", "--date-format=raw")
    with tempfile.TemporaryFile() as said, _running(command, git.environment, said) as (process, pipe):
        try:
            for piece in stream:
                pipe.write(piece)
            pipe.close()
        except BrokenPipeError:
            process.kill()
        if process.wait():
            said.seek(0)
            raise GitError(f"git fast-import failed: {_short(said.read().decode(errors='replace'))}")


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], said: IO[bytes]
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Runs the command, and ends it if the caller fails: then it has no input left to wait for."""
    process = subprocess.Popen(  # noqa: S603 - as above
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
    )
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    try:
        yield process, process.stdin
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()


def _stream(items: Iterable[Item], commit: Commit, parent: str) -> Iterator[bytes]:
    """Yields the input of ``git fast-import`` (git-fast-import(1), input format)."""
    name, address = parseaddr(commit.author)
    who = f"{_identity(name) or _identity(address)} <{_identity(address)}> {int(commit.at.timestamp())} +0000"
    message = commit.message.encode()
    yield f"commit refs/heads/{commit.branch}\nauthor {who}\ncommitter {who}\ndata {len(message)}\n".encode()
    yield message + b"\n"
    if parent:
        yield f"from {parent}\n".encode()
    for one in items:
        yield f"M 100644 inline {_path(one.name)}\ndata {one.size}\n".encode()
        yield from _body(one)
        yield b"\n"
    yield b"done\n"


def _body(one: Item) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    with one.open() as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            yield chunk
    if (digest.hexdigest(), size) != (one.sha256, one.size):
        raise PackageError(f"{one.name}: the stored file was changed after the upload. Restore it from the backup.")


def _identity(text: str) -> str:
    """Returns the text without what ends a name or an address in a commit."""
    return " ".join(re.sub(r"[<>\x00-\x1f]", " ", text).split())


def _path(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _short(text: str) -> str:
    return " ".join(text.split())[:500] or "it said nothing"
