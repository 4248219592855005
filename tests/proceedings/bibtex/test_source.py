"""Encodings: Unicode is read as it is, anything else only after a person chose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.source import ENCODINGS, Source

TEXT = "title,name\r\nGröße,Müller\nZoë,Ærø\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read(encoding: str) -> None:
    source = Source.read("f.csv", TEXT.encode(encoding))

    assert (source.text or "").removeprefix("\ufeff") == TEXT
    assert source.finding is None


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_utf_16_is_known_by_its_mark(mark: bytes, encoding: str) -> None:
    source = Source.read("f.csv", mark + TEXT.encode(encoding))

    assert source.text == TEXT
    assert "is in UTF-16" in str(source.utf_8_finding)  # the publisher does not take it


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (TEXT.encode("utf-16-le"), "is no text, or is UTF-16 without its mark"),
        (TEXT.encode("utf-32"), "is no text"),
        (b"\xff\xfe\x00\xd8", "is UTF-16 that is damaged"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff", "is no text"),
    ],
)
def test_what_is_no_text_is_no_question(data: bytes, message: str) -> None:
    source = Source.read("f.csv", data)

    assert (source.text, source.doubtful) == (None, ())
    assert message in str(source.finding)


def test_lines_that_are_not_utf_8_are_a_question() -> None:
    source = Source.read("f.csv", TEXT.encode("cp1252"))

    assert source.text is None
    assert str(source.finding) == (
        "f.csv:2: the file is not in UTF-8 (see byte 0xF6): save it as UTF-8 and import it again"
    )
    assert [line.line for line in source.doubtful] == [2, 3]
    assert source.doubtful[0].readings["windows-1252"] == "Größe,Müller"
    assert source.doubtful[1].readings["mac-roman"] == "ZoÎ,∆r¯"
    assert set(source.doubtful[0].readings) <= set(ENCODINGS)


def test_an_encoding_that_cannot_read_the_file_is_not_offered() -> None:
    source = Source.read("f.csv", b"a\x81\xff\n")

    assert "gb18030" not in source.doubtful[0].readings
    assert "windows-1252" in source.doubtful[0].readings  # as Latin-1


def test_a_long_file_shows_its_first_lines_and_only_what_is_near() -> None:
    data = b"".join(b"x" * 500 + b"\xe9" + b"y" * 500 + b"\n" for _ in range(50))

    source = Source.read("f.csv", data)

    assert len(source.doubtful) == 20
    assert source.doubtful[0].readings["windows-1252"] == "…" + "x" * 60 + "é" + "y" * 59 + "…"


def test_lines_in_utf_8_stay_so_in_a_mixed_file() -> None:
    data = "Größe\n".encode() + "Größe\n".encode("cp1252")

    source = Source.read("f.bib", data, "windows-1252")

    assert source.text == "Größe\nGröße\n"
    assert source.encoding == "windows-1252"


@given(st.text(st.sampled_from('aéüßñØœ€—’ž,;"\n\r\t')), st.sampled_from(["windows-1252", "mac-roman", "gb18030"]))
def test_the_chosen_encoding_gives_the_text_that_was_written(text: str, encoding: str) -> None:
    try:
        data = "".join(f"é{line}" for line in text.splitlines(keepends=True)).encode(encoding)
        written = data.decode(encoding)
    except UnicodeEncodeError:
        return
    if all(line.isascii() for line in data.splitlines()):
        return
    source = Source.read("f.csv", data, encoding)

    try:
        data.decode()
    except UnicodeDecodeError:
        assert source.text is not None
        for ours, theirs, line in zip(source.text.splitlines(), written.splitlines(), data.splitlines(), strict=True):
            assert ours == theirs or ours == line.decode()


@given(st.binary(max_size=200), st.sampled_from(["", *ENCODINGS]))
def test_any_bytes_are_text_or_a_finding(data: bytes, encoding: str) -> None:
    source = Source.read("f", data, encoding)

    assert (source.text is None) == (source.finding is not None)
    assert all(line.readings for line in source.doubtful)
