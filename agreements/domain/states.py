"""The life of an agreement on one screen.

``MOVES`` is data: the writer (`lifecycle`), the desk's buttons and the tests all read it, so they cannot drift apart.
"""

from enum import StrEnum
from typing import NamedTuple

from agreements.domain.translatable import Sentence


class Status(StrEnum):
    """Where an agreement stands. The values are what the database holds."""

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
    """One legal step: from any of `sources` to `target`."""

    sources: frozenset[Status]
    target: Status


LIVE = frozenset({Status.DRAFT, Status.ISSUED, Status.RECEIVED, Status.SIGNED, Status.SEALED, Status.WAIVED})
"""At most one agreement per paper is in one of these."""

WAITING = frozenset({Status.ISSUED, Status.RECEIVED})
"""A signature is still wanted, and the author's links lead to it: also while an editor has the form signed by hand."""

FINAL = frozenset(Status) - LIVE
"""Never left again."""

FROZEN = frozenset(Status) - {Status.DRAFT}
"""From issue on, the facts an agreement states never change."""

STATUS_LABELS: dict[Status, str] = {
    Status.DRAFT: Sentence("draft, not issued"),
    Status.ISSUED: Sentence("awaiting signature"),
    Status.RECEIVED: Sentence("signed form received, needs review"),
    Status.SIGNED: Sentence("signed, seal pending"),
    Status.SEALED: Sentence("signed and sealed"),
    Status.DECLINED: Sentence("declined by the author"),
    Status.LAPSED: Sentence("lapsed (clause 7)"),
    Status.SUPERSEDED: Sentence("replaced by a newer agreement"),
    Status.VOIDED: Sentence("voided by an editor"),
    Status.WAIVED: Sentence("waived, no signature needed"),
}
"""What people read."""

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
    # A waiver is live: it stands in the place of a signature until an editor replaces or voids it.
    "waive": Transition(frozenset({Status.DRAFT, Status.ISSUED}), Status.WAIVED),
    "supersede": Transition(LIVE, Status.SUPERSEDED),
    "void": Transition(LIVE, Status.VOIDED),
}


def allowed_transitions(status: str) -> list[str]:
    """The verbs that an agreement in `status` allows, in the order of ``MOVES``."""
    return [verb for verb, move in TRANSITIONS.items() if status in move.sources]
