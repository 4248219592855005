"""One volume at a glance: what blocks delivery, who needs a person today, what goes out next. Reads only."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Min

from agreements.blockers import MEANING, Blocker, Meaning, Standing, blockers
from agreements.bundle import plain
from agreements.clock import policy_of, timeline_of
from agreements.history import in_words
from agreements.models import Agreement, Event, Message, Terms
from agreements.reminders import Remind, Wait, decide
from agreements.states import LIVE, Status
from proceedings.models import Author, Paper, Volume
from proceedings.names import Name

MANY = 8
"""How many examples a list on the board shows before it links to the rest."""


@dataclass(frozen=True, slots=True)
class Count:
    blocker: Blocker
    meaning: Meaning
    count: int


@dataclass(frozen=True, slots=True)
class Task:
    """Something that needs a person, with why."""

    paper_id: int
    key: str
    title: str
    who: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class NextMail:
    at: datetime
    """UTC."""
    what: str
    to: str
    key: str
    agreement_id: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Signatures over time, for the picture: one point a day."""

    days: tuple[date, ...]
    signed: tuple[int, ...]
    total: int
    deadline: date | None
    pace: float | None
    """Signatures a day still needed to be complete at the deadline; None when it has passed or all have signed."""


@dataclass(frozen=True, slots=True)
class Board:
    volume: Volume
    terms: Terms | None
    papers: int
    cleared: int
    signed: int
    counts: tuple[Count, ...]
    tasks: tuple[Task, ...]
    next_mails: tuple[NextMail, ...]
    last_events: tuple[tuple[Event, str], ...]
    progress: Progress

    @property
    def complete(self) -> bool:
        return self.papers > 0 and self.cleared == self.papers


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted paper as the board needs it."""

    pk: int
    key: str
    title: str
    who: str
    standing: Standing


def rows(volume: Volume) -> list[Row]:
    """Where every accepted paper of the volume stands. Five queries, however many papers."""
    terms = Terms.objects.filter(volume=volume).first()
    authors: dict[int, list[str]] = {}
    contacts: dict[int, str] = {}
    accepted = Paper.objects.filter(volume=volume, status=Paper.Status.ACCEPTED)
    # Plain values: 14,000 model instances would cost more than all the rest.
    parts = ("paper_id", "is_contact", "given", "particle", "family", "suffix")
    for paper_id, is_contact, given, particle, family, suffix in (
        Author.objects.filter(paper__in=accepted).order_by("paper", "position").values_list(*parts)
    ):
        name = str(Name(family=family, given=given, particle=particle, suffix=suffix))
        authors.setdefault(paper_id, []).append(name)
        if is_contact:
            contacts[paper_id] = name
    newest: dict[int, Agreement] = {}
    fields = ["paper", "status", "title", "authors", "signer", "signed_at", "seal_error", "created_at"]
    for agreement in Agreement.objects.filter(paper__in=accepted).only(*fields).order_by("created_at", "pk"):
        former = newest.get(agreement.paper_id)
        if former is None or former.status not in LIVE:
            newest[agreement.paper_id] = agreement
    mails = last_mails([agreement.pk for agreement in newest.values() if agreement.status == Status.ISSUED])
    closes_at = terms.closes_at if terms else None
    return [
        Row(
            pk,
            key,
            title,
            contacts.get(pk, ""),
            standing_of(title, authors.get(pk, []), pk in contacts, newest.get(pk), mails, closes_at, volume.published),
        )
        for pk, key, title in accepted.order_by("position", "key").values_list("pk", "key", "title")
    ]


def last_mails(agreement_ids: list[int]) -> dict[int, list[str]]:
    """The states of the mails that carried a link, in the order in which they were made."""
    states: dict[int, list[str]] = {}
    mails = Message.objects.filter(kind__in=[Message.Kind.INVITATION, Message.Kind.REMINDER])
    wanted = set(agreement_ids)
    left = mails.filter(agreement__status=Status.ISSUED, state__in=["sent", "unknown", "failed"])
    for agreement_id, state in left.order_by("created_at", "pk").values_list("agreement_id", "state"):
        if agreement_id in wanted:
            states.setdefault(agreement_id, []).append(state)
    return states


def standing_of(
    title: str,
    authors: list[str],
    has_contact: bool,
    agreement: Agreement | None,
    mails: dict[int, list[str]],
    closes_at: datetime | None,
    published: date | None,
) -> Standing:
    if agreement is None:
        return Standing(has_contact=has_contact)
    states = mails.get(agreement.pk, [])
    last = states[-1] if states else ""
    return Standing(
        has_contact=has_contact,
        status=agreement.status,
        signed_at=agreement.signed_at,
        drifted=drifted(title, authors, agreement),
        invited=any(state != "failed" for state in states),
        refused=last == "failed",
        mail_unknown=last == "unknown",
        seal_failed=bool(agreement.seal_error),
        closes_at=closes_at,
        published=published is not None,
    )


def drifted(title: str, authors: list[str], agreement: Agreement) -> bool:
    """Whether the paper says otherwise than its agreement. Equal texts, the usual case, are told at once."""
    if title == agreement.title and authors == agreement.authors:
        return False
    return plain(title) != plain(agreement.title) or [*map(plain, authors)] != [*map(plain, agreement.authors)]


def papers_blocked_by(volume: Volume, blocker: Blocker, now: datetime) -> list[int]:
    """Primary keys of the papers that `blocker` blocks."""
    return [row.pk for row in rows(volume) if blocker in blockers(row.standing, now)]


def make(volume: Volume, now: datetime) -> Board:
    """The board of one volume at `now`."""
    terms = Terms.objects.filter(volume=volume).first()
    papers = rows(volume)
    counts: Counter[Blocker] = Counter()
    tasks: list[tuple[Blocker, Row]] = []
    cleared = 0
    for row in papers:
        found = blockers(row.standing, now)
        counts.update(found)
        cleared += not found and row.standing.status == Status.SEALED
        if found and MEANING[found[0]].person:
            tasks.append((found[0], row))
    order = list(Blocker)
    tasks.sort(key=lambda task: order.index(task[0]))
    signed_days = [row.standing.signed_at.date() for row in papers if row.standing.signed_at]
    return Board(
        volume=volume,
        terms=terms,
        papers=len(papers),
        cleared=cleared,
        signed=len(signed_days),
        counts=tuple(Count(blocker, MEANING[blocker], counts[blocker]) for blocker in Blocker if counts[blocker]),
        tasks=tuple(Task(row.pk, row.key, row.title, row.who, MEANING[why]) for why, row in tasks[:MANY]),
        next_mails=tuple(next_mails(volume, terms, now)),
        last_events=tuple(last_events(volume)),
        progress=progress_of(volume, terms, signed_days, len(papers), now),
    )


def next_mails(volume: Volume, terms: Terms | None, now: datetime) -> list[NextMail]:
    """What goes out next: the outbox, then the reminders that will come due."""
    queued = Message.objects.filter(
        agreement__volume_number=volume.number,
        agreement__paper__volume=volume,
        state=Message.State.PENDING,
        closed=False,
    )
    coming = [
        NextMail(max(m.due_at, now), m.get_kind_display(), m.recipient, m.agreement.paper_key, m.agreement_id)
        for m in queued.select_related("agreement").order_by("due_at", "pk")[:MANY]
    ]
    if terms is None or len(coming) == MANY:
        return coming
    waiting = Agreement.objects.filter(volume_number=volume.number, paper__volume=volume, status=Status.ISSUED)
    soon = waiting.filter(look_at__isnull=False).order_by("look_at", "pk").prefetch_related("messages")
    for agreement in soon[: MANY - len(coming)]:
        verdict = decide(timeline_of(agreement), policy_of(terms), now)
        if isinstance(verdict, Remind | Wait):
            at = verdict.until if isinstance(verdict, Wait) else now
            coming.append(NextMail(at, "Reminder", agreement.signer_email, agreement.paper_key, agreement.pk))
    return sorted(coming, key=lambda mail: mail.at)


def last_events(volume: Volume) -> list[tuple[Event, str]]:
    events = Event.objects.filter(agreement__volume_number=volume.number, agreement__paper__volume=volume)
    newest = list(events.select_related("agreement").order_by("-pk")[:MANY])
    return [(event, happening.what) for event, happening in zip(newest, in_words(newest), strict=True)]


def progress_of(volume: Volume, terms: Terms | None, signed_days: list[date], total: int, now: datetime) -> Progress:
    """From the first issue to today; the deadline may lie before or after."""
    issued = Agreement.objects.filter(volume_number=volume.number, paper__volume=volume)
    first_issue = issued.aggregate(first=Min("issued_at"))["first"] or now
    start = min([*signed_days, first_issue.date()])
    days = tuple(start + timedelta(days=d) for d in range((now.date() - start).days + 1))
    per_day = Counter(signed_days)
    signed, running = [], 0
    for day in days:
        running += per_day[day]
        signed.append(running)
    pace = None
    if terms and running < total:
        left = (terms.closes_at - now) / timedelta(days=1)
        pace = (total - running) / left if left > 0 else None
    return Progress(days, tuple(signed), total, terms.deadline if terms else None, pace)
