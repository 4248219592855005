"""Volumes of proceedings."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from proceedings.models.accounts import User


class VolumeQuerySet(models.QuerySet["Volume"]):
    def editable_by(self, user: User) -> Self:
        """Volumes that `user` may change: all for a superuser, else those they edit."""
        if user.is_superuser:
            return self
        return self.filter(editors=user)

    def visible_to(self, user: User) -> Self:
        """Volumes that `user` may see: those they edit and those they assist with."""
        if user.is_superuser:
            return self
        return self.filter(Q(pk__in=user.volumes.values("pk")) | Q(pk__in=user.assisted.values("pk")))


class Volume(models.Model):
    """One volume of proceedings, with the fields of the publisher's ``@Proceedings`` entry (PMLR spec, section 1)."""

    number = models.PositiveIntegerField("volume number", unique=True, help_text="The publisher's number, such as 247.")
    bib_key = models.CharField(
        "BibTeX key", max_length=100, help_text="Key of the @Proceedings entry, such as COLT2024."
    )
    name = models.CharField(
        max_length=300, help_text="The conference, such as The 37th Annual Conference on Learning Theory."
    )
    shortname = models.CharField("short name", max_length=60, help_text="Acronym without year, such as COLT.")
    booktitle = models.CharField(max_length=300, help_text="Proceedings of …, as it appears in citations.")
    year = models.PositiveSmallIntegerField(help_text="Year of the conference; paper keys end in its last two digits.")
    start = models.DateField(null=True, blank=True, help_text="First day of the conference.")
    end = models.DateField(null=True, blank=True, help_text="Last day of the conference.")
    address = models.CharField("place", max_length=300, blank=True, help_text="Venue, city, country.")
    conference_url = models.URLField("conference URL", max_length=300, blank=True)
    published = models.DateField(
        null=True, blank=True, help_text="Publication date. From this day on, agreements do not lapse (clause 7)."
    )
    editor_names = models.JSONField(
        "volume editors' names",
        default=list,
        blank=True,
        help_text='As published, each "von Last, Jr, First", in order.',
    )
    sections = models.JSONField(default=list, blank=True, help_text="Names of the sections, in order.")
    extra = models.JSONField(
        "further BibTeX fields",
        default=dict,
        blank=True,
        help_text="Other fields. We write them to the volume’s BibTeX file.",
    )
    columns = models.JSONField(default=dict, editable=False, help_text="Columns of the volume’s last imported table.")
    editors = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="volumes",
        verbose_name="volume editors",
        help_text="They may see and change this volume. Only a superuser can change this list.",
    )
    assistants = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="assisted",
        help_text="They may see this volume and send reminders. Only a superuser can change this list.",
    )

    objects = VolumeQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(start__isnull=True) | Q(end__gte=models.F("start")),
                name="volume_ends_after_it_starts",
                violation_error_message="The last day of the conference is before its first day.",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number} {self.shortname} {self.year}"
