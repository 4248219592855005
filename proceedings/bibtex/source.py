"""The bytes and the text of a file, and the question in which encoding it was written. Pure."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field

from proceedings.bibtex.findings import Finding

UTF_8 = "utf-8"
ENCODINGS = {
    "windows-1252": "Windows-1252 or Latin-1 (Western Europe)",
    "windows-1250": "Windows-1250 (Central Europe)",
    "mac-roman": "Mac Roman (Excel on a Mac)",
    "gb18030": "GB 18030 (Chinese)",
}
"""Encodings that a person can choose for a file that is neither UTF-8 nor marked as UTF-16, most frequent first."""

MAX_LINES_SHOWN = 20
_CONTEXT = 60  # characters shown before and after the first one that differs

_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class DoubtfulLine:
    """A line that is not UTF-8: its number, and how it reads in each encoding that can read the whole file."""

    line: int
    readings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """A file as received. `text` is None if its bytes are no text that we can read; `finding` then says so.

    `doubtful` has the first lines that are not UTF-8, if a person can say which encoding is right.
    """

    name: str
    text: str | None
    finding: Finding | None = None
    data: bytes = field(default=b"", repr=False, compare=False)
    encoding: str = UTF_8
    doubtful: tuple[DoubtfulLine, ...] = ()

    @classmethod
    def read(cls, name: str, data: bytes, encoding: str = "") -> "Source":
        """Decodes `data` as UTF-8, or as UTF-16 if it begins with its mark. The mark of UTF-8 stays in the text.

        Lines that are not UTF-8 are read in `encoding`, one of `ENCODINGS`, if a person has chosen it.
        """
        if not data.startswith(_UTF_32) and data.startswith(_UTF_16):
            try:
                return cls(name, data.decode("utf-16"), data=data, encoding="utf-16")
            except UnicodeDecodeError:
                return cls(name, None, _encoding(name, "is UTF-16 that is damaged", None), data)
        try:
            if data.count(0) <= len(data) // 4:
                return cls(name, data.decode(), data=data)
            first = None
        except UnicodeDecodeError as error:
            first = error
        if first is None or b"\0" in data:
            return cls(name, None, _encoding(name, "is no text, or is UTF-16 without its mark", None), data)
        if encoding and (text := _decode(data, encoding)) is not None:
            return cls(name, text, data=data, encoding=encoding)
        line = data.count(b"\n", 0, first.start) + 1
        what = f"is not in UTF-8 (see byte 0x{data[first.start]:02X})"
        return cls(name, None, _encoding(name, what, line), data, doubtful=_doubtful_lines(data))

    @property
    def utf_8_finding(self) -> Finding | None:
        """What a reader that takes only UTF-8 says about the file, as the publisher does; None if it is UTF-8."""
        if self.text is None or self.encoding == UTF_8:
            return self.finding
        return _encoding(self.name, f"is in {self.encoding.upper()}", None)


def _encoding(name: str, what: str, line: int | None) -> Finding:
    return Finding(
        rule="encoding", message=f"the file {what}: save it as UTF-8 and import it again", file=name, line=line
    )


def _decode(data: bytes, encoding: str) -> str | None:
    """Returns the text, or None if it cannot be in `encoding`. Lines that are UTF-8 are read as such, because files
    that were pasted together mix both.
    """
    lines = [_decode_line(line, encoding) for line in data.splitlines(keepends=True)]
    return None if None in lines else "".join(line for line in lines if line is not None)


def _decode_line(line: bytes, encoding: str) -> str | None:
    # Windows-1252 leaves five bytes undefined. Latin-1 has them, and is the same in all other letters.
    for name in (UTF_8, encoding, *(["latin-1"] if encoding == "windows-1252" else [])):
        try:
            return line.decode(name)
        except UnicodeDecodeError:
            continue
    return None


def _doubtful_lines(data: bytes) -> tuple[DoubtfulLine, ...]:
    possible = [name for name in ENCODINGS if _decode(data, name) is not None]
    found = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            readings = {name: _around(_decode_line(line, name) or "", error.start) for name in possible}
            found.append(DoubtfulLine(number, readings))
            if len(found) == MAX_LINES_SHOWN:
                break
    return tuple(found)


def _around(text: str, at: int) -> str:
    """Returns the part of `text` around `at`, which may be some characters too far: bytes are not characters."""
    start = max(0, min(at, len(text)) - _CONTEXT)
    end = at + _CONTEXT
    return ("…" if start else "") + text[start:end].strip() + ("…" if end < len(text) else "")
