"""Languages of the public pages, and which one a request uses.

A language is a folder in `locale/` with a compiled catalogue. No other setting names it.
"""

from collections.abc import Callable
from pathlib import Path

from django.conf.locale import LANG_INFO
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

ENGLISH = "en"
"""Language of the source texts, of the publisher's own text and of the admin."""

ENGLISH_ONLY = ("/admin/", "/packages/", "/demo/")
"""Paths of pages for staff. Without this, Django would translate its own texts there, but not ours."""


def available_languages(folder: Path) -> list[tuple[str, str]]:
    """Returns English and every language with a compiled catalogue in `folder`, for the setting LANGUAGES."""
    catalogues = folder.glob("*/LC_MESSAGES/django.mo")
    codes = {ENGLISH} | {translation.to_language(path.parent.parent.name) for path in catalogues}
    return [(code, LANG_INFO[code]["name"]) for code in sorted(codes)]


class LanguageMiddleware:
    """Answers in the language that the reader chose by `set_language`, else in the browser's preferred one.

    It applies to this request only; anything else in the same process stays English.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_admin = request.path_info.startswith(ENGLISH_ONLY)
        language = ENGLISH if is_admin else translation.get_language_from_request(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        if not is_admin:
            patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response
