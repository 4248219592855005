"""Notes exported from OpenReview, API versions 1 and 2, and optionally the authors' profiles, to submissions. Pure."""

from proceedings.importing.openreview.notes import read_openreview

__all__ = ["read_openreview"]
