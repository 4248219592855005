"""The bytes and the text of a file. Pure."""

from dataclasses import dataclass

from proceedings.bibtex.findings import Finding


@dataclass(frozen=True, slots=True)
class Source:
    """A file as received. `text` is None if its bytes are not UTF-8; `finding` then says so."""

    name: str
    text: str | None
    finding: Finding | None = None

    @classmethod
    def read(cls, name: str, data: bytes) -> "Source":
        """Decodes `data` as UTF-8. A byte order mark stays in the text."""
        if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data.count(0) > len(data) // 4:
            return cls(name, None, _encoding(name, "is in UTF-16", None))
        try:
            return cls(name, data.decode())
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            return cls(name, None, _encoding(name, f"is not in UTF-8 (see byte 0x{data[error.start]:02X})", line))


def _encoding(name: str, what: str, line: int | None) -> Finding:
    return Finding(
        rule="encoding", message=f"the file {what}: save it as UTF-8 and import it again", file=name, line=line
    )
