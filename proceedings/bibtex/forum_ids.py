"""OpenReview's forum ids, which the publisher wants bare in the field ``openreview``. Pure.

Source: the publisher's checks of October 2026; all volumes that have the field hold the id alone.
"""

import re
from collections.abc import Mapping

FIELD = "openreview"
_ADDRESS = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)*openreview\.net/[\w/-]*\?(?:[^\s#]*?&)??(?:id|forum)=(?P<id>[\w-]+)(?:[&#]\S*)?/?\Z",
    re.ASCII | re.IGNORECASE,
)
_BARE = re.compile(r"[A-Za-z0-9_-]{4,64}\Z", re.ASCII)


def read_forum_id(text: str) -> str:
    """Returns the forum id in `text`, an id or any address of OpenReview, also in LaTeX; empty if there is none."""
    plain = re.sub(r"\\url|[{}]|\\(?=[_&#%~-])", "", text).strip()
    if found := _ADDRESS.match(plain.replace("&amp;", "&")):
        return found["id"]
    return plain if _BARE.match(plain) else ""


def forum_of(fields: Mapping[str, object]) -> str:
    """Returns the forum id among further BibTeX fields, whether stored bare or as an address; empty without one."""
    value = fields.get(FIELD, "")
    return read_forum_id(value) if isinstance(value, str) else ""


def with_bare_forum_id(fields: dict[str, str]) -> dict[str, str]:
    """Returns `fields` with a bare id in ``openreview``. What cannot be read stays, and a check names it."""
    if forum := forum_of(fields):
        return {**fields, FIELD: forum}
    return fields
