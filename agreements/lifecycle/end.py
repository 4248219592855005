"""End an agreement that will not be signed, or whose signature no longer applies."""

from datetime import datetime
from typing import Any

from django.db import transaction

from agreements.domain.states import LIVE
from agreements.lifecycle import snapshot
from agreements.lifecycle.issue import begin, draft, issue
from agreements.lifecycle.record import TransitionError, transition
from agreements.mail import links, outbox
from agreements.models import Agreement
from proceedings.models import Paper


def close(agreement: Agreement, now: datetime) -> None:
    """Cancel the agreement's open emails and revoke its links."""
    outbox.cancel_open(agreement.pk)
    links.revoke(agreement.pk, now)


def end(
    agreement: Agreement, verb: str, *, by: str, now: datetime, reason: str, data: dict[str, Any] | None = None
) -> None:
    """The transition that ends an agreement, with its reason; the event has `data`, by default the reason.

    Call it inside a transaction. Raises TransitionError.
    """
    said = {"reason": reason} if data is None else data
    transition(agreement, verb, by=by, now=now, data=said, closed_at=now, reason=reason, next_check_at=None)
    close(agreement, now)


def void(agreement: Agreement, *, reason: str, by: str, now: datetime) -> None:
    """Void an agreement without a successor. Its evidence stays."""
    with transaction.atomic():
        end(agreement, "void", by=by, now=now, reason=reason)


def withdraw_paper(paper_id: int, *, by: str, now: datetime) -> bool:
    """Void the agreement of a withdrawn paper. Returns False if there was none.

    Call it in the transaction that withdraws the paper.
    """
    agreement = Agreement.objects.filter(paper=paper_id, status__in=LIVE).first()
    if agreement is None:
        return False
    try:
        void(agreement, reason="The paper was withdrawn.", by=by, now=now)
    except TransitionError:  # it ended in the meantime
        return False
    return True


def waive(agreement: Agreement, *, reason: str, by: str, now: datetime) -> None:
    """Waive the signature. `reason` says why, for example another licence that the publisher holds.

    Cancels the emails and revokes the links. An editor undoes it by replacing or voiding the agreement.
    """
    with transaction.atomic():
        transition(agreement, "waive", by=by, now=now, data={"reason": reason}, reason=reason, next_check_at=None)
        close(agreement, now)


def waive_paper(paper: Paper, *, reason: str, by: str, now: datetime) -> Agreement:
    """Waive the signature of a paper without a live agreement: create one that records the waiver.

    Raises NotReadyError if the paper has a live agreement or is withdrawn.
    """
    if paper.status == Paper.Status.WITHDRAWN:
        raise snapshot.NotReadyError("It is withdrawn.")
    with transaction.atomic():
        agreement = begin(paper, snapshot.snapshot_of_waiver(paper), by=by, now=now)
        waive(agreement, reason=reason, by=by, now=now)
    return agreement


def replace(agreement: Agreement, *, reason: str, by: str, now: datetime) -> Agreement:
    """Replace an agreement by a new one with the paper's current values, and issue it. Returns the new one."""
    with transaction.atomic():
        end(agreement, "supersede", by=by, now=now, reason=reason)
        successor = draft(agreement.paper, by=by, now=now, predecessor=agreement)
        issue(successor, by=by, now=now)
    return successor


def lapse(agreement: Agreement, *, now: datetime) -> None:
    """Lapse an agreement: not published within one year of the signature (clause 7)."""
    with transaction.atomic():
        end(agreement, "lapse", by="clock", now=now, reason="Not published within one year.", data={})
