"""Permissions: a superuser sees everything, editors and assistants their volumes, others nothing."""

from collections.abc import Callable
from typing import Any, NoReturn

from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import capfirst

from proceedings.models import Volume


def own_volumes(request: HttpRequest) -> QuerySet[Volume]:
    """The volumes that the user may see. Read on every request, so that losing one takes effect at once."""
    if not request.user.is_authenticated or not request.user.is_staff:
        return Volume.objects.none()
    return Volume.objects.visible_to(request.user)


def edited_volumes(request: HttpRequest) -> QuerySet[Volume]:
    """The volumes that the user may change. An assistant may only read and remind."""
    if not request.user.is_authenticated or not request.user.is_staff:
        return Volume.objects.none()
    return Volume.objects.editable_by(request.user)


def has_admin_access(request: HttpRequest) -> bool:
    """Whether the user may see any volume."""
    return edits_anything(request) or bool(once(request, "has_desk", lambda: own_volumes(request).exists()))


def edits_anything(request: HttpRequest) -> bool:
    """Whether the user may change any volume."""
    return request.user.is_superuser or bool(edited(request))


def edited(request: HttpRequest) -> set[int]:
    """Primary keys of the volumes that the user may change. Not for superusers, who may change all."""
    keys: set[int] = once(request, "edited", lambda: set(edited_volumes(request).values_list("pk", flat=True)))
    return keys


def edits(request: HttpRequest, volume_id: int | None) -> bool:
    """Whether the user may change this volume; None stands for a new volume."""
    return request.user.is_superuser or (edits_anything(request) if volume_id is None else volume_id in edited(request))


def chosen_volume(request: HttpRequest) -> Volume | None:
    """The volume of a list: the one in its filter, or the user's only one."""

    def choose() -> Volume | None:
        volumes, number = own_volumes(request), request.GET.get("volume")
        if number is not None:
            return volumes.filter(number=int(number)).first() if is_number(number) else None
        first_two = list(volumes[:2])
        return first_two[0] if len(first_two) == 1 else None

    chosen: Volume | None = once(request, "chosen", choose)
    return chosen


def once(request: HttpRequest, what: str, compute: Callable[[], Any]) -> Any:
    """The result of `compute`, cached for this request only."""
    key = f"desk.{what}"  # no HTTP header can set it: those begin with HTTP_ and have no dot
    if key not in request.META:
        request.META[key] = compute()
    return request.META[key]


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


class OwnVolumes(admin.ModelAdmin):
    """Limits every list, page, choice and action to the user's volumes.

    Replaces Django's model permissions: an editor may do everything with a volume, an assistant may read and remind,
    and only a superuser adds or deletes volumes, and names editors and assistants.
    """

    volume_path = ""
    """Lookup from this model to its volume, such as ``paper__volume``; empty for the volume itself."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.own(request, super().get_queryset(request))

    def own(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if request.user.is_superuser and request.user.is_active:
            return rows
        return self.among(rows, own_volumes(request))

    def among(self, rows: QuerySet[Any], volumes: QuerySet[Volume]) -> QuerySet[Any]:
        """The `rows` that belong to `volumes`."""
        lookup = f"{self.volume_path}__in" if self.volume_path else "pk__in"
        return rows.filter(**{lookup: volumes})

    def may_change(self, request: HttpRequest, obj: Model | None) -> bool:
        if obj is None or obj.pk is None or request.user.is_superuser:
            return edits_anything(request)
        return self.among(type(obj).objects.filter(pk=obj.pk), edited_volumes(request)).exists()  # type: ignore[attr-defined]

    def in_scope(self, request: HttpRequest, obj: Model | None) -> bool:
        if obj is None or request.user.is_superuser:
            return has_admin_access(request)
        return self.own(request, super().get_queryset(request).filter(pk=obj.pk)).exists()

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        # The same answer whether it exists or not, and no redirect that looks like success.
        raise Http404

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = {"title": capfirst(self.opts.verbose_name_plural)}  # instead of "Select paper to change"
        return super().changelist_view(request, title | (extra_context or {}))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.in_scope(request, None)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.in_scope(request, obj)

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
    """Filters by volume; lists only the user's volumes."""

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
