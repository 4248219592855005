"""The child: ``python -m agreements.quarantine.child FOLDER``.

FOLDER holds the files, named 0, 1, … It writes their pages to FOLDER/pages.pdf and each photo, drawn anew, to
FOLDER/0.jpg, and says on standard output, as JSON, what they are or why not. Started by `quarantine.look` only.
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
    DISK,
    MAX_BYTES,
    MAX_PAGES,
    MEMORY,
    SECONDS,
    Kind,
    Refusal,
    UnfitFileError,
)
from proceedings.files import sandbox

STARTS = {b"%PDF-": Kind.PDF, b"\xff\xd8\xff": Kind.JPEG, b"\x89PNG\r\n\x1a\n": Kind.PNG}
HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
MARKUP = (b"<html", b"<script", b"<!doctype html", b"<svg", b"<?php")
HEAD = 1024
"""So far browsers and PDF readers look for what a file may be instead."""


def kind_of(body: bytes) -> Kind:
    """What the file is by its content, whatever it is called. Raises Unfit."""
    if not body:
        raise UnfitFileError(Refusal.EMPTY)
    if len(body) > MAX_BYTES:
        raise UnfitFileError(Refusal.TOO_LARGE)
    if body[4:8] == b"ftyp" and body[8:12] in HEIC:
        raise UnfitFileError(Refusal.HEIC)
    kind = next((kind for start, kind in STARTS.items() if body.startswith(start)), None)
    if kind is None:
        raise UnfitFileError(Refusal.OTHER)
    head = body[:HEAD].lower()
    second = kind is not Kind.PDF and b"%pdf-" in head
    if second or any(word in head for word in MARKUP) or is_zipfile(BytesIO(body)):
        raise UnfitFileError(Refusal.TWO_IN_ONE)
    return kind


def look(folder: Path) -> dict[str, Any]:
    """What is said of the files in `folder`."""
    files: list[dict[str, Any]] = []
    try:
        document = pdf_pages.Document()
        for number in range(len(list(folder.glob("[0-9]")))):
            files.append(take(folder, number, document))  # noqa: PERF401 - how many there are says where it stopped
        (folder / "pages.pdf").write_bytes(document.finished())
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


def take(folder: Path, number: int, document: pdf_pages.Document) -> dict[str, Any]:
    """Adds the pages of one file to the document, and says what it is. Raises anything."""
    body = (folder / str(number)).read_bytes()
    kind, pages = kind_of(body), 1
    if kind is Kind.PDF:
        pages = document.add(body)
    else:
        drawn = images.draw(body, kind)
        (folder / f"{number}.jpg").write_bytes(drawn)
        document.add(images.page(drawn))
    if document.pages > MAX_PAGES:
        raise UnfitFileError(Refusal.TOO_MANY_PAGES)
    return {"kind": kind, "pages": pages}


def confine() -> None:
    """From here on the process can have little, and never more again."""
    sandbox.set_limits(MEMORY, DISK)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


if __name__ == "__main__":
    confine()
    sys.stdout.write(json.dumps(look(Path(sys.argv[1]))))
