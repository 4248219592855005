"""Whether a note was accepted: by the decision among its replies, and by its venue. Pure.

OpenReview gives an accepted note its venue's own id (``x.org/2025/Conference``) and a name such as "X 2025 Poster". A
note without a decision has an id that ends in ``/Submission``; a rejected or withdrawn one says so.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from proceedings.importing.openreview.values import strings, text_of
from proceedings.importing.tables.decisions import Verdict, read_decision

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
    verdict = read_decision(decision)
    if verdict is Verdict.EMPTY:
        return by_venue
    if verdict is Verdict.NOT_ACCEPTED and by_venue.verdict is Verdict.ACCEPTED:
        return Decision(Verdict.UNCLEAR, f"{decision}; {by_venue.value}")
    return Decision(verdict, decision)


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
