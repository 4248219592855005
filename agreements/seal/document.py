"""The signed document put together by increments, and the PAdES signature over all of it."""

from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.pdf_utils import generic as pdf_objects
from pyhanko.pdf_utils import writer as pdf_writer
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from agreements.facts import Stamp
from agreements.seal.key import SealError, SealKey, der
from agreements.seal.running import asn1_certificate, finish
from agreements.seal.verdict import inspect

FIELD = "PublisherSeal"
AS_DRAWN = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MIN, AxisAlignment.ALIGN_MIN, Margins(0, 0, 0, 0))
ATTRIBUTES = 900
"""Bytes of a signature besides its certificates and its value: about 400 in use, the rest to spare."""

generic: Any = pdf_objects
certificate_store: Any = SimpleCertificateStore
"""Parts of pyHanko that carry no types."""


class _Appender(IncrementalPdfFileWriter):
    """Adds to a file without touching its metadata, which belongs to the bytes that were shown."""

    def _update_meta(self) -> None:
        """Leave /Info and XMP as they are (the hook pyHanko's maintainer names in its issue 223)."""


def complete(v0: bytes, signature_page: bytes, evidence_pages: bytes) -> bytes:
    """The signed document: `v0` byte for byte, then one increment that lays `signature_page` over its last page and
    adds all `evidence_pages` after it.

    Raises SealError if one of the three is not a PDF that can be read.
    """
    try:
        writer: Any = _Appender(BytesIO(v0))
        overlay = writer.import_page_as_xobject(PdfFileReader(BytesIO(signature_page)))
        last = int(writer.root["/Pages"]["/Count"]) - 1
        drawing = writer.add_object(generic.StreamObject(stream_data=b"q /TypedSignature Do Q"))
        writer.add_stream_to_page(
            last,
            drawing,
            resources=generic.DictionaryObject(
                {pdf_name("/XObject"): generic.DictionaryObject({pdf_name("/TypedSignature"): overlay})}
            ),
        )
        for page in _imported_pages(writer, PdfFileReader(BytesIO(evidence_pages))):
            writer.insert_page(page)
        output = BytesIO()
        writer.write(output)
    except Exception as error:
        raise SealError(f"The signed document cannot be put together: {error}") from error
    result = output.getvalue()
    if not result.startswith(v0):
        raise SealError("The signed document does not begin with the bytes that were shown.")
    return result


def _imported_pages(writer: Any, source: Any) -> list[Any]:
    """All pages of `source` copied in one go, so that fonts they share are copied once."""
    originals = []
    for number in range(int(source.root["/Pages"]["/Count"])):
        reference, resources = source.find_page_for_modification(number)
        page = reference.get_object()
        originals.append(generic.ArrayObject([page.raw_get("/Contents"), page["/MediaBox"], resources]))
    together = generic.ArrayObject(originals)
    together.container_ref = source.root.container_ref
    copies = writer.import_object(together)
    new_page: Any = pdf_writer.PageObject
    return [new_page(contents=copy.raw_get(0), media_box=copy[1], resources=copy[2]) for copy in copies]


class _Signer(signers.Signer):
    """Signs with a key that is already parsed; pyHanko's own signer parses it twice for every file."""

    def __init__(self, key: SealKey) -> None:
        self._private = key.private
        store = certificate_store.from_certs([asn1_certificate(certificate) for certificate in key.chain])
        super().__init__(signing_cert=asn1_certificate(key.certificate), cert_registry=store)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature over `data`; with `dry_run`, only as many bytes as it would have."""
        if digest_algorithm != "sha256":
            raise SealError(f"The seal uses SHA-256, not {digest_algorithm}.")
        return b"\0" * self._size if dry_run else self._value(data)

    @property
    def _size(self) -> int:
        return self._private.key_size // 8 if isinstance(self._private, rsa.RSAPrivateKey) else 72

    def _value(self, data: bytes) -> bytes:
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._private.sign(data, ec.ECDSA(hashes.SHA256()))


class _Drawing(PdfContent):
    """A one-page PDF as the picture of a stamp."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        """Copy the page into the file that is being sealed; returns the operator that shows it."""
        writer: Any = self.writer
        drawing = writer.import_page_as_xobject(PdfFileReader(BytesIO(self._pdf)))
        self.resources.xobject[pdf_name("/Drawing")] = drawing
        left, bottom, right, top = (float(edge) for edge in drawing.get_object()["/BBox"])
        self.box = BoxConstraints(width=right - left, height=top - bottom)
        return b"/Drawing Do"


def seal(pdf: bytes, key: SealKey, *, reason: str, name: str | None = None, stamp: Stamp | None = None) -> bytes:
    """`pdf` with a certifying PAdES B-B signature that allows no later change, validated before it is returned.

    `name` is who seals, if not as the certificate says; `stamp` makes the seal visible on a page.

    Raises SealError, and returns nothing, when the certificate is not valid now or the result does not validate.
    """
    sealed = _signed(pdf, key, reason, name or key.owner, stamp)
    verdict = inspect(sealed, trusted=[key.certificate])
    if not verdict.valid or not sealed.startswith(pdf):
        raise SealError("The sealed document does not validate: " + " ".join(verdict.problems))
    return sealed


def _signed(pdf: bytes, key: SealKey, reason: str, name: str, stamp: Stamp | None) -> bytes:
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        reason=reason,
        name=name,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
    )
    field, style = SigFieldSpec(FIELD), None
    if stamp is not None:
        left, bottom, right, top = (round(edge) for edge in stamp.box)
        field = SigFieldSpec(FIELD, on_page=stamp.page, box=(left, bottom, right, top))
        style = StaticStampStyle(border_width=0, background=_Drawing(stamp.pdf), background_layout=AS_DRAWN)
    signer = signers.PdfSigner(metadata, signer=_Signer(key), new_field_spec=field, stamp_style=style)
    try:
        output = finish(signer.async_sign_pdf(_Appender(BytesIO(pdf)), bytes_reserved=_room(key)))
    except Exception as error:
        raise SealError(f"The document cannot be sealed: {error}") from error
    data: bytes = output.getvalue()
    return data


def _room(key: SealKey) -> int:
    """Hexadecimal digits kept free for the signature: certificates, attributes and the signature value.

    Given beforehand, pyHanko need not make the signature twice to learn its length.
    """
    certificates = sum(len(der(certificate)) for certificate in (key.certificate, *key.chain))
    return 2 * (certificates + ATTRIBUTES + key.private.key_size // 8)
