"""Plain data shared by the pure modules: the snapshot, the signature, the history and the seal's appearance.

No models, no settings, no current time. Every datetime is aware and UTC; every digest is SHA-256 in lower-case hex.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from agreements.domain.translatable import Sentence


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data` in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def effective_from(signed_at: datetime | None, dated: date | None) -> datetime | None:
    """Return when a signature takes effect (clause 7): when it was given, or for a signed form the start of its day
    (UTC).
    """
    return datetime.combine(dated, time(), UTC) if dated else signed_at


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one agreement states, copied when it is issued and not changed after."""

    reference: str
    """The agreement's ID, such as ``247-addanki24-7QKX2M``; printed at the foot of every page."""
    volume: int
    """The publisher's volume number, such as 247."""
    volume_name: str
    """The conference, as the publisher names it."""
    paper_key: str
    title: str
    """Unicode, NFC. Mathematics stays as LaTeX between dollar signs."""
    authors: tuple[str, ...]
    """All authors in order, as ``First von Last, Jr``."""
    signer: str
    """Name of the signer, as printed on the form."""
    signer_email: str
    text_version: str
    text_digest: str
    printed_title: str = ""
    """The title with formulas in Unicode, if that differs from `title` and the form can print it."""

    @property
    def title_in_full(self) -> str:
        """What the form states: the title as people read it, and the LaTeX where it differs."""
        return f"{self.printed_title} (in LaTeX: {self.title})" if self.printed_title else self.title

    @property
    def by_an_author(self) -> bool:
        """Whether the signer is one of the authors. The exception is a non-author signer."""
        return self.signer in self.authors

    @property
    def capacity(self) -> str:
        """The capacity in which the signer signs: always for all authors, as their agent (clause 1)."""
        if self.by_an_author:
            return Sentence("Corresponding author, for all authors of the article (clause 1)")
        return Sentence("Agent of all authors of the article (clause 1), not being one of them")


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement that the signer ticked, exactly as the page showed it."""

    text: str
    names: tuple[str, ...] = ()
    """The names in the text, in order. A page isolates each one: otherwise adjacent right-to-left
    names change places.
    """

    @property
    def parts(self) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether it is a name. Joined, they are the text."""
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
    """An electronic signature, as the one POST recorded it."""

    typed_name: str
    signed_at: datetime
    consent: SignedStatement
    """Consent to sign electronically (15 USC 7001(c))."""
    authority: SignedStatement
    """The signer acts for all authors (clause 1)."""
    shown_sha256: str
    """Digest of the PDF the author was shown."""
    network_address: str
    """As much of the signer's IP address as the privacy policy allows to be printed; may be empty."""
    drawn: str = ""
    """The hand-drawn signature in the text form of `drawn_signature`; empty if none was drawn."""


@dataclass(frozen=True, slots=True)
class SignedFormFile:
    """An uploaded file of a signed form, as received."""

    sha256: str
    size: int
    """In bytes."""
    kind: str
    pages: int


@dataclass(frozen=True, slots=True)
class HandSignature:
    """A signed form, as an editor accepted it."""

    name: str
    """As written on the form."""
    date_written: str
    """The date as written on the form."""
    dated: date
    """The date as the editor read it."""
    received_at: datetime
    accepted_at: datetime
    accepted_by: str
    checked: tuple[str, ...]
    """What the editor checked and confirmed."""
    files: tuple[SignedFormFile, ...]
    shown_sha256: str
    """Digest of the PDF that was offered for signing."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event of the agreement's history, as text for people."""

    at: datetime
    what: str
    by: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """The visible appearance of the seal and its place. `documents.pdf` draws it, `documents.seal` places it."""

    pdf: bytes
    """A PDF of one page, as large as the box."""
    page: int
    """The page it is placed on, counted from 0."""
    box: tuple[float, float, float, float]
    """Left, bottom, right and top on that page, in points."""
