"""Limits of uploaded signed forms, and the reasons to reject a file. Pure."""

from enum import StrEnum

MAX_BYTES = 20 * 1024 * 1024
"""Of all files together."""
MAX_PAGES = 60
MAX_PIXELS = 40_000_000
MAX_INFLATED = 400_000_000
"""Bytes that the streams of a PDF may unpack to in total: sixteen pages scanned in colour without loss."""
MEMORY = 512 * 1024 * 1024
"""Address space of the child in bytes; a picture of `MAX_PIXELS` takes less than half of it."""
SECONDS = 10
"""Of processor time."""
DISK = 64 * 1024 * 1024
"""The largest file that the child may write, in bytes."""


class Kind(StrEnum):
    """Type of a file by its first bytes. The values are file name extensions."""

    PDF = "pdf"
    JPEG = "jpg"
    PNG = "png"


class Refusal(StrEnum):
    """Why a file is rejected."""

    EMPTY = "empty"
    HEIC = "heic"
    OTHER = "other"
    TOO_LARGE = "too-large"
    TOO_MANY_PAGES = "too-many-pages"
    TOO_MANY_PIXELS = "too-many-pixels"
    LOCKED = "locked"
    ACTIVE = "active"
    TWO_IN_ONE = "two-in-one"
    TOO_MUCH = "too-much"
    BROKEN = "broken"


class UnfitFileError(Exception):
    """A file is rejected. Raised inside the child process."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
