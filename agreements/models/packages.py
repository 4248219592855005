"""Requested and finished packages."""

from django.db import models
from django.db.models import Q

from proceedings.models import Volume


class Package(models.Model):
    """One of a volume's two packages as a zip file: requested in the admin, built by a scheduled job.

    Written by `jobs/package_builder.py`.
    """

    class Which(models.TextChoices):
        PUBLIC = "public", "public package"
        PERMISSIONS = "permissions", "permissions package"

    class State(models.TextChoices):
        WAITING = "waiting", "queued"
        RUNNING = "running", "in progress"
        DONE = "done", "ready to download"
        FAILED = "failed", "failed"
        PRUNED = "pruned", "deleted: a newer one exists"

    volume = models.ForeignKey(Volume, models.PROTECT, related_name="packages")
    which = models.CharField(max_length=12, choices=Which)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    partial = models.BooleanField(default=False, help_text="Made of the ready papers only, and labelled as partial.")
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)

    claim = models.UUIDField(null=True, blank=True, help_text="Token of the worker that holds it.")
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fingerprint = models.CharField(max_length=64, blank=True, help_text="Digest of the data it is made from.")
    total = models.PositiveIntegerField(default=0, help_text="Number of files it will contain.")
    done = models.PositiveIntegerField(default=0, help_text="Number of files written to disk.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes written to disk.")

    complete = models.BooleanField(default=False, help_text="The volume was ready when it was made.")
    sha256 = models.CharField(max_length=64, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["volume", "which"],
                condition=Q(state__in=["waiting", "running"]),
                name="one_package_under_way",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(claim__isnull=False, lease_until__isnull=False),
                name="running_package_has_holder",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "pruned"]) | (~Q(sha256="") & Q(finished_at__isnull=False)),
                name="finished_package_has_digest",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="failed_package_says_why"),
        ]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(state__in=["waiting", "running"]), name="package_to_make"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The file name for downloads."""
        label = "" if self.complete or self.state not in (self.State.DONE, self.State.PRUNED) else "-PARTIAL"
        return f"{self.folder}{label}.zip"

    @property
    def folder(self) -> str:
        """The folder in the zip that contains the files."""
        return f"v{self.volume.number}{'permissions' if self.which == self.Which.PERMISSIONS else ''}"

    @property
    def stored_as(self) -> str:
        """The name in private storage. It is known in advance, so that a failed build leaves no other file behind."""
        return f"packages/{self.pk}-{self.which}.zip"
