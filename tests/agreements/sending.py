"""Sending for tests: the real engine over a real SMTP server, with a moment of one's own between its steps."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from django.core.mail import EmailMessage

from agreements import clock, lifecycle, mail
from agreements.transports import Intent, Outcome, SmtpTransport, Transport

Hook = Callable[[], object]


def nothing() -> None:
    pass


class Meanwhile(SmtpTransport):
    """The SMTP transport, while which something else happens: before or after the intent, or after the answer."""

    def __init__(
        self, *, before_intent: Hook = nothing, after_intent: Hook = nothing, after_answer: Hook = nothing
    ) -> None:
        super().__init__(patience=5)
        self.before_intent, self.after_intent, self.after_answer = before_intent, after_intent, after_answer

    def hand_over(self, mail: EmailMessage, intent: Intent) -> Outcome:
        def surrounded() -> bool:
            self.before_intent()
            wanted = intent()
            self.after_intent()
            return wanted

        outcome = super().hand_over(mail, surrounded)
        self.after_answer()
        return outcome


def send(now: datetime, transport: Transport | None = None) -> Counter[str]:
    """One round of the engine at `now`; counts only what happened."""
    return +mail.drain(clock.stopped(now), transport or SmtpTransport(patience=5), lifecycle.note_mail)
