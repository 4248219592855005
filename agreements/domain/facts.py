"""Plain data that the pure rooms speak: what the form says, how it was signed, what happened, when mail is due.

No models, no settings, no clock. Every datetime is aware and UTC; every digest is SHA-256 in lower-case hex.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from agreements.domain.translatable import Sentence


def sha256(data: bytes) -> str:
    """SHA-256 of `data`, lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def counts_from(signed_at: datetime | None, dated: date | None) -> datetime | None:
    """From when a signature counts (clause 7): the moment it was given, on paper the beginning of its day."""
    return datetime.combine(dated, time(), UTC) if dated else signed_at


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one agreement states, frozen when it is issued (law: copied, not referenced)."""

    reference: str
    """The agreement's own id, such as ``247-addanki24-7QKX2M``; printed in the foot of every page."""
    volume: int
    """The publisher's volume number, such as 247."""
    volume_name: str
    """The conference as the publisher names it."""
    paper_key: str
    title: str
    """Unicode, NFC. Mathematics stays as LaTeX between dollar signs."""
    authors: tuple[str, ...]
    """All authors in order, as ``First von Last, Jr``."""
    signer: str
    """The corresponding author, as the form names them."""
    signer_email: str
    text_version: str
    text_digest: str

    @property
    def by_an_author(self) -> bool:
        """Whether the signer is one of the authors, as nearly always."""
        return self.signer in self.authors

    @property
    def capacity(self) -> str:
        """What the signer signs as. The form knows one capacity, that of clause 1: for all authors, as their agent."""
        if self.by_an_author:
            return Sentence("Corresponding author, for all authors of the article (clause 1)")
        return Sentence("Agent of all authors of the article (clause 1), not being one of them")


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A sentence that the signer ticked, exactly as it was shown."""

    text: str
    names: tuple[str, ...] = ()
    """The names in it, in order. A page sets each apart: side by side, names from right to left would change places."""

    @property
    def parts(self) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether it is a name; put together they are the text."""
        pieces, rest = [], self.text
        for name in self.names:
            before, _, rest = rest.partition(name)
            pieces += [(before, False), (name, True)]
        return [*pieces, (rest, False)]

    @property
    def digest(self) -> str:
        """SHA-256 of the text in UTF-8."""
        return sha256(self.text.encode())


@dataclass(frozen=True, slots=True)
class Signature:
    """The act of signing, as the one POST recorded it."""

    typed_name: str
    signed_at: datetime
    consent: SignedStatement
    """Consent to sign electronically (15 USC 7001(c))."""
    authority: SignedStatement
    """The signer acts for all authors (clause 1)."""
    shown_sha256: str
    """Digest of the PDF the author was shown."""
    network_address: str
    """As much of the address as the privacy policy lets the page print; may be empty."""
    drawn: str = ""
    """The signature drawn by hand beside the typed name, as `drawing` reads it; empty where none was drawn."""


@dataclass(frozen=True, slots=True)
class SignedFormFile:
    """A file of a form signed by hand, as it came in."""

    sha256: str
    size: int
    """In bytes."""
    kind: str
    pages: int


@dataclass(frozen=True, slots=True)
class HandSignature:
    """A form signed by hand, as an editor accepted it."""

    name: str
    """As the form has it."""
    date_written: str
    """As it stands on the form."""
    dated: date
    """As it was read."""
    received_at: datetime
    accepted_at: datetime
    accepted_by: str
    checked: tuple[str, ...]
    """What the editor looked for and found."""
    files: tuple[SignedFormFile, ...]
    shown_sha256: str
    """Digest of the PDF that was offered for signing."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event of the agreement's history, in words, for people to read."""

    at: datetime
    what: str
    by: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the seal looks like on paper, and where; the drawing room makes it, the sealing room places it."""

    pdf: bytes
    """One page, as large as the box."""
    page: int
    """The page it is placed on, counted from 0."""
    box: tuple[float, float, float, float]
    """Left, bottom, right and top on that page, in points."""
