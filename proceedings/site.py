"""The desk's own site: whoever has one volume stands before its board at once."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from proceedings.accounts.pages import LoginPages
from proceedings.accounts.permissions import own_volumes

MANY = 30
"""So many boards the front page names; the list of volumes has them all."""


class Desk(LoginPages):
    site_header = "Proceedings desk"
    site_title = "Proceedings desk"
    index_title = "The desk"
    site_url = None  # the public pages have no front door; authors come through mailed links
    enable_nav_sidebar = False  # three lists stand in the header; the tables need the width

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        volumes = list(own_volumes(request)[:MANY])
        if len(volumes) == 1 and not request.user.is_superuser:
            return HttpResponseRedirect(reverse("admin:proceedings_volume_board", args=[volumes[0].pk]))
        return super().index(request, {"boards": volumes} | (extra_context or {}))
