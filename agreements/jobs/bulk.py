"""Bulk actions: one action on many papers, each on its own, so that a failure does not affect the others.

A small number is done in the request. More become a `BulkJob`, whose items are rows that a scheduled job processes. It
can be killed at any point: finished items stay finished and the rest continues. Nothing is done twice, because each
item is finished in the transaction of its action.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from agreements import lifecycle
from agreements.domain.states import LIVE, Status
from agreements.jobs import issue_many
from agreements.lifecycle import delegate, snapshot
from agreements.mail import outbox
from agreements.models import Agreement, BulkJob, BulkJobItem
from proceedings.email_address import address_key
from proceedings.models import Author, Paper, Volume

MAX_IN_REQUEST = 50
"""Limit of papers that are handled in the request."""

BATCH_SIZE = 50
MAX_RUN_TIME = 12
"""Seconds after which a run starts no other item; less than the time between two runs."""

REMINDABLE = (Status.DRAFT, Status.ISSUED)
"""Statuses in which an agreement still has somebody to ask."""

NO_REMINDER_POSSIBLE = "Not awaiting a signature, or an email is queued already."
NOTHING_TO_PAUSE = "It has no agreement awaiting a signature."
ALREADY_ISSUED = "It has an issued agreement already."

State = BulkJobItem.State
Pair = tuple[Paper, Agreement | None]
Data = Mapping[str, Any]

logger = logging.getLogger(__name__)


def apply_to_paper(
    verb: str, paper: Paper, agreement: Agreement | None, *, reason: str, data: Data, by: str, now: datetime
) -> str:
    """Apply one action to one paper. Returns why it was skipped, or an empty text."""
    try:
        match verb, agreement:
            case "prepare", _:
                lifecycle.draft(paper, by=by, now=now)
            case "issue", _:
                report = issue_many.issue([paper], by=by, now=now, delay=lifecycle.BULK_DELAY)
                return next((why for _, why in report.skipped), ALREADY_ISSUED * bool(report.already_issued))
            case "remind" | "pause" | "resume", Agreement():
                return change_reminders(verb, agreement, data, by=by, now=now)
            case "contact", _:
                change_corresponding_author(paper, data["author"], data["email"], by=by, now=now)
            case "waive", Agreement() if agreement.status in LIVE:
                lifecycle.waive(agreement, reason=reason, by=by, now=now)
            case "waive", _:
                lifecycle.waive_paper(paper, reason=reason, by=by, now=now)
            case "supersede", Agreement():
                lifecycle.replace(agreement, reason=reason, by=by, now=now)
            case "void", Agreement():
                lifecycle.void(agreement, reason=reason, by=by, now=now)
    except (lifecycle.TransitionError, snapshot.NotReadyError) as error:
        return str(error)
    return ""


def change_reminders(verb: str, agreement: Agreement, data: Data, *, by: str, now: datetime) -> str:
    """Remind now, pause or resume. Returns why it was skipped, or an empty text."""
    if verb == "remind":
        return (
            "" if lifecycle.remind_now(agreement, by=by, now=now, delay=lifecycle.BULK_DELAY) else NO_REMINDER_POSSIBLE
        )
    if verb == "resume":
        return "" if lifecycle.resume(agreement, by=by, now=now) else "Its reminders are not paused."
    until = datetime.fromisoformat(data["until"]) if data.get("until") else None
    return "" if lifecycle.pause(agreement, until=until, by=by, now=now) else NOTHING_TO_PAUSE


def change_corresponding_author(paper: Paper, author_id: int, email: str, *, by: str, now: datetime) -> None:
    """Change the corresponding author or the address. An issued agreement is replaced, and its signer notified.

    Raises TransitionError if the agreement does not allow it, NotReadyError if the author is no longer in the paper.
    """
    with transaction.atomic():
        live = paper.agreements.filter(status__in=LIVE).select_related("text")
        if live.exists():
            outbox.lock_agreements(live.values_list("pk", flat=True))
        agreement = live.first()
        if agreement is not None and agreement.status not in REMINDABLE:
            raise lifecycle.TransitionError(agreement.status)
        author = Author.objects.filter(pk=author_id, paper=paper.pk).first()
        if author is None:
            raise snapshot.NotReadyError("The chosen person is no longer an author of the paper. Choose another one.")
        delegate.set_corresponding_author(author, email)
        if agreement is None or agreement.status == Status.DRAFT:
            return  # nobody has been asked yet
        agreement.paper = delegate.paper_of(agreement)
        name = delegate.name_shown(author)
        successor = lifecycle.replace(agreement, reason=f"Another contact: {name} <{email}>.", by=by, now=now)
        if successor.signer != agreement.signer:
            delegate.confirm_delegation(agreement, now)


# --- as a bulk job


def create_job(
    volume: Volume,
    verb: str,
    pairs: Iterable[Pair],
    *,
    reason: str,
    data: Mapping[int, Data],
    user: Any,
    by: str,
    now: datetime,
) -> BulkJob:
    """Create a bulk job for `pairs`, which are of `volume`. `data` has the values for each paper, by its primary key.

    Papers of one person are sorted together: an email about the first waits a moment for the others.
    """
    contacts = Author.objects.filter(paper__volume=volume, is_corresponding=True)
    address = {paper: address_key(email) for paper, email in contacts.values_list("paper", "email")}
    pairs = sorted(pairs, key=lambda pair: address.get(pair[0].pk, ""))
    with transaction.atomic():
        job = BulkJob.objects.create(volume=volume, verb=verb, reason=reason, asked_by=user, by=by, asked_at=now)
        items = (
            BulkJobItem(job=job, paper=paper, agreement=to, data=dict(data.get(paper.pk, {}))) for paper, to in pairs
        )
        BulkJobItem.objects.bulk_create(items, batch_size=500)
    return job


def run_jobs(clock: Callable[[], datetime], seconds: float = MAX_RUN_TIME) -> Counter[str]:
    """Process the open jobs, oldest first, for at most `seconds`. Counts the items by their result."""
    tally: Counter[str] = Counter()
    began = clock()
    for job in BulkJob.objects.filter(ended_at__isnull=True).select_related("volume", "asked_by").order_by("pk"):
        while items := list(waiting_items(job)[:BATCH_SIZE]):
            reason = "" if is_still_permitted(job) else "The user who requested this may no longer edit the volume."
            for item in items:
                if (clock() - began).total_seconds() >= seconds:
                    return tally
                tally[run_item(job, item, reason, clock())] += 1
        BulkJob.objects.filter(pk=job.pk, ended_at__isnull=True).update(ended_at=clock())
    return tally


def waiting_items(job: BulkJob) -> Any:
    items = job.items.filter(state=State.WAITING).order_by("pk").select_related("paper__volume", "agreement__text")
    return items.prefetch_related("paper__authors", "paper__agreements")


def is_still_permitted(job: BulkJob) -> bool:
    """Whether the requester still has the permission (S5: it is checked again for every batch)."""
    user = job.asked_by
    if user is None or not user.is_active or not user.is_staff:
        return False
    volumes = Volume.objects.visible_to(user) if job.verb == "remind" else Volume.objects.editable_by(user)
    return volumes.filter(pk=job.volume_id).exists()


def run_item(job: BulkJob, item: BulkJobItem, reason: str, now: datetime) -> str:
    """Process one item in one transaction. Returns ``done``, ``refused`` or ``lost`` (to another worker)."""
    waiting = BulkJobItem.objects.filter(pk=item.pk, state=State.WAITING)
    try:
        with transaction.atomic():
            if not waiting.update(state=State.DONE):
                return "lost"
            why = reason or apply_to_paper(
                job.verb, item.paper, item.agreement, reason=job.reason, data=item.data, by=job.by, now=now
            )
            if why:
                BulkJobItem.objects.filter(pk=item.pk).update(state=State.REFUSED, why=why)
    except Exception as error:
        logger.exception("Bulk action %s failed for %s", job.verb, item.paper.key)
        why = f"An error occurred ({type(error).__name__}). Nothing was changed. Try this paper again."
        return State.REFUSED.value if waiting.update(state=State.REFUSED, why=why) else "lost"
    return State.REFUSED.value if why else State.DONE.value
