"""Volumes, their papers and the papers' authors. The agreements are in the app `agreements`."""

from proceedings.models.accounts import Authenticator, RecoveryCode, ResetRequest, User, validate_time_zone
from proceedings.models.attempts import Attempt
from proceedings.models.checks import LeftFinding, TitleWord
from proceedings.models.imports import ImportedRecord, Leftover
from proceedings.models.name_reviews import NameReview
from proceedings.models.paper import Author, Paper, PaperFile
from proceedings.models.volume import Volume, VolumeQuerySet

__all__ = [
    "Attempt",
    "Authenticator",
    "Author",
    "ImportedRecord",
    "LeftFinding",
    "Leftover",
    "NameReview",
    "Paper",
    "PaperFile",
    "RecoveryCode",
    "ResetRequest",
    "TitleWord",
    "User",
    "Volume",
    "VolumeQuerySet",
    "validate_time_zone",
]
