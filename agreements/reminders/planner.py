"""What is to be done about agreements that wait, and whom it concerns: rows -> `decide`. Reads only.

The clock, the board and the preview ask here, so that what is shown is what will happen.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Lower

from agreements.domain.schedule import (
    GAP,
    PAUSE_AFTER_REQUEST,
    PLANNING_HORIZON,
    CoAuthor,
    Escalate,
    NothingDue,
    Policy,
    Remind,
    Timeline,
    Verdict,
    Wait,
    WorkingHours,
    decide,
    is_final_reminder,
    slots_left,
)
from agreements.domain.states import WAITING, Status
from agreements.mail import addresses, outbox
from agreements.mail.kinds import REMINDERS
from agreements.mail.notify import short
from agreements.mail.outbox import EmailRequest
from agreements.models import Agreement, ChangeRequest, Message, RecipientSettings, SigningSettings
from proceedings.models import Author

State = Message.State
Kind = Message.Kind


class Plan(NamedTuple):
    """One agreement, what `decide` says of it, and the addresses of the co-authors who may be asked, by slot."""

    agreement: Agreement
    verdict: Verdict
    coauthors: dict[str, str]


def waiting() -> QuerySet[Agreement]:
    """The agreements that wait for a signature, with what `Look` reads of them."""
    rows = Agreement.objects.filter(status__in=WAITING).select_related("paper")
    return rows.prefetch_related(
        "paper__volume__signing_settings", "messages", "change_requests"
    )  # most are of one volume


def with_siblings(agreement_ids: list[int]) -> list[int]:
    """The same and all others that wait for one of their signers in the same volume: they share a mail."""
    mine = Agreement.objects.filter(pk__in=agreement_ids).annotate(small=Lower("signer_email")).order_by()
    people = set(mine.values_list("volume_number", "small"))
    others = Agreement.objects.filter(status__in=WAITING).annotate(small=Lower("signer_email"))
    same_address = others.filter(small__in={address for _, address in people})
    found = same_address.order_by().values_list("pk", "volume_number", "small")
    return sorted({*agreement_ids, *(pk for pk, number, address in found if (number, address) in people)})


class Case(NamedTuple):
    """One agreement as `decide` is asked about it."""

    agreement: Agreement
    timeline: Timeline
    policy: Policy
    coauthors: dict[str, str]
    """The addresses of the co-authors who may be asked, by slot."""

    def plan(self, now: datetime) -> Plan:
        return Plan(self.agreement, decide(self.timeline, self.policy, now), self.coauthors)


class PlannerBatch:
    """Some agreements that wait, as `waiting` gives them, and everything about them that the decision needs.

    Co-authors are looked up where they may come to be asked; `ahead` is for who wants to know what will be one day.
    """

    def __init__(self, agreements: Iterable[Agreement], *, ahead: bool = False) -> None:
        self.agreements = list(agreements)
        self.coauthors = self.to_escalate(ahead)

    def to_escalate(self, ahead: bool) -> dict[int, dict[str, str]]:
        """By paper: the other authors' addresses, each with its slot."""
        silent = {
            one.paper_id: one
            for one in self.agreements
            if ahead or has_enough(timeline_of(one), one.paper.volume.signing_settings.policy)
        }
        found: dict[int, dict[str, str]] = {}
        if silent:
            known = Author.objects.filter(paper__in=silent).exclude(email="").order_by("paper", "position")
            for paper_id, email in known.values_list("paper_id", "email"):
                agreement = silent[paper_id]
                if email.lower() != agreement.signer_email.lower():
                    slot = f"r{agreement.paper.volume.signing_settings.revision}:author:{short(email.lower())}"
                    found.setdefault(paper_id, {})[slot] = email
        return found

    @property
    def addresses(self) -> set[str]:
        """Everybody who may be written to, in small letters."""
        others = {email for asked in self.coauthors.values() for email in asked.values()}
        return {address.lower() for address in {one.signer_email for one in self.agreements} | others}

    def plans(self, now: datetime) -> list[Plan]:
        """What is to be done about each. Where it is done, their rows and `addresses` are locked before."""
        return [case.plan(now) for case in self.cases(now)]

    def cases(self, now: datetime) -> list[Case]:
        everybody = self.addresses
        known = RecipientInfo(
            quiet=addresses.quiet_periods(everybody, GAP, now),
            stopped=set(addresses.undeliverable(everybody)),
            people={
                (one.volume_id, one.address): one for one in RecipientSettings.objects.filter(address__in=everybody)
            },
        )
        return [self.case(one, known) for one in self.agreements]

    def case(self, agreement: Agreement, known: "RecipientInfo") -> Case:
        signing_settings, signer = agreement.paper.volume.signing_settings, agreement.signer_email
        asked = self.coauthors.get(agreement.paper_id, {})
        coauthors = tuple(
            CoAuthor(slot, known.hours(signing_settings, email), known.free_at(signing_settings, email))
            for slot, email in asked.items()
            if email.lower() not in known.stopped
        )
        paused = (
            agreement.paused_until,
            signing_settings.paused_until,
            known.paused_until(signing_settings, signer),
            rest_until(agreement),
        )
        timeline = timeline_of(
            agreement,
            quiet_until=known.quiet.until(signer),
            stopped=bool(agreement.reminders_stopped_at) or signer.lower() in known.stopped,
            paused_until=latest(*paused),
            coauthors=coauthors,
        )
        return Case(agreement, timeline, signing_settings.policy_for(known.hours(signing_settings, signer)), asked)


def verdict_on(agreement: Agreement, signing_settings: SigningSettings, now: datetime) -> Verdict:
    """What is to be done as far as the agreement's own messages and proposals tell, which are loaded.

    What others have sent to the same people, and what is known of these, is left out.
    """
    timeline = timeline_of(
        agreement,
        stopped=agreement.reminders_stopped_at is not None,
        paused_until=latest(agreement.paused_until, signing_settings.paused_until, rest_until(agreement)),
    )
    return decide(timeline, signing_settings.policy, now)


def is_paused(agreement: Agreement, now: datetime) -> bool:
    """Whether an editor has paused the agreement, its signer or its volume."""
    agreement.refresh_from_db(fields=["paused_until"])
    volume = agreement.paper.volume_id
    signing_settings = SigningSettings.objects.filter(volume=volume, paused_until__gt=now)
    person = RecipientSettings.objects.filter(
        volume=volume, address=agreement.signer_email.lower(), paused_until__gt=now
    )
    return bool(agreement.paused_until and agreement.paused_until > now) or signing_settings.exists() or person.exists()


def rest_until(agreement: Agreement) -> datetime | None:
    """Until then its author, who has proposed something or sent the form signed by hand, is not asked to sign."""
    since = [one.made_at for one in agreement.change_requests.all() if one.state == ChangeRequest.State.OPEN]
    received = agreement.received_at if agreement.status == Status.RECEIVED else None
    return latest(*(moment + PAUSE_AFTER_REQUEST for moment in since), received and received + PAUSE_AFTER_REQUEST)


class RecipientInfo(NamedTuple):
    """What the desk knows of some addresses."""

    quiet: addresses.QuietPeriods
    stopped: set[str]
    people: dict[tuple[int, str], RecipientSettings]

    def person(self, signing_settings: SigningSettings, address: str) -> RecipientSettings | None:
        return self.people.get((signing_settings.volume_id, address.lower()))

    def hours(self, signing_settings: SigningSettings, address: str) -> WorkingHours:
        person = self.person(signing_settings, address)
        return signing_settings.hours_in(person.zone) if person and person.zone else signing_settings.hours

    def paused_until(self, signing_settings: SigningSettings, address: str) -> datetime | None:
        person = self.person(signing_settings, address)
        return person.paused_until if person else None

    def free_at(self, signing_settings: SigningSettings, address: str) -> datetime | None:
        return latest(self.quiet.until(address), self.paused_until(signing_settings, address))


def latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def has_enough(timeline: Timeline, policy: Policy) -> bool:
    """Whether so many reminders were in vain, or no more are to come, that somebody else is to be asked."""
    return timeline.reminders >= policy.coauthors_after or not slots_left(timeline, policy)


def timeline_of(
    agreement: Agreement,
    *,
    quiet_until: datetime | None = None,
    stopped: bool = False,
    paused_until: datetime | None = None,
    coauthors: tuple[CoAuthor, ...] = (),
) -> Timeline:
    """The agreement's mails as the decision needs them. Raises ValueError for one that is not issued."""
    if agreement.issued_at is None:
        raise ValueError(f"{agreement} is not issued.")
    messages = list(agreement.messages.all())
    to_signer = [m for m in messages if m.recipient.lower() == agreement.signer_email.lower()]
    left = [m for m in to_signer if m.state in (State.SENT, State.UNKNOWN)]
    under_way = [m for m in to_signer if m.state in outbox.OPEN]
    return Timeline(
        issued_at=agreement.issued_at,
        taken=frozenset(m.idempotency_key for m in messages),
        reminders=sum(m.kind in REMINDERS for m in left + under_way),
        last_mail_at=max((m.sent_at or m.due_at for m in left), default=None),
        mail_under_way=bool(under_way),
        quiet_until=quiet_until,
        stopped=stopped,
        paused_until=paused_until,
        coauthors=coauthors,
    )


def next_check(verdict: Verdict, now: datetime) -> datetime | None:
    """When the clock asks again about an agreement of which this has been decided; None is never."""
    match verdict:
        case Remind():
            return now + GAP
        case Escalate():
            return now + PLANNING_HORIZON
        case Wait(until):
            return until
        case NothingDue():
            return None


def one_volume_each(plans: Iterable[Plan], now: datetime) -> Iterator[Plan]:
    """The plans of one round, where the first volume that writes to an address keeps it; the others look again later.

    Each was made as if it were alone: papers of one volume share a mail, those of two would be two at once.
    """
    first: dict[str, int] = {}
    for plan in plans:
        volume_id = plan.agreement.paper.volume_id
        to = [request.recipient.lower() for request in email_requests(plan) if not request.skipped]
        taken = any(first.get(address, volume_id) != volume_id for address in to)
        first |= {} if taken else dict.fromkeys(to, volume_id)
        yield plan._replace(verdict=Wait(now + PLANNING_HORIZON)) if taken else plan


def email_requests(plan: Plan) -> list[EmailRequest]:
    """The mails that a plan asks for now, and the reminders that were missed."""
    agreement = plan.agreement
    match plan.verdict:
        case Remind(slot, skipped):
            kind = Kind.LAST_CALL if is_final_reminder(slot) else Kind.REMINDER
            missed = [
                EmailRequest(agreement, one, Kind.REMINDER, agreement.signer_email, skipped=True) for one in skipped
            ]
            return [*missed, EmailRequest(agreement, slot, kind, agreement.signer_email)]
        case Escalate(slots):
            return [EmailRequest(agreement, slot, Kind.UNSIGNED, plan.coauthors[slot]) for slot in slots]
        case _:
            return []
