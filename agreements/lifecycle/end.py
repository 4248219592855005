"""How an agreement ends without a signature, or after one that does not count any more."""

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
    """What ends with every agreement that will not be signed any more: its mails and its links."""
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
    """Ends an agreement without a successor. Evidence stays."""
    with transaction.atomic():
        end(agreement, "void", by=by, now=now, reason=reason)


def withdraw_paper(paper_id: int, *, by: str, now: datetime) -> bool:
    """Ends what is under way about a paper that was withdrawn. False if nothing was.

    Call it in the transaction that withdraws the paper.
    """
    agreement = Agreement.objects.filter(paper=paper_id, status__in=LIVE).first()
    if agreement is None:
        return False
    try:
        void(agreement, reason="The paper was withdrawn.", by=by, now=now)
    except TransitionError:  # it ended meanwhile
        return False
    return True


def waive(agreement: Agreement, *, reason: str, by: str, now: datetime) -> None:
    """The paper goes without a signature, and `reason` says why, such as another licence that the publisher holds.

    Nobody is asked any more: mails and links end. An editor takes it back by replacing or voiding the agreement.
    """
    with transaction.atomic():
        transition(agreement, "waive", by=by, now=now, data={"reason": reason}, reason=reason, next_check_at=None)
        close(agreement, now)


def waive_paper(paper: Paper, *, reason: str, by: str, now: datetime) -> Agreement:
    """The same for a paper without an agreement under way: one is begun to carry the waiver.

    Raises NotReadyError when the paper has an agreement under way, or is withdrawn.
    """
    if paper.status == Paper.Status.WITHDRAWN:
        raise snapshot.NotReadyError("The paper is withdrawn.")
    with transaction.atomic():
        agreement = begin(paper, snapshot.snapshot_of_waiver(paper), by=by, now=now)
        waive(agreement, reason=reason, by=by, now=now)
    return agreement


def replace(agreement: Agreement, *, reason: str, by: str, now: datetime) -> Agreement:
    """Replaces an agreement by a new one with the paper's facts of today, and issues that. Returns the new one."""
    with transaction.atomic():
        end(agreement, "supersede", by=by, now=now, reason=reason)
        successor = draft(agreement.paper, by=by, now=now, predecessor=agreement)
        issue(successor, by=by, now=now)
    return successor


def lapse(agreement: Agreement, *, now: datetime) -> None:
    """Clause 7: not published within one year of the signature."""
    with transaction.atomic():
        end(agreement, "lapse", by="clock", now=now, reason="Not published within one year.", data={})
