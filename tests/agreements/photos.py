"""Signed forms for tests: photos and scans as authors send them, and invalid files."""

import io
import zipfile
import zlib
from functools import lru_cache

from PIL import Image, ImageDraw

PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>"


@lru_cache
def photo(words: str = "signed by hand", *, form: str = "JPEG", size: tuple[int, int] = (850, 1100)) -> bytes:
    """Returns a photo of a page with `words`."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((80, 80), words, fill="black")
    output = io.BytesIO()
    image.save(output, form)
    return output.getvalue()


def raw_pdf(*objects: bytes, catalog: bytes = b"", pages: int = 1, page: bytes = PAGE) -> bytes:
    """Returns a PDF written by hand: `objects` are numbers 4 and up, `catalog` is added to the catalog."""
    kids = b" ".join([b"3 0 R"] * pages)
    every = [
        b"<</Type/Catalog/Pages 2 0 R" + catalog + b">>",
        b"<</Type/Pages/Kids[" + kids + b"]/Count " + str(pages).encode() + b">>",
        page,
        *objects,
    ]
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(every, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(every) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(every) + 1, start)
    return bytes(out)


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n" % (extra, len(data)) + data + b"\nendstream"


@lru_cache
def scanned(words: str = "signed by hand", pages: int = 2) -> bytes:
    """Returns a PDF as a scanner makes it: one picture per page."""
    first, *rest = [Image.open(io.BytesIO(photo(f"{words}, page {number}"))) for number in range(1, pages + 1)]
    output = io.BytesIO()
    first.save(output, "PDF", save_all=True, append_images=rest, resolution=100)
    return output.getvalue()


def bomb(size: int = 600_000_000) -> bytes:
    """Returns a small PDF with a stream that unpacks to `size` bytes."""
    machine, packed = zlib.compressobj(9), bytearray()
    for _ in range(size // 1_000_000):
        packed += machine.compress(bytes(1_000_000))
    packed += machine.flush()
    return raw_pdf(stream(bytes(packed), b"/Filter/FlateDecode"))


def zipped() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr("surprise.exe", b"MZ")
    return output.getvalue()
