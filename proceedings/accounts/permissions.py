"""Permissions in the admin: superusers see everything, editors and assistants see their volumes, others nothing."""

from collections.abc import Callable
from typing import Any, NoReturn

from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import capfirst

from proceedings.models import Volume


def own_volumes(request: HttpRequest) -> QuerySet[Volume]:
    """Returns the volumes that the user may see. Read on every request, so that a removal takes effect at once."""
    if not request.user.is_authenticated or not request.user.is_staff:
        return Volume.objects.none()
    return Volume.objects.visible_to(request.user)


def edited_volumes(request: HttpRequest) -> QuerySet[Volume]:
    """Returns the volumes that the user may change. Assistants may only read and remind."""
    if not request.user.is_authenticated or not request.user.is_staff:
        return Volume.objects.none()
    return Volume.objects.editable_by(request.user)


def has_admin_access(request: HttpRequest) -> bool:
    """Whether the user may see any volume."""
    return can_edit_any(request) or bool(cache_on_request(request, "has_desk", lambda: own_volumes(request).exists()))


def can_edit_any(request: HttpRequest) -> bool:
    """Whether the user may change any volume."""
    return request.user.is_superuser or bool(edited_volume_ids(request))


def edited_volume_ids(request: HttpRequest) -> set[int]:
    """Returns the primary keys of the volumes that the user may change. Not for superusers, who may change all."""
    keys: set[int] = cache_on_request(
        request, "edited", lambda: set(edited_volumes(request).values_list("pk", flat=True))
    )
    return keys


def can_edit(request: HttpRequest, volume_id: int | None) -> bool:
    """Whether the user may change this volume. None stands for a new volume."""
    return request.user.is_superuser or (
        can_edit_any(request) if volume_id is None else volume_id in edited_volume_ids(request)
    )


def chosen_volume(request: HttpRequest) -> Volume | None:
    """Returns the volume that a list shows: the one in its filter, or the user's only volume."""

    def choose() -> Volume | None:
        volumes, number = own_volumes(request), request.GET.get("volume")
        if number is not None:
            return volumes.filter(number=int(number)).first() if is_number(number) else None
        first_two = list(volumes[:2])
        return first_two[0] if len(first_two) == 1 else None

    chosen: Volume | None = cache_on_request(request, "chosen", choose)
    return chosen


def cache_on_request(request: HttpRequest, what: str, compute: Callable[[], Any]) -> Any:
    """Calls `compute` once per request and caches the result, because every page asks often."""
    key = f"desk.{what}"  # no header can set it: header keys begin with HTTP_ and have no dot
    if key not in request.META:
        request.META[key] = compute()
    return request.META[key]


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


class OwnVolumes(admin.ModelAdmin):
    """Limits lists, pages, choices and actions to the user's volumes.

    It ignores Django's model permissions. An editor may do everything for their volumes. An assistant may read and
    remind. Only a superuser adds, deletes, or names editors and assistants.
    """

    volume_path = ""
    """Lookup from this model to its volume, such as ``paper__volume``; empty for the volume itself."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.limit_to_own(request, super().get_queryset(request))

    def limit_to_own(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if request.user.is_superuser and request.user.is_active:
            return rows
        return self.in_volumes(rows, own_volumes(request))

    def in_volumes(self, rows: QuerySet[Any], volumes: QuerySet[Volume]) -> QuerySet[Any]:
        """Returns those `rows` that belong to `volumes`."""
        lookup = f"{self.volume_path}__in" if self.volume_path else "pk__in"
        return rows.filter(**{lookup: volumes})

    def may_change(self, request: HttpRequest, obj: Model | None) -> bool:
        if obj is None or obj.pk is None or request.user.is_superuser:
            return can_edit_any(request)
        return self.in_volumes(type(obj).objects.filter(pk=obj.pk), edited_volumes(request)).exists()  # type: ignore[attr-defined]

    def may_view(self, request: HttpRequest, obj: Model | None) -> bool:
        if obj is None or request.user.is_superuser:
            return has_admin_access(request)
        return self.limit_to_own(request, super().get_queryset(request).filter(pk=obj.pk)).exists()

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        # The same answer whether the row belongs to another editor or does not exist; a redirect would look like
        # success.
        raise Http404

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = {"title": capfirst(self.opts.verbose_name_plural)}  # instead of "Select paper to change"
        return super().changelist_view(request, title | (extra_context or {}))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may_view(request, None)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_view(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.related_model is Volume:
            kwargs["queryset"] = edited_volumes(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class OwnVolumeFilter(admin.SimpleListFilter):
    """Filters by volume and lists only the user's volumes."""

    title = "volume"
    parameter_name = "volume"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(str(volume.number), str(volume)) for volume in own_volumes(request)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        if not is_number(value):
            return queryset.none()
        path = getattr(self, "volume_path", "volume")
        return queryset.filter(**{f"{path}__number": int(value)})
