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

FORBIDDEN_ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/GoToR",
    "/GoToE",
    "/Rendition",
    "/Movie",
    "/Sound",
}
FORBIDDEN_ACTIONS |= {"/RichMediaExecute"}
"""Actions that a file could trigger. Going to a page or to a web address is not among them."""
FORBIDDEN_KEYS = {"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/XFA", "/RichMediaContent"}
FORBIDDEN_TYPES = {"/FileAttachment", "/RichMedia", "/Movie", "/Sound", "/Screen", "/3D", "/EmbeddedFile"}
PAGE_KEYS = ("/Type", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents")
ANNOTATION_KEYS = ("/Subtype", "/Rect", "/F", "/AP", "/AS")
"""The keys that show an annotation: finger-drawn signatures are often annotations."""
MAX_PAGE_SIDE = 14_400
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
            check_objects(reader)
        except LimitReachedError as error:
            raise UnfitFileError(Refusal.TOO_MUCH) from error
        count = len(reader.pages)
        if count == 0:
            raise UnfitFileError(Refusal.BROKEN)
        if count > MAX_PAGES:
            raise UnfitFileError(Refusal.TOO_MANY_PAGES)
        for page in reader.pages:
            self.add_page(page)
        self.pages += count
        return count

    def add_page(self, page: Any) -> None:
        if max(abs(float(edge)) for edge in page.mediabox) > MAX_PAGE_SIDE:
            raise UnfitFileError(Refusal.BROKEN)
        added = self.writer.add_page(page, excluded_keys=[key for key in page if key not in PAGE_KEYS])
        if "/Contents" not in added:  # an empty page counts too
            added[NameObject("/Contents")] = self.writer._add_object(StreamObject())  # noqa: SLF001 - no other way
        shown = [self.copy_annotation(one.get_object()) for one in as_list(page.get("/Annots"))]
        if any(shown):
            added[NameObject("/Annots")] = ArrayObject(filter(None, shown))

    def copy_annotation(self, one: Any) -> PdfObject | None:
        """Return an annotation as a stamp: its picture without any interaction."""
        if (
            not isinstance(one, DictionaryObject)
            or "/AP" not in one
            or name_value(one, "/Subtype") in ("/Link", "/Popup")
        ):
            return None
        stamp = DictionaryObject({NameObject("/Type"): NameObject("/Annot")})
        for key in ANNOTATION_KEYS:
            if key in one:
                stamp[NameObject(key)] = one[key].clone(self.writer)
        stamp[NameObject("/Subtype")] = NameObject("/Stamp")
        return stamp

    def to_bytes(self) -> bytes:
        """Return all pages as one PDF."""
        self.writer.metadata = None
        output = BytesIO()
        self.writer.write(output)
        return output.getvalue()


def as_list(value: Any) -> list[Any]:
    value = value.get_object() if isinstance(value, IndirectObject) else value
    return list(value) if isinstance(value, ArrayObject) else []


def check_objects(reader: PdfReader) -> None:
    """Check every object of a file, whether or not a page uses it. Raises UnfitFileError."""
    left = MAX_INFLATED
    for one in all_objects(reader):
        for part in nested_dictionaries(one):
            if (
                FORBIDDEN_KEYS & part.keys()
                or name_value(part, "/S") in FORBIDDEN_ACTIONS
                or FORBIDDEN_TYPES & {name_value(part, "/Subtype"), name_value(part, "/Type")}
            ):
                raise UnfitFileError(Refusal.ACTIVE)
        if isinstance(one, StreamObject):
            left -= unpacked_size(one, left)


def all_objects(reader: PdfReader) -> Iterator[PdfObject]:
    yield reader.trailer
    numbers = [(number, generation) for generation, table in reader.xref.items() for number in table]
    for number, generation in numbers + [(number, 0) for number in reader.xref_objStm]:
        one = reader.get_object(IndirectObject(number, generation, reader))
        if one is not None and not isinstance(one, NullObject):
            yield one


def nested_dictionaries(one: Any) -> Iterator[DictionaryObject]:
    """Yield the dictionaries in an object, including itself, but not those it refers to."""
    waiting = [one]
    while waiting:
        part = waiting.pop()
        if isinstance(part, DictionaryObject):
            yield part
            waiting.extend(part.raw_get(key) for key in part)
        elif isinstance(part, ArrayObject):
            waiting.extend(part)


def name_value(part: DictionaryObject, key: str) -> str:
    """Return the name under `key`, following references; empty if there is none."""
    value = part[key] if key in part else None  # noqa: SIM401 - `get` would not follow a reference
    return str(value) if isinstance(value, NameObject) else ""


def unpacked_size(stream: StreamObject, limit: int) -> int:
    """Return how many bytes a stream unpacks to. Images are not unpacked here. Raises UnfitFileError."""
    packed = [str(one.get_object()) for one in as_list(stream.get("/Filter"))] or [name_value(stream, "/Filter")]
    if name_value(stream, "/Subtype") == "/Image" and pixel_count(stream) > MAX_PIXELS:
        raise UnfitFileError(Refusal.TOO_MANY_PIXELS)
    if len([one for one in packed if one in ("/FlateDecode", "/Fl", "/LZWDecode", "/RunLengthDecode")]) > 1:
        raise UnfitFileError(Refusal.TOO_MUCH)  # packed twice: never necessary, and it can hide a decompression bomb
    if packed[0] in ("/FlateDecode", "/Fl"):
        return inflated_size(stream._data, limit)  # noqa: SLF001 - pypdf shows nobody the bytes as they are packed
    if name_value(stream, "/Subtype") == "/Image":
        return 0
    return len(stream.get_data())


def pixel_count(image: StreamObject) -> int:
    return int(str(image["/Width"])) * int(str(image["/Height"]))


def inflated_size(data: bytes, limit: int) -> int:
    """Return the length of the inflated `data`, without storing it. Raises UnfitFileError above `limit`."""
    count, machine = 0, zlib.decompressobj()
    while data and not machine.eof:
        count += len(machine.decompress(data, 1 << 20))
        data = machine.unconsumed_tail
        if count > limit:
            raise UnfitFileError(Refusal.TOO_MUCH)
    return count
