"""What is published: volumes, their papers, the papers' authors. Who allowed it is the other app's business."""

from proceedings.models.accounts import Authenticator, RecoveryCode, ResetRequest, User, a_zone
from proceedings.models.attempts import Attempt
from proceedings.models.name_reviews import NameQuestion
from proceedings.models.paper import Author, Paper, PaperFile
from proceedings.models.volume import Volume, VolumeQuerySet

__all__ = [
    "Attempt",
    "Authenticator",
    "Author",
    "NameQuestion",
    "Paper",
    "PaperFile",
    "RecoveryCode",
    "ResetRequest",
    "User",
    "Volume",
    "VolumeQuerySet",
    "a_zone",
]
