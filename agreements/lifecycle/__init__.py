"""THE ONLY WRITER of Agreement and Event.

Every verb is one transaction: the guard from `MOVES`, an UPDATE that names only the row's own columns (one row, or
somebody else won), one Event, and whatever mail begins or ends with it. `by` says who acts: ``editor:name``,
``signer`` or ``clock``. `now` is aware and UTC.
"""

from agreements.lifecycle.end import close, lapse, paper_withdrawn, supersede, void, waive, waive_paper
from agreements.lifecycle.issue import OF_MANY, draft, issue
from agreements.lifecycle.mail_result import MAIL_AGAIN, bounced, note_mail
from agreements.lifecycle.pause import (
    look_now,
    pause,
    pause_person,
    pause_volume,
    place_person,
    resume,
    resume_person,
    resume_volume,
    stop_reminders,
    terms_changed,
    volume_delivered,
)
from agreements.lifecycle.record import WrongMove, move, note
from agreements.lifecycle.remind import remind, remind_now
from agreements.lifecycle.seal import damaged, delivered, seal, seal_failed
from agreements.lifecycle.sign import Act, NotReviewed, decline, keep_shown, review, sign

__all__ = [
    "MAIL_AGAIN",
    "OF_MANY",
    "Act",
    "NotReviewed",
    "WrongMove",
    "bounced",
    "close",
    "damaged",
    "decline",
    "delivered",
    "draft",
    "issue",
    "keep_shown",
    "lapse",
    "look_now",
    "move",
    "note",
    "note_mail",
    "paper_withdrawn",
    "pause",
    "pause_person",
    "pause_volume",
    "place_person",
    "remind",
    "remind_now",
    "resume",
    "resume_person",
    "resume_volume",
    "review",
    "seal",
    "seal_failed",
    "sign",
    "stop_reminders",
    "supersede",
    "terms_changed",
    "void",
    "volume_delivered",
    "waive",
    "waive_paper",
]
