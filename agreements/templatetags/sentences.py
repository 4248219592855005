"""Sentences in the language of whoever reads them."""

from django import template
from django.utils.translation import gettext

from agreements.domain.translatable import Sentence

register = template.Library()


@register.filter(is_safe=False)
def translated(words: str) -> str:
    """`words` in the active language. Only sentences are translated, also those within one: a title stays a title."""
    if not isinstance(words, Sentence):
        return words
    values = {name: translated(value) if isinstance(value, str) else value for name, value in words.values.items()}
    return gettext(words.pattern) % values if values else gettext(words.pattern)
