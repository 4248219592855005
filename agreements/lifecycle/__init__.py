"""THE ONLY WRITER of Agreement and Event.

Every verb is one transaction: the guard from `MOVES`, an UPDATE that names only the row's own columns (one row, or
somebody else won), one Event, and whatever mail begins or ends with it. `by` says who acts: ``editor:name``,
``signer`` or ``clock``. `now` is aware and UTC.
"""

from agreements.lifecycle.end import end, lapse, replace, void, waive, waive_paper, withdraw_paper
from agreements.lifecycle.issue import BULK_DELAY, draft, issue
from agreements.lifecycle.mail_result import MAIL_AGAIN, bounced, record_mail_result
from agreements.lifecycle.pause import (
    check_now,
    pause,
    pause_recipient,
    pause_volume,
    resume,
    resume_recipient,
    resume_volume,
    set_time_zone,
    settings_changed,
    stop_reminders,
    volume_delivered,
)
from agreements.lifecycle.record import TransitionError, record_event, transition
from agreements.lifecycle.remind import remind, remind_now
from agreements.lifecycle.seal import damaged, delivered, seal, seal_failed
from agreements.lifecycle.sign import NotReviewedError, SignatureInput, decline, keep_shown, review, sign

__all__ = [
    "BULK_DELAY",
    "MAIL_AGAIN",
    "NotReviewedError",
    "SignatureInput",
    "TransitionError",
    "bounced",
    "check_now",
    "damaged",
    "decline",
    "delivered",
    "draft",
    "end",
    "issue",
    "keep_shown",
    "lapse",
    "pause",
    "pause_recipient",
    "pause_volume",
    "record_event",
    "record_mail_result",
    "remind",
    "remind_now",
    "replace",
    "resume",
    "resume_recipient",
    "resume_volume",
    "review",
    "seal",
    "seal_failed",
    "set_time_zone",
    "settings_changed",
    "sign",
    "stop_reminders",
    "transition",
    "void",
    "volume_delivered",
    "waive",
    "waive_paper",
    "withdraw_paper",
]
