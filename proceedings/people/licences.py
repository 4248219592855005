"""Licences as submission systems state them, compared with the one that the agreement grants. Pure."""

import re

GRANTED = "CC BY 4.0"
"""The licence of the agreement (clause 2)."""

_WORDS = (
    (re.compile(r"creativecommons\.org/licen[sc]es/([a-z-]+)/?(\d\.\d)?[^\s,;)]*"), r" cc \1 \2 "),
    (re.compile(r"creativecommons\.org/publicdomain/zero\S*"), " cc0 "),
    (re.compile(r"https?://|www\."), " "),
    (re.compile(r"creative\s*commons"), " cc "),
    (re.compile(r"non[\s-]*commercial"), " nc "),
    (re.compile(r"share[\s-]*alike"), " sa "),
    (re.compile(r"no[\s-]*deriv\w*"), " nd "),
    (re.compile(r"\battribution\b"), " by "),
    (re.compile(r"\bccby"), " cc by "),
)
_UNSPECIFIED = re.compile(
    r"(?:licen[sc]e)?\s*(?:unspecified|not specified|unknown|none|null|n/?a|other|tbd|-|–|—)?\s*(?:licen[sc]e)?\Z"
)
_SAME = {
    "cc",
    "by",
    "4",
    "0",
    "4.0",
    "international",
    "licence",
    "license",
    "unported",
    "the",
    "under",
    "intl",
    "public",
}


def contradicts(licence: str) -> bool:
    """Whether `licence` is another one than `GRANTED`. An unspecified licence, or CC BY without a version, is not.

    A text that is neither is taken for another licence, so that an editor reads it.
    """
    text = " ".join(licence.casefold().split())
    if _UNSPECIFIED.match(text):
        return False
    for pattern, plain in _WORDS:
        text = pattern.sub(plain, text)
    words = set(re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+\d*", text))
    return not ({"by", "cc"} <= words <= _SAME)
