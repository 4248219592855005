"""A round of the outbox: claim, write, hand over, settle. Reads rows; `mail` writes them.

One commit per mail: that the server is about to be given it, and what became of the one before. Killed between two
commits a worker leaves at most one mail in doubt.
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
    """What became of a mail, and is not written down yet."""

    message: Message
    outcome: Outcome


def send_due(clock: Clock, transport: Transport, record: Record, seconds: float | None = None) -> Counter[str]:
    """Sends what is due; returns how many ended in which state.

    After `seconds` no new mail is begun, so that a worker that is asked to end soon does. `record(message, what, now)`
    notes what became of a mail in the same transaction as its state.
    """
    carrier = SendRun(clock, transport, record, time.monotonic() + seconds if seconds is not None else None)
    carrier.tally.update(outbox.release_leases(clock(), record))
    with transport:
        # Each row leaves "pending and due" when it is touched, so one bad row cannot hold up the good ones behind it.
        while not carrier.over and (messages := outbox.claim(clock())):
            carrier.carry(messages)
    return carrier.tally


class SendRun:
    """One worker's round: its transport, what it has counted, and what it has been told and not written down yet."""

    def __init__(self, clock: Clock, transport: Transport, record: Record, end: float | None = None) -> None:
        self.clock, self.transport, self.record, self.end = clock, transport, record, end
        self.tally: Counter[str] = Counter()
        self.told: SendResult | None = None
        self.held_up = False

    @property
    def over(self) -> bool:
        """Whether no other mail is to be begun: time is up, or the server takes nobody's mail at present."""
        return self.held_up or (self.end is not None and time.monotonic() >= self.end)

    def carry(self, messages: list[Message]) -> None:
        """Claimed mails, one after the other. What cannot be begun in time is given back."""
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
            # Also when the database fails: the mail before may yet be saved from being in doubt.
            self.write()

    def in_good_time(self, messages: list[Message]) -> list[Message]:
        """Those that may leave now; the others wait for a better moment."""
        waits = deferral.postpone_until(messages, self.clock())
        for message in messages:
            if message.pk in waits:
                outbox.give_back(message, waits[message.pk])
        return [message for message in messages if message.pk not in waits]

    def stale(self, message: Message) -> bool:
        """Whether half of the lease has gone by while the mails before it were sent: it had better be claimed anew."""
        return message.lease_until is not None and self.clock() > message.lease_until - outbox.LEASE / 2

    def deliver(self, message: Message, letters: Composer) -> None:
        """One claimed mail, handed over. What became of it is written down with the next one's intent."""
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
        """The intent, and in the same transaction what became of the mail before."""
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
        """Writes down what became of the last mail, if that is still to do."""
        if self.told:
            told, self.told = self.told, None
            self.tally[outbox.record_result(*told, self.clock(), self.record)] += 1
