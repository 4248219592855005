"""Queue notices to the editors and to the co-authors. The callers decide when."""

from datetime import datetime

from agreements.domain.facts import sha256
from agreements.mail import outbox
from agreements.models import Agreement, Message
from proceedings.email_address import address_key
from proceedings.models import Author, Volume


def notify_editors(agreement: Agreement, kind: Message.Kind, now: datetime, *, about: str = "") -> None:
    """Queue an email to each editor. `about` distinguishes events that may happen more than once."""
    for recipient in editors_of(agreement):
        idempotency_key = ":".join(part for part in (kind.value, about, hash_address(recipient)) if part)
        outbox.queue(agreement, idempotency_key=idempotency_key, kind=kind, recipient=recipient, now=now)


def editors_of(agreement: Agreement) -> list[str]:
    """Addresses of the volume's editors; if it has none, its reply-to address."""
    return editors_of_volume(agreement.paper.volume)


def editors_of_volume(volume: Volume) -> list[str]:
    addresses = list(volume.editors.filter(is_active=True).exclude(email="").values_list("email", flat=True))
    return (
        sorted(set(addresses or [volume.signing_settings.reply_to]))
        if addresses or volume.signing_settings.reply_to
        else []
    )


def notify_coauthors(agreement: Agreement, now: datetime) -> None:
    """Notify the co-authors with a known address that somebody signed for them (clause 1)."""
    if not agreement.paper.volume.signing_settings.tell_authors:
        return
    addresses = Author.objects.filter(paper=agreement.paper_id).exclude(email="").values_list("email", flat=True)
    for recipient in sorted({address_key(address) for address in addresses} - {address_key(agreement.signer_email)}):
        idempotency_key = f"{Message.Kind.COAUTHOR.value}:{hash_address(recipient)}"
        outbox.queue(
            agreement, idempotency_key=idempotency_key, kind=Message.Kind.COAUTHOR, recipient=recipient, now=now
        )


def hash_address(recipient: str) -> str:
    """Return a short hash of the address, because an idempotency key is too short for every address."""
    return sha256(recipient.encode())[:16]
