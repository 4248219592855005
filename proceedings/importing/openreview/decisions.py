"""Whether a note was accepted: by the decision among its replies, and by its venue. Pure.

OpenReview gives an accepted note its venue's own id (``x.org/2025/Conference``) and a name such as "X 2025 Poster". A
note without a decision has an id that ends in ``/Submission``; a rejected or withdrawn one says so.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from proceedings.importing.openreview.values import strings, text_of

_NEGATIVE = re.compile(
    r"reject|withdr[ae]w|declin|retract|unaccept|undecided|pending|\bnot\s+(?:be\s+)?accept|^(?:no|not|none)\b|^n/?a$",
    re.IGNORECASE,
)
_ACCEPTED = re.compile(r"(?<!un)(?<!not )(?<!not be )accept", re.IGNORECASE)
_CONDITIONAL = re.compile(
    r"condition|revis|shepherd|provision|minor|major|\bif\b|\bnot\b|subject to|tentativ|borderline|weak|resubmi|\?",
    re.IGNORECASE,
)
_ENDED_ID = re.compile(r"(?:desk_?)?(?:rejected|withdrawn|retracted|declined)(?:_\w+)?\Z", re.IGNORECASE)
_ENDED = re.compile(
    r"(?:desk[ _-])?(?:rejected|withdrawn|retracted)(?:\b.*|(?:[ _]submission)?\Z)|"
    r".*\b(?:rejected|withdrawn|retracted)(?:[ _]submission)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_PRESENTED = re.compile(r"\b(?:oral|poster|spotlight|notable|accepted|highlight|talk)\b", re.IGNORECASE)
_UNDECIDED_ID = re.compile(r"(?:\w+_)?(?:submission|submitted|review|pending|active|preprint)s?\Z", re.IGNORECASE)
_UNDECIDED = re.compile(
    r"submitted to\b|.*\bsubmissions?\Z|.*\bunder review\b|.*\bdecision pending\b", re.IGNORECASE | re.DOTALL
)
_ELSEWHERE = re.compile(r"(?:dblp|arxiv|orcid)\b", re.IGNORECASE)


class Verdict(StrEnum):
    """What is known about a note."""

    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not-accepted"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the value that it rests on, as the file has it; empty if the file has none."""

    verdict: Verdict
    value: str = ""


def decide(note: Mapping[str, Any], content: Mapping[str, Any], replies: Iterable[Mapping[str, Any]]) -> Decision:
    """Returns the decision about `note`. `replies` are all notes in reply to it."""
    if note.get("ddate"):
        return Decision(Verdict.NOT_ACCEPTED, "deleted")
    venue, venue_id = text_of(content, "venue"), text_of(content, "venueid")
    kind = text_of(note, "invitation").rpartition("/")[2]
    for value in (venue_id.rpartition("/")[2], kind):
        if _ENDED_ID.match(value):
            return Decision(Verdict.NOT_ACCEPTED, value)
    if _ENDED.match(venue):
        return Decision(Verdict.NOT_ACCEPTED, venue)
    if text_of(content, "withdrawal").casefold() == "confirmed":
        return Decision(Verdict.NOT_ACCEPTED, "withdrawn")
    decision = _decision_among(replies) or text_of(content, "decision")
    by_venue = _by_venue(venue, venue_id)
    if not decision:
        return by_venue
    verdict = read_decision(decision)
    if verdict is Verdict.NOT_ACCEPTED and by_venue.verdict is Verdict.ACCEPTED:
        return Decision(Verdict.UNCLEAR, f"{decision}; {by_venue.value}")
    return Decision(verdict, decision)


def read_decision(text: str) -> Verdict:
    """Returns what a decision says. Only an explicit acceptance without conditions is one."""
    accepts = bool(_ACCEPTED.search(text))
    if _NEGATIVE.search(text):
        return Verdict.UNCLEAR if accepts else Verdict.NOT_ACCEPTED
    return Verdict.ACCEPTED if accepts and not _CONDITIONAL.search(text) else Verdict.UNCLEAR


def normal_decision(text: str) -> str:
    """Returns what two spellings of a decision share; answers are remembered by it."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())


def _by_venue(venue: str, venue_id: str) -> Decision:
    value = venue or venue_id
    if not value:
        return Decision(Verdict.NOT_ACCEPTED)
    if _ELSEWHERE.match(venue_id):
        return Decision(Verdict.UNCLEAR, value)
    if _UNDECIDED_ID.match(venue_id.rpartition("/")[2]) or _UNDECIDED.match(venue):
        return Decision(Verdict.NOT_ACCEPTED, value)
    if venue_id or _PRESENTED.search(venue):
        return Decision(Verdict.ACCEPTED, value)
    return Decision(Verdict.UNCLEAR, value)


def _decision_among(replies: Iterable[Mapping[str, Any]]) -> str:
    """Returns the newest decision. A withdrawal or desk rejection among the replies is one."""
    newest, found = (float("-inf"), -1), ""
    for place, reply in enumerate(replies):
        content = reply.get("content")
        if not isinstance(content, dict) or reply.get("ddate"):
            continue
        kinds = [one.rpartition("/")[2] for one in strings(reply.get("invitations") or reply.get("invitation"))]
        ended = next((kind for kind in kinds if re.match(r"(?:withdrawal|desk_reject\w*)\Z", kind, re.IGNORECASE)), "")
        decides = not kinds or any("decision" in kind.lower() for kind in kinds)
        value = ended or (text_of(content, "decision") if decides else "")
        dates = [reply.get(name) for name in ("cdate", "tcdate", "tmdate", "mdate")]
        at = (float(next((date for date in dates if isinstance(date, int) and abs(date) < 1 << 53), 0)), place)
        if value and at > newest:
            newest, found = at, value
    return found
