"""Reads the decision about a submission: only an explicit acceptance comes in, and what is unclear is asked. Pure."""

import re
import unicodedata
from enum import StrEnum


class Verdict(StrEnum):
    """What a value of a decision column means."""

    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not accepted"
    UNCLEAR = "unclear"
    EMPTY = "empty"


# Any of these makes the value an answer in the negative, whatever else it says.
_NEGATIVE = re.compile(
    r"\b(?:un)?reject\w*|\bwithdr[ae]w\w*|\bretract\w*|\brefus\w*|\bdeclin\w*|\bunaccept\w*|\bunsuccessful\b"
    r"|\b(?:not|non|no|never)\b(?:\W+\w+){0,3}?\W+accept\w*|\bno\W+decision\b|\bundecided\b|\bunspecified\b"
    r"|\b(?:under|in)\W+review\b|\bawaiting\W+decision\b|\bdecision\W+pending\b|\bpending\W+decision\b|\bdeleted\b"
    r"|^\W*(?:no|false|none|pending|submitted|draft|incomplete)\W*$"
)
_ACCEPTANCE = re.compile(r"\baccept(?:s|ed|ance)?\b|\bcamera\W*ready\b")
# Words that leave an acceptance what it is. Any other word makes it unclear: "conditional accept", "weak accept".
_HARMLESS = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "in", "of", "the", "to", "was", "is", "has", "been", "decision"}
    | {"oral", "orals", "poster", "posters", "spotlight", "spotlights", "talk", "talks", "lightning", "plenary"}
    | {"keynote", "presentation", "presentations", "lecture", "demo", "demonstration", "highlight", "notable", "top"}
    | {"award", "best", "outstanding", "paper", "papers", "proposal", "article", "submission", "contribution", "full"}
    | {"short", "long", "regular", "main", "track", "research", "technical", "conference", "proceedings", "findings"}
    | {"program", "programme", "publication", "archival", "camera", "ready", "cameraready", "final", "version"}
    | {"received", "uploaded", "submitted", "session", "extended", "abstract", "journal", "pmlr", "strong", "clear"}
)
_WORD = re.compile(r"[^\W\d_]+")


def normal_decision(text: str) -> str:
    """Returns what two spellings of a decision share; answers are remembered by it."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())


def read_decision(text: str) -> Verdict:
    """Returns what the value of a decision column means.

    Only words of acceptance with harmless ones beside them are an acceptance. A question mark makes it unclear.
    """
    value = normal_decision(re.sub("(?<=[a-z])(?=[A-Z])", " ", text))  # DeskReject
    if not re.search(r"\w", value) or value in ("n/a", "na", "nan", "null"):
        return Verdict.UNCLEAR if "?" in value else Verdict.EMPTY
    accepts = bool(_ACCEPTANCE.search(value))
    if _NEGATIVE.search(value):
        # "Accept or reject": it says both. "Not accepted" has no acceptance beside the negation.
        left = _NEGATIVE.sub(" ", value)
        both = _ACCEPTANCE.search(left) and re.search(r"\b(?:or|if|unless|after|instead)\b|/", value)
        return Verdict.UNCLEAR if both else Verdict.NOT_ACCEPTED
    if not accepts or "?" in value:
        return Verdict.UNCLEAR
    others = set(_WORD.findall(_ACCEPTANCE.sub(" ", value))) - _HARMLESS
    return Verdict.UNCLEAR if others else Verdict.ACCEPTED
