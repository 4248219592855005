"""A look into PDF files of unknown origin; pypdf lives here only.

Whatever a file does to the parser, the answer is `PdfFacts`: nothing is raised but what the file system raises.
"""

import logging
from pathlib import Path
from typing import BinaryIO

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError

from proceedings.publisher.pdf_rules import PdfFacts, is_agreement

EXCERPT = 4000
"""Characters of the first page that are kept; title and authors stand in them."""
_HEADER = b"%PDF-"
# The parser tells its log about every oddity of every file; here only the outcome counts.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def look(path: Path) -> PdfFacts:
    """The facts of the file at `path`. Raises OSError."""
    with path.open("rb") as file:
        return look_into(file)


def look_into(file: BinaryIO) -> PdfFacts:
    """The facts of an open file."""
    if _HEADER not in file.read(1024):
        return PdfFacts(problem="it has no PDF header")
    file.seek(0)
    try:
        return _facts(PdfReader(file, strict=False))
    except FileNotDecryptedError:
        return PdfFacts(encrypted=True)
    except Exception as error:  # noqa: BLE001 - a broken file can break a parser in any way; that is the finding
        return PdfFacts(problem=f"{type(error).__name__}: {error}"[:200])


def _facts(reader: PdfReader) -> PdfFacts:
    # A file that opens with an empty password is encrypted all the same, and some readers refuse it.
    if reader.is_encrypted:
        return PdfFacts(encrypted=True)
    pages = len(reader.pages)
    first = _text(reader, 0)
    agreement = is_agreement(first)
    title = ""
    try:
        title = str(reader.metadata.title or "") if reader.metadata else ""
    except Exception:  # noqa: BLE001 - its own words about itself may be broken; the pages count
        title = ""
    return PdfFacts(pages=pages, first_page=_clean(first)[:EXCERPT], title=_clean(title)[:300], agreement=agreement)


def _text(reader: PdfReader, page: int) -> str:
    try:
        return reader.pages[page].extract_text()
    except Exception:  # noqa: BLE001 - text that cannot be had is no text; the file may still be sound
        return ""


def _clean(text: str) -> str:
    """White space folded, and nothing in it that a database refuses."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
