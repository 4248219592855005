"""Send the outbox: claim, compose, send, record. Reads rows; `mail/outbox.py` writes them.

There is one commit per email: it marks the email as being sent and records the result of the previous one. A worker
that is killed between two commits leaves at most one email in doubt.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from agreements.mail import addresses, deferral, outbox
from agreements.mail.compose import Composer
from agreements.mail.outbox import Record, State
from agreements.mail.transports import Outcome, Transport
from agreements.models import Message

Clock = Callable[[], datetime]

logger = logging.getLogger(__name__)


class SendResult(NamedTuple):
    """The result of an email that is not recorded yet."""

    message: Message
    outcome: Outcome


def send_due(clock: Clock, transport: Transport, record: Record, seconds: float | None = None) -> Counter[str]:
    """Send what is due. Returns how many emails reached which state.

    After `seconds` no new email is started, so that a worker can stop soon. `record(message, state, now)` is called in
    the transaction that sets the state.
    """
    carrier = SendRun(clock, transport, record, time.monotonic() + seconds if seconds is not None else None)
    carrier.tally.update(outbox.release_leases(clock(), record))
    with transport:
        # Every claimed row leaves the set of due rows, so a failing row cannot block those after it.
        while not carrier.over and (messages := outbox.claim(clock())):
            carrier.carry(messages)
    return carrier.tally


class SendRun:
    """One run of a worker: its transport, its counts, and the last result, which is not recorded yet."""

    def __init__(self, clock: Clock, transport: Transport, record: Record, end: float | None = None) -> None:
        self.clock, self.transport, self.record, self.end = clock, transport, record, end
        self.tally: Counter[str] = Counter()
        self.told: SendResult | None = None
        self.held_up = False

    @property
    def over(self) -> bool:
        """Whether to start no other email: the time is up, or the server currently accepts no email."""
        return self.held_up or (self.end is not None and time.monotonic() >= self.end)

    def carry(self, messages: list[Message]) -> None:
        """Send claimed messages one by one. Those that cannot be started in time are released."""
        messages = self.in_good_time(messages)
        letters = Composer(messages, self.clock())
        stopped = addresses.undeliverable(message.recipient for message in messages)
        try:
            for number, message in enumerate(messages):
                if self.over or self.stale(message):
                    for later in messages[number:]:
                        outbox.give_back(later)
                    break
                row = stopped.get(message.recipient.lower())
                if row:
                    self.settle(message, Outcome.refused(f"Mail to this address was refused before: {row.reason}"))
                else:
                    self.deliver(message, letters)
        finally:
            # Also when the database fails: recording the previous result may still succeed.
            self.write()

    def in_good_time(self, messages: list[Message]) -> list[Message]:
        """Return those that may be sent now; postpone the others."""
        waits = deferral.postpone_until(messages, self.clock())
        for message in messages:
            if message.pk in waits:
                outbox.give_back(message, waits[message.pk])
        return [message for message in messages if message.pk not in waits]

    def stale(self, message: Message) -> bool:
        """Whether half of the lease has passed while earlier emails were sent, so that the message should be claimed
        again.
        """
        return message.lease_until is not None and self.clock() > message.lease_until - outbox.LEASE / 2

    def deliver(self, message: Message, letters: Composer) -> None:
        """Send one claimed message. Its result is recorded together with the start of the next one."""
        try:
            letter = letters.compose(message, self.clock())
        except Exception as error:
            logger.exception("message %s cannot be written", message.pk)
            self.settle(message, Outcome.retry(f"The mail could not be written: {error}"))
            return
        outcome = self.transport.hand_over(letter, lambda: self.intend(message))
        self.held_up = outcome.whose == "server"
        if outcome.state == State.SENT:
            self.told = SendResult(message, outcome)
        else:
            self.settle(message, outcome)

    def intend(self, message: Message) -> bool:
        """Mark the message as being sent and, in the same transaction, record the previous result."""
        if self.told is None:
            return outbox.mark_sending(message, self.clock())
        told, states = self.told, list[str]()
        now = self.clock()
        wanted = outbox.mark_sending(message, now, lambda: states.append(outbox.write_result(*told, now, self.record)))
        self.told = None
        self.tally.update(states)
        return wanted

    def settle(self, message: Message, outcome: Outcome) -> None:
        self.write()
        self.tally[outbox.record_result(message, outcome, self.clock(), self.record)] += 1

    def write(self) -> None:
        """Record the last result, if it is not recorded yet."""
        if self.told:
            told, self.told = self.told, None
            self.tally[outbox.record_result(*told, self.clock(), self.record)] += 1
