"""Volumes in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import URLField
from django.http import HttpRequest
from django.utils.text import capfirst
from django_otp.plugins.otp_totp.models import TOTPDevice

from proceedings.admin.affiliations import AffiliationPages
from proceedings.admin.checks import CheckPages
from proceedings.admin.fields import Lines, NamedLines
from proceedings.admin.files import FilePages
from proceedings.admin.imports import ImportPages
from proceedings.admin.leftovers import LeftoverPages
from proceedings.admin.names import NamePages
from proceedings.models import User, Volume

admin.site.unregister(Group)
admin.site.unregister(TOTPDevice)  # its pages would show the secrets of others


class VolumeForm(forms.ModelForm):
    editor_names = Lines(
        label="Volume editors’ names",
        required=False,
        help_text="One per line, in order, family name first, such as “Agrawal, Shipra”.",
    )
    sections = Lines(required=False, help_text="One per line, in order. A volume has no sections, or at least two.")
    extra = NamedLines(
        label="Further BibTeX fields",
        required=False,
        help_text="One per line, such as “conference_number = 37”. We write them to the volume’s BibTeX file.",
    )


@admin.register(Volume)
class VolumeAdmin(ImportPages, LeftoverPages, NamePages, AffiliationPages, FilePages, CheckPages):
    form = VolumeForm
    list_display = ["__str__", "name", "published"]
    search_fields = ["=number", "name", "shortname"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    fieldsets = [
        (None, {"fields": ["number", "name", "shortname", "year", "booktitle", "bib_key"]}),
        ("Conference", {"fields": [("start", "end"), "address", "conference_url"]}),
        ("Publication", {"fields": ["published", "editor_names", "sections", "extra"]}),
        ("Editors and assistants", {"fields": ["editors", "assistants"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Volume | None = None) -> list[str]:
        # Delivered files contain the number, and only a superuser names editors.
        return [] if request.user.is_superuser else ["number", "editors", "assistants"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # Checkboxes: Django's two boxes with arrows are hard to use with a screen reader.
        people = User.objects.filter(is_staff=True).order_by("username")
        return forms.ModelMultipleChoiceField(
            people,
            label=capfirst(db_field.verbose_name),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=db_field.help_text,
        )
