"""From the paper to the mail: prepared, issued, reminded."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from agreements.documents import pdf, rendering
from agreements.domain.facts import sha256
from agreements.domain.schedule import GAP
from agreements.domain.states import LIVE
from agreements.lifecycle import snapshot
from agreements.lifecycle.record import append_event, transition
from agreements.mail import addresses, outbox
from agreements.models import Agreement, Message, SigningSettings
from proceedings.models import Paper

Kind = Message.Kind

BULK_DELAY = timedelta(seconds=30)
"""Until a mail leaves that was asked for with many others: those to the same person are to find it still there."""


def draft(paper: Paper, *, by: str, now: datetime, predecessor: Agreement | None = None) -> Agreement:
    """Prepares an agreement from the paper's facts of today. Raises NotReadyError when the paper lacks something."""
    return begin(paper, snapshot.snapshot_of(paper), by=by, now=now, predecessor=predecessor)


def begin(
    paper: Paper, facts: dict[str, Any], *, by: str, now: datetime, predecessor: Agreement | None = None
) -> Agreement:
    """The first row and event of an agreement that states `facts`. Raises NotReadyError if the paper has a live one."""
    text = snapshot.current_text()
    with transaction.atomic():
        # Two editors at once: the second one waits here and then sees the first one's agreement.
        Paper.objects.select_for_update(no_key=True).values_list("pk").get(pk=paper.pk)
        if paper.agreements.filter(status__in=LIVE).exists():
            raise snapshot.NotReadyError("The paper has a live agreement already.")
        agreement = Agreement.objects.create(
            reference=snapshot.new_reference(paper),
            paper=paper,
            predecessor=predecessor,
            text=text,
            created_at=now,
            event_count=1,
            **facts,
        )
        append_event(agreement, "draft", by=by, now=now, data=snapshot.origin(predecessor, agreement.signer))
        agreement.refresh_from_db()
    return agreement


def issue(agreement: Agreement, *, by: str, now: datetime, wait: timedelta = timedelta(0)) -> None:
    """Freezes the facts and puts the invitation in the outbox, due after `wait` or when its address may get a mail."""
    facts = snapshot.snapshot_of(agreement.paper)
    if not SigningSettings.objects.filter(volume=agreement.paper.volume_id).exists():
        raise snapshot.NotReadyError("The volume has no deadline. Set one in the volume’s settings.")
    with transaction.atomic():
        for name, value in facts.items():
            setattr(agreement, name, value)  # as the move below writes them
        try:
            form = rendering.shown_form(agreement)
        except pdf.DoesNotFitError as refusal:
            raise snapshot.NotReadyError(str(refusal)) from refusal
        text = {"text": agreement.text.version, "text_sha256": agreement.text.digest, "form_sha256": sha256(form)}
        transition(agreement, "issue", by=by, now=now, data=facts | text, issued_at=now, next_check_at=now, **facts)
        invite(agreement, now, now + wait)


def invite(agreement: Agreement, now: datetime, due_at: datetime) -> None:
    """One mail per person and volume about all that wait for the first mail, and none within the gap after another.

    A successor's keeps no gap: the link that its author has is dead, and mostly it answers what they asked for.
    """
    address = agreement.signer_email
    addresses.lock(address)
    if agreement.predecessor_id is None:
        due_at = max(due_at, addresses.free_from(address, GAP, now))
    outbox.queue_or_join(outbox.EmailRequest(agreement, "invitation", Kind.INVITATION, address), now, due_at=due_at)
