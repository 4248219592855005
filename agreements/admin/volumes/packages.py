"""The two packages for the publisher: what is missing, making them, their progress, downloads."""

from collections import defaultdict
from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from agreements.admin.format import actor
from agreements.dashboard import health
from agreements.delivery import packages as delivery_packages
from agreements.delivery.download_links import download_url
from agreements.delivery.packages import Delivery
from agreements.jobs import package_builder
from agreements.models import Package
from proceedings.accounts.permissions import OwnVolumes, can_edit
from proceedings.models import Volume

MAX_SHOWN = 300
"""Papers shown for each reason; `manage.py deliver` lists all."""

MAX_PACKAGES = 12
"""Packages shown."""

REFRESH_SECONDS = 5
"""Seconds after which the page reloads while packages are being made."""

IN_PROGRESS = (Package.State.WAITING, Package.State.RUNNING)


def group_by_reason(delivery: Delivery) -> list[tuple[str, list[tuple[str, int | None]], int]]:
    """Each reason once, the most frequent first, with the keys of its papers (and the row, if there is one) and
    the number of further papers.
    """
    rows = {one.paper.key: one.paper_id for one in delivery.ready_agreements} | {
        paper.key: paper.pk for paper, _ in delivery.blocked
    }
    reasons: defaultdict[str, list[tuple[str, int | None]]] = defaultdict(list)
    for paper, why in delivery.blocked:
        reasons[why].append((paper.key, paper.pk))
    for finding in delivery.findings:
        why = str(replace(finding, paper="", fix=""))
        reasons[why].append((finding.paper, rows.get(finding.paper)))
    ranked = sorted(reasons.items(), key=lambda item: -len(item[1]))
    return [(why, papers[:MAX_SHOWN], max(0, len(papers) - MAX_SHOWN)) for why, papers in ranked]


class PackagePages(OwnVolumes):
    """A page per volume with its packages. Making them delivers something, so it is a POST that leaves events."""

    def get_urls(self) -> list[URLPattern]:
        name = "proceedings_volume_package"
        own = [
            path("<int:pk>/packages/", self.admin_site.admin_view(self.packages_page), name=f"{name}s"),
            path("<int:pk>/packages/<int:package>.zip", self.admin_site.admin_view(self.download), name=name),
        ]
        return own + super().get_urls()

    def volume_or_404(self, request: HttpRequest, pk: int) -> Volume:
        made = Package.objects.filter(volume=OuterRef("pk"), state=Package.State.DONE).order_by("-pk")
        newest = {f"{which}_package": Subquery(made.filter(which=which).values("pk")[:1]) for which in Package.Which}
        volumes = (
            self.get_queryset(request)
            .select_related("signing_settings", "check_result")
            .annotate(**newest, **health.heartbeat(timezone.now()))
        )
        volume: Volume | None = volumes.filter(pk=pk).first()
        if volume is None:
            raise Http404
        return volume

    def packages_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What would go to the publisher now, what is missing, and the packages made. A POST requests both packages."""
        volume = self.volume_or_404(request, pk)
        if request.method == "POST":
            return self.request_packages(request, volume)
        packages = list(volume.packages.exclude(state=Package.State.PRUNED).select_related("volume")[:MAX_PACKAGES])
        in_progress = any(package.state in IN_PROGRESS for package in packages)
        context = {
            **self.admin_site.each_context(request),
            "volume": volume,
            "packages": packages,
            "in_progress": in_progress,
            "may_deliver": can_edit(request, volume.pk),
            "title": f"Packages of {volume}",
            "opts": self.opts,
        }
        if not in_progress:  # checking 3,500 papers at every refresh would slow the job down
            delivery = delivery_packages.prepare_delivery(volume, timezone.now().date())
            now = delivery_packages.fingerprint(delivery)
            context |= {
                "delivery": delivery,
                "missing": group_by_reason(delivery),
                "stale": {package.pk for package in packages if package.fingerprint != now},
            }
        response = render(request, "admin/agreements/packages.html", context)
        if in_progress and "still" not in request.GET:
            response["Refresh"] = str(REFRESH_SECONDS)
        return response

    def request_packages(self, request: HttpRequest, volume: Volume) -> HttpResponse:
        """Request both packages; a partial one only if its box is ticked."""
        if not can_edit(request, volume.pk):
            raise PermissionDenied
        now, partial = timezone.now(), "partial" in request.POST
        if not partial and not delivery_packages.prepare_delivery(volume, now.date()).ready:
            why = (
                "No packages were made: the volume is not ready. See below what is missing, or tick the box for "
                "partial packages."
            )
            self.message_user(request, why, messages.ERROR)
        else:
            package_builder.order_packages(volume, partial=partial, by=actor(request), now=now)
        return HttpResponseRedirect(reverse("admin:proceedings_volume_packages", args=[volume.pk]))

    def download(self, request: HttpRequest, pk: int, package: int) -> HttpResponse:
        """Redirect to the file by a link that expires after minutes."""
        volume = self.volume_or_404(request, pk)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not can_edit(request, volume.pk):
            raise PermissionDenied
        found = volume.packages.filter(pk=package, state=Package.State.DONE).select_related("volume").first()
        if found is None:
            raise Http404
        return HttpResponseRedirect(download_url(found))

    def packages_link(self, volume: Volume) -> str:
        """A link for the list of volumes."""
        return format_html('<a href="{}">packages</a>', reverse("admin:proceedings_volume_packages", args=[volume.pk]))
