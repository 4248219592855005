"""The child process: ``python -m agreements.documents.uploads.worker FOLDER``.

FOLDER contains the files, named 0, 1, … The process writes their pages to FOLDER/pages.pdf and each re-encoded photo to
FOLDER/0.jpg, and prints the result as JSON. Only `inspect.run_worker` starts it.
"""

import json
import resource
import sys
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from agreements.documents.uploads import images, pdf_pages
from agreements.documents.uploads.rules import (
    MAX_BYTES,
    MAX_CPU_SECONDS,
    MAX_FILE_BYTES,
    MAX_MEMORY,
    MAX_PAGES,
    Kind,
    Refusal,
    UnfitFileError,
)
from proceedings.files import sandbox

MAGIC_NUMBERS = {b"%PDF-": Kind.PDF, b"\xff\xd8\xff": Kind.JPEG, b"\x89PNG\r\n\x1a\n": Kind.PNG}
HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
MARKUP = (b"<html", b"<script", b"<!doctype html", b"<svg", b"<?php")
HEAD_BYTES = 1024
"""Bytes in which browsers and PDF readers look for another file type."""


def kind_of(body: bytes) -> Kind:
    """Return the type of a file by its content. Raises UnfitFileError."""
    if not body:
        raise UnfitFileError(Refusal.EMPTY)
    if len(body) > MAX_BYTES:
        raise UnfitFileError(Refusal.TOO_LARGE)
    if body[4:8] == b"ftyp" and body[8:12] in HEIC:
        raise UnfitFileError(Refusal.HEIC)
    kind = next((kind for start, kind in MAGIC_NUMBERS.items() if body.startswith(start)), None)
    if kind is None:
        raise UnfitFileError(Refusal.OTHER)
    head = body[:HEAD_BYTES].lower()
    second = kind is not Kind.PDF and b"%pdf-" in head
    if second or any(word in head for word in MARKUP) or is_zipfile(BytesIO(body)):
        raise UnfitFileError(Refusal.TWO_IN_ONE)
    return kind


def inspect_files(folder: Path) -> dict[str, Any]:
    """Inspect the files in `folder` and return the result."""
    files: list[dict[str, Any]] = []
    try:
        document = pdf_pages.Document()
        for number in range(len(list(folder.glob("[0-9]")))):
            files.append(inspect_file(folder, number, document))  # noqa: PERF401 - how many there are says where it stopped
        (folder / "pages.pdf").write_bytes(document.to_bytes())
    except UnfitFileError as unfit:
        why = unfit.refusal
    except (MemoryError, RecursionError):
        why = Refusal.TOO_MUCH
    except Exception as error:  # noqa: BLE001 - a hostile file can break a parser in any way; that is the finding
        print(f"{type(error).__name__}: {error}"[:300], file=sys.stderr)
        why = Refusal.BROKEN
    else:
        return {"files": files}
    return {"refused": why, "number": len(files)}


def inspect_file(folder: Path, number: int, document: pdf_pages.Document) -> dict[str, Any]:
    """Add the pages of one file to the document and return its data. May raise any exception."""
    body = (folder / str(number)).read_bytes()
    kind, pages = kind_of(body), 1
    if kind is Kind.PDF:
        pages = document.add(body)
    else:
        drawn = images.encode_photo(body, kind)
        (folder / f"{number}.jpg").write_bytes(drawn)
        document.add(images.make_page(drawn))
    if document.pages > MAX_PAGES:
        raise UnfitFileError(Refusal.TOO_MANY_PAGES)
    return {"kind": kind, "pages": pages}


def confine() -> None:
    """Limit the resources of this process, irreversibly."""
    sandbox.set_limits(MAX_MEMORY, MAX_FILE_BYTES)
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))


if __name__ == "__main__":
    confine()
    sys.stdout.write(json.dumps(inspect_files(Path(sys.argv[1]))))
