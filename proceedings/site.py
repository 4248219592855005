"""The admin site. An editor of one volume lands on its overview."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, re_path, reverse

from proceedings.accounts.pages import LoginPages
from proceedings.accounts.permissions import own_volumes

MAX_VOLUMES = 30
"""Volumes on the index page; the list of volumes has all."""


RENAMED = {"proposal": "changerequest", "standin": "nonauthorsigner", "job": "bulkjob"}
"""Old names of models in URLs before version 0.2; old emails and bookmarks still use them."""


def redirect_renamed(request: HttpRequest, before: str) -> HttpResponse:
    """The same page under its new name. A form that was opened before the upgrade is sent on, so nothing is lost."""
    url = request.get_full_path().replace(f"/{before}/", f"/{RENAMED[before]}/", 1)
    return HttpResponseRedirect(url, preserve_request=request.method not in ("GET", "HEAD"))


class EditorialSite(LoginPages):
    site_header = "Proceedings"
    site_title = "Proceedings"
    index_title = "Overview of volumes"
    site_url = None  # no public start page for staff: authors use links in emails
    enable_nav_sidebar = False  # the header has the navigation; the tables need the width

    def get_urls(self) -> list[URLPattern | URLResolver]:
        old = [re_path(f"^agreements/({before})/.*$", redirect_renamed) for before in RENAMED]
        return [*old, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        volumes = list(own_volumes(request)[:MAX_VOLUMES])
        if len(volumes) == 1 and not request.user.is_superuser:
            return HttpResponseRedirect(reverse("admin:proceedings_volume_overview", args=[volumes[0].pk]))
        return super().index(request, {"volumes": volumes} | (extra_context or {}))
