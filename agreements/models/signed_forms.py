"""Signed forms as received."""

from django.db import models

from agreements.models.agreement import Agreement


class SignedForm(models.Model):
    """A signed form as its signer sent it: the original files, and their pages as one plain PDF.

    Append-only. An agreement may have several; editors review the newest.
    """

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="signed_forms")
    received_at = models.DateTimeField()
    files = models.JSONField(
        help_text="As received: storage name, SHA-256, size, kind, pages; for photos also the picture to show."
    )
    pages = models.PositiveSmallIntegerField()
    pages_file = models.CharField(max_length=300, help_text="All pages as one PDF without scripts or attachments.")
    pages_sha256 = models.CharField("digest of the pages", max_length=64)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"signed form of {self.agreement}"
