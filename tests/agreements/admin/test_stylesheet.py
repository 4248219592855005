"""The admin's stylesheet names columns and sections that exist: a renamed one would lose its style unnoticed."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib import admin
from django.forms.models import inlineformset_factory

STYLES = Path(settings.BASE_DIR, "static", "admin.css").read_text()


def columns() -> Iterator[str]:
    for model, page in admin.site._registry.items():
        yield from map(str, page.list_display)
        yield from (field.name for field in model._meta.get_fields())
        for inline in page.inlines:
            yield from (field.name for field in inline.model._meta.get_fields())


def sections() -> Iterator[str]:
    """The ids that Django gives the sections of related rows."""
    for model, page in admin.site._registry.items():
        for inline in page.inlines:
            formset = inlineformset_factory(model, inline.model, fields="__all__")  # type: ignore[var-annotated]
            yield f"{formset.get_default_prefix()}-group"


def test_every_column_with_a_style_of_its_own_exists() -> None:
    assert set(re.findall(r"\.field-(\w+)", STYLES)) - set(columns()) == set()


def test_every_section_with_a_style_of_its_own_exists() -> None:
    styled = set(re.findall(r"#(\w+-group)\b", STYLES))
    assert styled
    assert styled - set(sections()) == set()
