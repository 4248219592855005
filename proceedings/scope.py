"""Who sees what on the desk: a superuser everything, an editor the volumes they edit, anybody else nothing."""

from typing import Any, NoReturn

from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import capfirst

from proceedings.models import Volume


def own_volumes(request: HttpRequest) -> QuerySet[Volume]:
    """The volumes on the desk of the one who asks; read anew on every request, so a loss takes effect at once."""
    if not request.user.is_authenticated or not request.user.is_staff:
        return Volume.objects.none()
    return Volume.objects.editable_by(request.user)


def has_desk(request: HttpRequest) -> bool:
    """Whether there is anything at all on the desk of the one who asks. Every page asks often; rows are asked once."""
    answer: bool | None = request.META.get(HAS_DESK)
    if answer is None:
        answer = request.META[HAS_DESK] = request.user.is_superuser or own_volumes(request).exists()
    return answer


HAS_DESK = "desk.has_volumes"
"""No header can reach this key: those begin with HTTP_ and have no dot."""


class OwnVolumes(admin.ModelAdmin):
    """Limits every list, page, choice and action to the editor's own volumes.

    Django's model permissions are not asked: who edits a volume may do all that the desk offers for it, and only a
    superuser adds, deletes or names editors.
    """

    volume_path = ""
    """From this model to its volume, such as ``paper__volume``; empty for the volume itself."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.own(request, super().get_queryset(request))

    def own(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        lookup = f"{self.volume_path}__in" if self.volume_path else "pk__in"
        return rows.filter(**{lookup: own_volumes(request)})

    def in_scope(self, request: HttpRequest, obj: Model | None) -> bool:
        if obj is None or request.user.is_superuser:
            return has_desk(request)
        return self.own(request, super().get_queryset(request).filter(pk=obj.pk)).exists()

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        # Another editor's, or not there at all: the same answer, and no redirect that looks like success.
        raise Http404

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = {"title": capfirst(self.opts.verbose_name_plural)}  # not "Select paper to change": it is a list to read
        return super().changelist_view(request, title | (extra_context or {}))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.in_scope(request, None)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.in_scope(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.in_scope(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.related_model is Volume:
            kwargs["queryset"] = own_volumes(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class OwnVolumeFilter(admin.SimpleListFilter):
    """Filters by volume, and names no volume but the editor's own."""

    title = "volume"
    parameter_name = "volume"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(str(volume.number), str(volume)) for volume in own_volumes(request)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        if not (value.isascii() and value.isdigit()):
            return queryset.none()
        path = getattr(self, "volume_path", "volume")
        return queryset.filter(**{f"{path}__number": int(value)})
