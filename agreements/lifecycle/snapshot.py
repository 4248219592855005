"""Collect what a new agreement states: the paper's current values, the agreement text and a reference.

Reads only, except that it adds the row of an agreement text at its first use.
"""

import secrets
import unicodedata
from collections.abc import Iterable
from typing import Any

from agreements.documents import pdf
from agreements.domain import agreement_text
from agreements.models import Agreement, AgreementText, NonAuthorSigner
from proceedings.bibtex.plain_title import plain_title
from proceedings.bibtex.records import NO_TITLE
from proceedings.email_address import AddressError
from proceedings.models import Author, Paper
from proceedings.models.address_field import clean_address

MAX_PRINTED_TITLE = 500

REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no two letters look alike on paper."""


class NotReadyError(Exception):
    """The paper cannot have an agreement yet. The message says what to do."""


def take_snapshot(paper: Paper) -> dict[str, Any]:
    """Return the values of the paper that an agreement states. Raises NotReadyError if one is missing."""
    if paper.status == Paper.Status.WITHDRAWN:
        raise NotReadyError("The paper is withdrawn.")
    values = take_waiver_snapshot(paper)
    if paper.title == NO_TITLE:
        raise NotReadyError("The paper has no title. Enter it on the paper’s page.")
    if not values["signer_email"]:
        raise NotReadyError("The paper has no corresponding author. Choose one and enter an email address.")
    try:
        values["signer_email"] = clean_address(values["signer_email"])
    except AddressError as error:
        raise NotReadyError(error.sentences) from error
    missing = pdf.find_unprintable(
        " ".join([values["title"], values["volume_name"], values["signer"], *values["authors"]])
    )
    if missing:
        characters = ", ".join(f"{char!r} (U+{ord(char):04X})" for char in missing)
        raise NotReadyError(f"The form cannot print {characters}. Use other characters in the title or the name.")
    return values


def take_waiver_snapshot(paper: Paper) -> dict[str, Any]:
    """The same for a waived agreement, which needs no signer and no printable names."""
    authors = sorted(paper.authors.all(), key=lambda author: author.position)
    signer, address = find_signer(authors)
    return {
        "volume_number": paper.volume.number,
        "volume_name": paper.volume.name,
        "paper_key": paper.key,
        "title": unicodedata.normalize("NFC", paper.title),
        "printed_title": printed_title(paper.title),
        "authors": [unicodedata.normalize("NFC", author.display) for author in authors],
        "signer": signer,
        "signer_email": address,
    }


def printed_title(title: str) -> str:
    """The title as the form prints it beside its LaTeX; empty if that is the same or cannot be printed."""
    plain = unicodedata.normalize("NFC", plain_title(title))
    same = plain == " ".join(unicodedata.normalize("NFC", title).replace(r"\$", "$").split())
    return "" if same or len(plain) > MAX_PRINTED_TITLE or pdf.find_unprintable(plain) else plain


def find_signer(authors: Iterable[Author]) -> tuple[str, str]:
    """Name and address of the signer: the corresponding author or their non-author signer; empty if there is none."""
    author = next((author for author in authors if author.is_corresponding), None)
    if author is None:
        return "", ""
    non_author_signer: NonAuthorSigner | None = getattr(author, "non_author_signer", None)
    if non_author_signer is not None:
        return non_author_signer.name, non_author_signer.email
    return unicodedata.normalize("NFC", author.display), author.email


def current_text() -> AgreementText:
    """Return the newest agreement text as a row."""
    text = agreement_text.load(agreement_text.versions()[-1])
    row, _ = AgreementText.objects.get_or_create(
        version=text.version, defaults={"body": text.source, "digest": text.digest}
    )
    return row


def new_reference(paper: Paper) -> str:
    tail = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(6))
    return f"{paper.volume.number}-{paper.key}-{tail}"


def predecessor_data(predecessor: Agreement | None, signer: str) -> dict[str, Any]:
    """Return the event data about the replaced agreement and all earlier signers of the paper."""
    if predecessor is None:
        return {"predecessor": None}
    former_signers = list(predecessor.events.get(kind="draft").data.get("hands", []))
    if predecessor.signer != signer:
        former_signers.append(predecessor.signer)
    return {"predecessor": predecessor.reference} | ({"hands": former_signers} if former_signers else {})
