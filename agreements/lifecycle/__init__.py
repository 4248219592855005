"""THE ONLY WRITER of Agreement and Event.

Each function is one transaction: the guard from `TRANSITIONS`, one UPDATE of the row's own columns that succeeds only
if the status still matches, one Event, and the emails that are queued or cancelled with it. `by` names who acts:
``editor:name``, ``signer`` or ``clock``. `now` is aware and UTC.
"""

from agreements.lifecycle.end import end, lapse, replace, void, waive, waive_paper, withdraw_paper
from agreements.lifecycle.issue import BULK_DELAY, Refusal, draft, issue, issue_papers
from agreements.lifecycle.mail_result import MAX_RESENDS, record_bounce, record_mail_result
from agreements.lifecycle.pause import (
    pause,
    pause_recipient,
    pause_volume,
    recheck,
    recheck_volume,
    resume,
    resume_recipient,
    resume_volume,
    set_time_zone,
    stop_reminders,
    stop_volume_reminders,
)
from agreements.lifecycle.record import TransitionError, record_event, transition
from agreements.lifecycle.remind import remind, remind_now
from agreements.lifecycle.seal import record_damage, record_delivery, record_seal_failure, seal
from agreements.lifecycle.sign import NotReviewedError, SignatureInput, decline, review, sign, store_shown_form

__all__ = [
    "BULK_DELAY",
    "MAX_RESENDS",
    "NotReviewedError",
    "Refusal",
    "SignatureInput",
    "TransitionError",
    "decline",
    "draft",
    "end",
    "issue",
    "issue_papers",
    "lapse",
    "pause",
    "pause_recipient",
    "pause_volume",
    "recheck",
    "recheck_volume",
    "record_bounce",
    "record_damage",
    "record_delivery",
    "record_event",
    "record_mail_result",
    "record_seal_failure",
    "remind",
    "remind_now",
    "replace",
    "resume",
    "resume_recipient",
    "resume_volume",
    "review",
    "seal",
    "set_time_zone",
    "sign",
    "stop_reminders",
    "stop_volume_reminders",
    "store_shown_form",
    "transition",
    "void",
    "waive",
    "waive_paper",
    "withdraw_paper",
]
