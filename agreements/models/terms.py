"""A volume's policy: until when authors sign, and how they are reminded."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import dateformat
from django.utils.translation import gettext as _

from proceedings.languages import ENGLISH
from proceedings.models import Volume


def known_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(f"{value!r} is not a time zone. Give an IANA name such as Europe/Paris or Etc/GMT+12.")


def known_language(value: str) -> None:
    if value not in dict(settings.LANGUAGES):
        raise ValidationError(
            f"{value!r} is no language of this desk. Give one of {', '.join(dict(settings.LANGUAGES))}."
        )


def whole_days(value: Any) -> None:
    good = isinstance(value, list) and all(isinstance(day, int) and not isinstance(day, bool) for day in value)
    if not good or len(set(value)) != len(value) or any(abs(day) > 365 for day in value):
        raise ValidationError("Give a list of different whole days, such as [-14, -7, -3, -1, 1, 3, 7].")


def default_offsets() -> list[int]:
    return [-14, -7, -3, -1, 1, 3, 7]


ANYWHERE_ON_EARTH = "Etc/GMT+12"


class Terms(models.Model):
    """A volume's policy: until when authors sign, and how they are reminded."""

    volume = models.OneToOneField(Volume, models.CASCADE, related_name="terms")
    deadline = models.DateField(help_text="Last day to sign.")
    zone = models.CharField(
        "time zone of the deadline",
        max_length=60,
        default=ANYWHERE_ON_EARTH,
        validators=[known_zone],
        help_text="IANA name, such as Europe/Paris. Etc/GMT+12 is “anywhere on Earth”.",
    )
    offsets = models.JSONField(
        "days of reminders",
        default=default_offsets,
        validators=[whole_days],
        help_text="Days before (-) and after (+) the deadline.",
    )
    most_reminders = models.PositiveSmallIntegerField(
        "most reminders",
        default=8,
        validators=[MinValueValidator(0), MaxValueValidator(30)],
        help_text="Per agreement.",
    )
    paused = models.BooleanField("reminders paused", default=False)
    tell_authors = models.BooleanField(
        "tell the other authors",
        default=True,
        help_text="Once somebody has signed for all, the others hear of it and have 14 days to object.",
    )
    language = models.CharField(
        "language of mails",
        max_length=10,
        default=ENGLISH,
        validators=[known_language],  # not choices: a new language needs no migration
        help_text="Until an author has used the pages in another one. Mails to editors are in English.",
    )
    reply_to = models.EmailField(blank=True, help_text="Where authors' answers go, such as the publication chair.")
    revision = models.PositiveSmallIntegerField(
        default=1, editable=False, help_text="Counts moved deadlines: a new deadline has reminders of its own."
    )

    class Meta:
        verbose_name_plural = "terms"

    def __str__(self) -> str:
        return f"Terms of {self.volume}"

    @property
    def closes_at(self) -> datetime:
        """The first instant after the last day to sign, in UTC."""
        day = self.deadline + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def move_deadline(self, deadline: date, zone: str) -> None:
        """Sets another last day to sign. A new deadline has reminders of its own, so its revision counts up."""
        if self.pk and (deadline, zone) != (self.deadline, self.zone):
            self.revision += 1
        self.deadline, self.zone = deadline, zone

    @property
    def deadline_in_words(self) -> str:
        """Such as ``30 November 2026, 23:59 anywhere on Earth``, in the language of whoever reads it."""
        zone = _("anywhere on Earth") if self.zone == ANYWHERE_ON_EARTH else self.zone
        day = dateformat.format(self.deadline, _("j F Y"))
        return _("%(day)s, 23:59 %(zone)s") % {"day": day, "zone": zone}
