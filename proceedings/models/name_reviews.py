"""Names that an import could not read with certainty."""

from django.db import models
from django.db.models import Q

from proceedings.bibtex.names import Name
from proceedings.models.volume import Volume


class NameReview(models.Model):
    """A name that an import could not read with certainty, and an editor's decision. Asked once per volume.

    The parts are the name as it was read. The answer applies to all authors with that name, and to later imports.
    """

    volume = models.ForeignKey(Volume, models.PROTECT, related_name="name_questions")
    given = models.CharField(max_length=200, blank=True)
    particle = models.CharField(max_length=60, blank=True)
    family = models.CharField(max_length=200)
    suffix = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=500, help_text="Why the import is unsure.")
    proposal = models.CharField(max_length=500, blank=True, help_text="The proposed name, as Last, First.")
    grave = models.BooleanField(default=False, help_text="The imported name is probably wrong.")
    answer = models.CharField(max_length=500, blank=True, help_text="The correct name, as Last, First.")
    resolved_by = models.CharField(max_length=200, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-grave", "family", "given", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["volume", "family", "given", "particle", "suffix"], name="one_question_about_a_name"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, answer="")
                | (Q(resolved_at__isnull=False) & ~Q(answer="") & ~Q(resolved_by="")),
                name="resolved_name_has_answer",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def name(self) -> Name:
        return Name(given=self.given, particle=self.particle, family=self.family, suffix=self.suffix)
