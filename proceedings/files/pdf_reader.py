"""Reads facts from PDF files of unknown origin. The only module that imports pypdf for papers.

Whatever a file does to the parser, the result is a `PdfFacts`. Only errors of the file system are raised.
"""

import logging
from pathlib import Path
from typing import BinaryIO

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError

from proceedings.publisher.pdf_rules import PdfFacts, is_agreement

MAX_EXCERPT = 4000
"""Characters of the first page that are stored; they include title and authors."""
_HEADER = b"%PDF-"
# pypdf logs every oddity of every file; here only the result counts.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read_pdf(path: Path) -> PdfFacts:
    """Returns the facts of the file at `path`. Raises OSError."""
    with path.open("rb") as file:
        return read_open_pdf(file)


def read_open_pdf(file: BinaryIO) -> PdfFacts:
    """Returns the facts of an open file."""
    if _HEADER not in file.read(1024):
        return PdfFacts(problem="it has no PDF header")
    file.seek(0)
    try:
        return _facts(PdfReader(file, strict=False))
    except FileNotDecryptedError:
        return PdfFacts(encrypted=True)
    except Exception as error:  # noqa: BLE001 - a broken file can raise anything in the parser; it becomes the finding
        return PdfFacts(problem=f"{type(error).__name__}: {error}"[:200])


def _facts(reader: PdfReader) -> PdfFacts:
    # A file with an empty password opens, but it is encrypted, and some readers reject it.
    if reader.is_encrypted:
        return PdfFacts(encrypted=True)
    pages = len(reader.pages)
    first = _text(reader, 0)
    agreement = is_agreement(first)
    title = ""
    try:
        title = str(reader.metadata.title or "") if reader.metadata else ""
    except Exception:  # noqa: BLE001 - broken metadata does not make the pages unreadable
        title = ""
    return PdfFacts(pages=pages, first_page=_clean(first)[:MAX_EXCERPT], title=_clean(title)[:300], agreement=agreement)


def _text(reader: PdfReader, page: int) -> str:
    try:
        return reader.pages[page].extract_text()
    except Exception:  # noqa: BLE001 - text that cannot be extracted counts as no text; the file may be sound
        return ""


def _clean(text: str) -> str:
    """Folds white space and removes characters that a database rejects."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
