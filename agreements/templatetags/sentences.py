from django import template

from agreements.translated import translated

register = template.Library()
register.filter("translated", translated, is_safe=False)
