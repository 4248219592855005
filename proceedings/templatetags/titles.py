"""Titles as people read them."""

from django import template

from proceedings.bibtex.plain_title import plain_title

register = template.Library()
register.filter("plain_title", plain_title, is_safe=False)
