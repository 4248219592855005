"""Attempts that count towards rate limits."""

from django.db import models


class Attempt(models.Model):
    """One use of a rate-limited function. The subject is stored as a keyed digest."""

    limit = models.CharField(max_length=20)
    subject = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["limit", "subject", "at"], name="attempts_in_window"),
            models.Index(fields=["at"], name="attempts_to_forget"),
        ]

    def __str__(self) -> str:
        return f"{self.limit} at {self.at}"
