"""Agreements as PDF: snapshot and agreement text in, bytes out. Only this package uses ReportLab.

The same arguments give the same bytes: nothing here reads the time, a setting, a file other than the bundled fonts, or
the network.
"""

from agreements.documents.pdf.evidence_page import render_evidence, render_signed_form_evidence
from agreements.documents.pdf.fonts import UnprintableError
from agreements.documents.pdf.layout import DoesNotFitError
from agreements.documents.pdf.shaping import find_unprintable
from agreements.documents.pdf.signature import (
    fits_the_line,
    fits_the_stamp,
    make_stamp,
    signature_overlay,
    signed_form_overlay,
)
from agreements.documents.pdf.unsigned_form import render_form

__all__ = [
    "DoesNotFitError",
    "UnprintableError",
    "find_unprintable",
    "fits_the_line",
    "fits_the_stamp",
    "make_stamp",
    "render_evidence",
    "render_form",
    "render_signed_form_evidence",
    "signature_overlay",
    "signed_form_overlay",
]  # fmt: skip
