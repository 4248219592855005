"""Notes exported from OpenReview, API versions 1 and 2, and optionally the authors' profiles, to submissions. Pure."""

from proceedings.importing.openreview.notes import read_openreview
from proceedings.importing.openreview.people import Profiles, read_profiles

__all__ = ["Profiles", "read_openreview", "read_profiles"]
