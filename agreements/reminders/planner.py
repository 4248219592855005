"""Decide what is due for agreements that await a signature, and who gets it: rows -> `decide`. Reads only.

The scheduled job, the overview and the preview all use this module, so that they agree.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from agreements.domain.schedule import (
    MIN_EMAIL_GAP,
    PAUSE_AFTER_REQUEST,
    PLANNING_HORIZON,
    CoAuthor,
    Decision,
    Escalate,
    NothingDue,
    Policy,
    Remind,
    Timeline,
    Wait,
    WorkingHours,
    decide,
    is_final_reminder,
    remaining_reminders,
)
from agreements.domain.states import WAITING, Status
from agreements.mail import addresses, outbox
from agreements.mail.kinds import REMINDERS
from agreements.mail.notify import hash_address
from agreements.mail.outbox import EmailRequest
from agreements.models import Agreement, ChangeRequest, Message, RecipientSettings, SigningSettings
from agreements.models.plain_address import rows_with_address
from proceedings.email_address import address_key, address_keys, all_spellings, spellings
from proceedings.models import Author

State = Message.State
Kind = Message.Kind


class Plan(NamedTuple):
    """An agreement, the decision about it, and the co-authors' addresses by idempotency key."""

    agreement: Agreement
    decision: Decision
    coauthors: dict[str, str]


def awaiting_signature() -> QuerySet[Agreement]:
    """The agreements that await a signature, with the rows that `PlannerBatch` reads."""
    rows = Agreement.objects.filter(status__in=WAITING).select_related("paper")
    return rows.prefetch_related(
        "paper__volume__signing_settings", "messages", "change_requests"
    )  # most are of one volume


def include_related(agreement_ids: list[int]) -> list[int]:
    """Add the other agreements that await a signature of the same person in the same volume: they share an email."""
    own = Agreement.objects.filter(pk__in=agreement_ids).order_by().values_list("volume_number", "signer_email")
    recipients = {(number, address_key(address)) for number, address in own}
    waiting = Agreement.objects.filter(status__in=WAITING)
    same_address = rows_with_address(waiting, "signer_email", *(address for _, address in recipients))
    found = same_address.order_by().values_list("pk", "volume_number", "small")
    related = (pk for pk, number, address in found if (number, address_key(address)) in recipients)
    return sorted({*agreement_ids, *related})


class Case(NamedTuple):
    """The input of `decide` for one agreement."""

    agreement: Agreement
    timeline: Timeline
    policy: Policy
    coauthors: dict[str, str]
    """The addresses of the co-authors who may be asked, by idempotency key."""

    def make_plan(self, now: datetime) -> Plan:
        return Plan(self.agreement, decide(self.timeline, self.policy, now), self.coauthors)


class PlannerBatch:
    """Some agreements from `waiting`, with everything that the decision needs.

    Co-authors are loaded where the escalation is due; with `all_agreements` for all, as a simulation needs.
    """

    def __init__(self, agreements: Iterable[Agreement], *, all_agreements: bool = False) -> None:
        self.agreements = list(agreements)
        self.coauthors = self.find_coauthors(all_agreements)

    def find_coauthors(self, all_agreements: bool) -> dict[int, dict[str, str]]:
        """Return by paper the other authors' addresses, each by its idempotency key."""
        unanswered = {
            one.paper_id: one
            for one in self.agreements
            if all_agreements or should_escalate(build_timeline(one), one.paper.volume.signing_settings.policy)
        }
        found: dict[int, dict[str, str]] = {}
        if unanswered:
            authors = Author.objects.filter(paper__in=unanswered).exclude(email="").order_by("paper", "position")
            for paper_id, email in authors.values_list("paper_id", "email"):
                agreement = unanswered[paper_id]
                if address_key(email) != address_key(agreement.signer_email):
                    revision = agreement.paper.volume.signing_settings.revision
                    key = f"r{revision}:author:{hash_address(address_key(email))}"
                    found.setdefault(paper_id, {})[key] = email
        return found

    @property
    def addresses(self) -> set[str]:
        """All addresses that may get an email, by their keys."""
        others = {email for asked in self.coauthors.values() for email in asked.values()}
        return address_keys({one.signer_email for one in self.agreements} | others)

    def make_plans(self, now: datetime) -> list[Plan]:
        """Decide for each agreement. Before acting on the result, lock their rows and `addresses` first."""
        return [case.make_plan(now) for case in self.make_cases(now)]

    def make_cases(self, now: datetime) -> list[Case]:
        addresses_used = self.addresses
        recipients = RecipientInfo(
            quiet_periods=addresses.quiet_periods(addresses_used, MIN_EMAIL_GAP, now),
            undeliverable=set(addresses.find_undeliverable(addresses_used)),
            settings_by_address={
                (one.volume_id, address_key(one.address)): one
                for one in RecipientSettings.objects.filter(address__in=all_spellings(addresses_used))
            },
        )
        return [self.make_case(one, recipients) for one in self.agreements]

    def make_case(self, agreement: Agreement, recipients: "RecipientInfo") -> Case:
        signing_settings, signer = agreement.paper.volume.signing_settings, agreement.signer_email
        addresses_by_key = self.coauthors.get(agreement.paper_id, {})
        coauthors = tuple(
            CoAuthor(
                key, recipients.hours_for(signing_settings, email), recipients.next_allowed_at(signing_settings, email)
            )
            for key, email in addresses_by_key.items()
            if address_key(email) not in recipients.undeliverable
        )
        paused = (
            agreement.paused_until,
            signing_settings.paused_until,
            recipients.paused_until_for(signing_settings, signer),
            request_pause_until(agreement),
        )
        timeline = build_timeline(
            agreement,
            quiet_until=recipients.quiet_periods.until(signer),
            reminders_stopped=bool(agreement.reminders_stopped_at) or address_key(signer) in recipients.undeliverable,
            paused_until=latest(*paused),
            coauthors=coauthors,
        )
        return Case(
            agreement,
            timeline,
            signing_settings.policy_for(recipients.hours_for(signing_settings, signer)),
            addresses_by_key,
        )


def decide_from_messages(agreement: Agreement, signing_settings: SigningSettings, now: datetime) -> Decision:
    """Decide from the agreement's own messages and change requests, which must be prefetched.

    Emails about other papers, and settings and bounces of the recipients, are ignored.
    """
    timeline = build_timeline(
        agreement,
        reminders_stopped=agreement.reminders_stopped_at is not None,
        paused_until=latest(agreement.paused_until, signing_settings.paused_until, request_pause_until(agreement)),
    )
    return decide(timeline, signing_settings.policy, now)


def is_paused(agreement: Agreement, now: datetime) -> bool:
    """Whether an editor paused the agreement, its signer or its volume."""
    agreement.refresh_from_db(fields=["paused_until"])
    volume = agreement.paper.volume_id
    signing_settings = SigningSettings.objects.filter(volume=volume, paused_until__gt=now)
    recipient = RecipientSettings.objects.filter(
        volume=volume, address__in=spellings(agreement.signer_email), paused_until__gt=now
    )
    return (
        bool(agreement.paused_until and agreement.paused_until > now) or signing_settings.exists() or recipient.exists()
    )


def request_pause_until(agreement: Agreement) -> datetime | None:
    """Return until when reminders wait because the author sent a change request or a signed form."""
    since = [
        request.made_at for request in agreement.change_requests.all() if request.state == ChangeRequest.State.OPEN
    ]
    received = agreement.received_at if agreement.status == Status.RECEIVED else None
    return latest(*(moment + PAUSE_AFTER_REQUEST for moment in since), received and received + PAUSE_AFTER_REQUEST)


class RecipientInfo(NamedTuple):
    """What the database knows about some addresses."""

    quiet_periods: addresses.QuietPeriods
    undeliverable: set[str]
    settings_by_address: dict[tuple[int, str], RecipientSettings]

    def settings_for(self, signing_settings: SigningSettings, address: str) -> RecipientSettings | None:
        return self.settings_by_address.get((signing_settings.volume_id, address_key(address)))

    def hours_for(self, signing_settings: SigningSettings, address: str) -> WorkingHours:
        recipient = self.settings_for(signing_settings, address)
        return signing_settings.hours_in(recipient.zone) if recipient and recipient.zone else signing_settings.hours

    def paused_until_for(self, signing_settings: SigningSettings, address: str) -> datetime | None:
        recipient = self.settings_for(signing_settings, address)
        return recipient.paused_until if recipient else None

    def next_allowed_at(self, signing_settings: SigningSettings, address: str) -> datetime | None:
        return latest(self.quiet_periods.until(address), self.paused_until_for(signing_settings, address))


def latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def should_escalate(timeline: Timeline, policy: Policy) -> bool:
    """Whether enough reminders remained unanswered, or no more are left, so that the co-authors are asked."""
    return timeline.reminder_count >= policy.coauthors_after or not remaining_reminders(timeline, policy)


def build_timeline(
    agreement: Agreement,
    *,
    quiet_until: datetime | None = None,
    reminders_stopped: bool = False,
    paused_until: datetime | None = None,
    coauthors: tuple[CoAuthor, ...] = (),
) -> Timeline:
    """Build the input of `decide` from the agreement's messages. Raises ValueError if it is not issued."""
    if agreement.issued_at is None:
        raise ValueError(f"{agreement} is not issued.")
    messages = list(agreement.messages.all())
    to_signer = [m for m in messages if address_key(m.recipient) == address_key(agreement.signer_email)]
    sent = [m for m in to_signer if m.state in (State.SENT, State.UNKNOWN)]
    pending = [m for m in to_signer if m.state in outbox.OPEN_STATES]
    return Timeline(
        issued_at=agreement.issued_at,
        used_keys=frozenset(m.idempotency_key for m in messages),
        reminder_count=sum(m.kind in REMINDERS for m in sent + pending),
        last_email_at=max((m.sent_at or m.due_at for m in sent), default=None),
        email_pending=bool(pending),
        quiet_until=quiet_until,
        reminders_stopped=reminders_stopped,
        paused_until=paused_until,
        coauthors=coauthors,
    )


def next_check(decision: Decision, now: datetime) -> datetime | None:
    """Return when the planner checks an agreement again after this decision; None means never."""
    match decision:
        case Remind():
            return now + MIN_EMAIL_GAP
        case Escalate():
            return now + PLANNING_HORIZON
        case Wait(until):
            return until
        case NothingDue():
            return None


def keep_one_volume_per_address(plans: Iterable[Plan], now: datetime) -> Iterator[Plan]:
    """Let only one volume email an address in one run; plans of other volumes wait for the next check.

    Each plan was made alone: papers of one volume share an email, those of two volumes would send two at once.
    """
    volume_by_address: dict[str, int] = {}
    for plan in plans:
        volume_id = plan.agreement.paper.volume_id
        recipients = [address_key(request.recipient) for request in email_requests(plan) if not request.skipped]
        conflict = any(volume_by_address.get(address, volume_id) != volume_id for address in recipients)
        volume_by_address |= {} if conflict else dict.fromkeys(recipients, volume_id)
        yield plan._replace(decision=Wait(now + PLANNING_HORIZON)) if conflict else plan


def email_requests(plan: Plan) -> list[EmailRequest]:
    """The emails that a plan asks for now, and the reminders that were missed."""
    agreement = plan.agreement
    match plan.decision:
        case Remind(key, skipped_keys):
            kind = Kind.LAST_CALL if is_final_reminder(key) else Kind.REMINDER
            missed = [
                EmailRequest(agreement, skipped_key, Kind.REMINDER, agreement.signer_email, skipped=True)
                for skipped_key in skipped_keys
            ]
            return [*missed, EmailRequest(agreement, key, kind, agreement.signer_email)]
        case Escalate(keys):
            return [EmailRequest(agreement, key, Kind.UNSIGNED, plan.coauthors[key]) for key in keys]
        case _:
            return []
