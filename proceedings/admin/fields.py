"""Form fields for lists and tables, one line per item, so that editors need not write JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms


def text_area() -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 3, "cols": 70})


class Lines(forms.Field):
    """A list of texts, one per line. Ignores empty lines."""

    widget = text_area()

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else "\n".join(value)

    def to_python(self, value: Any) -> list[str]:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Sequence[str] | None, data: Any) -> bool:
        return self.to_python(data) != list(initial or [])


class NamedLines(forms.Field):
    """A table of texts, `name = text` on each line.

    Raises forms.ValidationError for a line without an equals sign or name, and for a repeated name.
    """

    widget = text_area()

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        return "\n".join(f"{name} = {' '.join(text.split())}" for name, text in value.items())

    def to_python(self, value: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in Lines().to_python(value):
            name, equals, text = (part.strip() for part in line.partition("="))
            if not equals or not name:
                raise forms.ValidationError(
                    f"“{line}” is not in the form name = text. Write one field per line.", code="no-name"
                )
            if name in found:
                raise forms.ValidationError(f"“{name}” appears twice. Keep one line for each field.", code="twice")
            found[name] = text
        return found

    def has_changed(self, initial: Mapping[str, str] | None, data: Any) -> bool:
        try:
            return self.to_python(data) != self.to_python(self.prepare_value(initial))
        except forms.ValidationError:
            return True
