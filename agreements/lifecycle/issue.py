"""Create an agreement from a paper, and issue it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from agreements.documents import pdf, rendering
from agreements.domain.facts import sha256
from agreements.domain.schedule import MIN_EMAIL_GAP
from agreements.domain.states import LIVE
from agreements.lifecycle import snapshot
from agreements.lifecycle.record import append_event, transition
from agreements.mail import addresses, outbox
from agreements.models import Agreement, Message, SigningSettings
from proceedings.models import Paper

Kind = Message.Kind

BULK_DELAY = timedelta(seconds=30)
"""Delay of emails that an editor requests for many papers, so that those to one person can be combined."""


def draft(paper: Paper, *, by: str, now: datetime, predecessor: Agreement | None = None) -> Agreement:
    """Create an agreement from the paper's current values. Raises NotReadyError if the paper lacks one."""
    return create_agreement(paper, snapshot.take_snapshot(paper), by=by, now=now, predecessor=predecessor)


def create_agreement(
    paper: Paper, values: dict[str, Any], *, by: str, now: datetime, predecessor: Agreement | None = None
) -> Agreement:
    """Create the row and the first event of an agreement that states `facts`.

    Raises NotReadyError if the paper has a live agreement.
    """
    text = snapshot.current_text()
    with transaction.atomic():
        # Of two editors at the same time, the second waits here and then sees the first one's agreement.
        Paper.objects.select_for_update(no_key=True).values_list("pk").get(pk=paper.pk)
        if paper.agreements.filter(status__in=LIVE).exists():
            raise snapshot.NotReadyError("The paper already has an agreement. Replace or void that one first.")
        agreement = Agreement.objects.create(
            reference=snapshot.new_reference(paper),
            paper=paper,
            predecessor=predecessor,
            text=text,
            created_at=now,
            event_count=1,
            **values,
        )
        append_event(agreement, "draft", by=by, now=now, data=snapshot.predecessor_data(predecessor, agreement.signer))
        agreement.refresh_from_db()
    return agreement


def issue(agreement: Agreement, *, by: str, now: datetime, delay: timedelta = timedelta(0)) -> None:
    """Take the final snapshot and queue the invitation, due after `delay` or when its address may get an email.

    Raises NotReadyError if the paper or its volume lacks something.
    """
    values = snapshot.take_snapshot(agreement.paper)
    if not SigningSettings.objects.filter(volume=agreement.paper.volume_id).exists():
        raise snapshot.NotReadyError("The volume has no signing settings. Set the deadline first.")
    with transaction.atomic():
        for name, value in values.items():
            setattr(agreement, name, value)  # the transition below writes the same values
        try:
            form = rendering.render_form(agreement)
        except pdf.DoesNotFitError as error:
            raise snapshot.NotReadyError(str(error)) from error
        text = {"text": agreement.text.version, "text_sha256": agreement.text.digest, "form_sha256": sha256(form)}
        transition(agreement, "issue", by=by, now=now, data=values | text, issued_at=now, next_check_at=now, **values)
        queue_invitation(agreement, now, now + delay)


def queue_invitation(agreement: Agreement, now: datetime, due_at: datetime) -> None:
    """Queue the invitation, combined with others to the same person and volume that are not sent yet.

    It keeps the gap after earlier emails to the address. The invitation of a successor does not: the author's old link
    has expired, and they usually asked for the new one.
    """
    address = agreement.signer_email
    addresses.lock_address(address)
    if agreement.predecessor_id is None:
        due_at = max(due_at, addresses.earliest_send_time(address, MIN_EMAIL_GAP, now))
    outbox.queue_or_join(outbox.EmailRequest(agreement, "invitation", Kind.INVITATION, address), now, due_at=due_at)
