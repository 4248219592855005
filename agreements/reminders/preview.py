"""Simulate who gets which email and when, if nobody signs, with the planner's own decisions. Reads only."""

import heapq
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from agreements.domain.schedule import GAP, CoAuthor, Remind, Timeline, Wait
from agreements.mail.outbox import OPEN, EmailRequest
from agreements.models import Message
from agreements.reminders import planner
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
    look = planner.PlannerBatch(planner.waiting().filter(paper__volume=volume), ahead=True)
    future = Simulation(look.cases(now), now)
    outbox = sorted(future.outbox(), key=BY_DUE_TIME)
    yield from heapq.merge(outbox, future.live(until), key=BY_DUE_TIME)


class Simulation:
    """The agreements in the future, if nothing happens but the scheduled reminders."""

    def __init__(self, cases: list[planner.Case], now: datetime) -> None:
        self.now = now
        self.cases = {case.agreement.pk: case for case in cases}
        self.quiet: dict[str, datetime] = {}
        self.looks = [(now, pk) for pk in sorted(self.cases)]
        self.of_signer: dict[str, list[int]] = {}
        for pk, case in self.cases.items():
            self.of_signer.setdefault(case.agreement.signer_email.lower(), []).append(pk)

    def outbox(self) -> Iterator[PlannedEmail]:
        """Yield the queued emails; after that no timeline has a pending email."""
        found: dict[tuple[str, int], list[Message]] = {}
        for pk, case in self.cases.items():
            for message in case.agreement.messages.all():
                if message.state in OPEN and not message.closed and message.agreement_id:
                    found.setdefault((message.recipient.lower(), message.carrier_id or -message.pk), []).append(message)
                    self.quiet[message.recipient.lower()] = max(self.now, message.due_at) + GAP
            self.change(pk, mail_under_way=False)
        for messages in found.values():
            papers = tuple((one.agreement.paper_key, one.agreement.pk) for one in messages)
            at = max(self.now, messages[0].due_at)
            yield PlannedEmail(at, messages[0].recipient, words({Kind(one.kind) for one in messages}), papers)

    def live(self, until: datetime) -> Iterator[PlannedEmail]:
        heapq.heapify(self.looks)
        while self.looks and self.looks[0][0] <= until:
            at = self.looks[0][0]
            due = set()
            while self.looks and self.looks[0][0] == at:
                due.add(heapq.heappop(self.looks)[1])
            # As `lifecycle.remind` does it: a check includes all other agreements that await the same signer.
            asked = {other for pk in due for other in self.of_signer[self.cases[pk].agreement.signer_email.lower()]}
            yield from self.round(at, sorted(asked), due)

    def round(self, at: datetime, asked: list[int], due: set[int]) -> Iterator[PlannedEmail]:
        """Simulate one run of the planner."""
        people: dict[str, list[EmailRequest]] = {}
        for pk in asked:
            case = self.cases[pk]._replace(timeline=self.seen(pk))
            plan = case.plan(at)
            requests = [request for request in planner.email_requests(plan) if not request.skipped]
            for request in requests:
                people.setdefault(request.recipient.lower(), []).append(request)
            if requests:
                self.done(pk, plan, at)
            elif pk in due and isinstance(plan.verdict, Wait):
                heapq.heappush(self.looks, (plan.verdict.until, pk))
        for address, requests in people.items():
            self.quiet[address] = at + GAP
            papers = tuple((request.agreement.paper_key, request.agreement.pk) for request in requests)
            yield PlannedEmail(at, requests[0].recipient, words({request.kind for request in requests}), papers)

    def seen(self, pk: int) -> Timeline:
        """Return the agreement's timeline, including the emails that others will have had by then."""
        case = self.cases[pk]

        def later(one: datetime | None, address: str) -> datetime | None:
            return planner.latest(one, self.quiet.get(address.lower()))

        others = tuple(
            CoAuthor(one.slot, one.hours, later(one.quiet_until, case.coauthors[one.slot]))
            for one in case.timeline.coauthors
        )
        quiet = later(case.timeline.quiet_until, case.agreement.signer_email)
        return replace(case.timeline, quiet_until=quiet, coauthors=others)

    def done(self, pk: int, plan: planner.Plan, at: datetime) -> None:
        """Update the agreement as if these emails were sent."""
        requests = planner.email_requests(plan)
        timeline = self.cases[pk].timeline
        self.change(
            pk,
            taken=timeline.taken | {request.idempotency_key for request in requests},
            reminders=timeline.reminders + isinstance(plan.verdict, Remind),
        )
        heapq.heappush(self.looks, (planner.next_check(plan.verdict, at) or at, pk))

    def change(self, pk: int, **columns: object) -> None:
        case = self.cases[pk]
        self.cases[pk] = case._replace(timeline=replace(case.timeline, **columns))  # type: ignore[arg-type]


def words(kinds: set[Message.Kind]) -> str:
    """Describe an email that may contain several kinds of message."""
    return " and ".join(sorted(str(kind.label).lower() for kind in kinds))
