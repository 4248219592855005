"""A mail worker of its own that dies at a named moment: ``python -m tests.agreements.mail.crash_worker MOMENT NOW``.

SIGKILL at that moment, as if the machine had run out of memory. ``none`` lets it live.
"""

import os
import select
import signal
import smtplib
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django
from django.core.mail import EmailMessage

MOMENTS = [
    *("before-claim", "after-claim", "connected", "before-intent", "after-intent", "after-dot", "after-answer"),
    "after-settle",
]


class Doom:
    """Dies when the moment comes for the `hit`-th time."""

    def __init__(self, moment: str, hit: int = 1) -> None:
        self.moment, self.left = moment, hit

    def at(self, moment: str) -> None:
        if moment == self.moment:
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)

    def before(self, moment: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def doomed(*args: Any, **kwargs: Any) -> Any:
            self.at(moment)
            return call(*args, **kwargs)

        return doomed

    def after(self, moment: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def doomed(*args: Any, **kwargs: Any) -> Any:
            result = call(*args, **kwargs)
            self.at(moment)
            return result

        return doomed


def work(moment: str, now: datetime, hit: int = 1) -> None:
    from agreements import lifecycle
    from agreements.jobs import scheduled
    from agreements.mail import outbox, sender
    from agreements.mail.compose import Composer
    from agreements.mail.transports import Intent, Outcome, SmtpTransport

    doom = Doom(moment, hit)

    class Doomed(SmtpTransport):
        def connected(self) -> smtplib.SMTP:
            fresh = self.smtp is None
            smtp = super().connected()
            if fresh:
                doom.at("connected")
                send = smtp.send

                def watched(data: Any) -> None:
                    send(data)
                    if data == b".\r\n":
                        # aiosmtpd forgets what it has not read when the line ends, so the answer is waited for, unread.
                        assert smtp.sock
                        select.select([smtp.sock], [], [], 10)
                        doom.at("after-dot")

                vars(smtp)["send"] = watched
            return smtp

        def hand_over(self, letter: EmailMessage, intent: Intent) -> Outcome:
            outcome = super().hand_over(letter, intent)
            doom.at("after-answer")
            return outcome

    outbox.claim = doom.before("before-claim", outbox.claim)
    vars(sender)["Composer"] = doom.before("after-claim", Composer)
    outbox.mark_sending = doom.before("before-intent", doom.after("after-intent", outbox.mark_sending))
    outbox.record_result = doom.after("after-settle", outbox.record_result)
    sender.send_due(scheduled.stopped(now), Doomed(), lifecycle.record_mail_result)


if __name__ == "__main__":
    django.setup()
    work(sys.argv[1], datetime.fromisoformat(sys.argv[2]))
