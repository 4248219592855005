"""The overview of one volume: what blocks delivery, what needs action, which emails come next. Reads only."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Case, DateTimeField, Exists, OuterRef, Prefetch, Q, Subquery, When
from django.db.models.functions import Coalesce

from agreements.dashboard.blockers import BLOCKER_INFO, Blocker, BlockerInfo, PaperState, find_blockers
from agreements.dashboard.health import LATE_AFTER
from agreements.dashboard.paper_state import Row, accepted_papers, build_rows
from agreements.delivery.readiness import DeliveryFacts, why_not_ready
from agreements.documents.history import history_lines
from agreements.domain.schedule import Decision, Escalate, Remind, Wait
from agreements.domain.states import WAITING
from agreements.models import Agreement, ChangeRequest, Event, Message, SigningSettings, VolumeCheckResult
from agreements.reminders import planner
from proceedings.models import Volume

MAX_EXAMPLES = 8
"""Number of examples a list in the overview shows before it links to the rest."""


@dataclass(frozen=True, slots=True)
class Count:
    blocker: Blocker
    info: BlockerInfo
    count: int


@dataclass(frozen=True, slots=True)
class Task:
    """A paper that needs action, with the reason."""

    paper_id: int
    key: str
    title: str
    corresponding_author: str
    info: BlockerInfo


@dataclass(frozen=True, slots=True)
class NextEmail:
    at: datetime
    """UTC."""
    what: str
    to: str
    key: str
    agreement_id: int
    late: bool = False
    """It should have been sent by now."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Signatures over time for the chart: one point per day."""

    days: tuple[date, ...]
    signed: tuple[int, ...]
    total: int
    deadline: date | None
    pace: float | None
    """Signatures per day needed to be complete at the deadline; None if it has passed or all are signed."""


@dataclass(frozen=True, slots=True)
class Overview:
    volume: Volume
    now: datetime
    signing_settings: SigningSettings | None
    papers: int
    ready: int
    signed: int
    counts: tuple[Count, ...]
    errors: int
    """Errors that the last publisher check found in the volume and its papers."""
    own_errors: int
    """Those in no paper, but in the volume's own entry."""
    needs_action: int
    """Papers that need action."""
    tasks: tuple[Task, ...]
    """The most urgent of them."""
    days_left: int | None
    """Whole days to the deadline; negative after it."""
    next_emails: tuple[NextEmail, ...]
    last_events: tuple[tuple[Event, str], ...]
    progress: Progress

    @property
    def paused(self) -> bool:
        return bool(
            self.signing_settings
            and self.signing_settings.paused_until
            and self.signing_settings.paused_until > self.now
        )

    @property
    def complete(self) -> bool:
        return self.papers > 0 and self.ready == self.papers and not self.own_errors

    @property
    def delivery_problems(self) -> list[str]:
        """Problems with email as sentences; empty if there are none."""
        found = {count.blocker: count.count for count in self.counts}
        refused, unknown = found.get(Blocker.UNDELIVERABLE, 0), found.get(Blocker.MAIL_UNKNOWN, 0)
        messages = ["Email is late. Check that a Celery worker is running."] * any(
            mail.late for mail in self.next_emails
        )
        if refused:
            messages.append(f"The last email to {refused} address{'es' * (refused != 1)} failed.")
        if rejected := found.get(Blocker.EMAIL_REJECTED, 0):
            messages.append(
                f"A mail server rejected or returned the last email to {rejected} signer{'s' * (rejected != 1)}."
            )
        if missing := found.get(Blocker.NOT_ARRIVING, 0):
            messages.append(f"Emails to {missing} signer{'s' * (missing != 1)} have bounced for days.")
        if unknown:
            messages.append(f"The delivery of {unknown} email{'s' * (unknown != 1)} is unknown.")
        return messages

    @property
    def more_tasks(self) -> int:
        return self.needs_action - len(self.tasks)

    @property
    def days_away(self) -> int:
        return abs(self.days_left or 0)

    @property
    def signed_share(self) -> int:
        """In thousandths."""
        return 1000 * self.signed // max(self.papers, 1)

    @property
    def ready_share(self) -> int:
        return 1000 * self.ready // max(self.papers, 1)


def build_overview(volume: Volume, now: datetime) -> Overview:
    """Build the overview of one volume at `now`."""
    signing_settings: SigningSettings | None = getattr(volume, "signing_settings", None)
    papers = build_rows(accepted_papers(volume), signing_settings)
    counts: Counter[Blocker] = Counter()
    tasks: list[tuple[Blocker, Row]] = []
    ready = 0
    for row in papers:
        found = find_blockers(row.paper_state, now)
        counts.update(found)
        ready += is_ready(row.paper_state)
        if found and BLOCKER_INFO[found[0]].needs_action:
            tasks.append((found[0], row))
    progress = measure_progress(papers, signing_settings, now)
    checked: VolumeCheckResult | None = getattr(volume, "check_result", None)
    order = list(Blocker)
    tasks.sort(key=lambda task: order.index(task[0]))
    return Overview(
        volume=volume,
        now=now,
        signing_settings=signing_settings,
        papers=len(papers),
        ready=ready,
        signed=progress.signed[-1],
        counts=tuple(Count(blocker, BLOCKER_INFO[blocker], counts[blocker]) for blocker in Blocker if counts[blocker]),
        errors=checked.errors if checked else 0,
        own_errors=checked.own_errors if checked else 0,
        needs_action=len(tasks),
        days_left=(signing_settings.closes_at - now) // timedelta(days=1) if signing_settings else None,
        tasks=tuple(
            Task(row.pk, row.key, row.title, row.corresponding_author, BLOCKER_INFO[why])
            for why, row in tasks[:MAX_EXAMPLES]
        ),
        next_emails=tuple(list_next_emails(volume, signing_settings, now)),
        last_events=tuple(last_events(volume)),
        progress=progress,
    )


def is_ready(paper_state: PaperState) -> bool:
    """Whether the packages would take the paper: `readiness` decides for both."""
    facts = DeliveryFacts(
        paper_state.status,
        changed=("title or authors",) if paper_state.has_mismatch else (),
        edit=paper_state.edit,
        name_wrong=paper_state.name_wrong,
        has_pdf=paper_state.has_pdf,
        has_errors=paper_state.has_errors,
    )
    return why_not_ready(facts) is None


def list_next_emails(volume: Volume, signing_settings: SigningSettings | None, now: datetime) -> list[NextEmail]:
    """Return the next emails: from the outbox, and the reminders that will be due."""
    queued = Message.objects.filter(agreement=OuterRef("pk"), state=Message.State.PENDING, closed=False)
    open_requests = ChangeRequest.objects.filter(agreement=OuterRef("pk"), state=ChangeRequest.State.OPEN)
    reminder = Case(
        When(Q(status__in=WAITING) & ~Exists(open_requests), then="next_check_at"), output_field=DateTimeField()
    )
    ours = Agreement.objects.filter(volume_number=volume.number, paper__volume=volume)
    first = ours.annotate(at=Coalesce(Subquery(queued.order_by("due_at").values("due_at")[:1]), reminder))
    loaded = (
        "messages",
        Prefetch("change_requests", ChangeRequest.objects.none()),
    )  # agreements with an open request are excluded above
    agreements = first.filter(at__isnull=False).order_by("at", "pk").prefetch_related(*loaded)[:MAX_EXAMPLES]
    mails = [mail for agreement in agreements for mail in upcoming_emails(agreement, signing_settings, now)]
    return sorted(mails, key=lambda mail: mail.at)[:MAX_EXAMPLES]


def next_email(agreement: Agreement, signing_settings: SigningSettings | None, now: datetime) -> NextEmail | None:
    """Return the next email about an agreement, whose messages and change requests must be prefetched."""
    return next(upcoming_emails(agreement, signing_settings, now), None)


def upcoming_emails(
    agreement: Agreement, signing_settings: SigningSettings | None, now: datetime
) -> Iterator[NextEmail]:
    """Yield the queued emails by time, then the reminder that will be due."""
    queued = [m for m in agreement.messages.all() if m.state == Message.State.PENDING and not m.closed]
    for mail in sorted(queued, key=lambda mail: mail.due_at):
        yield queued_email(mail, agreement, now)
    if signing_settings and agreement.status in WAITING and agreement.next_check_at is not None:
        reminder = upcoming_reminder(agreement, planner.decide_from_messages(agreement, signing_settings, now), now)
        if reminder:
            yield reminder


def queued_email(mail: Message, agreement: Agreement, now: datetime) -> NextEmail:
    late = mail.due_at < now - LATE_AFTER
    return NextEmail(
        max(mail.due_at, now), mail.get_kind_display(), mail.recipient, agreement.paper_key, agreement.pk, late
    )


def upcoming_reminder(agreement: Agreement, decision: Decision, now: datetime) -> NextEmail | None:
    match decision:
        case Remind():
            return NextEmail(now, "Reminder", agreement.signer_email, agreement.paper_key, agreement.pk)
        case Escalate():
            return NextEmail(now, "Request", "the co-authors", agreement.paper_key, agreement.pk)
        case Wait(until):
            return NextEmail(until, "Reminder", agreement.signer_email, agreement.paper_key, agreement.pk)
    return None


def last_events(volume: Volume) -> list[tuple[Event, str]]:
    events = Event.objects.filter(agreement__volume_number=volume.number, agreement__paper__volume=volume)
    newest = list(events.select_related("agreement").order_by("-pk")[:MAX_EXAMPLES])
    return [(event, line.what) for event, line in zip(newest, history_lines(newest), strict=True)]


def measure_progress(papers: list[Row], signing_settings: SigningSettings | None, now: datetime) -> Progress:
    """Count the signatures from the first issue to today; the deadline may be before or after."""
    signed_days = [at.date() for row in papers if (at := row.paper_state.signature_at)]
    total = len(papers)
    start = min([now.date(), *signed_days, *(row.issued_at.date() for row in papers if row.issued_at)])
    days = tuple(start + timedelta(days=d) for d in range((now.date() - start).days + 1))
    per_day = Counter(signed_days)
    signed, running = [], 0
    for day in days:
        running += per_day[day]
        signed.append(running)
    pace = None
    if signing_settings and running < total:
        left = (signing_settings.closes_at - now) / timedelta(days=1)
        pace = (total - running) / left if left > 0 else None
    return Progress(days, tuple(signed), total, signing_settings.deadline if signing_settings else None, pace)
