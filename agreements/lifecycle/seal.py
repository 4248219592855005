"""After the signature: record the seal, and what was found or done with the sealed PDF."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from agreements.documents.seal import SealKey
from agreements.domain.facts import sha256
from agreements.domain.states import Status
from agreements.lifecycle.record import record_event, transition
from agreements.mail import outbox
from agreements.models import Agreement, Message, SealCertificate

Kind = Message.Kind

SEAL_BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60)]
"""Waits after failed attempts to seal; the last one repeats without limit, because every signature must be sealed."""


def seal(agreement: Agreement, *, name: str, body: bytes, key: SealKey, level: str, now: datetime) -> None:
    """Record the sealed PDF, stored under `name`, and queue the receipt."""
    digest = sha256(body)
    with transaction.atomic():
        certificate, _ = SealCertificate.objects.get_or_create(
            fingerprint=key.fingerprint, defaults={"pem": key.pem, "first_used_at": now}
        )
        transition(
            agreement,
            "seal",
            by="clock",
            now=now,
            data={"sha256": digest, "size": len(body), "level": level, "certificate": key.fingerprint},
            sealed_at=now,
            sealed_file=name,
            sealed_sha256=digest,
            sealed_size=len(body),
            seal_level=level,
            seal_certificate=certificate,
            seal_error="",
            seal_after=None,
        )
        outbox.queue(
            agreement,
            idempotency_key=f"receipt:{digest[:16]}",
            kind=Kind.RECEIPT,
            recipient=agreement.signer_email,
            now=now,
        )


def seal_failed(agreement: Agreement, *, error: str, now: datetime) -> None:
    """Record a failed attempt to seal and when to try again. The signature stays valid."""
    wait = SEAL_BACKOFF[min(agreement.seal_attempts, len(SEAL_BACKOFF) - 1)]
    Agreement.objects.filter(pk=agreement.pk, status=Status.SIGNED).update(
        seal_attempts=F("seal_attempts") + 1, seal_error=error, seal_after=now + wait
    )


def damaged(agreement: Agreement, words: str, *, now: datetime) -> None:
    """Record, once, that the stored file differs from the sealed PDF. The status stays: a backup may be restored."""
    if not agreement.events.filter(kind="damaged", data__words=words).exists():
        record_event(agreement.pk, "damaged", by="clock", now=now, data={"words": words})


def delivered(agreement: Agreement, *, by: str, now: datetime, sha256: str) -> None:
    """Record that the sealed PDF was delivered to the publisher."""
    record_event(agreement.pk, "deliver", by=by, now=now, data={"sha256": sha256})
