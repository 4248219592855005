"""Sending for tests: the real sender over a real SMTP server, with hooks between its steps."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from django.core.mail import EmailMessage

from agreements import lifecycle
from agreements.jobs import scheduled
from agreements.mail import outbox, sender
from agreements.mail.transports import ConfirmSending, Outcome, SmtpTransport, Transport
from agreements.models import Message

Hook = Callable[[], object]


def nothing() -> None:
    pass


class Meanwhile(SmtpTransport):
    """The SMTP transport with hooks: before or after marking as sending, or after the answer."""

    def __init__(
        self, *, before_intent: Hook = nothing, after_intent: Hook = nothing, after_answer: Hook = nothing
    ) -> None:
        super().__init__(answer_timeout=5)
        self.before_intent, self.after_intent, self.after_answer = before_intent, after_intent, after_answer

    def send(self, mail: EmailMessage, intent: ConfirmSending) -> Outcome:
        def surrounded() -> bool:
            self.before_intent()
            wanted = intent()
            self.after_intent()
            return wanted

        outcome = super().send(mail, surrounded)
        self.after_answer()
        return outcome


def claim_next(now: datetime) -> Message | None:
    """Claims the email that has been due longest, alone. None if none is due."""
    return next(iter(outbox.claim(now, limit=1)), None)


def deliver(message: Message, transport: Transport, now: datetime) -> str:
    """Sends one claimed email and records the result. Returns its final state."""
    with transport:
        carrier = sender.SendRun(scheduled.fixed_clock(now), transport, lifecycle.record_mail_result)
        carrier.send_batch([message])
    (state,) = carrier.tally
    return state


def send(now: datetime, transport: Transport | None = None) -> Counter[str]:
    """Runs the sender once at `now`. Returns only counts above zero."""
    return +sender.send_due(
        scheduled.fixed_clock(now), transport or SmtpTransport(answer_timeout=5), lifecycle.record_mail_result
    )
