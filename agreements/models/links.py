"""Mailed links, and requests for new ones."""

from django.db import models

from agreements.models.agreement import Agreement
from agreements.models.outbox import Message


class Link(models.Model):
    """A mailed link. Only the SHA-256 of its token is stored, so a stolen database gives no access."""

    class Purpose(models.TextChoices):
        SIGN = "sign"
        COPY = "copy", "download the sealed PDF"
        OBJECT = "object", "object to a co-author’s signature"
        STOP = "stop", "opt out of reminders"
        EDIT = "edit", "confirm or decline an edit"
        CORRECT = "correct", "request a correction"

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="links")
    message = models.ForeignKey(Message, models.PROTECT, related_name="links")
    purpose = models.CharField(max_length=10, choices=Purpose)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.purpose} link of {self.agreement_id}"


class LinkRequest(models.Model):
    """A request for a new link. A scheduled job answers it, so that the response time does not reveal whether it
    matched.
    """

    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the token of the old link.")
    reference = models.CharField(
        max_length=140, blank=True, help_text="The agreement’s reference, if no link was given."
    )
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "reference"], name="one_request_at_a_time")]

    def __str__(self) -> str:
        return f"link requested at {self.asked_at}"
