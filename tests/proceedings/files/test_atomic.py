"""Atomic writes of files."""

import os
from pathlib import Path

import pytest

from proceedings.files.atomic import write_atomically


def test_a_file_is_written_whole_and_readable_by_all(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.bin", b"\x00\xff" * 1000)
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\xff" * 1000
    assert (tmp_path / "a.bin").stat().st_mode & 0o777 == 0o644


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"old and long")
    write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]  # noqa: PTH208


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_leaves_the_old_file_and_no_scraps(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomically(tmp_path / "a", b"old")

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(tmp_path / "a", b"new")
    monkeypatch.undo()
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_is_not_there_is_an_error_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "none" / "a", b"x")
    assert list(tmp_path.iterdir()) == []
