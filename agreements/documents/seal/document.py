"""Assemble the signed document with incremental updates, and sign all of it with PAdES."""

from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic as pdf_objects
from pyhanko.pdf_utils import writer as pdf_writer
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, SigDSSPlacementPreference
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext

from agreements.documents.seal.key import SealError, SealKey, self_signed
from agreements.documents.seal.pyhanko_adapter import asn1_certificate, asn1_list, finish
from agreements.documents.seal.signer import Signer, room_for
from agreements.documents.seal.timestamp import TimestampAuthority
from agreements.documents.seal.trust import TrustMaterial
from agreements.documents.seal.validate import inspect
from agreements.domain.facts import Stamp

FIELD = "PublisherSeal"
AS_DRAWN = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MIN, AxisAlignment.ALIGN_MIN, Margins(0, 0, 0, 0))
SEAL_ALONE = TrustMaterial()
AS_SHOWN = ("/Rotate", "/CropBox", "/Annots")
"""Other keys of a page that affect its appearance."""

generic: Any = pdf_objects
"""pyHanko's PDF objects have no types."""


class _Appender(IncrementalPdfFileWriter):
    """Appends to a file without changing its metadata, which belongs to the bytes that were shown."""

    def _update_meta(self) -> None:
        """Leave /Info and XMP unchanged (the hook that pyHanko's maintainer names in its issue 223)."""


def complete(v0: bytes, signature_page: bytes, *added: bytes) -> bytes:
    """Return the signed document: `v0` unchanged, and one increment with `signature_page` over its last page and the
    pages of the `added` documents: the evidence, and a signed form.

    Raises SealError if one of them is not a readable PDF.
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
        for document in added:
            for page in _imported_pages(writer, PdfFileReader(BytesIO(document))):
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
    """Copy all pages of `source` at once, so that shared fonts are copied once."""
    originals = []
    for number in range(int(source.root["/Pages"]["/Count"])):
        reference, resources = source.find_page_for_modification(number)
        page = reference.get_object()
        rest = generic.DictionaryObject({pdf_name(key): page.raw_get(key) for key in AS_SHOWN if key in page})
        originals.append(generic.ArrayObject([page.raw_get("/Contents"), page["/MediaBox"], resources, rest]))
    together = generic.ArrayObject(originals)
    together.container_ref = source.root.container_ref
    copies = writer.import_object(together)
    new_page: Any = pdf_writer.PageObject
    pages = [new_page(contents=copy.raw_get(0), media_box=copy[1], resources=copy[2]) for copy in copies]
    for page, copy in zip(pages, copies, strict=True):
        page.update(copy[3])
    return pages


class _Drawing(PdfContent):
    """A one-page PDF as the content of a stamp."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        """Copy the page into the file to be sealed; returns the operator that shows it."""
        writer: Any = self.writer
        drawing = writer.import_page_as_xobject(PdfFileReader(BytesIO(self._pdf)))
        self.resources.xobject[pdf_name("/Drawing")] = drawing
        left, bottom, right, top = (float(edge) for edge in drawing.get_object()["/BBox"])
        self.box = BoxConstraints(width=right - left, height=top - bottom)
        return b"/Drawing Do"


def seal(
    pdf: bytes,
    key: SealKey,
    *,
    reason: str,
    name: str | None = None,
    stamp: Stamp | None = None,
    proof: TrustMaterial = SEAL_ALONE,
) -> bytes:
    """Return `pdf` with a certifying PAdES signature that forbids changes, validated before it is returned.

    `name` overrides the certificate's owner as the signer; `stamp` makes the seal visible on a page. The level is
    always `proof.level`.

    Raises SealError if the certificate is not valid now, the time-stamp authority gives no valid answer, or the result
    does not validate.
    """
    sealed = _signed(pdf, key, reason, name or key.owner, stamp, proof)
    verdict = inspect(sealed, trusted=[key.certificate], roots=proof.roots)
    if not verdict.valid or not sealed.startswith(pdf):
        raise SealError("The sealed document does not validate: " + " ".join(verdict.problems))
    if verdict.level != proof.level:
        raise SealError(f"The seal came out as {verdict.level} instead of {proof.level}.")
    return sealed


def _signed(pdf: bytes, key: SealKey, reason: str, name: str, stamp: Stamp | None, proof: TrustMaterial) -> bytes:
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        reason=reason,
        name=name,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        **_revocation(key, proof),
    )
    field, style = SigFieldSpec(FIELD), None
    if stamp is not None:
        left, bottom, right, top = (round(edge) for edge in stamp.box)
        field = SigFieldSpec(FIELD, on_page=stamp.page, box=(left, bottom, right, top))
        style = StaticStampStyle(border_width=0, background=_Drawing(stamp.pdf), background_layout=AS_DRAWN)
    authority = TimestampAuthority(proof.authority) if proof.authority else None
    signer = signers.PdfSigner(
        metadata, signer=Signer(key), timestamper=authority, new_field_spec=field, stamp_style=style
    )
    room = None if authority else room_for(key)  # unknown with a time-stamp
    try:
        output = finish(signer.async_sign_pdf(_Appender(BytesIO(pdf)), bytes_reserved=room))
    except SealError:
        raise
    except Exception as error:
        raise SealError(f"The document cannot be sealed: {error}") from error
    data: bytes = output.getvalue()
    return data


def _revocation(key: SealKey, proof: TrustMaterial) -> dict[str, Any]:
    """Return the options that embed certificates and revocation lists in the same revision as the seal (level B-LT)."""
    if proof.lists is None:
        return {}
    anchors = [*proof.roots, key.certificate] if self_signed(key.certificate) else proof.roots
    context = ValidationContext(
        trust_roots=[asn1_certificate(certificate) for certificate in anchors],
        other_certs=[asn1_certificate(certificate) for certificate in key.chain],
        crls=[asn1_list(crl) for crl in proof.lists],
        allow_fetching=False,
        revocation_mode="require",
    )
    together = SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
    return {
        "embed_validation_info": True,
        "validation_context": context,
        "dss_settings": DSSContentSettings(placement=together, include_vri=False),
    }
