"""Editors' decisions about the publisher checks: words of titles, and findings that are left as they are."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from proceedings.models.paper import Paper
from proceedings.models.volume import Volume
from proceedings.publisher.title_words import LISTED


class TitleWord(models.Model):
    """A word of titles that this installation adds to the publisher's list, or about which it wants no warning."""

    word = models.CharField(
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z][A-Za-z0-9]*\Z", "Use one word of ASCII letters and digits.")],
        help_text="One word, letter by letter, such as Nesterov or LSTM.",
    )
    braces = models.BooleanField(
        default=True,
        help_text="We write braces around it in titles. If not ticked, we only stop warning about its capitals.",
    )

    class Meta:
        ordering = ["word"]
        verbose_name = "word of titles"
        verbose_name_plural = "words of titles"

    def __str__(self) -> str:
        return self.word


def title_words() -> tuple[frozenset[str], frozenset[str]]:
    """Returns the words that get braces in titles, and all words about which nobody is warned. One query."""
    added = dict(TitleWord.objects.values_list("word", "braces"))
    braced = LISTED | {word for word, braces in added.items() if braces}
    return braced, braced | added.keys()


class LeftFinding(models.Model):
    """A finding that an editor leaves as it is, with the reason. It holds as long as the field keeps its value."""

    volume = models.ForeignKey(Volume, models.PROTECT, related_name="left_findings")
    paper = models.ForeignKey(
        Paper, models.CASCADE, null=True, blank=True, related_name="left_findings", help_text="None: the volume itself."
    )
    rule = models.CharField(max_length=40)
    field = models.CharField(max_length=60, blank=True)
    value = models.CharField(max_length=64, help_text="SHA-256 of the field when the decision was made.")
    message = models.TextField(help_text="What was found.")
    reason = models.TextField(help_text="Why it is left as it is.")
    by = models.CharField(max_length=200)
    at = models.DateTimeField(help_text="UTC.")
    ended_by = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When an editor took the decision back. UTC.")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["paper", "rule", "field", "value"],
                condition=Q(ended_at__isnull=True, paper__isnull=False),
                name="one_decision_about_a_finding_of_a_paper",
            ),
            models.UniqueConstraint(
                fields=["volume", "rule", "field", "value"],
                condition=Q(ended_at__isnull=True, paper__isnull=True),
                name="one_decision_about_a_finding_of_a_volume",
            ),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(by=""), name="left_finding_has_reason"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="") | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
                name="left_finding_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} left as it is by {self.by}"
