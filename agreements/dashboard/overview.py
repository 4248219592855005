"""The overview of one volume: what blocks delivery, what needs action, which emails come next. Reads only."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Case, DateTimeField, Exists, OuterRef, Prefetch, Q, Subquery, When
from django.db.models.functions import Coalesce

from agreements.dashboard.blockers import BLOCKER_INFO, Blocker, BlockerInfo, blockers
from agreements.dashboard.health import LATE
from agreements.dashboard.paper_state import Row, accepted, rows
from agreements.documents.history import history_lines
from agreements.domain.schedule import Escalate, Remind, Verdict, Wait
from agreements.domain.states import WAITING, Status
from agreements.models import Agreement, ChangeRequest, Event, Message, SigningSettings
from agreements.reminders import planner
from proceedings.models import Volume

READY_WHEN = (Status.SEALED, Status.WAIVED)
"""Statuses in which an agreement permits delivery."""

MANY = 8
"""Number of examples a list in the overview shows before it links to the rest."""


@dataclass(frozen=True, slots=True)
class Count:
    blocker: Blocker
    meaning: BlockerInfo
    count: int


@dataclass(frozen=True, slots=True)
class Task:
    """A paper that needs action, with the reason."""

    paper_id: int
    key: str
    title: str
    who: str
    meaning: BlockerInfo


@dataclass(frozen=True, slots=True)
class NextMail:
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
    cleared: int
    signed: int
    counts: tuple[Count, ...]
    persons: int
    """Papers that need action."""
    tasks: tuple[Task, ...]
    """The most urgent of them."""
    days_left: int | None
    """Whole days to the deadline; negative after it."""
    next_mails: tuple[NextMail, ...]
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
        return self.papers > 0 and self.cleared == self.papers

    @property
    def mail_trouble(self) -> list[str]:
        """Problems with email as sentences; empty if there are none."""
        found = {count.blocker: count.count for count in self.counts}
        refused, unknown = found.get(Blocker.REFUSED, 0), found.get(Blocker.MAIL_UNKNOWN, 0)
        words = ["Mail is late: it should have gone out by now. Is a worker running?"] * any(
            mail.late for mail in self.next_mails
        )
        if refused:
            words.append(f"{refused} address{'es' * (refused != 1)} refused the last mail.")
        if unknown:
            words.append(f"Of {unknown} mail{'s' * (unknown != 1)} nobody knows whether it arrived.")
        return words

    @property
    def more_tasks(self) -> int:
        return self.persons - len(self.tasks)

    @property
    def days_away(self) -> int:
        return abs(self.days_left or 0)

    @property
    def signed_share(self) -> int:
        """In thousandths."""
        return 1000 * self.signed // max(self.papers, 1)

    @property
    def cleared_share(self) -> int:
        return 1000 * self.cleared // max(self.papers, 1)


def build_overview(volume: Volume, now: datetime) -> Overview:
    """Build the overview of one volume at `now`."""
    signing_settings: SigningSettings | None = getattr(volume, "signing_settings", None)
    papers = rows(accepted(volume), signing_settings)
    counts: Counter[Blocker] = Counter()
    tasks: list[tuple[Blocker, Row]] = []
    cleared = 0
    for row in papers:
        found = blockers(row.paper_state, now)
        counts.update(found)
        cleared += row.paper_state.status in READY_WHEN and not any(BLOCKER_INFO[one].stops for one in found)
        if found and BLOCKER_INFO[found[0]].person:
            tasks.append((found[0], row))
    progress = progress_of(papers, signing_settings, now)
    order = list(Blocker)
    tasks.sort(key=lambda task: order.index(task[0]))
    return Overview(
        volume=volume,
        now=now,
        signing_settings=signing_settings,
        papers=len(papers),
        cleared=cleared,
        signed=progress.signed[-1],
        counts=tuple(Count(blocker, BLOCKER_INFO[blocker], counts[blocker]) for blocker in Blocker if counts[blocker]),
        persons=len(tasks),
        days_left=(signing_settings.closes_at - now) // timedelta(days=1) if signing_settings else None,
        tasks=tuple(Task(row.pk, row.key, row.title, row.who, BLOCKER_INFO[why]) for why, row in tasks[:MANY]),
        next_mails=tuple(next_mails(volume, signing_settings, now)),
        last_events=tuple(last_events(volume)),
        progress=progress,
    )


def next_mails(volume: Volume, signing_settings: SigningSettings | None, now: datetime) -> list[NextMail]:
    """Return the next emails: from the outbox, and the reminders that will be due."""
    queued = Message.objects.filter(agreement=OuterRef("pk"), state=Message.State.PENDING, closed=False)
    rests = ChangeRequest.objects.filter(agreement=OuterRef("pk"), state=ChangeRequest.State.OPEN)
    reminder = Case(When(Q(status__in=WAITING) & ~Exists(rests), then="next_check_at"), output_field=DateTimeField())
    ours = Agreement.objects.filter(volume_number=volume.number, paper__volume=volume)
    first = ours.annotate(at=Coalesce(Subquery(queued.order_by("due_at").values("due_at")[:1]), reminder))
    loaded = (
        "messages",
        Prefetch("change_requests", ChangeRequest.objects.none()),
    )  # agreements with an open request are excluded above
    coming = first.filter(at__isnull=False).order_by("at", "pk").prefetch_related(*loaded)[:MANY]
    mails = [mail for agreement in coming for mail in mails_to_come(agreement, signing_settings, now)]
    return sorted(mails, key=lambda mail: mail.at)[:MANY]


def mail_to_come(agreement: Agreement, signing_settings: SigningSettings | None, now: datetime) -> NextMail | None:
    """Return the next email about an agreement, whose messages and change requests must be prefetched."""
    return next(mails_to_come(agreement, signing_settings, now), None)


def mails_to_come(agreement: Agreement, signing_settings: SigningSettings | None, now: datetime) -> Iterator[NextMail]:
    """Yield the queued emails by time, then the reminder that will be due."""
    queued = [m for m in agreement.messages.all() if m.state == Message.State.PENDING and not m.closed]
    for mail in sorted(queued, key=lambda mail: mail.due_at):
        yield pending(mail, agreement, now)
    if signing_settings and agreement.status in WAITING and agreement.next_check_at is not None:
        reminder = reminder_to_come(agreement, planner.verdict_on(agreement, signing_settings, now), now)
        if reminder:
            yield reminder


def pending(mail: Message, agreement: Agreement, now: datetime) -> NextMail:
    late = mail.due_at < now - LATE
    return NextMail(
        max(mail.due_at, now), mail.get_kind_display(), mail.recipient, agreement.paper_key, agreement.pk, late
    )


def reminder_to_come(agreement: Agreement, verdict: Verdict, now: datetime) -> NextMail | None:
    match verdict:
        case Remind():
            return NextMail(now, "Reminder", agreement.signer_email, agreement.paper_key, agreement.pk)
        case Escalate():
            return NextMail(now, "Request", "the co-authors", agreement.paper_key, agreement.pk)
        case Wait(until):
            return NextMail(until, "Reminder", agreement.signer_email, agreement.paper_key, agreement.pk)
    return None


def last_events(volume: Volume) -> list[tuple[Event, str]]:
    events = Event.objects.filter(agreement__volume_number=volume.number, agreement__paper__volume=volume)
    newest = list(events.select_related("agreement").order_by("-pk")[:MANY])
    return [(event, happening.what) for event, happening in zip(newest, history_lines(newest), strict=True)]


def progress_of(papers: list[Row], signing_settings: SigningSettings | None, now: datetime) -> Progress:
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
