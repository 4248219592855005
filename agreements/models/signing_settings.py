"""A volume's signing settings: its deadline, its reminders and its language."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import dateformat
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from agreements.domain.schedule import CUSTOM, PRESETS, Policy, WorkingHours
from proceedings.models import Volume
from proceedings.models.address_field import AddressField
from proceedings.web.languages import ENGLISH


def known_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(f"{value!r} is not a time zone. Enter an IANA name such as Europe/Paris or Etc/GMT+12.")


def known_language(value: str) -> None:
    if value not in dict(settings.LANGUAGES):
        raise ValidationError(f"{value!r} is not available. Choose one of {', '.join(dict(settings.LANGUAGES))}.")


def whole_days(value: Any) -> None:
    good = isinstance(value, list) and all(isinstance(day, int) and not isinstance(day, bool) for day in value)
    if not good or len(set(value)) != len(value) or any(abs(day) > 365 for day in value):
        raise ValidationError("Enter a list of different whole numbers of days, such as [-14, -7, -3, -1, 1, 3, 7].")


def default_offsets() -> list[int]:
    return list(PRESETS["standard"].offsets)


def default_weekend() -> list[int]:
    return [6, 7]


def week_days(value: Any) -> None:
    if not isinstance(value, list) or len(set(value)) != len(value) or not set(value) <= set(range(1, 8)):
        raise ValidationError("Enter a list of different days from 1 (Monday) to 7 (Sunday), such as [6, 7].")
    if len(value) == 7:
        raise ValidationError("All days are days without reminders. Leave at least one day for reminders.")


ANYWHERE_ON_EARTH = "Etc/GMT+12"


class SigningSettings(models.Model):
    """A volume's signing settings: its deadline, its reminders and its language."""

    volume = models.OneToOneField(Volume, models.CASCADE, related_name="signing_settings")
    deadline = models.DateField(help_text="Last day to sign.")
    zone = models.CharField(
        "time zone of the deadline",
        max_length=60,
        default=ANYWHERE_ON_EARTH,
        validators=[known_zone],
        help_text="IANA name, such as Europe/Paris. Etc/GMT+12 is “anywhere on Earth”.",
    )
    offsets = models.JSONField(
        "reminder days",
        default=default_offsets,
        validators=[whole_days],
        help_text="Days before (-) and after (+) the deadline, such as [-7, -1, 3].",
    )
    most_reminders = models.PositiveSmallIntegerField(
        "maximum number of reminders",
        default=PRESETS["standard"].max_reminders,
        validators=[MinValueValidator(0), MaxValueValidator(30)],
        help_text="For each agreement.",
    )
    preset = models.CharField(
        "reminder schedule",
        max_length=10,
        choices=[(name, preset.label) for name, preset in PRESETS.items()] + [(CUSTOM, "custom")],
        default="standard",
        help_text="Sets the four values below. If you change one, the schedule becomes custom.",
    )
    coauthors_after = models.PositiveSmallIntegerField(
        "ask co-authors after",
        default=PRESETS["standard"].coauthors_after,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text="Number of reminders without an answer.",
    )
    editors_after = models.PositiveSmallIntegerField(
        "tell editors after",
        default=PRESETS["standard"].editors_after,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text="Number of reminders without an answer. The overview and the daily digest then list the paper.",
    )
    office_zone = models.CharField(
        "time zone of emails",
        max_length=60,
        default="UTC",
        validators=[known_zone],
        help_text="We send reminders in the working hours of this zone, or of the author’s own zone if known.",
    )
    from_hour = models.PositiveSmallIntegerField(
        "send reminders from", default=9, validators=[MaxValueValidator(23)], help_text="Hour, 0 to 24."
    )
    to_hour = models.PositiveSmallIntegerField(
        "send reminders until",
        default=17,
        validators=[MinValueValidator(1), MaxValueValidator(24)],
        help_text="Hour, 0 to 24.",
    )
    weekend = models.JSONField(
        "days without reminders",
        default=default_weekend,
        blank=True,
        validators=[week_days],
        help_text="Such as [6, 7] for the weekend: 1 is Monday, 7 is Sunday.",
    )
    paused_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="No reminders before this time."
    )
    daily_at = models.DateTimeField(
        null=True,
        blank=True,
        db_index=True,
        editable=False,
        help_text="When a scheduled job next checks the daily digest.",
    )
    digest_opt_outs = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, editable=False, help_text="Editors who do not get the daily digest."
    )
    tell_authors = models.BooleanField(
        "tell the co-authors",
        default=True,
        help_text="After the signature, we email the co-authors. They have 14 days to object.",
    )
    language = models.CharField(
        "language of emails",
        max_length=10,
        default=ENGLISH,
        validators=[known_language],  # not choices: a new language needs no migration
        help_text="Used until an author chooses another language. Emails to editors are in English.",
    )
    reply_to = AddressField(
        blank=True, help_text="Authors’ replies go to this address, such as the publication chair’s."
    )
    revision = models.PositiveSmallIntegerField(
        default=1, editable=False, help_text="Number of the deadline: each new deadline has its own reminders."
    )

    class Meta:
        verbose_name = "signing settings"
        verbose_name_plural = "signing settings"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(from_hour__lt=models.F("to_hour")),
                name="reminder_hours_in_order",
                violation_error_message="The reminder hours end before they begin. Correct one of them.",
            )
        ]

    def __str__(self) -> str:
        return f"signing settings of {self.volume}"

    @property
    def closes_at(self) -> datetime:
        """The first instant after the last day to sign, in UTC."""
        day = self.deadline + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    @property
    def hours(self) -> WorkingHours:
        return WorkingHours(self.office_zone, self.from_hour, self.to_hour, frozenset(self.weekend))

    def hours_in(self, zone: str) -> WorkingHours:
        """The same hours in another time zone."""
        return replace(self.hours, zone=zone)

    @property
    def policy(self) -> Policy:
        return self.policy_for(self.hours)

    def policy_for(self, hours: WorkingHours) -> Policy:
        """The reminder policy for a person with these working hours."""
        return Policy(
            closes_at=self.closes_at,
            offsets=tuple(self.offsets),
            max_reminders=self.most_reminders,
            revision=self.revision,
            coauthors_after=self.coauthors_after,
            hours=hours,
        )

    def move_deadline(self, deadline: date, zone: str) -> None:
        """Set the last day to sign. A new deadline has its own reminders, so the revision increases."""
        if self.pk and (deadline, zone) != (self.deadline, self.zone):
            self.revision += 1
        self.deadline, self.zone = deadline, zone

    @property
    def deadline_in_words(self) -> str:
        """The deadline such as ``30 November 2026, 23:59 anywhere on Earth``, in the active language."""
        return in_words(self.deadline, self.zone, get_language())


@lru_cache(maxsize=64)
def in_words(deadline: date, zone: str, language: str | None) -> str:
    """Format a deadline in a language. Cached, because every email of a volume shows it."""
    with override(language):
        zone = _("anywhere on Earth") if zone == ANYWHERE_ON_EARTH else zone
        day = dateformat.format(deadline, _("j F Y"))
        return _("%(day)s, 23:59 %(zone)s") % {"day": day, "zone": zone}


class RecipientSettings(models.Model):
    """A volume's settings for one recipient, made by its editors: their time zone, and their pause."""

    volume = models.ForeignKey(Volume, models.CASCADE, related_name="people")
    address = models.EmailField(help_text="In lower case.")
    zone = models.CharField("time zone", max_length=60, blank=True, validators=[known_zone])
    paused_until = models.DateTimeField(
        null=True, blank=True, help_text="No reminders to this person before this time."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["volume", "address"], name="one_person_per_address")]

    def __str__(self) -> str:
        return self.address


class EmailTemplate(models.Model):
    """A volume's own text for one kind of email. `mail/email_templates.py` checks it before it is saved."""

    volume = models.ForeignKey(Volume, models.CASCADE, related_name="own_words")
    kind = models.CharField(max_length=20)
    body = models.TextField("text", blank=True, help_text="Replaces the standard text between greeting and signature.")
    extra = models.TextField("extra paragraph", blank=True, help_text="Added before the signature.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["volume", "kind"], name="one_wording_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} template of {self.volume}"
