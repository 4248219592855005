"""What is published: volumes, their papers, the papers' authors. Who allowed it is the other app's business."""

from proceedings.models.volume import (
    Attempt,
    Authenticator,
    Author,
    NameQuestion,
    Paper,
    PaperFile,
    RecoveryCode,
    ResetRequest,
    User,
    Volume,
    VolumeQuerySet,
    a_zone,
)

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
