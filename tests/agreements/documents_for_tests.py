"""One agreement's snapshot, signature and history, for tests of documents."""

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
    """Returns the snapshot with changes."""
    return replace(FACTS, **changes)  # type: ignore[arg-type]


def form(**changes: object) -> bytes:
    """Returns the unsigned form of the snapshot with changes."""
    return pdf.render_form(facts(**changes), WORDING, VERIFY_URL)


def signature(shown: bytes = b"", **changes: object) -> Signature:
    """Returns the signature of the form shown."""
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
    """Returns the text of each page as pypdf extracts it. A strict reader also checks every offset of the file."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data), strict=True).pages]


def words(text: str) -> str:
    """Normalises text to compare words only, without hyphenation, ligatures, spaces and shapes of apostrophes."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'")
    return re.sub(r"[\s-]+", "", text)
