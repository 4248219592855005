"""Requests for new links. Anybody may request one; it is emailed only to the address on file.

A request writes one row, whatever the link was, and a scheduled job answers it. So neither the page nor its response
time reveals whether there is an agreement.
"""

from datetime import datetime

from django.db import transaction

from agreements.domain.facts import sha256
from agreements.domain.states import LIVE, WAITING
from agreements.mail import outbox
from agreements.mail.kinds import ANSWERS
from agreements.models import Agreement, Link, LinkRequest, Message
from agreements.models.plain_address import rows_with_address
from agreements.requests import rate_limits

BATCH_SIZE = 500


def request_link(now: datetime, *, token: str = "", reference: str = "") -> None:
    """Record a request for a new link in place of `token`, or for the sealed PDF of the agreement `reference`."""
    digest = sha256(token.encode()) if token else ""
    request = LinkRequest(digest=digest, reference=reference[:140], asked_at=now)
    LinkRequest.objects.bulk_create([request], ignore_conflicts=True)


def answer_requests(now: datetime) -> int:
    """Queue an email for each request that matches an agreement, and delete the requests. Returns how many emails."""
    queued = 0
    while requests := list(LinkRequest.objects.order_by("asked_at", "pk")[:BATCH_SIZE]):
        for request in requests:
            with transaction.atomic():
                deleted, _ = LinkRequest.objects.filter(pk=request.pk).delete()
                agreement = find_agreement(request) if deleted else None  # not deleted: another worker answers it
                if agreement is not None:
                    queued += send_link(agreement, now)
    return queued


def find_agreement(request: LinkRequest) -> Agreement | None:
    """Return the agreement that a request is about: the named one if its sealed PDF is wanted, else the paper's live
    one.
    """
    if request.reference:
        agreement = Agreement.objects.filter(reference=request.reference).first()
        wants_copy = True
    else:
        links = Link.objects.select_related("agreement").filter(digest=request.digest)
        # Links of these purposes may be held by people other than the signer.
        link = links.exclude(purpose__in=[Link.Purpose.OBJECT, Link.Purpose.CORRECT]).first()
        agreement, wants_copy = (link.agreement, link.purpose == Link.Purpose.COPY) if link else (None, False)
    if agreement is None or (wants_copy and agreement.sealed_file):
        return agreement
    return Agreement.objects.filter(paper=agreement.paper_id, status__in=LIVE).first() or agreement


def send_link(agreement: Agreement, now: datetime) -> bool:
    """Email a new link to the address on file: to sign, or to the sealed PDF. Returns False if neither applies.

    The number of such emails per address and day is limited; the messages themselves are counted.
    """
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])  # so that no signing link is queued while the agreement is being signed
        agreement.refresh_from_db()
        is_awaiting = agreement.status in WAITING
        asked_for = Message.objects.filter(kind__in=ANSWERS)
        request_times = rows_with_address(asked_for, "recipient", agreement.signer_email).values_list(
            "created_at", flat=True
        )
        if not (is_awaiting or agreement.sealed_file) or not rate_limits.fits_limit(
            request_times, rate_limits.EMAILS, now
        ):
            return False
        return outbox.queue(
            agreement,
            idempotency_key=f"fresh:{asked_for.filter(agreement=agreement.pk).count() + 1}",
            kind=Message.Kind.FRESH if is_awaiting else Message.Kind.COPY,
            recipient=agreement.signer_email,
            now=now,
        )
