"""Strangers' PDFs are read by a child with little memory and time; whatever they do to it, the desk goes on."""

import os
import zlib
from pathlib import Path

import pytest

from proceedings.files import pdf_reader, sandbox
from tests.proceedings.pdf_files import pdf


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.pdf"
    path.write_bytes(pdf("Simplifying Training", "Mike Lewis", pages=2, title="Simplifying"))
    return path


def swollen(path: Path, gigabytes: int) -> Path:
    """A PDF whose only page unpacks to so much."""
    packer = zlib.compressobj(9)
    piece = bytes(1 << 24)
    stream = b"".join(packer.compress(piece) for _ in range(gigabytes * 64)) + packer.flush()
    head = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    page = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n"
    contents = b"4 0 obj<</Length %d/Filter/FlateDecode>>stream\n" % len(stream) + stream + b"\nendstream endobj\n"
    path.write_bytes(head + page + contents + b"trailer<</Root 1 0 R>>\n%%EOF\n")
    return path


def test_the_child_sees_what_the_parser_sees(sound: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 and nothing else")
    with sandbox.reader() as look:
        for path in (sound, broken, sound):
            assert look(path) == pdf_reader.look(path)


def test_a_file_that_is_not_there_is_the_file_systems_to_say(tmp_path: Path) -> None:
    with sandbox.reader() as look, pytest.raises(FileNotFoundError):
        look(tmp_path / "nothing.pdf")


def test_a_page_that_swells_costs_the_server_nothing_and_the_next_file_is_read(sound: Path, tmp_path: Path) -> None:
    bomb = swollen(tmp_path / "bomb.pdf", 2)
    assert bomb.stat().st_size < 3 << 20
    with sandbox.reader() as look:
        facts = look(bomb)
        assert not facts.first_page
        assert look(sound).pages == 2


def test_a_child_that_dies_is_replaced(sound: Path) -> None:
    child = sandbox._Child()
    assert child.look(sound).pages == 2
    assert child.process
    os.kill(child.process.pid, 9)
    assert child.look(sound) == sandbox.TOO_MUCH
    assert child.look(sound).pages == 2
    child.end()


def test_a_file_that_takes_too_long_is_given_up(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "PATIENCE", 0)
    with sandbox.reader() as look:
        assert look(sound) == sandbox.TOO_MUCH
        monkeypatch.setattr(sandbox, "PATIENCE", 60)
        assert look(sound).pages == 2
