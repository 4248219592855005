"""Agreements as PDF: snapshot and agreement text in, bytes out. Only this package uses ReportLab.

The same arguments give the same bytes: nothing here reads the time, a setting, a file other than the bundled fonts, or
the network.
"""

from agreements.documents.pdf.evidence_page import evidence, paper_evidence
from agreements.documents.pdf.fonts import UnprintableError
from agreements.documents.pdf.layout import DoesNotFitError
from agreements.documents.pdf.shaping import unprintable
from agreements.documents.pdf.signature import fits_the_line, fits_the_stamp, signature, signed_on_paper, stamp
from agreements.documents.pdf.unsigned_form import form

__all__ = [
    "DoesNotFitError", "UnprintableError", "evidence", "fits_the_line", "fits_the_stamp", "form", "paper_evidence",
    "signature", "signed_on_paper", "stamp", "unprintable",
]  # fmt: skip
