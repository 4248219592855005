"""Fresh links for those whose link has ended: asked for by anybody, mailed to the address on file and to no other.

Asking writes one row, whatever the link was; the clock looks it up. So neither the answer nor its time tells whether
there is an agreement behind it.
"""

from datetime import datetime

from django.db import transaction

from agreements.domain.facts import sha256
from agreements.domain.states import LIVE, WAITING
from agreements.mail import outbox
from agreements.mail.kinds import ANSWERS
from agreements.models import Agreement, Link, LinkRequest, Message
from agreements.requests import rate_limits

BATCH = 500


def request_link(now: datetime, *, token: str = "", reference: str = "") -> None:
    """Notes the wish for a fresh link instead of `token`, or for the copy of the agreement `reference`."""
    digest = sha256(token.encode()) if token else ""
    request = LinkRequest(digest=digest, reference=reference[:140], asked_at=now)
    LinkRequest.objects.bulk_create([request], ignore_conflicts=True)


def answer_requests(now: datetime) -> int:
    """Queues a mail for each request that leads somewhere. Returns how many; the requests are gone then."""
    queued = 0
    while requests := list(LinkRequest.objects.order_by("asked_at", "pk")[:BATCH]):
        for request in requests:
            with transaction.atomic():
                gone, _ = LinkRequest.objects.filter(pk=request.pk).delete()
                agreement = agreement_meant(request) if gone else None  # else another worker has it
                if agreement is not None:
                    queued += send_link(agreement, now)
    return queued


def agreement_meant(request: LinkRequest) -> Agreement | None:
    """The agreement that a request is about: the one asked for if its copy is wanted, else its paper's live one."""
    if request.reference:
        asked = Agreement.objects.filter(reference=request.reference).first()
        wants_copy = True
    else:
        links = Link.objects.select_related("agreement").filter(digest=request.digest)
        # The holder of one of the others need not be the signer.
        link = links.exclude(purpose__in=[Link.Purpose.OBJECT, Link.Purpose.CORRECT]).first()
        asked, wants_copy = (link.agreement, link.purpose == Link.Purpose.COPY) if link else (None, False)
    if asked is None or (wants_copy and asked.sealed_file):
        return asked
    return Agreement.objects.filter(paper=asked.paper_id, status__in=LIVE).first() or asked


def send_link(agreement: Agreement, now: datetime) -> bool:
    """Mails a fresh link to the address on file: to sign while it waits, to the copy once sealed. False if neither.

    At most so many a day to one address. The mails themselves are counted, so nothing is kept twice.
    """
    with transaction.atomic():
        outbox.lock_agreements(
            [agreement.pk]
        )  # so that no link to sign is queued for an agreement that is just being signed
        agreement.refresh_from_db()
        waits = agreement.status in WAITING
        asked_for = Message.objects.filter(kind__in=ANSWERS)
        to_them = asked_for.filter(recipient__iexact=agreement.signer_email).values_list("created_at", flat=True)
        if not (waits or agreement.sealed_file) or not rate_limits.room(to_them, rate_limits.MAILS, now):
            return False
        return outbox.queue(
            agreement,
            idempotency_key=f"fresh:{asked_for.filter(agreement=agreement.pk).count() + 1}",
            kind=Message.Kind.FRESH if waits else Message.Kind.COPY,
            recipient=agreement.signer_email,
            now=now,
        )
