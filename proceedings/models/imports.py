"""What imports remember: what each file said, and what could not be taken in."""

from django.db import models
from django.db.models import Q

from proceedings.models.paper import Paper
from proceedings.models.volume import Volume


class ImportedRecord(models.Model):
    """What files said about a paper, or about the volume itself if `paper` is NULL. Written by imports only.

    A value here that differs from the file is a change of the source; one that differs from the row is a correction
    made here. Authors are named by their primary keys, so that a corrected name stays the same person.
    """

    volume = models.ForeignKey(Volume, models.CASCADE, related_name="imported_records")
    paper = models.OneToOneField(Paper, models.CASCADE, null=True, blank=True, related_name="imported_record")
    said = models.JSONField(
        default=dict, help_text="By field: the value that a file had and an editor saw, the file, and when (UTC)."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["volume"], condition=Q(paper__isnull=True), name="one_imported_record_of_a_volume"
            )
        ]

    def __str__(self) -> str:
        return f"what files said about {self.paper or self.volume}"


class Leftover(models.Model):
    """An entry, row or field that an import left out, until an editor corrects or dismisses it or a later import
    brings it. Written by `importing/leftovers.py`.
    """

    class Resolution(models.TextChoices):
        CORRECTED = "corrected", "corrected and imported"
        DISMISSED = "dismissed"
        IMPORTED = "imported", "imported later"

    volume = models.ForeignKey(Volume, models.PROTECT, related_name="leftovers")
    file = models.CharField(max_length=255)
    line = models.PositiveIntegerField(null=True, blank=True)
    paper = models.CharField(max_length=500, blank=True, help_text="The paper’s key or number in the file.")
    field = models.CharField(max_length=100, blank=True, help_text="Empty if the whole entry or row was left out.")
    rule = models.CharField(max_length=40)
    reason = models.TextField(help_text="Why it was left out, and what to do.")
    format = models.CharField(max_length=20, help_text="How `text` is read.")
    head = models.TextField(blank=True, help_text="What stands above the text in its file: a table’s headings.")
    text = models.TextField(blank=True, help_text="The entry or row, as it was read.")
    digest = models.CharField(max_length=64, help_text="Of paper, field, rule and text: what makes it the same one.")
    left_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=10, choices=Resolution, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["file", "line", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["volume", "digest"], name="a_leftover_is_listed_once"),
            models.CheckConstraint(
                condition=Q(resolution="", resolved_by="")
                | (Q(resolution__in=["corrected", "dismissed", "imported"]) & ~Q(resolved_by="")),
                name="resolved_leftover_names_who",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file}:{self.line or ''} {self.paper}"
