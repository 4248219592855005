"""Simulate who gets which email and when, if nobody signs, with the planner's own decisions. Reads only."""

import heapq
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from agreements.domain.schedule import MIN_EMAIL_GAP, CoAuthor, Remind, Timeline, Wait
from agreements.mail.outbox import OPEN_STATES, EmailRequest
from agreements.models import Message
from agreements.reminders import planner
from proceedings.email_address import address_key
from proceedings.models import Volume

Kind = Message.Kind


class PlannedEmail(NamedTuple):
    """An email that will be sent."""

    at: datetime
    """UTC."""
    to: str
    what: str
    papers: tuple[tuple[str, int], ...]
    """Key of each paper, and its agreement's primary key."""


BY_DUE_TIME = attrgetter("at")


def planned_emails(volume: Volume, now: datetime, until: datetime) -> Iterator[PlannedEmail]:
    """Yield the emails to authors of the volume from `now` to `until`, in order. Overdue emails count as sent now."""
    batch = planner.PlannerBatch(planner.awaiting_signature().filter(paper__volume=volume), all_agreements=True)
    simulation = Simulation(batch.make_cases(now), now)
    queued = sorted(simulation.queued_emails(), key=BY_DUE_TIME)
    yield from heapq.merge(queued, simulation.run(until), key=BY_DUE_TIME)


class Simulation:
    """The agreements in the future, if nothing happens but the scheduled reminders."""

    def __init__(self, cases: list[planner.Case], now: datetime) -> None:
        self.now = now
        self.cases = {case.agreement.pk: case for case in cases}
        self.quiet_until: dict[str, datetime] = {}
        self.checks = [(now, pk) for pk in sorted(self.cases)]
        self.by_signer: dict[str, list[int]] = {}
        for pk, case in self.cases.items():
            self.by_signer.setdefault(address_key(case.agreement.signer_email), []).append(pk)

    def queued_emails(self) -> Iterator[PlannedEmail]:
        """Yield the queued emails; after that no timeline has a pending email."""
        found: dict[tuple[str, int], list[Message]] = {}
        for pk, case in self.cases.items():
            for message in case.agreement.messages.all():
                if message.state in OPEN_STATES and not message.closed and message.agreement_id:
                    key = address_key(message.recipient)
                    found.setdefault((key, message.carrier_id or -message.pk), []).append(message)
                    self.quiet_until[key] = max(self.now, message.due_at) + MIN_EMAIL_GAP
            self.update_timeline(pk, email_pending=False)
        for messages in found.values():
            papers = tuple((one.agreement.paper_key, one.agreement.pk) for one in messages)
            at = max(self.now, messages[0].due_at)
            yield PlannedEmail(at, messages[0].recipient, describe_kinds({Kind(one.kind) for one in messages}), papers)

    def run(self, until: datetime) -> Iterator[PlannedEmail]:
        heapq.heapify(self.checks)
        while self.checks and self.checks[0][0] <= until:
            at = self.checks[0][0]
            due = set()
            while self.checks and self.checks[0][0] == at:
                due.add(heapq.heappop(self.checks)[1])
            # As `lifecycle.remind` does it: a check includes all other agreements that await the same signer.
            agreement_ids = {
                other for pk in due for other in self.by_signer[address_key(self.cases[pk].agreement.signer_email)]
            }
            yield from self.run_planner(at, sorted(agreement_ids), due)

    def run_planner(self, at: datetime, agreement_ids: list[int], due: set[int]) -> Iterator[PlannedEmail]:
        """Simulate one run of the planner."""
        requests_by_address: dict[str, list[EmailRequest]] = {}
        for pk in agreement_ids:
            case = self.cases[pk]._replace(timeline=self.timeline_at(pk))
            plan = case.make_plan(at)
            requests = [request for request in planner.email_requests(plan) if not request.skipped]
            for request in requests:
                requests_by_address.setdefault(address_key(request.recipient), []).append(request)
            if requests:
                self.record_sent(pk, plan, at)
            elif pk in due and isinstance(plan.decision, Wait):
                heapq.heappush(self.checks, (plan.decision.until, pk))
        for address, requests in requests_by_address.items():
            self.quiet_until[address] = at + MIN_EMAIL_GAP
            papers = tuple((request.agreement.paper_key, request.agreement.pk) for request in requests)
            yield PlannedEmail(
                at, requests[0].recipient, describe_kinds({request.kind for request in requests}), papers
            )

    def timeline_at(self, pk: int) -> Timeline:
        """Return the agreement's timeline, including the emails that others will have had by then."""
        case = self.cases[pk]

        def later(one: datetime | None, address: str) -> datetime | None:
            return planner.latest(one, self.quiet_until.get(address_key(address)))

        others = tuple(
            CoAuthor(one.idempotency_key, one.hours, later(one.quiet_until, case.coauthors[one.idempotency_key]))
            for one in case.timeline.coauthors
        )
        quiet = later(case.timeline.quiet_until, case.agreement.signer_email)
        return replace(case.timeline, quiet_until=quiet, coauthors=others)

    def record_sent(self, pk: int, plan: planner.Plan, at: datetime) -> None:
        """Update the agreement as if these emails were sent."""
        requests = planner.email_requests(plan)
        timeline = self.cases[pk].timeline
        self.update_timeline(
            pk,
            used_keys=timeline.used_keys | {request.idempotency_key for request in requests},
            reminder_count=timeline.reminder_count + isinstance(plan.decision, Remind),
        )
        heapq.heappush(self.checks, (planner.next_check(plan.decision, at) or at, pk))

    def update_timeline(self, pk: int, **columns: object) -> None:
        case = self.cases[pk]
        self.cases[pk] = case._replace(timeline=replace(case.timeline, **columns))  # type: ignore[arg-type]


def describe_kinds(kinds: set[Message.Kind]) -> str:
    """Describe an email that may contain several kinds of message."""
    return " and ".join(sorted(str(kind.label).lower() for kind in kinds))
