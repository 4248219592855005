"""Check PDF files of unknown origin for forbidden content, and copy their pages without anything else.

Runs in the child process.
"""

import logging
import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.errors import LimitReachedError
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NullObject,
    PdfObject,
    StreamObject,
)  # fmt: skip

from agreements.documents.uploads.rules import MAX_INFLATED, MAX_PAGES, MAX_PIXELS, Refusal, UnfitFileError

ACTIONS = {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/Movie", "/Sound"}
ACTIONS |= {"/RichMediaExecute"}
"""Actions that a file could trigger. Going to a page or to a web address is not among them."""
KEYS = {"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/XFA", "/RichMediaContent"}
KINDS = {"/FileAttachment", "/RichMedia", "/Movie", "/Sound", "/Screen", "/3D", "/EmbeddedFile"}
OF_A_PAGE = ("/Type", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents")
OF_AN_ANNOTATION = ("/Subtype", "/Rect", "/F", "/AP", "/AS")
"""The keys that show an annotation: finger-drawn signatures are often annotations."""
WIDEST = 14_400
"""Points. No PDF reader shows a larger page (ISO 32000-1, Annex C)."""
_END = re.compile(rb"%%EOF[\s\0]*\Z")

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class Document:
    """The pages of all files in order."""

    def __init__(self) -> None:
        self.writer = PdfWriter()
        self.pages = 0

    def add(self, body: bytes) -> int:
        """Add the pages of a PDF, and return how many. Raises UnfitFileError, and any exception of pypdf for a broken
        file.
        """
        if not _END.search(body[-4096:]):
            # What follows is not part of it: another file; or the end is missing.
            raise UnfitFileError(Refusal.TWO_IN_ONE if b"%%EOF" in body else Refusal.BROKEN)
        reader = PdfReader(BytesIO(body), strict=False)
        if reader.is_encrypted:
            raise UnfitFileError(Refusal.LOCKED)
        try:
            check(reader)
        except LimitReachedError as error:
            raise UnfitFileError(Refusal.TOO_MUCH) from error
        count = len(reader.pages)
        if count == 0:
            raise UnfitFileError(Refusal.BROKEN)
        if count > MAX_PAGES:
            raise UnfitFileError(Refusal.TOO_MANY_PAGES)
        for page in reader.pages:
            self.take(page)
        self.pages += count
        return count

    def take(self, page: Any) -> None:
        if max(abs(float(edge)) for edge in page.mediabox) > WIDEST:
            raise UnfitFileError(Refusal.BROKEN)
        added = self.writer.add_page(page, excluded_keys=[key for key in page if key not in OF_A_PAGE])
        if "/Contents" not in added:  # an empty page counts too
            added[NameObject("/Contents")] = self.writer._add_object(StreamObject())  # noqa: SLF001 - no other way
        shown = [self.annotation(one.get_object()) for one in listed(page.get("/Annots"))]
        if any(shown):
            added[NameObject("/Annots")] = ArrayObject(filter(None, shown))

    def annotation(self, one: Any) -> PdfObject | None:
        """Return an annotation as a stamp: its picture without any interaction."""
        if not isinstance(one, DictionaryObject) or "/AP" not in one or name(one, "/Subtype") in ("/Link", "/Popup"):
            return None
        stamp = DictionaryObject({NameObject("/Type"): NameObject("/Annot")})
        for key in OF_AN_ANNOTATION:
            if key in one:
                stamp[NameObject(key)] = one[key].clone(self.writer)
        stamp[NameObject("/Subtype")] = NameObject("/Stamp")
        return stamp

    def finished(self) -> bytes:
        """Return all pages as one PDF."""
        self.writer.metadata = None
        output = BytesIO()
        self.writer.write(output)
        return output.getvalue()


def listed(value: Any) -> list[Any]:
    value = value.get_object() if isinstance(value, IndirectObject) else value
    return list(value) if isinstance(value, ArrayObject) else []


def check(reader: PdfReader) -> None:
    """Check every object of a file, whether or not a page uses it. Raises UnfitFileError."""
    left = MAX_INFLATED
    for one in everything(reader):
        for part in inside(one):
            if (
                KEYS & part.keys()
                or name(part, "/S") in ACTIONS
                or KINDS & {name(part, "/Subtype"), name(part, "/Type")}
            ):
                raise UnfitFileError(Refusal.ACTIVE)
        if isinstance(one, StreamObject):
            left -= unpacked(one, left)


def everything(reader: PdfReader) -> Iterator[PdfObject]:
    yield reader.trailer
    numbers = [(number, generation) for generation, table in reader.xref.items() for number in table]
    for number, generation in numbers + [(number, 0) for number in reader.xref_objStm]:
        one = reader.get_object(IndirectObject(number, generation, reader))
        if one is not None and not isinstance(one, NullObject):
            yield one


def inside(one: Any) -> Iterator[DictionaryObject]:
    """Yield the dictionaries in an object, including itself, but not those it refers to."""
    waiting = [one]
    while waiting:
        part = waiting.pop()
        if isinstance(part, DictionaryObject):
            yield part
            waiting.extend(part.raw_get(key) for key in part)
        elif isinstance(part, ArrayObject):
            waiting.extend(part)


def name(part: DictionaryObject, key: str) -> str:
    """Return the name under `key`, following references; empty if there is none."""
    value = part[key] if key in part else None  # noqa: SIM401 - `get` would not follow a reference
    return str(value) if isinstance(value, NameObject) else ""


def unpacked(stream: StreamObject, most: int) -> int:
    """Return how many bytes a stream unpacks to. Images are not unpacked here. Raises UnfitFileError."""
    packed = [str(one.get_object()) for one in listed(stream.get("/Filter"))] or [name(stream, "/Filter")]
    if name(stream, "/Subtype") == "/Image" and pixels(stream) > MAX_PIXELS:
        raise UnfitFileError(Refusal.TOO_MANY_PIXELS)
    if len([one for one in packed if one in ("/FlateDecode", "/Fl", "/LZWDecode", "/RunLengthDecode")]) > 1:
        raise UnfitFileError(Refusal.TOO_MUCH)  # packed twice: never necessary, and it can hide a decompression bomb
    if packed[0] in ("/FlateDecode", "/Fl"):
        return inflated(stream._data, most)  # noqa: SLF001 - pypdf shows nobody the bytes as they are packed
    if name(stream, "/Subtype") == "/Image":
        return 0
    return len(stream.get_data())


def pixels(image: StreamObject) -> int:
    return int(str(image["/Width"])) * int(str(image["/Height"]))


def inflated(data: bytes, most: int) -> int:
    """Return the length of the inflated `data`, without storing it. Raises UnfitFileError above `most`."""
    count, machine = 0, zlib.decompressobj()
    while data and not machine.eof:
        count += len(machine.decompress(data, 1 << 20))
        data = machine.unconsumed_tail
        if count > most:
            raise UnfitFileError(Refusal.TOO_MUCH)
    return count
