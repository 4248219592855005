"""What an agreement is made of before it is one: the paper's facts of today, the wording, a reference. Reads only, but
for the row of a text that is used for the first time.
"""

import secrets
import unicodedata
from collections.abc import Iterable
from typing import Any

from agreements.documents import pdf
from agreements.domain import agreement_text
from agreements.models import Agreement, AgreementText, NonAuthorSigner
from proceedings.models import Author, Paper

REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that is mistaken for something else on paper."""


class NotReadyError(Exception):
    """A paper cannot have an agreement yet. The message says what to do."""


def snapshot_of(paper: Paper) -> dict[str, Any]:
    """The agreement's facts as the paper has them now. Raises NotReadyError, with what to do, when one is missing."""
    if paper.status == Paper.Status.WITHDRAWN:
        raise NotReadyError("The paper is withdrawn.")
    facts = snapshot_of_waiver(paper)
    if not facts["signer_email"]:
        raise NotReadyError("The paper has no corresponding author. Choose one and enter an email address.")
    missing = pdf.unprintable(" ".join([facts["title"], facts["volume_name"], facts["signer"], *facts["authors"]]))
    if missing:
        named = ", ".join(f"{char!r} (U+{ord(char):04X})" for char in missing)
        raise NotReadyError(f"The form cannot print {named}. Use other characters in the title or the name.")
    return facts


def snapshot_of_waiver(paper: Paper) -> dict[str, Any]:
    """The same for an agreement that nobody is going to sign: it may lack a signer, and is printed on no form."""
    authors = sorted(paper.authors.all(), key=lambda author: author.position)
    signer, address = signer_of(authors)
    return {
        "volume_number": paper.volume.number,
        "volume_name": paper.volume.name,
        "paper_key": paper.key,
        "title": unicodedata.normalize("NFC", paper.title),
        "authors": [unicodedata.normalize("NFC", author.display) for author in authors],
        "signer": signer,
        "signer_email": address,
    }


def signer_of(authors: Iterable[Author]) -> tuple[str, str]:
    """Name and address of who is to sign: the corresponding author or their stand-in; empty where there is none."""
    contact = next((author for author in authors if author.is_corresponding), None)
    if contact is None:
        return "", ""
    non_author_signer: NonAuthorSigner | None = getattr(contact, "non_author_signer", None)
    if non_author_signer is not None:
        return non_author_signer.name, non_author_signer.email
    return unicodedata.normalize("NFC", contact.display), contact.email


def current_text() -> AgreementText:
    """The newest version of the publisher's wording, as a row."""
    text = agreement_text.load(agreement_text.versions()[-1])
    row, _ = AgreementText.objects.get_or_create(
        version=text.version, defaults={"body": text.source, "digest": text.digest}
    )
    return row


def new_reference(paper: Paper) -> str:
    tail = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(6))
    return f"{paper.volume.number}-{paper.key}-{tail}"


def origin(predecessor: Agreement | None, signer: str) -> dict[str, Any]:
    """What an agreement replaces, and in whose hands the paper's agreements were before it came into this signer's."""
    if predecessor is None:
        return {"predecessor": None}
    hands = list(predecessor.events.get(kind="draft").data.get("hands", []))
    if predecessor.signer != signer:
        hands.append(predecessor.signer)
    return {"predecessor": predecessor.reference} | ({"hands": hands} if hands else {})
