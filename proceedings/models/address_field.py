"""Fields for email addresses: what is typed is cleaned, checked and kept in one form, see `email_address`."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from proceedings import email_address
from proceedings.email_address import AddressError


def clean_address(text: str) -> str:
    """Returns the address in `text` as it is kept. Raises AddressError also if our mail server cannot send to it."""
    return email_address.clean_address(text, smtputf8=settings.EMAIL_SMTPUTF8)


class AddressFormField(forms.EmailField):
    """One email address. A form may have its own text for the codes ``invalid``, ``masked`` and ``utf8``."""

    default_validators = []  # `to_python` checks more than Django’s validator

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        try:
            return clean_address(text) if text else ""
        except AddressError as error:
            message = self.error_messages.get(error.code) or error.sentences
            raise ValidationError(message, error.code) from error


class AddressField(models.EmailField):  # type: ignore[type-arg]  # Django’s class takes no arguments
    """A column with an email address. For the database it is an `EmailField`, so it needs no migration."""

    default_validators = []  # `clean` checks

    def clean(self, value: Any, model_instance: Any) -> Any:
        """Returns the address as it is kept. Raises ValidationError."""
        try:
            cleaned = clean_address(value) if value else value
        except AddressError as error:
            raise ValidationError(error.sentences, error.code) from error
        return super().clean(cleaned, model_instance)

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        return super().formfield(*args, **{"form_class": AddressFormField, **kwargs})

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs
