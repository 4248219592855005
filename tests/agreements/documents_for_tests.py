"""One agreement's facts, signature and history, as the tests of the document change them to their needs."""

import io
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pypdf

from agreements.documents import pdf
from agreements.domain import agreement_text
from agreements.domain.facts import HistoryLine, Signature, SignedStatement, Snapshot, sha256

VERIFY_URL = "https://proceedings.example.org/verify/"
WORDING = agreement_text.load("pmlr-2017")
FACTS = Snapshot(
    reference="247-lewis24-7QKX2M",
    volume=247,
    volume_name="Conference on Learning Theory",
    paper_key="lewis24",
    title="BASE Layers: Simplifying Training of Large, Sparse Models",
    authors=("Mike Lewis", "Shruti Bhosale", "Tim Dettmers", "Naman Goyal", "Luke Zettlemoyer"),
    signer="Mike Lewis",
    signer_email="mike@example.org",
    text_version=WORDING.version,
    text_digest=WORDING.digest,
)
HISTORY = (
    HistoryLine(datetime(2026, 11, 1, 9, 0, tzinfo=UTC), "Agreement issued", "Jordan Editor"),
    HistoryLine(datetime(2026, 11, 1, 9, 1, tzinfo=UTC), "Invitation mailed to mike@example.org", "the clock"),
    HistoryLine(datetime(2026, 11, 21, 12, 14, tzinfo=UTC), "Agreement signed", "Mike Lewis"),
)


def facts(**changes: object) -> Snapshot:
    """The facts with some of them changed."""
    return replace(FACTS, **changes)  # type: ignore[arg-type]


def form(**changes: object) -> bytes:
    """The unsigned form of the facts with some of them changed."""
    return pdf.render_form(facts(**changes), WORDING, VERIFY_URL)


def signature(shown: bytes = b"", **changes: object) -> Signature:
    """The act of signing what was shown."""
    made = Signature(
        typed_name="Mike Lewis",
        signed_at=datetime(2026, 11, 21, 12, 14, 31, tzinfo=UTC),
        consent=SignedStatement("I agree to sign this agreement electronically."),
        authority=SignedStatement("I sign for all authors: Mike Lewis, Shruti Bhosale and three others."),
        shown_sha256=sha256(shown),
        network_address="203.0.113.0/24",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def pages(data: bytes) -> list[str]:
    """The text of each page as pypdf extracts it; a strict reader also checks every offset of the file."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data), strict=True).pages]


def words(text: str) -> str:
    """Text for comparison of words alone: hyphenation, ligatures, spaces and the cut of apostrophes set aside."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'")
    return re.sub(r"[\s-]+", "", text)
