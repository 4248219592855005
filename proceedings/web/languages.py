"""The languages of the public pages: which there are, and which one a request is answered in.

A language is a folder in `locale/` with a compiled catalogue. Nothing else names it.
"""

from collections.abc import Callable
from pathlib import Path

from django.conf.locale import LANG_INFO
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

ENGLISH = "en"
"""What the words are written in; the publisher's own language, and the desk's."""

ENGLISH_ONLY = ("/admin/", "/packages/", "/demo/")
"""Paths of pages for the desk's own people. Django would translate its half of them, and none of ours."""


def spoken(folder: Path) -> list[tuple[str, str]]:
    """English and every language that has a compiled catalogue in `folder`, as the setting LANGUAGES wants them."""
    catalogues = folder.glob("*/LC_MESSAGES/django.mo")
    codes = {ENGLISH} | {translation.to_language(path.parent.parent.name) for path in catalogues}
    return [(code, LANG_INFO[code]["name"]) for code in sorted(codes)]


class LanguageMiddleware:
    """Answers in the language that the reader chose by `set_language`, else in the one that the browser prefers.

    For this request only: what the same process does next, in a test or for the clock, is English again.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        desk = request.path_info.startswith(ENGLISH_ONLY)
        language = ENGLISH if desk else translation.get_language_from_request(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        if not desk:
            patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response
