"""What comes in by the public pages beside signatures: requests for links, proposals."""

from django.db import models
from django.db.models import Q

from agreements.models.agreement import Agreement


class LinkRequest(models.Model):
    """Somebody asked for a fresh link. Whether it leads anywhere is found out when nobody can time the answer."""

    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the token of the link they had.")
    reference = models.CharField(max_length=140, blank=True, help_text="The agreement they named instead.")
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "reference"], name="one_request_at_a_time")]

    def __str__(self) -> str:
        return f"link asked for at {self.asked_at}"


class Proposal(models.Model):
    """What an author asks of the editors before signing: another signer, or other facts. Written by `proposals`."""

    class Kind(models.TextChoices):
        SIGNER = "signer", "another signer"
        FACTS = "facts", "other facts"

    class State(models.TextChoices):
        OPEN = "open", "waits for an editor"
        ACCEPTED = "accepted"
        REFUSED = "refused"

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    data = models.JSONField(
        help_text="What it should be: a signer's name and address, and the author, if it is one; or title and authors."
    )
    note = models.TextField(blank=True, help_text="The author's own words.")
    made_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True, help_text="Why it was refused.")

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "kind"], condition=Q(state="open"), name="one_open_proposal_of_a_kind"
            ),
            models.CheckConstraint(
                condition=Q(state="open", settled_at__isnull=True)
                | (Q(state__in=["accepted", "refused"], settled_at__isnull=False) & ~Q(settled_by="")),
                name="settled_proposal_is_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, proposed for {self.agreement}"
