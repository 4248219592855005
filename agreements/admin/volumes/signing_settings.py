"""The signing settings of a volume: deadline, reminder schedule, working hours."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import JSONField
from django.http import HttpRequest

from agreements.domain.schedule import CUSTOM, PRESETS
from agreements.models import SigningSettings
from proceedings.accounts.permissions import can_edit

NUMBERS = {"offsets", "most_reminders", "coauthors_after", "editors_after"}


class SigningSettingsForm(forms.ModelForm):
    """Choosing a preset sets its numbers; changing a number sets the preset to custom."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if "preset" in self.changed_data and cleaned.get("preset") != CUSTOM:
            preset = PRESETS[cleaned["preset"]] if cleaned.get("preset") in PRESETS else None
            # A new volume may post both; then the numbers entered by hand win.
            if preset and not NUMBERS & set(self.changed_data):
                cleaned |= {
                    "offsets": list(preset.offsets),
                    "most_reminders": preset.max_reminders,
                    "coauthors_after": preset.coauthors_after,
                    "editors_after": preset.editors_after,
                }
        if NUMBERS & set(self.changed_data):
            cleaned["preset"] = CUSTOM
        return cleaned


class SigningSettingsInline(admin.StackedInline):
    model = SigningSettings
    form = SigningSettingsForm
    can_delete = False
    formfield_overrides = {JSONField: {"widget": forms.Textarea(attrs={"rows": 1, "cols": 70})}}
    fieldsets = [
        (None, {"fields": [("deadline", "zone"), "reply_to", "tell_authors", "language"]}),
        (
            "Reminders",
            {"fields": ["preset", "offsets", ("most_reminders", "coauthors_after", "editors_after")]},
        ),
        ("Working hours", {"fields": ["office_zone", ("from_hour", "to_hour"), "weekend"]}),
    ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "language":
            texts = {"label": db_field.verbose_name.capitalize(), "help_text": db_field.help_text}
            return forms.ChoiceField(choices=settings.LANGUAGES, initial=db_field.default, **texts)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj and hasattr(obj, "signing_settings") else 1  # agreements need a deadline: show the form

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # the volume's page has checked

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_edit(request, obj.pk if obj else None)

    has_add_permission = has_change_permission
