"""The publisher's two packages on the desk: what speaks against them, and a download of each."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from agreements import bundle, handover
from agreements.admin.words import who
from proceedings.dialect import UnwritableError
from proceedings.models import Volume
from proceedings.scope import OwnVolumes, edits

PACKAGES = ("public", "permissions")
MOST = 300
"""So many reasons a page shows; the command lists them all."""


class PackageDownloads(OwnVolumes):
    """A page per volume with its packages. A download hands something over, so it is a POST that leaves its events."""

    def get_urls(self) -> list[URLPattern]:
        name = "proceedings_volume_package"
        own = [
            path("<int:pk>/packages/", self.admin_site.admin_view(self.packages_page), name=f"{name}s"),
            path("<int:pk>/packages/<str:which>.zip", self.admin_site.admin_view(self.package_zip), name=name),
        ]
        return own + super().get_urls()

    def volume_or_404(self, request: HttpRequest, pk: int) -> Volume:
        volume: Volume | None = self.get_queryset(request).filter(pk=pk).first()
        if volume is None:
            raise Http404
        return volume

    def packages_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What would go to the publisher now, and everything that speaks against it. Changes nothing."""
        volume = self.volume_or_404(request, pk)
        what = handover.prepare(volume, timezone.now().date())
        context = {
            **self.admin_site.each_context(request),
            "volume": volume,
            "what": what,
            "reasons": what.reasons[:MOST],
            "more": max(0, len(what.reasons) - MOST),
            "may_deliver": edits(request, volume.pk),
            "title": f"Packages of {volume}",
            "opts": self.opts,
        }
        return render(request, "admin/agreements/packages.html", context)

    def package_zip(self, request: HttpRequest, pk: int, which: str) -> HttpResponseBase:
        """The package as a zip, streamed; one that is not complete only for whoever has ticked that it is a part."""
        volume = self.volume_or_404(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if which not in PACKAGES:
            raise Http404
        if not edits(request, volume.pk):
            raise PermissionDenied
        now = timezone.now()
        what = handover.prepare(volume, now.date())
        if not what.ready and "partial" not in request.POST:
            return self.refuse(request, volume, "It is not ready; see why below. Tick the box to get a part of it.")
        try:
            return self.handed_over(what, which, by=who(request), now=now)
        except UnwritableError as error:
            return self.refuse(request, volume, str(error))

    @staticmethod
    def handed_over(what: handover.Handover, which: str, *, by: str, now: Any) -> StreamingHttpResponse:
        name = f"v{what.volume.number}{'permissions' if which == 'permissions' else ''}"
        if which == "public":
            size, pieces = handover.zipped_public(what)
            handover.keep_keys(what)
            response = StreamingHttpResponse(pieces, content_type="application/zip")
            response["Content-Length"] = str(size)
        else:
            response = StreamingHttpResponse(handover.zipped_permissions(what), content_type="application/zip")
            for agreement in what.cleared:
                bundle.note_delivered(agreement, by=by, now=now)
        label = "" if what.ready else "-PARTIAL"
        response["Content-Disposition"] = f'attachment; filename="{name}{label}.zip"'
        return response

    def refuse(self, request: HttpRequest, volume: Volume, why: str) -> HttpResponseRedirect:
        self.message_user(request, f"Nothing was handed over. {why}", messages.ERROR)
        return HttpResponseRedirect(reverse("admin:proceedings_volume_packages", args=[volume.pk]))

    def packages(self, volume: Volume) -> str:
        """A link for the list of volumes."""
        return format_html('<a href="{}">packages</a>', reverse("admin:proceedings_volume_packages", args=[volume.pk]))
