"""The agreement as PDF: facts and wording in, bytes out. ReportLab lives in this package only.

Same arguments, same bytes: nothing here reads a clock, a setting, a file beside the bundled fonts, or the network.
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
