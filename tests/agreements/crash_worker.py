"""A mail worker of its own that dies at a named moment: ``python -m tests.agreements.crash_worker MOMENT NOW``.

SIGKILL at that moment, as if the machine had run out of memory. ``none`` lets it live.
"""

import os
import signal
import sys
from datetime import datetime
from typing import Any

import django
from django.core.mail import EmailMessage

MOMENTS = ["before-claim", "after-claim", "before-intent", "after-intent", "after-answer", "after-settle"]


def die(*args: Any, **kwargs: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def work(moment: str, now: datetime) -> None:
    from agreements import clock, lifecycle, mail, postman
    from agreements.transports import Intent, Outcome, SmtpTransport

    intend, settle = mail.intend, mail.settle

    class Doomed(SmtpTransport):
        def hand_over(self, letter: EmailMessage, intent: Intent) -> Outcome:
            outcome = super().hand_over(letter, intent)
            return die() if moment == "after-answer" else outcome

    def doomed_intent(*args: Any) -> bool:
        if moment == "before-intent":
            die()
        wanted = intend(*args)
        return die() if moment == "after-intent" else wanted

    def doomed_settle(*args: Any) -> str:
        state = settle(*args)
        return die() if moment == "after-settle" else state

    replaced = {"intend": doomed_intent, "settle": doomed_settle}
    if moment == "before-claim":
        replaced["claim"] = die
    if moment == "after-claim":
        vars(postman)["Letters"] = die
    for name, function in replaced.items():
        setattr(mail, name, function)
    postman.drain(clock.stopped(now), Doomed(), lifecycle.note_mail)


if __name__ == "__main__":
    django.setup()
    work(sys.argv[1], datetime.fromisoformat(sys.argv[2]))
