"""ORCID iDs: reads what people type or systems export, and verifies the checksum. Pure.

Sources: ORCID's "Structure of the ORCID identifier" (ISO 7064 MOD 11-2; written with hyphens) and its page on ISNI,
which names the two blocks of numbers that belong to ORCID.
"""

import re
import unicodedata

_ADDRESS = re.compile(
    r"(?:https?:/{1,2})?(?:www\.)?(?:sandbox\.)?orcid\.org/(?:my-orcid\?orcid=)?(?P<number>[^/?#]*)[/?#]?.*\Z",
    re.IGNORECASE | re.DOTALL,
)
_LABEL = re.compile(r"orcid(?:\s*id)?\s*[:=]?\s*(?=\d)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s_.-]+")
_NUMBER = re.compile(r"\d{15}[\dX]\Z", re.ASCII)
_BLOCKS = ((15_000_000, 35_000_001), (900_000_000_000, 900_100_000_001))
"""First number and the one after the last of each block, without the check character."""


class OrcidError(ValueError):
    """The text is not an ORCID iD. The message says what was read, why, and what to do."""


def read_orcid(text: str) -> str:
    """Returns the iD in `text`, an address or a number, as ``0000-0002-1825-0097``; empty for an empty text.

    Raises OrcidError if there is none, or its checksum or its block of numbers is wrong.
    """
    typed = unicodedata.normalize("NFKC", text).strip(" \t\r\n<>()[].,;/")
    typed = "".join(char if unicodedata.category(char) != "Pd" else "-" for char in typed)
    typed = "".join(char for char in typed if unicodedata.category(char) != "Cf")
    if not typed:
        return ""
    found = _ADDRESS.match(typed)
    number = found["number"] if found else _LABEL.sub("", typed, count=1)
    number = _SEPARATORS.sub("", number).upper()
    shown = text.strip()[:60]
    if not _NUMBER.match(number):
        msg = f"'{shown}' is not an ORCID iD: write 16 digits, such as 0000-0002-1825-0097"
        raise OrcidError(msg)
    if check_character(number[:15]) != number[15]:
        msg = f"'{shown}' is not an ORCID iD, because its check digit is wrong: copy it again from orcid.org"
        raise OrcidError(msg)
    if not any(first <= int(number[:15]) < end for first, end in _BLOCKS):
        msg = f"'{shown}' is not an ORCID iD, because ORCID assigns no such number: copy it again from orcid.org"
        raise OrcidError(msg)
    return "-".join(number[at : at + 4] for at in range(0, 16, 4))


def check_character(digits: str) -> str:
    """Returns the check character of `digits` by ISO 7064 MOD 11-2: a digit, or X for ten."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    value = (12 - total % 11) % 11
    return "X" if value == 10 else str(value)
