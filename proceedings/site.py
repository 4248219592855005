"""The desk's own site: whoever has one volume stands before its board at once."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, re_path, reverse
from django.views.generic import RedirectView

from proceedings.accounts.pages import LoginPages
from proceedings.accounts.permissions import own_volumes

MAX_VOLUMES = 30
"""So many boards the front page names; the list of volumes has them all."""


RENAMED = {"proposal": "changerequest", "standin": "nonauthorsigner", "job": "bulkjob"}
"""Models whose pages had another address before version 0.2: emails and bookmarks still lead there."""


class EditorialSite(LoginPages):
    site_header = "Proceedings desk"
    site_title = "Proceedings desk"
    index_title = "The desk"
    site_url = None  # the public pages have no front door; authors come through mailed links
    enable_nav_sidebar = False  # three lists stand in the header; the tables need the width

    def get_urls(self) -> list[URLPattern | URLResolver]:
        old = [
            re_path(
                f"^agreements/{before}/(?P<rest>.*)$",
                RedirectView.as_view(url=f"/admin/agreements/{after}/%(rest)s", query_string=True),
            )
            for before, after in RENAMED.items()
        ]
        return [*old, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        volumes = list(own_volumes(request)[:MAX_VOLUMES])
        if len(volumes) == 1 and not request.user.is_superuser:
            return HttpResponseRedirect(reverse("admin:proceedings_volume_board", args=[volumes[0].pk]))
        return super().index(request, {"boards": volumes} | (extra_context or {}))
