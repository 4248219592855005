"""Filters of the lists of papers and agreements. They name only the user's own volumes, as the lists do."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from agreements.dashboard import paper_state
from agreements.dashboard.blockers import BLOCKER_INFO, Blocker
from agreements.domain.states import LIVE, STATUS_LABELS, Status
from agreements.models import Agreement
from proceedings.accounts.permissions import OwnVolumeFilter, chosen_volume
from proceedings.models import Paper

AGES = {"7": "over a week", "14": "over two weeks", "30": "over a month", "90": "over three months"}


def filter_by_paper(queryset: QuerySet[Any], **lookups: Any) -> QuerySet[Any]:
    """Filters a queryset of papers or agreements by columns of the paper."""
    path = "paper__" if queryset.model is Agreement else ""
    return queryset.filter(**{path + name: value for name, value in lookups.items()})


class VolumeOfAgreementFilter(OwnVolumeFilter):
    volume_path = "paper__volume"


class AgreementStatusFilter(admin.SimpleListFilter):
    title = "agreement"
    parameter_name = "agreement"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "none issued"), *((status.value, STATUS_LABELS[status]) for status in Status)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "none":
            under_way = Agreement.objects.filter(status__in=LIVE - {Status.DRAFT}).values("paper")
            return queryset.filter(status=Paper.Status.ACCEPTED).exclude(pk__in=under_way)
        if self.value():
            return queryset.filter(pk__in=Agreement.objects.filter(status=self.value()).values("paper"))
        return queryset


class BlockerFilter(admin.SimpleListFilter):
    """By blocker, computed by the same function as the overview's counts."""

    title = "blocker"
    parameter_name = "blocker"

    def __init__(self, request: HttpRequest, *arguments: Any) -> None:
        self.request = request
        super().__init__(request, *arguments)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # Blockers are computed per volume, so the filter shows once a volume is chosen.
        if chosen_volume(request) or self.value():
            return [(blocker.value, BLOCKER_INFO[blocker].label) for blocker in Blocker]
        return []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        volume = chosen_volume(request)
        if volume is None:
            messages.warning(request, "Choose a volume first. This filter works within one volume.")
            return queryset.none()
        if self.value() not in set(Blocker):
            return queryset.none()
        blocked = paper_state.papers_blocked_by(volume, Blocker(str(self.value())), timezone.now())
        if queryset.model is Agreement:
            queryset = queryset.exclude(status__in=[Status.SUPERSEDED, Status.VOIDED])
        return filter_by_paper(queryset, pk__in=blocked)


class SectionFilter(admin.SimpleListFilter):
    title = "section"
    parameter_name = "section"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        volume = chosen_volume(request)
        if volume is None:
            return [(self.value() or "", self.value() or "")] if self.value() else []
        named = volume.papers.exclude(section="").order_by("section").values_list("section", flat=True).distinct()
        return [(section, section) for section in named]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return filter_by_paper(queryset, section=self.value()) if self.value() else queryset


class AgeFilter(admin.SimpleListFilter):
    """How long ago an unsigned agreement was issued."""

    title = "awaiting signature for"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(AGES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in AGES:
            return queryset
        before = timezone.now() - timedelta(days=int(str(self.value())))
        waiting = {"status": Status.ISSUED, "issued_at__lte": before}
        if queryset.model is Agreement:
            return queryset.filter(**waiting)
        return queryset.filter(pk__in=Agreement.objects.filter(**waiting).values("paper"))
