"""Create agreements from papers, and issue them: one alone, or those of many papers in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from agreements.documents import pdf, rendering
from agreements.domain.facts import sha256
from agreements.domain.schedule import MIN_EMAIL_GAP
from agreements.domain.states import LIVE, Status
from agreements.lifecycle import snapshot
from agreements.lifecycle.record import Move, TransitionError, make_event, transition_all
from agreements.mail import addresses, outbox
from agreements.models import Agreement, AgreementText, Event, Message
from proceedings.email_address import address_key
from proceedings.models import Paper

Kind = Message.Kind
Refusal = TransitionError | snapshot.NotReadyError

BULK_DELAY = timedelta(seconds=30)
"""Delay of emails that an editor requests for many papers, so that those to one person can be combined."""

HAS_AGREEMENT = "The paper already has an agreement. Replace or void that one first."


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
            raise snapshot.NotReadyError(HAS_AGREEMENT)
        agreement = new_agreement(paper, values, text, now, predecessor)
        insert_drafts([agreement], by=by, now=now)
        agreement.refresh_from_db()
    return agreement


def new_agreement(
    paper: Paper, values: dict[str, Any], text: AgreementText, now: datetime, predecessor: Agreement | None = None
) -> Agreement:
    """Return an agreement that states `values`, not in the database yet."""
    reference = snapshot.new_reference(paper)
    return Agreement(reference=reference, paper=paper, predecessor=predecessor, text=text, created_at=now, **values)


def insert_drafts(agreements: Sequence[Agreement], *, by: str, now: datetime) -> None:
    """Insert new agreements and their first events. The caller holds the locks of their papers."""
    events = []
    for agreement in agreements:
        data = snapshot.predecessor_data(agreement.predecessor, agreement.signer)
        event = make_event(agreement, "draft", number=1, head="", by=by, now=now, data=data)
        agreement.event_count, agreement.event_head = event.number, event.digest
        events.append(event)
    Agreement.objects.bulk_create(agreements)
    Event.objects.bulk_create(events)


def issue(agreement: Agreement, *, by: str, now: datetime, delay: timedelta = timedelta(0)) -> None:
    """Take the final snapshot and queue the invitation, due after `delay` or when its address may get an email.

    Raises NotReadyError if the paper or its volume lacks something, TransitionError if the agreement is no draft.
    """
    move = prepare(agreement, snapshot.take_snapshot(agreement.paper), now)
    with transaction.atomic():
        write_issues([move], by=by, now=now, due_at=now + delay)
    agreement.refresh_from_db()


def issue_papers(
    papers: Sequence[int], *, by: str, now: datetime, delay: timedelta = timedelta(0)
) -> dict[int, Agreement | Refusal]:
    """Issue the agreements of papers of one volume in one transaction, and create those that do not exist.

    Takes the papers' primary keys. Returns for each, in the same order, its issued agreement or why it has none:
    TransitionError if it was issued before, NotReadyError if something is missing. Such a paper does not affect the
    others. After any other error nothing has changed.
    """
    results: dict[int, Agreement | Refusal] = {}
    moves = []
    with transaction.atomic():
        text, locked = snapshot.current_text(), lock_papers(papers)
        for pk in papers:
            try:
                move = prepare_paper(locked[pk], text, now)
            except (TransitionError, snapshot.NotReadyError) as error:
                results[pk] = error.with_traceback(None)  # a traceback would keep all rows of the batch
            else:
                results[pk] = move.agreement
                moves.append(move)
        insert_drafts([move.agreement for move in moves if move.agreement.pk is None], by=by, now=now)
        write_issues(moves, by=by, now=now, due_at=now + delay)
    return results


class LockedPaper(NamedTuple):
    """A paper that no other transaction can issue, and its live agreement, which is locked too if it is a draft."""

    paper: Paper
    agreement: Agreement | None
    is_new_draft: bool
    """Whether the agreement was drafted too late to be locked."""


def lock_papers(papers: Sequence[int]) -> dict[int, LockedPaper]:
    """Lock the drafts of papers, then the papers, in the order of their keys and before any address.

    Another transaction that issues some of the same papers, or replaces a draft, waits: it locks in the same order.
    """
    agreements = Agreement.objects.filter(paper__in=papers).order_by()
    drafts = set(agreements.filter(status=Status.DRAFT).values_list("pk", flat=True))
    outbox.lock_agreements(drafts)
    rows = Paper.objects.select_for_update(no_key=True).filter(pk__in=papers).order_by("pk")
    found = list(rows.prefetch_related("volume__signing_settings", "authors__non_author_signer"))
    live = {each.paper_id: each for each in agreements.filter(status__in=LIVE).prefetch_related("text")}
    locked = {}
    for paper in found:
        agreement = live.get(paper.pk)
        if agreement:
            agreement.paper = paper
        too_late = agreement is not None and agreement.status == Status.DRAFT and agreement.pk not in drafts
        locked[paper.pk] = LockedPaper(paper, agreement, too_late)
    return locked


def prepare_paper(locked: LockedPaper, text: AgreementText, now: datetime) -> Move:
    """Prepare the paper's draft, or a new agreement, for its issue. Raises NotReadyError or TransitionError."""
    paper, agreement, is_new_draft = locked
    if is_new_draft:  # to lock it now could wait for a transaction that waits for this one
        raise snapshot.NotReadyError(HAS_AGREEMENT)
    if agreement and agreement.status != Status.DRAFT:
        raise TransitionError(agreement.status)
    values = snapshot.take_snapshot(paper)
    return prepare(agreement or new_agreement(paper, values, text, now), values, now)


def prepare(agreement: Agreement, values: dict[str, Any], now: datetime) -> Move:
    """Give the agreement its final values and return the move that issues it. Writes nothing.

    Raises NotReadyError if the volume has no deadline, or if the form has no space for the values.
    """
    if not hasattr(agreement.paper.volume, "signing_settings"):
        raise snapshot.NotReadyError("The volume has no signing settings. Set the deadline first.")
    for name, value in values.items():
        setattr(agreement, name, value)  # the form is rendered from them
    try:
        form = rendering.render_form(agreement)
    except pdf.DoesNotFitError as error:
        raise snapshot.NotReadyError(str(error)) from error
    text = {"text": agreement.text.version, "text_sha256": agreement.text.digest, "form_sha256": sha256(form)}
    return Move(agreement, values | text, values | {"issued_at": now, "next_check_at": now})


def write_issues(moves: Sequence[Move], *, by: str, now: datetime, due_at: datetime) -> None:
    """Issue prepared agreements of one volume and queue their invitations, in the caller's transaction."""
    transition_all(moves, "issue", by=by, now=now)
    queue_invitations([move.agreement for move in moves], now, due_at)


def queue_invitations(agreements: Sequence[Agreement], now: datetime, due_at: datetime) -> None:
    """Queue the invitations, combined with others to the same person and volume that are not sent yet.

    They keep the gap after earlier emails to the address. The invitation of a successor does not: the author's old link
    has expired, and they usually asked for the new one.
    """
    recipients = [agreement.signer_email for agreement in agreements]
    addresses.lock_addresses(recipients)
    earliest = addresses.earliest_send_times(recipients, MIN_EMAIL_GAP, now)
    requests = []
    for agreement, address in zip(agreements, recipients, strict=True):
        request = outbox.EmailRequest(agreement, "invitation", Kind.INVITATION, address)
        requests.append((request, due_at if agreement.predecessor_id else max(due_at, earliest[address_key(address)])))
    outbox.queue_or_join(requests, now)
