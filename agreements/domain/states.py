"""The statuses of an agreement and the transitions between them.

`TRANSITIONS` is data: `lifecycle`, the admin's buttons and the tests all read it, so they always agree.
"""

from enum import StrEnum
from typing import NamedTuple

from agreements.domain.translatable import Sentence


class Status(StrEnum):
    """Status of an agreement. The database stores these values."""

    DRAFT = "draft"
    ISSUED = "issued"
    RECEIVED = "received"
    SIGNED = "signed"
    SEALED = "sealed"
    DECLINED = "declined"
    LAPSED = "lapsed"
    SUPERSEDED = "superseded"
    VOIDED = "voided"
    WAIVED = "waived"


class Transition(NamedTuple):
    """An allowed change of status: from any of `sources` to `target`."""

    sources: frozenset[Status]
    target: Status


LIVE = frozenset({Status.DRAFT, Status.ISSUED, Status.RECEIVED, Status.SIGNED, Status.SEALED, Status.WAIVED})
"""A paper has at most one agreement in one of these."""

WAITING = frozenset({Status.ISSUED, Status.RECEIVED})
"""Still awaiting a signature: the author's links work, also while an editor reviews a signed form."""

FINAL = frozenset(Status) - LIVE
"""No transition leaves these."""

FROZEN = frozenset(Status) - {Status.DRAFT}
"""From issue on, the snapshot never changes."""

STATUS_LABELS: dict[Status, str] = {
    Status.DRAFT: Sentence("prepared, not sent"),
    Status.ISSUED: Sentence("waiting for signature"),
    Status.RECEIVED: Sentence("signed on paper, to be looked at"),
    Status.SIGNED: Sentence("signed, seal pending"),
    Status.SEALED: Sentence("signed and sealed"),
    Status.DECLINED: Sentence("declined by the author"),
    Status.LAPSED: Sentence("lapsed (clause 7)"),
    Status.SUPERSEDED: Sentence("replaced by a newer agreement"),
    Status.VOIDED: Sentence("voided by an editor"),
    Status.WAIVED: Sentence("waived: goes without a signature"),
}
"""The names shown to people."""

TRANSITIONS: dict[str, Transition] = {
    "issue": Transition(frozenset({Status.DRAFT}), Status.ISSUED),
    "sign": Transition(WAITING, Status.SIGNED),
    "receive": Transition(frozenset({Status.ISSUED}), Status.RECEIVED),
    "accept": Transition(frozenset({Status.RECEIVED}), Status.SIGNED),
    "send-back": Transition(frozenset({Status.RECEIVED}), Status.ISSUED),
    "seal": Transition(frozenset({Status.SIGNED}), Status.SEALED),
    "decline": Transition(WAITING, Status.DECLINED),
    "hand-over": Transition(WAITING, Status.SUPERSEDED),
    "lapse": Transition(frozenset({Status.SIGNED, Status.SEALED}), Status.LAPSED),
    # A waiver is live: it replaces a signature until an editor replaces or voids it.
    "waive": Transition(frozenset({Status.DRAFT, Status.ISSUED}), Status.WAIVED),
    "supersede": Transition(LIVE, Status.SUPERSEDED),
    "void": Transition(LIVE, Status.VOIDED),
}


def allowed_transitions(status: str) -> list[str]:
    """Return the transitions that `status` allows, in the order of `TRANSITIONS`."""
    return [verb for verb, move in TRANSITIONS.items() if status in move.sources]
