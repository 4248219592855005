"""A form template: everything that does not depend on one agreement is laid out and serialized once.

ReportLab draws the form with empty fields. Its objects are then reordered, constants first, so that a document consists
of the constant beginning, the few objects that differ, and the cross-reference table. The result is an ordinary
single-revision PDF that conforms to PDF/A-2b (ISO 19005-2): embedded fonts, an output intent, XMP metadata, a language,
and structure tags.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from agreements.documents.pdf.canvas import HEIGHT, WIDTH, PageCanvas, field_name
from agreements.documents.pdf.embedding import Fonts

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_PRODUCER = "Proceedings Desk, ReportLab"
_PROFILE = Path(__file__).parent / "srgb.icc"
_REFERENCE = re.compile(rb"\b(\d+) 0 R\b")


@dataclass(frozen=True)
class Template:
    """The constant part of a document."""

    fonts: Fonts
    """The embedded fonts. Fields may use only their embedded glyphs."""
    _beginning: bytes
    _digest: "hashlib._Hash"
    """SHA-256 state after `_beginning`."""
    _rows: bytes
    """The cross-reference rows of the objects in `_beginning`."""
    _count: int
    """Number of these objects; the last of them is the catalog."""
    _fields: tuple[str, ...]
    _font_object: int

    def fill(self, fields: Mapping[str, str], *, title: str, subject: str) -> bytes:
        """Return the document with the drawing operators of its fields; `title` and `subject` are its metadata."""
        bodies = [self._field(fields[name]) for name in self._fields]
        bodies += [_information(title, subject), _metadata(title, subject)]
        parts, rows = [self._beginning], [self._rows]
        digest = self._digest.copy()
        position = len(self._beginning)
        for number, body in enumerate(bodies, start=self._count + 1):
            part = b"%d 0 obj\n%b\nendobj\n" % (number, body)
            parts.append(part)
            rows.append(_row(position))
            digest.update(part)
            position += len(part)
        last = self._count + len(bodies)
        identifier = digest.hexdigest()[:32].encode()
        rows.append(
            b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n"
            % (last + 1, self._count, last - 1, identifier, identifier, position)
        )
        return b"".join([*parts, b"xref\n0 %d\n0000000000 65535 f \n" % (last + 1), *rows])

    def _field(self, operators: str) -> bytes:
        return _stream(
            f"/Type/XObject/Subtype/Form/BBox[0 0 {WIDTH:g} {HEIGHT:g}]/Resources<</Font {self._font_object} 0 R>>",
            operators.encode("ascii"),
        )


def bind(sheet: PageCanvas, fields: tuple[str, ...]) -> Template:
    """Split a finished drawing into its objects and reorder them for `Template`.

    `fields` are the names of the reserved fields.
    """
    data = sheet.finished()
    numbers = sheet.numbers()
    objects = _objects(data)
    pages = [numbers[f"Page{page}"] for page in range(1, sheet.getPageNumber())]
    open_fields = [numbers[field_name(field)] for field in fields]
    root = _number_after(data[data.rindex(b"trailer") :], b"/Root")
    dropped = {*open_fields, root, _number_after(data[data.rindex(b"trailer") :], b"/Info")}
    kept = [number for number in sorted(objects) if number not in dropped]
    moved = {number: at for at, number in enumerate(kept, start=1)}
    extra = _Structure(sheet.structure, [moved[page] for page in pages], first=len(kept) + 1)
    constants = len(kept) + len(extra.objects) + 3
    moved |= {number: at for at, number in enumerate(open_fields, start=constants + 1)}
    bodies = [_renumbered(objects[number], moved) for number in kept]
    for page, number in enumerate(pages):
        at = moved[number] - 1
        bodies[at] = bodies[at].replace(b"/Type /Page", b"/StructParents %d /Tabs /S /Type /Page" % page)
    bodies += extra.objects
    profile = _PROFILE.read_bytes()
    intent = "<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)/DestOutputProfile %d 0 R>>"
    bodies += [_stream("/N 3", profile), (intent % (constants - 2)).encode()]
    metadata = constants + len(fields) + 2
    bodies.append(
        b"<</Type/Catalog/Pages %d 0 R/Lang(en-US)/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R/Metadata %d 0 R"
        b"/OutputIntents[%d 0 R]/ViewerPreferences<</DisplayDocTitle true>>>>"
        % (moved[_number_after(objects[root], b"/Pages")], len(kept) + 1, metadata, constants - 1)
    )
    rows = []
    beginning = bytearray(_HEADER)
    for number, body in enumerate(bodies, start=1):
        rows.append(_row(len(beginning)))
        beginning += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    constant = bytes(beginning)
    fonts = moved[numbers["BasicFonts"]]
    return Template(sheet.fonts, constant, hashlib.sha256(constant), b"".join(rows), constants, fields, fonts)


def _row(offset: int) -> bytes:
    return b"%010d 00000 n \n" % offset


class _Structure:
    """The structure tree: one document element with its parts in reading order (ISO 32000-1, 14.7)."""

    def __init__(self, parts: list[tuple[int, int, str]], pages: list[int], first: int) -> None:
        document, parents, start = first + 1, first + 2, first + 3
        elements = [
            b"<</Type/StructElem/S/%b/P %d 0 R/Pg %d 0 R/K %d>>" % (role.encode(), document, pages[page - 1], number)
            for page, number, role in parts
        ]
        by_page: dict[int, list[int]] = {page: [] for page in range(1, len(pages) + 1)}
        for at, (page, _, _) in enumerate(parts, start=start):
            by_page[page].append(at)
        nums = b" ".join(b"%d [%b]" % (page - 1, _references(refs)) for page, refs in by_page.items())
        self.objects = [
            b"<</Type/StructTreeRoot/K %d 0 R/ParentTree %d 0 R/ParentTreeNextKey %d>>"
            % (document, parents, len(pages)),
            b"<</Type/StructElem/S/Document/P %d 0 R/K[%b]>>"
            % (first, _references(list(range(start, start + len(elements))))),
            b"<</Nums[%b]>>" % nums,
            *elements,
        ]


def _references(numbers: list[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)


def _objects(data: bytes) -> dict[int, bytes]:
    """Return the bodies of all objects of a ReportLab file by number, found through its cross-reference table."""
    start = int(data[data.rindex(b"startxref") + 9 :].split()[0])
    rows = data[start:].split(b"trailer")[0].split(b"\n")[2:]
    objects = {}
    for number, row in enumerate(rows):
        if row.split()[2:] == [b"n"]:
            offset = int(row.split()[0])
            end = data.index(b"endobj", offset)
            if b"stream\n" in data[offset:end]:
                end = data.index(b"endstream\nendobj", offset) + len(b"endstream")
            body = data[offset:end]
            objects[number] = body[body.index(b" obj") + 4 :].strip()
    return objects


def _renumbered(body: bytes, moved: dict[int, int]) -> bytes:
    """Return an object with renumbered references, and with the line end before `endstream` that ReportLab omits and
    PDF/A requires. The data of a stream is unchanged.
    """
    head, keyword, data = body.partition(b"stream\n")
    head = _REFERENCE.sub(lambda match: b"%d 0 R" % moved[int(match[1])], head)
    return head + keyword + data.removesuffix(b"endstream") + b"\nendstream" if keyword else head


def _number_after(data: bytes, key: bytes) -> int:
    return int(data[data.index(key) + len(key) :].split()[0])


def _stream(entries: str, data: bytes) -> bytes:
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries.encode(), len(data), data)


def _information(title: str, subject: str) -> bytes:
    pairs = {"Title": title, "Subject": subject, "Producer": _PRODUCER}
    return b"<<%b>>" % b"".join(f"/{key}<FEFF{_utf16(value)}>".encode() for key, value in pairs.items())


def _utf16(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


def _metadata(title: str, subject: str) -> bytes:
    """Return XMP with the data of /Info and the PDF/A-2b claim. It contains no dates, so that the bytes are
    reproducible.
    """
    xmp = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>'
        f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{escape(subject)}</rdf:li></rdf:Alt></dc:description>'
        f"<pdf:Producer>{escape(_PRODUCER)}</pdf:Producer>"
        "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>\n"
        '<?xpacket end="w"?>'
    )
    return _stream("/Type/Metadata/Subtype/XML", xmp.encode("utf-8"))
