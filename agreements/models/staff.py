"""Editors' notes, publisher check results, and bulk jobs."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from agreements.models.agreement import Agreement
from proceedings.models import Paper, Volume


class Note(models.Model):
    """An internal note about a paper. Append-only; it is in no package."""

    paper = models.ForeignKey(Paper, models.PROTECT, related_name="notes")
    at = models.DateTimeField(help_text="UTC.")
    by = models.CharField(max_length=200, help_text="Who wrote it: an editor or an assistant.")
    text = models.TextField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="note_says_something")]

    def __str__(self) -> str:
        return f"note on {self.paper_id} by {self.by}"


class CheckResult(models.Model):
    """A paper with errors in the publisher check. `dashboard/precheck.py` rewrites it at each check."""

    paper = models.OneToOneField(Paper, models.CASCADE, related_name="check_result")
    errors = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"{self.errors} errors in {self.paper_id}"


class VolumeCheckResult(models.Model):
    """The counts of a volume's last publisher check. `dashboard/precheck.py` rewrites it when they change."""

    volume = models.OneToOneField(Volume, models.CASCADE, related_name="check_result")
    errors = models.PositiveIntegerField()
    own_errors = models.PositiveIntegerField(help_text="Those in no paper, but in the volume’s own entry.")
    warnings = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.errors} errors in {self.volume_id}"


class BulkJob(models.Model):
    """A bulk action on more papers than one request can handle. Its items are the queue."""

    volume = models.ForeignKey(Volume, models.PROTECT, related_name="jobs")
    verb = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    by = models.CharField(max_length=200, help_text="Who requested it, as the agreements’ history names them.")
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "bulk job"
        verbose_name_plural = "bulk jobs"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["id"], condition=Q(ended_at__isnull=True), name="job_under_way")]

    def __str__(self) -> str:
        return f"{self.verb}, {self.asked_at:%Y-%m-%d %H:%M} UTC"


class BulkJobItem(models.Model):
    """One paper of a bulk job, with the result."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        REFUSED = "refused", "skipped"

    job = models.ForeignKey(BulkJob, models.PROTECT, related_name="items")
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="+")
    agreement = models.ForeignKey(Agreement, models.PROTECT, null=True, related_name="+")
    data = models.JSONField(
        default=dict, help_text="What the action needs for this paper, such as its new corresponding author."
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    why = models.TextField(blank=True, help_text="Why it was skipped.")

    class Meta:
        ordering = ["job", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["job", "paper"], name="one_item_per_paper"),
            models.CheckConstraint(
                condition=Q(state="refused") & ~Q(why="") | Q(state__in=["waiting", "done"], why=""),
                name="job_item_refused_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["job"], condition=Q(state="waiting"), name="job_item_waiting")]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.paper_id} {self.state}"
