"""Staff accounts in the admin."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from proceedings.accounts import two_factor
from proceedings.models import User


@admin.register(User)
class StaffAdmin(UserAdmin):
    """Without groups and permissions, which this project does not use: see `OwnVolumes`."""

    filter_horizontal = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission

    list_filter = ["is_staff", "is_superuser", "is_active"]
    readonly_fields = ["last_login", "date_joined", "two_factor_login"]
    change_form_template = "admin/proceedings/user.html"
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "zone")}),
        ("Permissions", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Login", {"fields": ("two_factor_login", "last_login", "date_joined")}),
    )

    @admin.display(description="two-factor login")
    def two_factor_login(self, user: User) -> str:
        authenticator = two_factor.authenticator_of(user) if user.pk else None
        if authenticator is None:
            return "not set up; required at the next login" if settings.TWO_STEP_LOGIN else "not set up"
        left = two_factor.codes_left(user)
        return f"since {authenticator.created_at:%Y-%m-%d}, {left} recovery codes left"

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.reset_page)
        return [path("<int:pk>/two-step/", page, name="proceedings_user_reset_two_factor"), *super().get_urls()]

    def reset_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """For a user who has lost phone and codes: ask for confirmation, then remove both. It is logged."""
        user = self.get_object(request, str(pk))
        if user is None or not self.has_change_permission(request, user):
            raise PermissionDenied
        if request.method == "POST":
            two_factor.remove(user)
            self.log_change(request, user, "Two-factor login reset")
            self.message_user(request, f"Two-factor login reset. {user} must set it up at the next login.")
            return HttpResponseRedirect(reverse("admin:proceedings_user_change", args=[pk]))
        context = {**self.admin_site.each_context(request), "original": user, "opts": self.opts}
        title = {"title": f"Reset two-factor login of {user}"}
        return render(request, "admin/proceedings/reset_two_factor.html", context | title)
