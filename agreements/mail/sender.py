"""Send the outbox: claim, compose, send, record. Reads rows; `mail/outbox.py` writes them.

There is one commit per email: it marks the email as being sent and records the result of the previous one. A worker
that is killed between two commits leaves at most one email in doubt.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from agreements.mail import addresses, deferral, outbox
from agreements.mail.compose import Composer
from agreements.mail.outbox import RecordResult, State
from agreements.mail.transports import Outcome, Transport
from agreements.models import Message
from proceedings.email_address import address_key

Clock = Callable[[], datetime]

logger = logging.getLogger(__name__)

ACCEPTS_WITHIN = timedelta(days=1)
"""A server that accepted an email within this time is not down."""


class SendResult(NamedTuple):
    """The result of an email that is not recorded yet."""

    message: Message
    outcome: Outcome


def send_due(clock: Clock, transport: Transport, record: RecordResult, seconds: float | None = None) -> Counter[str]:
    """Send what is due. Returns how many emails reached which state.

    After `seconds` no new email is started, so that a worker can stop soon. `record(message, state, now)` is called in
    the transaction that sets the state.
    """
    run = SendRun(clock, transport, record, time.monotonic() + seconds if seconds is not None else None)
    run.tally.update(outbox.release_leases(clock(), record))
    with transport:
        # Every claimed row leaves the set of due rows, so a failing row cannot block those after it.
        while not run.should_stop and (messages := outbox.claim(clock())):
            run.send_batch(messages)
    return run.tally


class SendRun:
    """One run of a worker: its transport, its counts, and the last result, which is not recorded yet."""

    def __init__(self, clock: Clock, transport: Transport, record: RecordResult, end: float | None = None) -> None:
        self.clock, self.transport, self.record, self.end = clock, transport, record, end
        self.tally: Counter[str] = Counter()
        self.last_result: SendResult | None = None
        self.server_unavailable = False

    @property
    def should_stop(self) -> bool:
        """Whether to start no other email: the time is up, or the server currently accepts no email."""
        return self.server_unavailable or (self.end is not None and time.monotonic() >= self.end)

    def send_batch(self, messages: list[Message]) -> None:
        """Send claimed messages one by one. Those that cannot be started in time are released."""
        messages = self.postpone(messages)
        composer = Composer(messages, self.clock())
        undeliverable = addresses.find_undeliverable(message.recipient for message in messages)
        try:
            for number, message in enumerate(messages):
                if self.should_stop or self.lease_is_half_over(message):
                    for later in messages[number:]:
                        outbox.release(later)
                    break
                row = undeliverable.get(address_key(message.recipient))
                if row:
                    self.record_result(
                        message, Outcome.rejected(f"Mail to this address was refused before: {row.reason}")
                    )
                else:
                    self.send_message(message, composer)
        finally:
            # Also when the database fails: recording the previous result may still succeed.
            self.record_last_result()

    def postpone(self, messages: list[Message]) -> list[Message]:
        """Return those that may be sent now; postpone the others."""
        postponed = deferral.postpone_until(messages, self.clock())
        for message in messages:
            if message.pk in postponed:
                outbox.release(message, postponed[message.pk])
        return [message for message in messages if message.pk not in postponed]

    def lease_is_half_over(self, message: Message) -> bool:
        """Whether half of the lease has passed while earlier emails were sent, so that the message should be claimed
        again.
        """
        return message.lease_until is not None and self.clock() > message.lease_until - outbox.LEASE / 2

    def send_message(self, message: Message, composer: Composer) -> None:
        """Send one claimed message. Its result is recorded together with the start of the next one."""
        try:
            email = composer.compose(message, self.clock())
        except Exception as error:
            logger.exception("message %s cannot be written", message.pk)
            self.record_result(message, Outcome.retry(f"The mail could not be written: {error}"))
            return
        outcome = self.transport.send(email, lambda: self.mark_sending(message))
        if outcome.scope == "recipient":
            outcome = self.judge_session(outcome)
        self.server_unavailable = outcome.scope == "server"
        if outcome.state == State.SENT:
            self.last_result = SendResult(message, outcome)
        else:
            self.record_result(message, outcome)

    def judge_session(self, outcome: Outcome) -> Outcome:
        """Decide what a session means that the server ended at one recipient.

        If the server accepted another email within a day, it counts as an attempt, so that it ends. Otherwise the
        server may be down for everyone: that fails no email, however long it lasts.
        """
        accepted = self.last_result or has_sent_within(ACCEPTS_WITHIN, self.clock())
        return Outcome.retry(outcome.detail) if accepted else Outcome.server_unavailable(outcome.detail)

    def mark_sending(self, message: Message) -> bool:
        """Mark the message as being sent and, in the same transaction, record the previous result."""
        if self.last_result is None:
            return outbox.mark_sending(message, self.clock())
        result, states = self.last_result, list[str]()
        now = self.clock()
        may_send = outbox.mark_sending(
            message, now, lambda: states.append(outbox.write_result(*result, now, self.record))
        )
        self.last_result = None
        self.tally.update(states)
        return may_send

    def record_result(self, message: Message, outcome: Outcome) -> None:
        self.record_last_result()
        self.tally[outbox.record_result(message, outcome, self.clock(), self.record)] += 1

    def record_last_result(self) -> None:
        """Record the last result, if it is not recorded yet."""
        if self.last_result:
            result, self.last_result = self.last_result, None
            self.tally[outbox.record_result(*result, self.clock(), self.record)] += 1


def has_sent_within(period: timedelta, now: datetime) -> bool:
    """Whether the server has accepted an email within that time. Later ones were sent by a clock that was wrong."""
    return Message.objects.filter(state=State.SENT, sent_at__gt=now - period, sent_at__lte=now).exists()
